"""What can be done with an open maildrop: RFC 1939 §5 to §7, RFC 2449 §6.6."""

from __future__ import annotations

import pytest
from tests.client.rig import LISTED, OPENED, session_with

from restante.client.faults import CommandRefused, ConnectionLost, LimitExceeded, TimedOut, UnusableArgument
from restante.client.operations import (
    capabilities,
    close,
    keep_alive,
    listing,
    mark_deleted,
    mark_many,
    noop,
    quit_session,
    raw,
    reset,
    stat,
)
from restante.client.retrieving import stream
from restante.client.server import Limits, Security, Server
from restante.proto.terms import State


def test_a_listing_is_asked_once_a_session() -> None:
    replay, session = session_with(LISTED)
    first = replay.run(listing(session))
    assert replay.run(listing(session)) is first
    assert [message.octets for message in first] == [24, 28, 26]


@pytest.mark.rule("L10")
def test_marks_are_set_in_one_window_and_those_that_are_refused_are_told() -> None:
    replay, session = session_with(LISTED + "C: DELE 1\nC: DELE 2\nC: DELE 3\nS: +OK\nS: -ERR no\nS: +OK\n")
    messages = replay.run(listing(session))
    (refused,) = replay.run(mark_many(session, messages))
    assert refused.message is messages[1]
    assert isinstance(refused.refusal, CommandRefused)
    assert session.link.marks == 2


def test_no_marks_need_no_command() -> None:
    replay, session = session_with(OPENED)
    assert replay.run(mark_many(session, [])) == ()


@pytest.mark.rule("C7")
def test_reset_takes_the_marks_off_here_too() -> None:
    replay, session = session_with(LISTED + "C: DELE 2\nS: +OK\nC: RSET\nS: +OK\n")
    messages = replay.run(listing(session))
    replay.run(mark_deleted(session, messages[1]))
    assert session.link.marks == 1
    replay.run(reset(session))
    assert session.link.marks == 0


@pytest.mark.rule("S5")
def test_quit_that_is_refused_says_that_not_all_was_removed() -> None:
    replay, session = session_with(OPENED + "C: QUIT\nS: -ERR [SYS/TEMP] some deleted messages not removed\n")
    with pytest.raises(Exception, match="may not have removed all that was marked"):
        replay.run(quit_session(session))
    assert replay.closed


def test_quit_twice_is_once() -> None:
    replay, session = session_with(OPENED + "C: QUIT\nS: +OK\n")
    replay.run(quit_session(session))
    replay.run(quit_session(session))
    assert session.state is State.UPDATE
    assert replay.said.count(b"QUIT") == 1


def test_quit_that_is_not_answered_may_or_may_not_have_removed() -> None:
    replay, session = session_with(LISTED + "C: DELE 1\nS: +OK\nC: QUIT\n")
    messages = replay.run(listing(session))
    replay.run(mark_deleted(session, messages[0]))
    with pytest.raises(ConnectionLost, match="not known: look again") as raised:
        replay.run(quit_session(session))
    assert (raised.value.marks_lost, raised.value.marks_in_doubt) == (0, 1)


@pytest.mark.rule("S6")
def test_close_says_no_quit() -> None:
    replay, session = session_with(OPENED)
    replay.run(close(session))
    assert b"QUIT" not in replay.said
    assert replay.closed


def test_keep_alive_sends_noop_only_after_a_time_without_commands() -> None:
    replay, session = session_with(OPENED + "C: NOOP\nS: +OK\n")
    replay.run(keep_alive(session, 60))
    assert b"NOOP" not in replay.said
    replay.clock.now += 61
    replay.run(keep_alive(session, 60))
    replay.run(keep_alive(session, 60))
    assert replay.said.count(b"NOOP") == 1


def test_capabilities_are_asked_anew() -> None:
    replay, session = session_with(OPENED + "C: CAPA\nS: +OK\nS: EXPIRE 60\nS: .\n")
    assert dict(replay.run(capabilities(session))) == {"EXPIRE": ("60",)}


@pytest.mark.parametrize(
    ("line", "reply", "body"),
    [
        ("TOP 1 0", "S: +OK\nS: Subject: x\nS: \nS: .", b"Subject: x\r\n\r\n"),
        ("LIST", "S: +OK\nS: .", b""),
        ("LIST 1", "S: +OK 1 24", None),
        ("LANG", "S: +OK\nS: en English\nS: .", b"en English\r\n"),
        ("LANG en", "S: +OK en", None),
        ("STAT", "S: +OK 1 1", None),
        ("XTND XLST", "S: +OK", None),
        ("retr 9", "S: -ERR no", None),
    ],
)
def test_a_raw_command_is_read_by_the_table_of_commands(line: str, reply: str, body: bytes | None) -> None:
    replay, session = session_with(OPENED + f"C: {line}\n{reply}\n")
    got = replay.run(raw(session, line.encode()))
    assert got.body == body
    assert got.status.ok is reply.startswith("S: +OK")


def test_a_raw_command_of_a_server_s_own_may_be_said_to_be_multi_line() -> None:
    replay, session = session_with(OPENED + "C: XTND XLST\nS: +OK\nS: 1\nS: .\n")
    assert replay.run(raw(session, b"XTND XLST", multi_line=True)).body == b"1\r\n"


@pytest.mark.rule("M4")
@pytest.mark.parametrize("line", [b"NOOP\r\nDELE 1", b"NOOP\n", b"NO\0OP", b"NOOP " + b"x" * 300])
def test_a_raw_command_is_one_line(line: bytes) -> None:
    replay, session = session_with(OPENED)
    with pytest.raises(UnusableArgument):
        replay.run(raw(session, line))


def test_stat_that_is_refused_is_a_fault() -> None:
    replay, session = session_with(OPENED + "C: STAT\nS: -ERR no\n")
    with pytest.raises(CommandRefused, match="refused STAT: no"):
        replay.run(stat(session))


def test_a_list_that_is_refused_is_a_fault() -> None:
    replay, session = session_with(OPENED + "C: LIST\nC: UIDL\nS: -ERR no\nS: -ERR no\nC: NOOP\nS: +OK\n")
    with pytest.raises(CommandRefused, match="refused LIST"):
        replay.run(listing(session))
    # What was asked in the same breath was answered as well, and each reply meets its own command.
    replay.run(noop(session))


def test_a_listing_has_a_bound() -> None:
    server = Server(host="pop.example.org", security=Security.PLAIN, limits=Limits(messages=2))
    replay, session = session_with(LISTED, server=server)
    with pytest.raises(LimitExceeded, match="more than 2 messages"):
        replay.run(listing(session))
    assert replay.closed


def test_a_time_out_closes_the_connection_and_tells_of_lost_marks() -> None:
    replay, session = session_with(LISTED + "C: DELE 1\nS: +OK\nC: NOOP\nsilence\n")
    messages = replay.run(listing(session))
    replay.run(mark_deleted(session, messages[0]))
    with pytest.raises(TimedOut, match="1 deletion mark is lost") as raised:
        replay.run(noop(session))
    assert raised.value.marks_lost == 1
    assert replay.closed


def test_keep_alive_disturbs_no_message_that_is_read_in_chunks() -> None:
    replay, session = session_with(LISTED + "C: RETR 1\nS: +OK\nS: Subject: x\nS: \nS: body\nS: .\n")
    replay.piece = 12
    first, *_ = replay.run(listing(session))
    chunks = stream(session, first)
    replay.next_of(chunks)
    replay.clock.now += 50
    replay.run(keep_alive(session, 10))
    assert replay.gather(chunks)
    assert b"NOOP" not in replay.said


def test_a_server_that_falls_silent_while_names_are_made_is_a_time_out() -> None:
    listings = "C: LIST\nC: UIDL\nS: +OK\nS: 1 24\nS: 2 28\nS: .\nS: -ERR\n"
    replay, session = session_with(OPENED + listings + "C: TOP 1 0\nC: TOP 2 0\nsilence\n")
    with pytest.raises(TimedOut):
        replay.run(listing(session))
    assert replay.closed
