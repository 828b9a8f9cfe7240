"""Unique-ids taken over from Dovecot are the ones that Dovecot itself showed over POP3.

Each test starts a Dovecot of its own on a loopback port, with its settings in a temporary folder, lets it serve a
Maildir under one `pop3_uidl_format`, reads UIDL as a client would, stops it, and only then reads the file that it
left behind.
"""

from __future__ import annotations

import json
import poplib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.e2e.servers.dovecot import dovecot
from tests.e2e.servers.peer import free_port

from restante.ports.accounts import Account, AccountId
from restante.ports.stores import Holder
from restante.proto.terms import MessageNumber, UniqueId
from restante.stores.export import export_maildir
from restante.stores.memory import MemoryStore
from restante.stores.takeover import UniqueIdList, read_unique_id_list, take_over
from restante.stores.transfer import import_messages, maildir_base_names, read_maildir
from restante.stores.uidl_format import UidlFormat

pytestmark = pytest.mark.peer("dovecot")

START_SECONDS = 30

SETTINGS = """\
protocols = pop3
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{home}/Maildir
pop3_uidl_format = {uidl_format}
{more}
"""


@contextmanager
def serving(home: Path, uidl_format: str, more: str = "") -> Iterator[int]:
    """Serve `home/Maildir` by POP3; give the port, once the greeting has come."""
    settings = SETTINGS.format(home=home, uidl_format=uidl_format, more=more)
    port = free_port()
    with dovecot(home, home / "Maildir", settings, pop3=port):
        yield port


TED = Account(id=AccountId("00000000000000ed"), name="ted")
HOLDER = Holder(peer="maildrop import", since_epoch_seconds=0.0)
NAMES = (
    "cur/1700000300.M3P7.host,S=40,W=43:2,S",
    "new/1700000100.M1P7.host",
    "cur/1700000200.M2P7.host:2,",
    "new/1700000400.V801I2bM9.odd+name=x",
    "cur/1700000500.M5P7.host:2,FRS",
)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a Maildir of five messages. Not under pytest's own folder: Dovecot's user may not go there."""
    with tempfile.TemporaryDirectory(prefix="restante-dovecot-", ignore_cleanup_errors=True) as folder:
        for name in ("cur", "new", "tmp"):
            (Path(folder) / "Maildir" / name).mkdir(parents=True)
        for number, name in enumerate(NAMES, 1):
            octets = b"From: a@example.org\nSubject: %d\n\nbody\n" % number
            (Path(folder) / "Maildir" / name).write_bytes(octets)
        yield Path(folder)


def unique_id_listing(port: int) -> list[bytes]:
    """Log in and give the unique-ids in the order of the message numbers, as a client sees them."""
    client = poplib.POP3("127.0.0.1", port, timeout=START_SECONDS)
    client.user("ted")
    client.pass_("SECRET")
    lines = client.uidl()[1]
    client.quit()
    assert [int(line.split()[0]) for line in lines] == list(range(1, len(lines) + 1))
    return [line.split()[1] for line in lines]


def listed_by(home: Path, uidl_format: str) -> UniqueIdList:
    octets = (home / "Maildir" / "dovecot-uidlist").read_bytes()
    return read_unique_id_list(octets, uidl_format=UidlFormat(uidl_format))


async def imported(home: Path, listed: UniqueIdList) -> MemoryStore:
    store = MemoryStore()
    maildir = home / "Maildir"
    takeover = take_over(listed, maildir_base_names(maildir))
    report = await import_messages(
        store, TED, read_maildir(maildir, order=listed.order), unique_ids=takeover.unique_ids, holder=HOLDER
    )
    assert (report.failed, report.with_own_ids, takeover.faults) == (0, 0, ())
    return store


FORMATS = (
    "%08Xu%08Xv",
    "%08Xv%08Xu",
    "%v.%u",
    "%v-%u",
    "UID%u-%v",
    "%u",
    "%f",
    "%g",
    "%Mf",
    "%05u%%%4v",
    "%2f%UXv%u",
)


CASES = [(uidl_format, "") for uidl_format in FORMATS]
CASES += [("%08Xu%08Xv", "pop3_save_uidl = yes"), ("%f", "pop3_save_uidl = yes")]


@pytest.mark.rule("C9")
@pytest.mark.parametrize(("uidl_format", "saved"), CASES)
async def test_an_imported_maildrop_lists_what_dovecot_listed(home: Path, uidl_format: str, saved: str) -> None:
    with serving(home, uidl_format, saved) as port:
        shown = unique_id_listing(port)
    listed = listed_by(home, uidl_format)
    store = await imported(home, listed)
    opened = store.open(TED, HOLDER)
    assert list(opened.snapshot.unique_ids) == shown
    # Each unique-id is at the message that had it, not only in the listing.
    octets = {path.name.partition(":")[0]: path.read_bytes() for path in (home / "Maildir").glob("[cn][ue][rw]/*")}
    for place, message in enumerate(listed.messages, 1):
        retrieved = opened.retrieve(MessageNumber(place))
        assert retrieved == octets[message.base.decode()].replace(b"\n", b"\r\n")


@pytest.mark.rule("C9")
async def test_the_order_that_dovecot_keeps_for_pop3_is_kept(home: Path) -> None:
    with serving(home, "%08Xu%08Xv") as port:
        unique_id_listing(port)
    uidlist = home / "Maildir" / "dovecot-uidlist"
    header, *lines = uidlist.read_bytes().splitlines()
    lines[4] = lines[4].replace(b" :", b" O1 Pkept-from-before :")
    lines[1] = lines[1].replace(b" :", b" O2 :")
    uidlist.write_bytes(b"\n".join([header, *lines, b""]))
    with serving(home, "%08Xu%08Xv") as port:
        shown = unique_id_listing(port)
    assert shown[0] == b"kept-from-before"
    listed = listed_by(home, "%08Xu%08Xv")
    assert [message.unique_id for message in listed.messages] == shown
    store = await imported(home, listed)
    assert list(store.open(TED, HOLDER).snapshot.unique_ids) == shown


@pytest.mark.rule("C9")
async def test_an_exported_maildir_lists_the_same_in_dovecot(home: Path) -> None:
    store = MemoryStore()
    ids = [b"UID1-17", b"a/path", b".hidden", b"with:colon", b"1.M1.host,S=9999", b"000000016b04bb0a"]
    for number, unique_id in enumerate(ids, 1):
        octets = b"Subject: %d\r\n\r\n.body\r\n" % number
        await (await store.stage(TED, [octets], unique_id=UniqueId(unique_id))).publish()
    shutil.rmtree(home / "Maildir")
    opened = store.open(TED, HOLDER)
    await export_maildir(opened, home / "Maildir", now_epoch_seconds=1_700_000_000)
    with serving(home, "%08Xu%08Xv") as port:
        assert unique_id_listing(port) == ids
        client = poplib.POP3("127.0.0.1", port, timeout=START_SECONDS)
        client.user("ted")
        client.pass_("SECRET")
        for number in range(1, len(ids) + 1):
            assert client.retr(number)[1] == [b"Subject: %d" % number, b"", b".body"]
        client.quit()


def restante(*arguments: str, data: Path, given: bytes = b"") -> bytes:
    """Run a command as one types it; give what it prints."""
    program = Path(sys.executable).with_name("restante")
    command = [str(program), *arguments, "--data", str(data)]
    ran = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.rule("C9")
def test_the_how_to_works_as_it_is_written(home: Path) -> None:
    with serving(home, "UID%u-%v") as port:
        shown = unique_id_listing(port)
    data, maildir = home / "data", str(home / "Maildir")
    restante("account", "add", "ted", "--password-stdin", data=data, given=b"a long enough password\n")
    takeover = ("--unique-ids", f"{maildir}/dovecot-uidlist", "--uidl-format", "UID%u-%v")
    for said in (b"imported 5 messages", b"skipped 5 messages"):
        assert said in restante("maildrop", "import", "ted", maildir, *takeover, data=data)
    messages = json.loads(restante("maildrop", "list", "ted", "--json", data=data))["messages"]
    assert [message["unique_id"].encode() for message in messages] == shown
    shutil.rmtree(maildir)
    restante("maildrop", "export", "ted", maildir, data=data)
    with serving(home, "%08Xu%08Xv") as port:
        assert unique_id_listing(port) == shown
