"""Servers as they are: each recorded habit is taken, and none lets one bad message block the rest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest
from tests.recorded.replay import FOLDER, Replay, recorded

from restante.client.faults import CommandRefused, TemporaryFault, TimedOut
from restante.client.opening import opened
from restante.client.operations import listing, quit_session, stat
from restante.client.retrieving import read_many
from restante.client.server import Login, Security, Server
from restante.client.session import Session

ONE = b"Subject: one\r\n\r\nbody\r\n"
TWO = b"Subject: two\r\n\r\nbody two\r\n"
SERVER = Server(host="pop.example.org", security=Security.PLAIN)
LOGIN = Login.by_password("ted", "secret")


def session_of(replay: Replay) -> Session:
    return replay.run(
        opened(
            SERVER,
            LOGIN,
            utf8=True,
            patience_seconds=0,
            clock=replay.clock,
            entropy=lambda octets: b"e" * octets,
            observe=None,
        )
    )


@dataclass
class Visit:
    """What one visit found: in each session the same, from the login to QUIT."""

    stat: tuple[int, int]
    ids: list[bytes]
    octets: list[int]
    messages: list[bytes | type[Exception]]


def visit(replay: Replay) -> Visit:
    session = session_of(replay)
    told = replay.run(stat(session))
    listed = replay.run(listing(session))
    got = replay.gather(read_many(session, listed))
    replay.run(quit_session(session))
    return Visit(
        stat=(told.messages, told.octets),
        ids=[message.unique_id for message in listed],
        octets=[message.octets for message in listed],
        messages=[type(each.refusal) if each.refusal else each.octets for each in got],
    )


def named(octets: int, headers: bytes) -> bytes:
    """The name of a message without one, written after the documentation."""
    return b"sha256:" + hashlib.sha256(b"%d\r\n%s" % (octets, headers)).hexdigest()[:40].encode()


LONG = b"L" * 200
NAMED_ONE, NAMED_TWO = named(24, b"Subject: one\r\n"), named(28, b"Subject: two\r\n")

VISITS = {
    "lower_case": Visit((1, 24), [b"first"], [24], [ONE]),
    "octets_in_words": Visit((2, 52), [b"first", b"second"], [24, 28], [ONE, TWO]),
    "extra_columns": Visit((2, 52), [b"first", b"second"], [24, 28], [ONE, TWO]),
    "unique_ids_too_long": Visit((2, 48), [LONG + b"1", LONG + b"2"], [24, 24], [ONE, ONE]),
    "unique_ids_doubled": Visit(
        (4, 100), [NAMED_ONE, NAMED_TWO, NAMED_ONE + b"~2", b"other"], [24, 28, 24, 24], [ONE, TWO, ONE, ONE]
    ),
    "unique_ids_missing": Visit(
        (3, 100), [b"first", NAMED_TWO, named(30, b"\r\n")], [24, 28, 30], [ONE, TWO, CommandRefused]
    ),
    "no_uidl": Visit((2, 52), [NAMED_ONE, NAMED_TWO], [24, 28], [ONE, TWO]),
    "no_uidl_no_top": Visit((1, 24), [NAMED_ONE], [24], [ONE]),
    "no_line_end_at_quit": Visit((0, 0), [], [], []),
    "sizes_that_lie": Visit((2, 7), [b"first", b"second"], [21, 0], [ONE, TWO]),
    "odd_greeting": Visit((1, 24), [b"first"], [24], [ONE]),
    "bad_message": Visit(
        (3, 80),
        [b"first", b"second", b"third"],
        [24, 28, 28],
        [
            TemporaryFault,
            b"Subject: \0two\r\n\r\nbare\rCR\n.\nbare LF\xff\r\n",
            b"Subject: three\r\n\r\nbody\r\n",
        ],
    ),
    "pipelined": Visit(
        (3, 80),
        [b"first", b"second", b"third"],
        [24, 28, 28],
        [ONE, CommandRefused, b"Subject: three\r\n\r\nbody\r\n"],
    ),
}


@pytest.mark.rule("L2", "L6", "C9")
@pytest.mark.parametrize("piece", [1 << 20, 1, 3], ids=["whole", "octet by octet", "by threes"])
@pytest.mark.parametrize("name", VISITS)
def test_a_habit_is_taken(name: str, piece: int) -> None:
    replay = recorded(name, piece=piece)
    assert visit(replay) == VISITS[name]
    assert replay.said[-1] == b"QUIT"
    assert replay.closed


def test_numbers_out_of_bounds_hide_no_message() -> None:
    replay = recorded("numbers_out_of_bounds")
    session = session_of(replay)
    # STAT says nothing that could be meant, and so the scan listing is counted.
    told = replay.run(stat(session))
    assert (told.messages, told.octets) == (3, 28)
    listed = replay.run(listing(session))
    assert [(message.number, message.unique_id, message.octets) for message in listed] == [
        (1, b"first", 0),
        (2, b"second", 0),
        (3, b"third", 28),
    ]
    assert [each.octets for each in replay.gather(read_many(session, listed))] == [
        ONE,
        b"Subject: two\r\n\r\n",
        TWO,
    ]
    replay.run(quit_session(session))


@pytest.mark.rule("L6")
def test_a_message_without_an_end_is_a_time_out_that_says_why() -> None:
    replay = recorded("message_without_an_end")
    session = session_of(replay)
    replay.run(stat(session))
    listed = replay.run(listing(session))
    with pytest.raises(TimedOut, match=r"something other than CRLF \. CRLF"):
        replay.gather(read_many(session, listed))
    assert replay.closed


def test_each_recorded_session_is_replayed() -> None:
    told = {path.stem for path in FOLDER.glob("*.session")}
    assert told == {*VISITS, "numbers_out_of_bounds", "message_without_an_end"}
