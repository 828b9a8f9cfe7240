"""fetchmail fetches and keeps, fetches and flushes, and downloads nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.e2e.bed import Bed, Owner, Ran, as_unix, run
from tests.e2e.corpus import CORPUS, MULTIPART, PLAIN

pytestmark = pytest.mark.peer("fetchmail")

# The exit codes of fetchmail(1).
FETCHED, NOTHING_NEW, LOGIN_FAILED, LOCK_BUSY = 0, 1, 3, 9


def fetchmail(
    bed: Bed, owner: Owner, home: Path, *options: str, password: str | None = None, protocol: str = "pop3"
) -> Ran:
    """Run fetchmail with a script for a delivery agent that stores each message as a file in `home/mail`."""
    store = home / "store"
    store.write_text(f'#!/bin/sh\nmkdir -p {home}/mail\ncat >"$(mktemp {home}/mail/XXXXXXXX)"\n')
    store.chmod(0o700)
    settings = home / "fetchmailrc"
    settings.write_text(
        f"poll 127.0.0.1 service {bed.port('pop3')} protocol {protocol} uidl no dns\n"
        f'  username "{owner.name}" password "{password or owner.password}"\n'
        f'  sslproto "" no rewrite pass8bits mda "{store}"\n'
    )
    settings.chmod(0o600)
    return run(
        *("fetchmail", "-f", settings, "--idfile", home / "ids", "--pidfile", home / "pid"),
        *("--nodetach", "--nosyslog", "--invisible", "-v", *options),
        env={"HOME": str(home), "FETCHMAILHOME": str(home)},
    )


def kept(home: Path) -> list[bytes]:
    """Give what the client stored, sorted."""
    return sorted(path.read_bytes() for path in home.glob("mail/*"))


@pytest.mark.rule("L7", "C6")
@pytest.mark.parametrize("kind", list(CORPUS))
def test_fetchmail_fetches_what_was_sent_octet_for_octet(bed: Bed, home: Path, kind: str) -> None:
    owner = bed.account(CORPUS[kind])
    ran = fetchmail(bed, owner, home, "--keep")
    assert ran.code == FETCHED, ran.said
    (message,) = as_unix(bed.mail(owner))
    # Where the empty line after the headers is missing, fetchmail gives one.
    assert kept(home) == [message if b"\n\n" in message else message + b"\n"]


@pytest.mark.rule("C9", "S6")
def test_fetchmail_keeps_mail_and_downloads_nothing_twice(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, MULTIPART)
    assert fetchmail(bed, owner, home, "--keep").code == FETCHED
    again = fetchmail(bed, owner, home, "--keep")
    assert again.code == NOTHING_NEW, again.said
    bed.deliver(owner, PLAIN)
    assert fetchmail(bed, owner, home, "--keep").code == FETCHED
    assert kept(home) == as_unix(bed.mail(owner))
    assert len(kept(home)) == 3


@pytest.mark.rule("S5", "C7")
def test_fetchmail_deletes_what_it_fetched(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, MULTIPART)
    there = as_unix(bed.mail(owner))
    ran = fetchmail(bed, owner, home, "--nokeep")
    assert ran.code == FETCHED, ran.said
    assert kept(home) == there
    assert bed.mail(owner) == []
    assert fetchmail(bed, owner, home, "--nokeep").code == NOTHING_NEW


@pytest.mark.rule("S5", "C9")
def test_fetchmail_takes_as_many_as_it_is_told_and_the_rest_later(bed: Bed, home: Path) -> None:
    owner = bed.account(*[PLAIN + b"." * number + b"\r\n" for number in range(5)])
    there = as_unix(bed.mail(owner))
    for fetched in (2, 4, 5):
        ran = fetchmail(bed, owner, home, "--nokeep", "-B", "2")
        assert (len(kept(home)), len(bed.mail(owner))) == (fetched, 5 - fetched), ran.said
    assert kept(home) == there


@pytest.mark.rule("C12")
def test_fetchmail_is_told_that_the_password_is_wrong(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN)
    ran = fetchmail(bed, owner, home, password="WRONG")
    assert ran.code == LOGIN_FAILED, ran.said
    assert "[AUTH]" in ran.said
    assert len(bed.mail(owner)) == 1


@pytest.mark.rule("S2")
def test_fetchmail_knows_a_busy_lock_from_a_wrong_password(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN)
    with bed.pop3(owner) as wire:
        ran = fetchmail(bed, owner, home)
        wire.ok("QUIT")
    assert ran.code == LOCK_BUSY, ran.said
    assert "[IN-USE]" in ran.said
    assert fetchmail(bed, owner, home).code == FETCHED


@pytest.mark.rule("C2")
def test_fetchmail_logs_in_by_apop(home: Path) -> None:
    with Bed() as bed:
        owner = bed.account(PLAIN)
        enabled = bed.cli("account", "apop", owner.name, "--enable", "--password-stdin", given=b"SECRET\n")
        assert enabled.code == 0, enabled.said
        ran = fetchmail(bed, owner, home, "--keep", protocol="apop")
        assert ran.code == FETCHED, ran.said
        assert "SECRET" not in ran.said
        assert kept(home) == as_unix(bed.mail(owner))
