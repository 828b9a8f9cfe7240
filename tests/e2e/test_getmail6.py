"""getmail6 fetches and keeps, fetches and deletes at once or after days, and downloads nothing twice."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tests.e2e.bed import NOBODY, Bed, Owner, Ran, as_unix, run
from tests.e2e.corpus import CORPUS, MULTIPART, PLAIN
from tests.e2e.patient_delivery import patient_delivery

pytestmark = pytest.mark.peer("getmail")

DAY_SECONDS = 86_400


def getmail(bed: Bed, owner: Owner, home: Path, *options: str, password: str | None = None, auth: str = "") -> Ran:
    """Run getmail, which refuses to be root, with its records in `home`; each message becomes a file."""
    (home / "getmailrc").write_text(
        "\n".join(
            [
                *("[retriever]", "type = SimplePOP3Retriever", "server = 127.0.0.1"),
                *(f"port = {bed.port('pop3')}", f"username = {owner.name}"),
                *(f"password = {password or owner.password}", auth),
                patient_delivery(home, home / "mail"),
                *("[options]", "read_all = false", "delivered_to = false", "received = false"),
                *options,
            ]
        )
        + "\n"
    )
    if NOBODY:
        for path in (home, *home.rglob("*")):
            shutil.chown(path, NOBODY)
    return run("getmail", "--getmaildir", home, "--rcfile", "getmailrc", env={"HOME": str(home)}, user=NOBODY)


def kept(home: Path) -> list[bytes]:
    """Give what the client stored, sorted."""
    return sorted(path.read_bytes() for path in (home / "mail").iterdir())


@pytest.mark.rule("L7", "C6")
@pytest.mark.parametrize("kind", list(CORPUS))
def test_getmail_fetches_what_was_sent_octet_for_octet(bed: Bed, home: Path, kind: str) -> None:
    owner = bed.account(CORPUS[kind])
    ran = getmail(bed, owner, home)
    assert ran.code == 0, ran.said
    (message,) = as_unix(bed.mail(owner))
    # Where the empty line after the headers is missing, getmail gives one.
    assert kept(home) == [message if b"\n\n" in message else message + b"\n"]


@pytest.mark.rule("C9", "S6")
def test_getmail_keeps_mail_and_downloads_nothing_twice(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, MULTIPART)
    assert getmail(bed, owner, home).code == 0
    again = getmail(bed, owner, home)
    assert "0 messages" in again.said, again.said
    bed.deliver(owner, PLAIN)
    assert getmail(bed, owner, home).code == 0
    assert kept(home) == as_unix(bed.mail(owner))
    assert len(kept(home)) == 3


@pytest.mark.rule("S5", "C7")
def test_getmail_deletes_what_it_fetched(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, MULTIPART)
    there = as_unix(bed.mail(owner))
    ran = getmail(bed, owner, home, "delete = true")
    assert ran.code == 0, ran.said
    assert kept(home) == there
    assert bed.mail(owner) == []


@pytest.mark.rule("C9", "S5")
def test_getmail_deletes_after_days_what_it_fetched_long_ago(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN)
    assert getmail(bed, owner, home, "delete_after = 3").code == 0
    bed.deliver(owner, MULTIPART)
    assert getmail(bed, owner, home, "delete_after = 3").code == 0
    assert len(bed.mail(owner)) == 2
    # Its records: a line with a unique-id, a NUL and the time of the fetch. The first message is made a week old.
    (records,) = home.glob("oldmail-*")
    with bed.pop3(owner) as wire:
        oldest = wire.ok("UIDL 1").split()[2]
        wire.ok("QUIT")
    aged = re.sub(
        re.escape(oldest) + rb"\0(\d+)",
        lambda found: b"%s\0%d" % (oldest, int(found[1]) - 7 * DAY_SECONDS),
        records.read_bytes(),
    )
    assert aged != records.read_bytes()
    records.write_bytes(aged)
    last = getmail(bed, owner, home, "delete_after = 3")
    assert last.code == 0, last.said
    assert [b"Subject: Minutes" in message for message in bed.mail(owner)] == [True]
    assert len(kept(home)) == 2


@pytest.mark.rule("C12")
def test_getmail_is_told_that_the_password_is_wrong(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN)
    ran = getmail(bed, owner, home, password="WRONG")
    assert "[AUTH]" in ran.said, ran.said
    assert "0 messages" in ran.said or ran.code != 0
    assert kept(home) == []
    assert len(bed.mail(owner)) == 1


@pytest.mark.rule("S2")
def test_getmail_is_told_that_another_session_holds_the_lock(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN)
    with bed.pop3(owner) as wire:
        ran = getmail(bed, owner, home)
        wire.ok("QUIT")
    assert "[IN-USE]" in ran.said, ran.said
    assert kept(home) == []
    assert getmail(bed, owner, home).code == 0
    assert len(kept(home)) == 1


@pytest.mark.rule("C2")
def test_getmail_logs_in_by_apop(home: Path) -> None:
    with Bed() as bed:
        owner = bed.account(PLAIN)
        enabled = bed.cli("account", "apop", owner.name, "--enable", "--password-stdin", given=b"SECRET\n")
        assert enabled.code == 0, enabled.said
        ran = getmail(bed, owner, home, auth="use_apop = true")
        assert ran.code == 0, ran.said
        assert kept(home) == as_unix(bed.mail(owner))
