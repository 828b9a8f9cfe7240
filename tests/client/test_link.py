"""One connection: what closes it, and how long it waits."""

from __future__ import annotations

import pytest
from tests.client.rig import LISTED, LOGIN, OPENED, SERVER, open_session, session_with
from tests.recorded.replay import scripted

from restante.client.faults import ConnectFault, ConnectionLost, LimitExceeded, Phase, TimedOut
from restante.client.link import Link
from restante.client.operations import listing, noop, stat
from restante.client.retrieving import read
from restante.client.server import Limits, Security, Server, Timeouts
from restante.client.wants import Close, Open, Read, Write


def link_at(server: Server = SERVER) -> Link:
    return Link(server, clock=lambda: 0.0, observe=None)


def test_a_server_that_does_not_answer_the_call_is_told_with_the_time_it_had() -> None:
    operation = link_at().open()
    want = next(operation)
    assert isinstance(want, Open)
    assert want.seconds == 30
    with pytest.raises(ConnectFault, match=r"org:110 did not answer in 30 seconds; check the address"):
        operation.throw(TimeoutError())


def test_a_write_that_fails_closes_the_connection() -> None:
    link = link_at()
    link.stands = True
    operation = link.send(b"NOOP\r\n")
    assert isinstance(next(operation), Write)
    assert isinstance(operation.throw(BrokenPipeError(32, "Broken pipe")), Close)
    with pytest.raises(ConnectionLost, match=r"was lost \(Broken pipe\); connect again"):
        operation.send(b"")
    assert not link.stands


def test_a_read_that_fails_closes_the_connection() -> None:
    link = link_at()
    link.stands = True
    link.wait_anew()
    operation = link.status()
    assert isinstance(next(operation), Read)
    assert isinstance(operation.throw(ConnectionResetError(104, "x")), Close)
    with pytest.raises(ConnectionLost, match="Connection reset by peer"):
        operation.send(b"")


def test_a_slow_reply_has_an_end_though_every_wait_is_short() -> None:
    replay, session = session_with(OPENED + "C: STAT\nS: +OK 1 " + "1" * 300 + "\n")
    replay.piece, replay.seconds_each = 1, 1.0
    began = replay.clock.now
    with pytest.raises(TimedOut, match="sends too slowly"):
        replay.run(stat(session))
    assert 60 <= replay.clock.now - began < 62
    assert replay.closed


def test_a_long_message_has_the_time_that_a_slow_line_needs() -> None:
    lines = "".join(f"S: {'x' * 98}\n" for _ in range(1000))
    replay, session = session_with(LISTED + f"C: RETR 1\nS: +OK\n{lines}S: .\n")
    first, *_ = replay.run(listing(session))
    # 100,000 octets at 500 a second: 200 seconds, which no command as such may take.
    replay.piece, replay.seconds_each = 500, 1.0
    assert len(replay.run(read(session, first))) == 100_000


def test_the_octets_of_a_session_have_a_bound() -> None:
    server = Server(host="x", security=Security.PLAIN, limits=Limits(session_octets=100))
    replay = scripted(OPENED + "C: NOOP\nS: +OK " + "x" * 100 + "\n")
    session = open_session(replay, LOGIN, server=server)
    with pytest.raises(LimitExceeded, match="more than 100 octets in one session"):
        replay.run(noop(session))


def test_the_time_of_each_phase_can_be_set() -> None:
    server = Server(host="x", security=Security.PLAIN, timeouts=Timeouts(command_seconds=7, login_seconds=11))
    replay = scripted("S: +OK\nC: CAPA\nS: -ERR\nC: USER ted\nsilence\n")
    began = replay.clock.now
    with pytest.raises(TimedOut, match="in 11 seconds") as raised:
        open_session(replay, LOGIN, server=server)
    assert raised.value.phase is Phase.LOGIN
    assert replay.clock.now - began == 11
