"""The stream of SMTP and LMTP: command lines and messages, however it is cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.delivery.rig import HOSTILE, stuffed

from restante.delivery.intake import HeldOctets, Intake, LineFault, MessageData
from restante.delivery.replies import Cause


def plain_message(stream: bytes) -> tuple[bytes, bytes] | None:
    """Say again, octet by octet and in the words of RFC 5321 §4.1.1.4 and §4.5.2, what the message is."""
    message, line, rest = b"", b"", stream
    while rest:
        line, rest = line + rest[:1], rest[1:]
        if not line.endswith(b"\r\n"):
            continue
        if line == b".\r\n":
            return message, rest
        message += line[1:] if line.startswith(b".") else line
        line = b""
    return None


def taken(pieces: list[bytes], *, limit: int = 10_000) -> tuple[bytes, bytes] | None:
    """Run pieces through an intake in the middle of DATA; give the message and what was left behind it."""
    intake, data = Intake(), MessageData(limit=limit, room=HeldOctets(10_000))
    for at, piece in enumerate(pieces):
        intake.receive(piece)
        if intake.fill(data):
            assert data.problem is None
            left = b"".join(pieces[at + 1 :])
            rest = b""
            intake.receive(left + b"\n")
            while (line := intake.next_line(10_000)) is not None:
                assert isinstance(line, bytes)
                rest += line
            return data.message(), rest[:-1]
    return None


@pytest.mark.rule("M1")
def test_nothing_but_crlf_dot_crlf_ends_a_message_in_all_short_strings_and_cuts() -> None:
    ends = 0
    for octets in range(8):
        for letters in itertools.product((b"\r", b"\n", b".", b"a"), repeat=octets):
            stream = b"".join(letters)
            expected = plain_message(stream)
            ends += expected is not None
            assert taken([stream]) == expected, stream
            assert taken([bytes([octet]) for octet in stream]) == expected, stream
            for cut in range(1, octets):
                assert taken([stream[:cut], stream[cut:]]) == expected, (stream, cut)
    assert ends > 100  # the table does hold ends


@pytest.mark.rule("M1")
@pytest.mark.parametrize(
    "end",
    [
        b"\n.\n",
        b"\r.\r",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r\n.\r",
        b"\r.\r\n",
        b"\n\n.\r\n",
        b"\r\n.\r\r\n",
        b"\r\n\0.\r\n",
    ],
)
def test_a_smuggled_end_is_part_of_the_message(end: bytes) -> None:
    smuggled = b"one" + end + b"MAIL FROM:<forged@example.org>\r\n"
    stream = smuggled + b".\r\nQUIT\r\n"
    for cut in range(1, len(stream)):
        found = taken([stream[:cut], stream[cut:]])
        assert found is not None
        assert found[1] == b"QUIT\r\n"
        assert b"forged" in found[0]


@pytest.mark.rule("M1")
@given(HOSTILE, st.lists(st.integers(1, 9), max_size=40))
def test_what_was_stuffed_comes_back_however_it_is_cut(body: bytes, cuts: list[int]) -> None:
    message = body + b"\r\n"
    stream = stuffed(message) + b".\r\nNOOP\r\n"
    pieces = []
    for cut in cuts:
        pieces.append(stream[:cut])
        stream = stream[cut:]
    assert taken([piece for piece in [*pieces, stream] if piece]) == (message, b"NOOP\r\n")


def test_an_empty_message_is_a_lone_dot_right_after_data() -> None:
    assert taken([b".\r\n"]) == (b"", b"")


def test_the_limit_counts_the_message_and_not_its_stuffed_dots() -> None:
    message = b".\r\n" * 5 + b"x\r\n"
    for limit, problem in ((len(message), None), (len(message) - 1, Cause.TOO_LONG)):
        for step in (1, 2, 3, 100):
            room = HeldOctets(1_000)
            data = MessageData(limit=limit, room=room)
            stream = stuffed(message) + b".\r\n"
            ends = [data.feed(stream[at : at + step]) for at in range(0, len(stream), step)]
            assert ends[-1] is not None
            assert data.problem is problem, (limit, step)
            if problem is None:
                assert data.message() == message


def test_a_message_past_the_limit_is_skipped_to_its_end_without_being_held() -> None:
    room = HeldOctets(1_000_000)
    data = MessageData(limit=1_000, room=room)
    peak = 0
    for _ in range(500):
        assert data.feed(b"x" * 100 + b"\r\n") is None
        peak = max(peak, room.held)
    assert peak <= 1_000
    assert room.held == 0
    assert data.feed(b".\r\nNOOP\r\n") == 3
    assert data.problem is Cause.TOO_LONG


def test_messages_share_one_room_and_give_it_back() -> None:
    room = HeldOctets(250)
    first, second = MessageData(limit=1_000, room=room), MessageData(limit=1_000, room=room)
    assert first.feed(b"x" * 200) is None
    assert second.feed(b"x" * 60) is None
    assert (first.problem, second.problem) == (None, Cause.TOO_MUCH_HELD)
    first.give_back()
    first.give_back()
    assert room.held == 0
    assert room.has_room_for(250)
    assert not room.has_room_for(251)


@pytest.mark.parametrize("octets", [10, 11, 12, 13, 40])
@pytest.mark.parametrize("step", [1, 5, 100])
def test_a_line_past_the_limit_is_told_once_and_skipped(octets: int, step: int) -> None:
    intake, lines = Intake(), []
    stream = b"x" * (octets - 2) + b"\r\nNOOP\r\n"
    for at in range(0, len(stream), step):
        intake.receive(stream[at : at + step])
        while (line := intake.next_line(12)) is not None:
            lines.append(line)
    long = LineFault.TOO_LONG if octets > 12 else b"x" * (octets - 2) + b"\r\n"
    assert lines == [long, b"NOOP\r\n"]


def test_an_endless_line_is_not_held() -> None:
    intake = Intake()
    for _ in range(1_000):
        intake.receive(b"x" * 1_000)
        assert intake.next_line(512) is None
        assert len(intake._buffer) <= 512
    intake.receive(b"\r\n")
    assert intake.next_line(512) is LineFault.TOO_LONG
    assert intake.next_line(512) is None
