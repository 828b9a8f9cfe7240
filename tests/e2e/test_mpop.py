"""mpop fetches and keeps, fetches and deletes, and downloads nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.e2e.bed import Bed, Owner, Ran, as_unix, run
from tests.e2e.corpus import CORPUS, MULTIPART, PLAIN

pytestmark = pytest.mark.peer("mpop")

NOT_PERMITTED = 77
"""EX_NOPERM of sysexits(3): what mpop ends with when it cannot log in."""


def mpop(bed: Bed, owner: Owner, home: Path, *lines: str, password: str | None = None) -> Ran:
    """Run mpop with a configuration that stores into the Maildir `home/Mail`."""
    for folder in ("new", "cur", "tmp"):
        (home / "Mail" / folder).mkdir(parents=True, exist_ok=True)
    settings = home / "mpoprc"
    settings.write_text(
        "\n".join(
            [
                "defaults",
                "tls off",
                "received_header off",
                "account bed",
                "host 127.0.0.1",
                f"port {bed.port('pop3')}",
                "auth user",
                f"user {owner.name}",
                f"password {password or owner.password}",
                f"delivery maildir {home}/Mail",
                f"uidls_file {home}/uidls",
                *lines,
            ]
        )
        + "\n"
    )
    settings.chmod(0o600)
    return run("mpop", "-C", settings, "bed", env={"HOME": str(home)})


def kept(home: Path) -> list[bytes]:
    """Give what the client stored, sorted."""
    return sorted(path.read_bytes() for path in (home / "Mail" / "new").iterdir())


@pytest.mark.rule("L7", "C6")
@pytest.mark.parametrize("kind", list(CORPUS))
def test_mpop_fetches_what_was_sent_octet_for_octet(bed: Bed, home: Path, kind: str) -> None:
    owner = bed.account(CORPUS[kind])
    ran = mpop(bed, owner, home, "keep on")
    assert ran.code == 0, ran.said
    assert kept(home) == as_unix(bed.mail(owner))


@pytest.mark.rule("C9", "S6")
def test_mpop_keeps_mail_and_downloads_nothing_twice(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, MULTIPART)
    assert mpop(bed, owner, home, "keep on").code == 0
    again = mpop(bed, owner, home, "keep on")
    assert again.code == 0, again.said
    assert kept(home) == as_unix(bed.mail(owner))
    bed.deliver(owner, PLAIN)
    assert mpop(bed, owner, home, "keep on").code == 0
    assert kept(home) == as_unix(bed.mail(owner))
    assert len(kept(home)) == 3


@pytest.mark.rule("S5", "C7")
def test_mpop_deletes_what_it_fetched(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, MULTIPART)
    there = as_unix(bed.mail(owner))
    ran = mpop(bed, owner, home, "keep off")
    assert ran.code == 0, ran.said
    assert kept(home) == there
    assert bed.mail(owner) == []


@pytest.mark.rule("L10")
@pytest.mark.parametrize("pipelining", ["on", "off"])
def test_mpop_fetches_many_messages_with_and_without_pipelining(bed: Bed, home: Path, pipelining: str) -> None:
    owner = bed.account(*[PLAIN + b"%d\r\n" % number for number in range(60)])
    there = as_unix(bed.mail(owner))
    ran = mpop(bed, owner, home, "keep off", f"pipelining {pipelining}")
    assert ran.code == 0, ran.said
    assert kept(home) == there
    assert bed.mail(owner) == []


@pytest.mark.rule("C12")
def test_mpop_is_told_that_the_password_is_wrong(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN)
    ran = mpop(bed, owner, home, password="WRONG")
    assert ran.code == NOT_PERMITTED, ran.said
    assert "[AUTH]" in ran.said
    assert len(bed.mail(owner)) == 1


@pytest.mark.rule("S2")
def test_mpop_is_told_that_another_session_holds_the_lock(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN)
    with bed.pop3(owner) as wire:
        ran = mpop(bed, owner, home)
        wire.ok("QUIT")
    assert ran.code != 0
    assert "[IN-USE]" in ran.said
    assert mpop(bed, owner, home).code == 0


@pytest.mark.rule("C2")
def test_mpop_logs_in_by_apop(home: Path) -> None:
    with Bed() as bed:
        owner = bed.account(PLAIN)
        enabled = bed.cli("account", "apop", owner.name, "--enable", "--password-stdin", given=b"SECRET\n")
        assert enabled.code == 0, enabled.said
        ran = mpop(bed, owner, home, "keep on", "auth apop")
        assert ran.code == 0, ran.said
        assert kept(home) == as_unix(bed.mail(owner))


@pytest.mark.rule("C10", "C11")
def test_mpop_reads_the_capabilities(bed: Bed) -> None:
    ran = run("mpop", "-S", "--host=127.0.0.1", f"--port={bed.port('pop3')}", "--tls=off")
    assert ran.code == 0, ran.said
    for word in ("TOP", "UIDL", "PIPELINING", "Restante"):
        assert word.casefold() in ran.said.casefold(), ran.said
