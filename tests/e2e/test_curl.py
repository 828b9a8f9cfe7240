"""curl reads, lists, looks at and deletes mail, and sends it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.bed import Bed, Owner, Ran, Wire, assert_is_delivery_of, run
from tests.e2e.corpus import CORPUS, DOTS, MULTIPART, PLAIN

pytestmark = pytest.mark.peer("curl")

COULD_NOT_LOG_IN = 67
"""CURLE_LOGIN_DENIED."""
WEIRD_SERVER_REPLY = 8
"""CURLE_WEIRD_SERVER_REPLY: what curl says of an -ERR to a command."""


def curl(bed: Bed, owner: Owner, path: str = "", *options: str, password: str | None = None) -> Ran:
    """Run curl on a POP3 address."""
    user = f"{owner.name}:{owner.password if password is None else password}"
    return run("curl", "-q", "-sS", "-u", user, *options, f"pop3://127.0.0.1:{bed.port('pop3')}/{path}")


@pytest.mark.rule("C4")
def test_curl_lists_the_maildrop(bed: Bed) -> None:
    owner = bed.account(PLAIN, DOTS)
    with bed.pop3(owner) as wire:
        listing = wire.multi("LIST")
        wire.ok("QUIT")
    ran = curl(bed, owner)
    assert (ran.code, ran.out) == (0, listing)
    assert len(listing.splitlines()) == 2


@pytest.mark.rule("L7", "C5", "C6")
@pytest.mark.parametrize("kind", list(CORPUS))
def test_curl_retrieves_what_was_sent_octet_for_octet(bed: Bed, kind: str) -> None:
    owner = bed.account(CORPUS[kind])
    octets = int(curl(bed, owner).out.split()[1])
    ran = curl(bed, owner, "1")
    assert ran.code == 0, ran.said
    assert_is_delivery_of(ran.out, CORPUS[kind])
    assert len(ran.out) == octets


@pytest.mark.rule("C8")
def test_curl_looks_at_headers_only(bed: Bed) -> None:
    owner = bed.account(DOTS)
    ran = curl(bed, owner, "", "-X", "TOP 1 0")
    assert ran.code == 0, ran.said
    head, _, _ = bed.mail(owner)[0].partition(b"\r\n\r\n")
    assert ran.out == head + b"\r\n\r\n"


@pytest.mark.rule("C8", "L7")
def test_curl_looks_at_the_first_lines_of_the_body(bed: Bed) -> None:
    owner = bed.account(DOTS)
    ran = curl(bed, owner, "", "-X", "TOP 1 3")
    assert ran.out.endswith(b"\r\n\r\n.starts with a dot\r\n.\r\n..\r\n"), ran.said


@pytest.mark.rule("C9", "C4")
def test_curl_gets_the_same_unique_ids_each_time(bed: Bed) -> None:
    owner = bed.account(PLAIN, PLAIN)
    first = curl(bed, owner, "", "-X", "UIDL")
    assert first.code == 0, first.said
    assert len({line.split()[1] for line in first.out.splitlines()}) == 2
    assert curl(bed, owner, "", "-X", "UIDL").out == first.out


@pytest.mark.rule("S5", "C7")
def test_curl_deletes_a_message(bed: Bed) -> None:
    owner = bed.account(PLAIN, MULTIPART)
    ran = curl(bed, owner, "1", "-l", "-X", "DELE")
    assert ran.code == 0, ran.said
    (left,) = bed.mail(owner)
    assert_is_delivery_of(left, MULTIPART)


def test_curl_leaves_what_it_reads(bed: Bed) -> None:
    owner = bed.account(PLAIN)
    assert curl(bed, owner, "1").out == curl(bed, owner, "1").out == bed.mail(owner)[0]


@pytest.mark.rule("C12")
def test_curl_is_told_that_the_password_is_wrong(bed: Bed) -> None:
    ran = curl(bed, bed.account(PLAIN), password="WRONG", path="1")
    assert ran.code == COULD_NOT_LOG_IN, ran.said
    assert ran.out == b""


@pytest.mark.rule("S2")
def test_curl_is_turned_away_while_another_session_holds_the_lock(bed: Bed) -> None:
    owner = bed.account(PLAIN)
    with bed.pop3(owner) as wire:
        ran = curl(bed, owner, "1", "-v")
        assert ran.code == COULD_NOT_LOG_IN, ran.said
        assert b"< -ERR [IN-USE]" in ran.err, ran.said
        wire.ok("QUIT")
    assert curl(bed, owner, "1").code == 0


@pytest.mark.rule("C4")
@pytest.mark.parametrize("number", ["2", "0", "99999999999"])
def test_curl_gets_no_message_that_is_not_there(bed: Bed, number: str) -> None:
    ran = curl(bed, bed.account(PLAIN), number)
    assert (ran.code, ran.out) == (WEIRD_SERVER_REPLY, b""), ran.said


@pytest.fixture(scope="module")
def apop_bed() -> Iterator[tuple[Bed, Owner]]:
    with Bed() as bed:
        owner = bed.account(PLAIN)
        enabled = bed.cli("account", "apop", owner.name, "--enable", "--password-stdin", given=b"SECRET\n")
        assert enabled.code == 0, enabled.said
        yield bed, owner


@pytest.mark.rule("C2")
def test_curl_logs_in_by_apop(apop_bed: tuple[Bed, Owner]) -> None:
    bed, owner = apop_bed
    ran = curl(bed, owner, "1", "--login-options", "AUTH=+APOP", "-v")
    assert ran.code == 0, ran.said
    assert f"> APOP {owner.name} ".encode() in ran.err
    assert b"SECRET" not in ran.err
    assert_is_delivery_of(ran.out, PLAIN)


@pytest.mark.rule("C2", "C12")
def test_curl_is_told_that_the_apop_secret_is_wrong(apop_bed: tuple[Bed, Owner]) -> None:
    bed, owner = apop_bed
    ran = curl(bed, owner, "1", "--login-options", "AUTH=+APOP", "-v", password="WRONG")
    assert ran.code == COULD_NOT_LOG_IN, ran.said
    assert b"< -ERR [AUTH]" in ran.err


@pytest.mark.rule("M1")
@pytest.mark.parametrize("kind", ["plain", "multipart", "dots", "large"])
def test_curl_sends_a_message_that_arrives_as_it_was(bed: Bed, kind: str) -> None:
    owner = bed.account()
    ran = run(
        *("curl", "-q", "-sS", f"smtp://127.0.0.1:{bed.port('smtp')}/bed.example"),
        *("--mail-from", "alice@example.org", "--mail-rcpt", f"{owner.name}@localhost", "-T", "-"),
        given=CORPUS[kind],
    )
    assert ran.code == 0, ran.said
    (message,) = bed.mail(owner)
    assert_is_delivery_of(message, CORPUS[kind])
    assert message.startswith(b"Return-Path: <alice@example.org>\r\n")


def test_curl_cannot_relay_through_this_server(bed: Bed) -> None:
    ran = run(
        *("curl", "-q", "-sS", f"smtp://127.0.0.1:{bed.port('smtp')}/bed.example"),
        *("--mail-from", "alice@example.org", "--mail-rcpt", "bob@elsewhere.example", "-T", "-"),
        given=PLAIN,
    )
    assert ran.code == 55, ran.said  # CURLE_SEND_ERROR: RCPT refused
    with Wire(bed.address("smtp")) as wire:
        assert wire.greeting.startswith(b"220")
