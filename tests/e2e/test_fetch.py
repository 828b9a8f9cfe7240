"""`restante fetch` as one types it: from our server and Dovecot, into every kind of destination, exact."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import imapclient
import pytest
from tests.e2e.bed import RESTANTE, Bed, Owner, Ran, assert_is_delivery_of, canonical, run, until
from tests.e2e.corpus import CORPUS, DOTS, MULTIPART, PLAIN
from tests.e2e.dovecot import PASSWORD, Dovecot, running_dovecot
from tests.e2e.servers.popa3d import running_popa3d
from tests.e2e.test_client_peers import MESSAGES as NAMED_ALIKE
from tests.e2e.test_client_peers import whole

from restante.mail_accounts import Account, put_account
from restante.mail_accounts.model import InEnvironment
from restante.submission import SubmissionSecurity, SubmissionServer

MESSAGES = (PLAIN, DOTS, MULTIPART, CORPUS["large"])
DOVECOT = pytest.mark.peer("dovecot")


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as running:
        yield running


def arguments(bed: Bed, owner: Owner, home: Path, *options: str | Path) -> list[str | Path]:
    return [
        *(RESTANTE, "fetch", "--server", f"127.0.0.1:{bed.port('pop3')}", "--security", "plain"),
        *(
            "--user",
            owner.name,
            "--password-command",
            f"echo {owner.password}",
            "--state",
            home / "state",
            *options,
        ),
    ]


def fetch(bed: Bed, owner: Owner, home: Path, *options: str | Path, code: int = 0) -> Ran:
    ran = run(*arguments(bed, owner, home, *options), env=bed.environment)
    assert ran.code == code, ran.said
    return ran


def in_maildir(home: Path, name: str = "Mail") -> list[bytes]:
    files = [path for folder in ("new", "cur") for path in (home / name / folder).iterdir()]
    return sorted(canonical(path.read_bytes()) for path in files)


@pytest.mark.rule("C6", "L7")
def test_all_kinds_of_messages_come_into_a_maildir_octet_for_octet_and_are_removed(bed: Bed, home: Path) -> None:
    owner = bed.account(*CORPUS.values())
    there = bed.mail(owner)
    ran = fetch(bed, owner, home, "--to", f"maildir:{home}/Mail")
    assert in_maildir(home) == sorted(there)
    assert bed.mail(owner) == []
    assert f"{len(there)} messages" in ran.out.decode()
    for path in (home / "Mail" / "new").iterdir():
        octets = len(path.read_bytes())
        assert f",S={octets},W=" in path.name


def test_all_kinds_of_messages_come_through_an_mbox_and_back(bed: Bed, home: Path) -> None:
    owner, other = bed.account(*CORPUS.values()), bed.account()
    there = bed.mail(owner)
    fetch(bed, owner, home, "--to", f"mbox:{home}/box")
    assert bed.cli("maildrop", "import", other.name, home / "box").code == 0
    assert bed.mail(other) == there
    printed = run(
        *arguments(bed, other, home, "--to", "-"),
        env=bed.environment,
    )
    # What is shown is not known to be kept.
    assert len(bed.mail(other)) == len(there)
    assert printed.out.count(b"\nFrom ") == (home / "box").read_bytes().count(b"\nFrom ")


@pytest.mark.rule("C9")
def test_a_maildrop_of_ours_keeps_the_unique_ids(bed: Bed, home: Path) -> None:
    owner, other = bed.account(*CORPUS.values()), bed.account()
    with bed.pop3(owner) as wire:
        listings = wire.multi("UIDL"), wire.multi("LIST")
    until("the maildrop to be free", lambda: bed.cli("maildrop", "list", owner.name).code == 0)
    there = bed.mail(owner)
    fetch(bed, owner, home, "--to", f"restante:{other.name}")
    with bed.pop3(other) as wire:
        assert (wire.multi("UIDL"), wire.multi("LIST")) == listings
        wire.ok("QUIT")
    assert bed.mail(other) == there


@pytest.mark.parametrize("door", ["lmtp", "smtp"])
def test_a_mail_server_gets_what_was_fetched(bed: Bed, home: Path, door: str) -> None:
    owner, other = bed.account(PLAIN, DOTS, MULTIPART), bed.account()
    there = bed.mail(owner)
    address = f"unix:{bed.address('lmtp')}" if door == "lmtp" else f"127.0.0.1:{bed.port('smtp')}"
    recipient = f"{other.name}@localhost"
    fetch(bed, owner, home, "--to", f"{door}:{address}", "--recipient", recipient)
    for message, sent in zip(bed.mail(other), there, strict=True):
        # Without the Return-Path of before: there is to be one.
        assert_is_delivery_of(message, sent.partition(b"\r\n")[2])
    refused = fetch(
        bed, bed.account(PLAIN), home, "--to", f"{door}:{address}", "--recipient", "nobody@localhost", code=7
    )
    assert "check the recipient" in refused.said


def test_a_command_gets_each_message_and_its_code_decides(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, DOTS)
    there = bed.mail(owner)
    assert (
        "it stays at the server and is tried again"
        in fetch(bed, owner, home, "--to", "pipe:sh -c 'exit 75'", code=8).said
    )
    fetch(bed, owner, home, "--to", f"pipe:sh -c 'cat >>{home}/all; echo ----- >>{home}/all'")
    assert (home / "all").read_bytes() == b"".join(each.replace(b"\r\n", b"\n") + b"-----\n" for each in there)


@DOVECOT
@pytest.mark.rule("C6", "L7")
def test_a_letter_makes_the_round_trip_from_smtp_to_an_imap_folder_with_identical_octets(
    bed: Bed, home: Path, dovecot: Dovecot
) -> None:
    owner = bed.account()
    sender = Account(
        name="alice",
        address="alice@example.org",
        login=owner.name,
        credential=InEnvironment(variable="PW"),
        smtp=SubmissionServer(host="127.0.0.1", port=bed.port("smtp"), security=SubmissionSecurity.PLAIN),
    )
    put_account(home / "accounts.toml", sender)
    for octets in (PLAIN, DOTS, MULTIPART):
        sent = run(
            *(RESTANTE, "send", "-t"),
            given=octets.replace(b"<ted@example.org>", b"<%b@localhost>" % owner.name.encode()),
            env={"RESTANTE_ACCOUNTS": str(home / "accounts.toml"), "PW": owner.password, "HOME": str(home)},
        )
        assert sent.code == 0, sent.said
    there = bed.mail(owner)
    folder = f"imap:imap://{owner.name}@127.0.0.1:{dovecot.imap}/Old mail?flags=\\Seen,$Fetched"
    fetch(bed, owner, home, "--to", folder, "--to-password-command", f"echo {PASSWORD}")
    assert bed.mail(owner) == []
    with imapclient.IMAPClient("127.0.0.1", port=dovecot.imap, ssl=False) as client:
        client.login(owner.name, PASSWORD)
        client.select_folder("Old mail", readonly=True)
        came = client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
    assert [came[uid][b"BODY[]"] for uid in sorted(came)] == there
    for uid, octets in zip(sorted(came), there, strict=True):
        assert {b"\\Seen", b"$Fetched"} <= set(came[uid][b"FLAGS"])
        received = octets.partition(b"Received:")[2].partition(b";")[2].split(b"\r\n")[1].decode()
        zone = parsedate_to_datetime(received)
        assert came[uid][b"INTERNALDATE"].astimezone(zone.tzinfo) == zone


@DOVECOT
@pytest.mark.rule("T5")
def test_an_imap_server_under_tls_is_checked(bed: Bed, home: Path, dovecot: Dovecot) -> None:
    owner = bed.account(PLAIN)
    to = ("--to", f"imap:{owner.name}@localhost:{dovecot.imaps}", "--to-password-command", f"echo {PASSWORD}")
    assert "certificate" in fetch(bed, owner, home, *to, code=7).said
    assert len(bed.mail(owner)) == 1
    fetch(bed, owner, home, *to, "--authorities", dovecot.authorities)
    assert len(dovecot.stored(owner.name)) == 1


@DOVECOT
def test_a_wrong_password_at_the_imap_server_costs_no_message(bed: Bed, home: Path, dovecot: Dovecot) -> None:
    owner = bed.account(PLAIN)
    folder = f"imap:imap://{owner.name}@127.0.0.1:{dovecot.imap}"
    refused = fetch(bed, owner, home, "--to", folder, "--to-password-command", "echo wrong", code=7)
    assert "check the name and the password" in refused.said
    assert len(bed.mail(owner)) == 1


@DOVECOT
def test_mail_of_dovecot_comes_once_and_leaves_when_it_is_no_longer_kept(home: Path, dovecot: Dovecot) -> None:
    dovecot.deliver("ann", *MESSAGES)
    argv: list[str | Path] = [
        *(RESTANTE, "fetch", "--server", f"127.0.0.1:{dovecot.pop3}", "--security", "plain", "--user", "ann"),
        *("--password-command", f"echo {PASSWORD}", "--state", home / "state", "--to", f"maildir:{home}/Mail"),
    ]
    for _ in range(2):
        assert run(*argv, "--keep").code == 0
        assert in_maildir(home) == sorted(MESSAGES)
    assert run(*argv).code == 0
    assert dovecot.stored("ann") == []
    assert in_maildir(home) == sorted(MESSAGES)


def test_each_phase_has_its_exit_code_and_its_words(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN)
    to = ("--to", f"maildir:{home}/Mail")
    wrong = Owner(name=owner.name, password="WRONG")
    assert "name or password" in fetch(bed, wrong, home, *to, code=5).said
    with bed.pop3(owner) as wire:
        assert "in use" in fetch(bed, owner, home, *to, code=75).said
        wire.ok("QUIT")
    nobody = run(
        RESTANTE,
        "fetch",
        "--server",
        "127.0.0.1:1",
        "--security",
        "plain",
        *to,
        "--user",
        "t",
        "--password-command",
        "echo p",
        env=bed.environment,
    )
    assert nobody.code == 3, nobody.said
    untrusted = run(
        RESTANTE,
        "fetch",
        "--server",
        f"127.0.0.1:{bed.port('pop3')}",
        "--security",
        "stls",
        *to,
        "--user",
        "t",
        "--password-command",
        "echo p",
        env=bed.environment,
    )
    assert untrusted.code == 4, untrusted.said
    assert fetch(bed, owner, home, "--to", f"maildir:{home}/no/such", code=7).err
    assert fetch(bed, owner, home, "--to", "nowhere", code=2).err
    assert len(bed.mail(owner)) == 1


def test_accounts_of_the_file_are_fetched_at_once_each_to_its_own_place(bed: Bed, home: Path) -> None:
    owners = [bed.account(PLAIN), bed.account(DOTS, MULTIPART)]
    entries = [
        f'[accounts.a{number}]\naddress = "{owner.name}@example.org"\nlogin = "{owner.name}"\n'
        f'password_command = "echo {owner.password}"\n'
        f'pop3 = {{ host = "127.0.0.1", port = {bed.port("pop3")}, security = "plain" }}\n'
        f'fetch = {{ to = "maildir:{home}/Mail{number}", keep = {"true" if number else "false"} }}\n'
        for number, owner in enumerate(owners)
    ]
    (home / "accounts.toml").write_text("\n".join(entries))
    env = {**bed.environment, "RESTANTE_ACCOUNTS": str(home / "accounts.toml"), "XDG_DATA_HOME": str(home)}
    ran = run(RESTANTE, "fetch", "--all", "--json", env=env)
    assert ran.code == 0, ran.said
    ended = [event for line in ran.out.splitlines() if (event := json.loads(line))["event"] == "ended"]
    assert {(event["account"], event["stored"], event["removed"]) for event in ended} == {
        ("a0", 1, 1),
        ("a1", 2, 0),
    }
    assert [len(in_maildir(home, f"Mail{number}")) for number in (0, 1)] == [1, 2]
    assert [len(bed.mail(owner)) for owner in owners] == [0, 2]
    assert (home / "restante" / "mail" / "fetch.sqlite3").exists()


def test_a_daemon_fetches_what_comes_and_ends_orderly(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN)
    argv = arguments(bed, owner, home, "--to", f"maildir:{home}/Mail", "--every", "10s")
    daemon = subprocess.Popen(argv, env=bed.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        until("the first message to come", lambda: (home / "Mail" / "new").is_dir() and in_maildir(home))
        daemon.send_signal(signal.SIGTERM)
        said, complained = daemon.communicate(timeout=60)
    finally:
        daemon.kill()
        daemon.wait()
    assert daemon.returncode == 0, complained
    assert b"stored, 1 removed at the server, 0 left there" in said
    assert bed.mail(owner) == []
    assert b"Traceback" not in complained


def test_a_full_disk_costs_no_message_and_leaves_no_half_of_one(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, CORPUS["large"])
    there = bed.mail(owner)

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    for to in (f"maildir:{home}/Mail", f"mbox:{home}/box"):
        done = subprocess.run(
            arguments(bed, owner, home, "--to", to, "--keep"),
            env=bed.environment,
            capture_output=True,
            preexec_fn=little_room,
            timeout=60,
            check=False,
        )
        assert done.returncode == 7, done.stderr
        assert b"free room there" in done.stderr
    assert in_maildir(home) == [there[0]]
    assert os.listdir(home / "Mail" / "tmp") == []
    assert (home / "box").stat().st_size < 1000
    assert len(bed.mail(owner)) == 2
    for to in (f"maildir:{home}/Mail", f"mbox:{home}/box"):
        fetch(bed, owner, home, "--to", to, "--keep")
    assert in_maildir(home) == sorted(there)
    assert (home / "box").read_bytes().count(b"\nFrom ") == 1


@pytest.mark.peer("popa3d")
def test_messages_that_a_server_names_alike_are_stored_once_each_and_removed(home: Path) -> None:
    with running_popa3d(NAMED_ALIKE) as peer:
        argv: list[str | Path] = [
            *(RESTANTE, "fetch", "--server", f"127.0.0.1:{peer.pop3}", "--security", "plain", "--user", "ted"),
            *("--password-command", f"echo {PASSWORD}", "--state", home / "state", "--to", f"maildir:{home}/Mail"),
        ]
        for _ in range(2):
            ran = run(*argv, "--keep")
            assert ran.code == 0, ran.said
            assert in_maildir(home) == sorted(whole(message) for message in NAMED_ALIKE)
        ran = run(*argv)
        assert ran.code == 0, ran.said
        assert f"{len(NAMED_ALIKE)} removed at the server, 0 left there" in ran.said
        assert len(in_maildir(home)) == len(NAMED_ALIKE)
