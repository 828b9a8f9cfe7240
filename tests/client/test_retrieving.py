"""Messages out of a maildrop: RFC 1939 §5 and §7, RFC 2449 §6.6."""

from __future__ import annotations

import pytest
from tests.client.rig import LISTED, OPENED, session_with
from tests.recorded.replay import Replay

from restante.client.faults import CommandRefused, LimitExceeded, MessageTooLarge
from restante.client.operations import listing, mark_many, noop
from restante.client.parsing import email, headers
from restante.client.retrieving import Overtaken, peek, peek_many, read, read_many, stream
from restante.client.server import Limits, Security, Server
from restante.client.session import Listed, Session

ONE, TWO, THREE = (b"Subject: %d\r\n\r\n.\r\n" % number for number in (1, 2, 3))


def reply(number: int, keyword: str = "RETR", extra: str = "") -> str:
    return f"C: {keyword} {number}{extra}\n{given(number)}"


def given(number: int) -> str:
    return f"S: +OK\nS: Subject: {number}\nS: \nS: ..\nS: .\n"


def listed_with(script: str, *, limits: Limits | None = None) -> tuple[Replay, Session, tuple[Listed, ...]]:
    server = Server(host="pop.example.org", security=Security.PLAIN, limits=limits or Limits())
    replay, session = session_with(LISTED + script, server=server)
    return replay, session, replay.run(listing(session))


@pytest.mark.rule("L7")
def test_a_message_is_read_un_stuffed() -> None:
    replay, session, (first, *_) = listed_with(reply(1))
    assert replay.run(read(session, first)) == ONE


def test_a_stream_gives_chunks_that_are_the_message() -> None:
    replay, session, (first, *_) = listed_with(reply(1))
    replay.piece = 3
    chunks = replay.gather(stream(session, first))
    assert b"".join(chunks) == ONE
    assert len(chunks) > 1


def test_a_command_in_the_middle_of_a_stream_skips_the_rest_and_tells_the_reader() -> None:
    replay, session, (first, *_) = listed_with(reply(1) + "C: NOOP\nS: +OK\n")
    replay.piece = 12
    chunks = stream(session, first)
    replay.next_of(chunks)
    replay.run(noop(session))
    with pytest.raises(Overtaken):
        replay.next_of(chunks)


def test_a_stream_that_is_left_early_is_skipped_by_the_next_command() -> None:
    replay, session, (first, *_) = listed_with(reply(1) + "C: NOOP\nS: +OK\n")
    replay.piece = 12
    chunks = stream(session, first)
    replay.next_of(chunks)
    chunks.close()
    replay.run(noop(session))


@pytest.mark.rule("L10")
def test_many_are_asked_for_ahead_of_their_replies() -> None:
    replay, session, messages = listed_with(
        "C: RETR 1\nC: RETR 2\nC: RETR 3\n" + given(1) + "S: -ERR gone\n" + given(3)
    )
    got = replay.gather(read_many(session, messages))
    assert [each.message for each in got] == list(messages)
    assert [each.given for each in got] == [ONE, None, THREE]
    assert isinstance(got[1].refusal, CommandRefused)
    with pytest.raises(CommandRefused):
        _ = got[1].octets


def test_a_window_is_bounded_by_messages() -> None:
    script = "C: RETR 1\nC: RETR 2\n" + given(1) + given(2) + reply(3)
    replay, session, messages = listed_with(script, limits=Limits(window_messages=2))
    many = read_many(session, messages)
    assert replay.next_of(many).octets == ONE
    assert replay.said[-1] == b"RETR 2"
    assert [each.octets for each in replay.gather(many)] == [TWO, THREE]


def test_nothing_goes_out_ahead_in_a_window_of_one() -> None:
    server = Server(host="pop.example.org", security=Security.PLAIN, limits=Limits(window_messages=1))
    listings = "C: LIST\nS: +OK\nS: 1 24\nS: 2 28\nS: .\nC: UIDL\nS: +OK\nS: 1 a\nS: 2 b\nS: .\n"
    marks = "C: DELE 1\nS: +OK\nC: DELE 2\nS: +OK\n"
    replay, session = session_with(OPENED + listings + reply(1) + reply(2) + marks, server=server)
    messages = replay.run(listing(session))
    assert [each.octets for each in replay.gather(read_many(session, messages))] == [ONE, TWO]
    assert replay.run(mark_many(session, messages)) == ()


def test_a_window_is_bounded_by_octets_but_never_empty() -> None:
    replay, session, messages = listed_with(reply(1) + reply(2) + reply(3), limits=Limits(window_octets=10))
    assert [each.octets for each in replay.gather(read_many(session, messages))] == [ONE, TWO, THREE]


def test_a_command_in_the_middle_of_a_window_lets_the_replies_come_first() -> None:
    replay, session, messages = listed_with(
        "C: RETR 1\nC: RETR 2\nC: RETR 3\n" + given(1) + given(2) + given(3) + "C: NOOP\nS: +OK\n"
    )
    many = read_many(session, messages)
    assert replay.next_of(many).octets == ONE
    replay.run(noop(session))
    assert [each.octets for each in replay.gather(many)] == [TWO, THREE]


def test_a_message_that_is_too_large_to_hold_is_not_asked_for_and_the_others_come() -> None:
    limits = Limits(held_octets=26)
    replay, session, messages = listed_with("C: RETR 1\nC: RETR 3\n" + given(1) + given(3), limits=limits)
    got = replay.gather(read_many(session, messages))
    assert [each.given for each in got] == [ONE, None, THREE]
    assert isinstance(got[1].refusal, MessageTooLarge)
    with pytest.raises(MessageTooLarge, match="read it by stream"):
        replay.run(read(session, messages[1]))


def test_a_message_much_longer_than_told_ends_the_session() -> None:
    script = "C: RETR 1\nS: +OK\n" + f"S: {'x' * 70_000}\n" * 70 + "S: .\n"
    replay, session, (first, *_) = listed_with(script)
    with pytest.raises(LimitExceeded):
        replay.gather(stream(session, first))
    assert replay.closed


@pytest.mark.rule("C8")
def test_peek_is_top() -> None:
    replay, session, (first, *_) = listed_with(reply(1, "TOP", " 7"))
    assert replay.run(peek(session, first, 7)) == ONE


def test_peek_many_asks_ahead() -> None:
    replay, session, messages = listed_with(
        "C: TOP 1 1\nC: TOP 2 1\nC: TOP 3 1\n" + given(1) + "S: -ERR no\n" + given(3)
    )
    got = replay.gather(peek_many(session, messages, 1))
    assert [each.given for each in got] == [ONE, None, THREE]


@pytest.mark.rule("C8")
def test_a_top_that_sends_more_than_was_asked_for_is_cut() -> None:
    replay, session, (first, *_) = listed_with(reply(1, "TOP", " 0"))
    assert replay.run(peek(session, first)) == b"Subject: 1\r\n\r\n"


def test_a_count_of_lines_below_zero_is_no_count() -> None:
    replay, session, (first, *_) = listed_with("")
    with pytest.raises(ValueError, match="lines is a count"):
        replay.run(peek(session, first, -1))


def test_headers_and_email_are_parsed() -> None:
    replay, session, (first, *_) = listed_with(reply(1, "TOP", " 0") + reply(1))
    assert replay.run(headers(session, first))["Subject"] == "1"
    assert replay.run(email(session, first)).get_payload() == ".\r\n"
