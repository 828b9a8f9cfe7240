"""The sessions that every tutorial shows, typed by hand over a socket, to the letter of RFC 1939.

There are two kinds of answer, +OK and -ERR, and three states: AUTHORIZATION, TRANSACTION and UPDATE.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import pytest
from tests.e2e.bed import Bed, Owner
from tests.e2e.corpus import DOTS, MULTIPART, PLAIN


@pytest.fixture
def ted() -> Iterator[tuple[Bed, Owner]]:
    with Bed(doors=("pop3", "lmtp")) as bed:
        yield bed, bed.account(PLAIN, MULTIPART, DOTS, name="Ted", password="SECRET")


@pytest.mark.rule("L2", "S1", "S5", "C1", "C6", "C7")
def test_the_session_of_the_tutorials_works_to_the_letter(ted: tuple[Bed, Owner]) -> None:
    bed, owner = ted
    first, second, third = bed.mail(owner)
    with bed.pop3() as wire:
        assert re.fullmatch(rb"\+OK [^\r\n<]+\r\n", wire.greeting)
        assert wire.say("USER Ted").startswith(b"+OK")
        assert wire.say("PASS SECRET").startswith(b"+OK")
        assert wire.multi("RETR 1") == first
        assert wire.say("DELE 1").startswith(b"+OK")
        assert wire.say("QUIT").startswith(b"+OK")
        assert wire.ended()
    assert bed.mail(owner) == [second, third]


@pytest.mark.rule("C2", "C3", "C4", "C5", "C7", "C8", "C9")
def test_the_session_with_every_command_works_to_the_letter(ted: tuple[Bed, Owner]) -> None:
    bed, owner = ted
    mail = bed.mail(owner)
    enabled = bed.cli("account", "apop", owner.name, "--enable", "--password-stdin", given=b"SECRET\n")
    assert enabled.code == 0, enabled.said
    with bed.pop3() as wire:
        (timestamp,) = re.findall(rb"<[^<>@\s]+@[^<>@\s]+>", wire.greeting)
        digest = hashlib.md5(timestamp + b"SECRET", usedforsecurity=False).hexdigest()
        assert wire.say(f"APOP Ted {digest}").startswith(b"+OK")
        assert wire.say("STAT") == b"+OK 3 %d" % sum(map(len, mail))
        sizes = b"".join(b"%d %d\r\n" % (number, len(message)) for number, message in enumerate(mail, 1))
        assert wire.multi("LIST") == sizes
        assert wire.say("LIST 2").startswith(b"+OK 2 %d" % len(mail[1]))
        head, _, body = mail[2].partition(b"\r\n\r\n")
        assert wire.multi("TOP 1 10") == mail[0], "fewer than ten lines: all of them"
        assert wire.multi("TOP 3 4") == head + b"\r\n\r\n" + b"".join(body.splitlines(keepends=True)[:4])
        listing = wire.multi("UIDL").splitlines()
        assert wire.say("UIDL 1").split()[1:3] == listing[0].split()
        assert wire.say("NOOP").startswith(b"+OK")
        assert wire.say("DELE 1").startswith(b"+OK")
        assert wire.say("DELE 1").startswith(b"-ERR")
        assert wire.say("RETR 1").startswith(b"-ERR")
        assert wire.say("STAT") == b"+OK 2 %d" % sum(map(len, mail[1:]))
        assert wire.say("RSET").startswith(b"+OK")
        assert wire.say("STAT") == b"+OK 3 %d" % sum(map(len, mail))
        assert wire.say("QUIT").startswith(b"+OK")
        assert wire.ended()
    assert bed.mail(owner) == mail


@pytest.mark.rule("S1", "S4", "L5")
def test_in_authorization_one_can_log_in_or_quit_and_nothing_else(ted: tuple[Bed, Owner]) -> None:
    bed, owner = ted
    with bed.pop3() as wire:
        for command in ("STAT", "LIST", "RETR 1", "DELE 1", "NOOP", "RSET", "TOP 1 0", "UIDL", "PASS SECRET"):
            assert wire.say(command).startswith(b"-ERR"), command
    with bed.pop3() as wire:
        wire.ok("USER Ted")
        assert wire.say("QUIT").startswith(b"+OK")
        assert wire.ended()
    assert len(bed.mail(owner)) == 3


@pytest.mark.rule("S1", "L5")
def test_in_transaction_one_cannot_log_in_again(ted: tuple[Bed, Owner]) -> None:
    bed, owner = ted
    with bed.pop3(owner) as wire:
        for command in ("USER Ted", "PASS SECRET", "APOP Ted c4c9334bac560ecc979e58001b3e22fb", "HELLO"):
            assert wire.say(command).startswith(b"-ERR"), command
        assert wire.say("STAT").startswith(b"+OK 3 ")
        wire.ok("QUIT")


@pytest.mark.rule("S6")
def test_who_hangs_up_without_quit_enters_no_update(ted: tuple[Bed, Owner]) -> None:
    bed, owner = ted
    with bed.pop3(owner) as wire:
        wire.ok("DELE 1")
        wire.ok("DELE 2")
    assert len(bed.mail(owner)) == 3


@pytest.mark.rule("S3")
def test_mail_that_comes_during_a_session_waits_for_the_next_one(ted: tuple[Bed, Owner]) -> None:
    bed, owner = ted
    with bed.pop3(owner) as wire:
        before = wire.multi("UIDL")
        bed.deliver(owner, PLAIN)
        assert wire.say("STAT").startswith(b"+OK 3 ")
        assert wire.multi("UIDL") == before
        assert wire.say("RETR 4").startswith(b"-ERR")
        wire.ok("DELE 2")
        wire.ok("QUIT")
    with bed.pop3(owner) as wire:
        assert wire.say("STAT").startswith(b"+OK 3 ")
        old, now = before.split()[1::2], wire.multi("UIDL").split()[1::2]
        assert now[:2] == [old[0], old[2]]
        assert now[2] not in old
        wire.ok("QUIT")


@pytest.mark.rule("L1", "L2")
def test_keywords_are_understood_in_any_case(ted: tuple[Bed, Owner]) -> None:
    bed, _ = ted
    with bed.pop3() as wire:
        for command in ("user Ted", "pAsS SECRET", "stat", "Quit"):
            assert wire.say(command).startswith(b"+OK"), command


@pytest.mark.rule("L10")
def test_a_whole_session_sent_at_once_is_answered_in_order(ted: tuple[Bed, Owner]) -> None:
    bed, owner = ted
    with bed.pop3() as wire:
        wire.send(b"USER Ted\r\nPASS SECRET\r\nDELE 2\r\nNOSUCH\r\nSTAT\r\nQUIT\r\n")
        answers = [wire.line() for _ in range(6)]
        assert [answer.split()[0] for answer in answers] == [b"+OK", b"+OK", b"+OK", b"-ERR", b"+OK", b"+OK"]
        assert answers[4].startswith(b"+OK 2 ")
        assert wire.ended()
    assert len(bed.mail(owner)) == 2
