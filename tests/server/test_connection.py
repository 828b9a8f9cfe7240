"""The pump: flow control, fairness, breaking off. Over the link in memory."""

import asyncio
import gc
import tracemalloc

import pytest

from restante.compiled import COMPILED
from restante.doors.gate import Gate, GateLimits
from restante.ports.events import CommandReceived, ConnectionRefused, FaultMet, Outcome, ReplySent, SessionEnded
from restante.ports.soon import Later, Soon
from restante.ports.stores import LongMessage, MessageGone, StoreFault
from restante.proto.terms import MessageNumber
from restante.server.limits import READ_BUFFER_OCTETS, TURN_OCTETS, WRITE_BUFFER_OCTETS, Limits
from restante.stores.memory import MemoryStore
from restante.testing.link import Link, LinkServer, RecordingListener, ScriptedAuthenticator, scripted_account

SHORT = b"Subject: short\r\n\r\nbody\r\n"
BIG = b"Subject: big\r\n\r\n" + b"x" * 998 + b"\r\n" + (b"y" * 998 + b"\r\n") * 5000
CHUNK = 64 * 1024


def server_with(
    *messages: bytes, limits: Limits | None = None, gate: Gate | None = None, wire: bool = False
) -> LinkServer:
    store = MemoryStore()

    async def fill() -> None:
        for message in messages:
            await (await store.stage(scripted_account(), [message])).publish()

    asyncio.run(fill())
    return LinkServer(
        store,
        ScriptedAuthenticator({"Ted": b"SECRET"}),
        limits=limits,
        gate=gate,
        tell=RecordingListener(wants_wire=wire),
    )


def logged_in(server: LinkServer) -> Link:
    link = Link(server)
    assert link.say("USER Ted", "PASS SECRET")[1].startswith("+OK")
    return link


def outcomes(server: LinkServer) -> list[Outcome]:
    return [event.outcome for event in server.told.events if isinstance(event, SessionEnded)]


class TestFlowControl:
    def test_a_client_that_does_not_read_costs_a_bounded_buffer_and_not_the_messages(self) -> None:
        link = logged_in(server_with(BIG))
        link.stop_reading()
        link.send(b"RETR 1\r\n" * 1000)
        assert link.most_unread <= WRITE_BUFFER_OCTETS + 2 * CHUNK
        assert len(link._unsent) >= 1000 * 8 - READ_BUFFER_OCTETS

    def test_it_goes_on_where_it_stopped_when_the_client_reads_again(self) -> None:
        link = logged_in(server_with(BIG, SHORT))
        link.stop_reading()
        link.send(b"RETR 1\r\nRETR 2\r\nNOOP\r\n")
        before = len(link.received)
        link.read_on()
        answer = bytes(link.received[before:])
        assert answer.startswith(b"+OK %d octets\r\n" % len(BIG))
        assert answer.endswith(b".\r\n+OK %d octets\r\n" % len(SHORT) + SHORT + b".\r\n+OK\r\n")
        assert BIG in answer

    def test_many_short_answers_stop_at_the_bound_too(self) -> None:
        link = logged_in(server_with(*[b"x" * 60_000] * 3))
        link.stop_reading()
        link.send(b"RETR 1\r\nRETR 2\r\nRETR 3\r\n" * 100)
        assert link.most_unread <= WRITE_BUFFER_OCTETS + 2 * CHUNK

    def test_a_client_that_takes_nothing_is_let_go_after_a_while_without_a_terminating_line(self) -> None:
        server = server_with(BIG, limits=Limits(write_stall_seconds=300))
        link = logged_in(server)
        link.stop_reading()
        link.send(b"RETR 1\r\n")
        server.sweep_at(299)
        assert not link.closed
        server.sweep_at(2)
        assert link.aborted
        assert outcomes(server) == [Outcome.AUTOLOGOUT]

    def test_before_the_login_slow_reading_buys_no_time(self) -> None:
        server = server_with(SHORT, limits=Limits(login_seconds=60, write_stall_seconds=300))
        link = Link(server)
        for _ in range(5):
            # Stuck, then unstuck, again and again.
            link.stop_reading()
            link.send(b"CAPA\r\n" * 2500)
            assert link.unread
            server.sweep_at(11)
            link.read_on()
        link.stop_reading()
        link.send(b"CAPA\r\n" * 2500)
        assert not link.closed
        server.sweep_at(6)
        assert link.aborted
        assert outcomes(server) == [Outcome.AUTOLOGOUT]

    def test_a_good_bye_that_nobody_takes_does_not_hold_the_connection_for_ever(self) -> None:
        server = server_with(SHORT)
        link = logged_in(server)
        link.stop_reading()
        link.send(b"QUIT\r\n")
        server.sweep_at(301)
        assert link.closed
        assert len(server.real) == 0

    def test_one_fast_reader_lets_the_others_have_their_turn(self) -> None:
        server = server_with(BIG)
        link = logged_in(server)
        before = len(link.received)
        link.send(b"RETR 1\r\n", settle=False)
        sent = len(link.received) - before
        assert TURN_OCTETS <= sent <= TURN_OCTETS + 2 * CHUNK
        server.settle()
        assert len(link.received) - before == len(BIG) + len(b"+OK 5001016 octets\r\n.\r\n")


class TestTurns:
    def test_an_answer_that_comes_later_keeps_its_place_when_a_turn_ends_just_before_it(self) -> None:
        """Two waits at once would let what is pipelined behind overtake it, and lose it."""
        medium = b"x" * 62_998 + b"\r\n"
        server = server_with(*[medium] * 18)
        link = logged_in(server)
        maildrop = link._protocol._session._transacting.maildrop
        at_once = maildrop.retrieve

        def retrieve(number: MessageNumber) -> Soon[bytes | LongMessage]:
            return Later(_soon(at_once(number))) if number == 18 else at_once(number)

        maildrop.retrieve = retrieve  # type: ignore[method-assign]
        before = len(link.received)
        link.send(b"".join(b"RETR %d\r\n" % n for n in range(1, 19)) + b"NOOP\r\nQUIT\r\n")
        answer = bytes(link.received[before:])
        one = b"+OK %d octets\r\n" % len(medium) + medium + b".\r\n"
        assert answer.startswith(one * 18 + b"+OK\r\n+OK good-bye")
        assert outcomes(server) == [Outcome.QUIT]


async def _soon(answer: Soon[bytes | LongMessage]) -> bytes | LongMessage:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not isinstance(answer, Later)
    return answer


class _Breaking:
    """A long message that breaks after some chunks."""

    def __init__(self, error: Exception, *, later: bool) -> None:
        self.error = error
        self.later = later
        self.given = 0
        self.closed = False

    def next_chunk(self) -> Soon[bytes]:
        self.given += 1
        if self.given < 3:
            return b"x" * CHUNK
        if self.later:
            return Later(self._fail())
        raise self.error

    async def _fail(self) -> bytes:
        raise self.error

    def close(self) -> None:
        self.closed = True


class TestBreakingOff:
    @pytest.mark.parametrize("later", [False, True])
    @pytest.mark.parametrize(
        ("error", "outcome"),
        [(MessageGone("it shrank"), Outcome.MESSAGE_GONE), (StoreFault("EIO"), Outcome.FAULT)],
    )
    def test_short_data_is_never_followed_by_a_terminating_line(
        self, error: Exception, outcome: Outcome, later: bool
    ) -> None:
        server = server_with(BIG, SHORT)
        link = logged_in(server)
        breaking = _Breaking(error, later=later)
        link._protocol._session._transacting.maildrop.retrieve = lambda _number: breaking  # type: ignore[assignment,method-assign]
        before = len(link.received)
        link.send(b"RETR 1\r\nNOOP\r\n")
        assert link.aborted
        assert breaking.closed
        assert bytes(link.received[before:]) == b"+OK %d octets\r\n" % len(BIG) + b"x" * (2 * CHUNK)
        assert outcomes(server) == [outcome]

    def test_a_client_that_leaves_in_the_middle_of_a_message_leaves_no_file_open(self) -> None:
        server = server_with(BIG)
        link = logged_in(server)
        breaking = _Breaking(RuntimeError(), later=False)
        link._protocol._session._transacting.maildrop.retrieve = lambda _number: breaking  # type: ignore[assignment,method-assign]
        link.stop_reading()
        link.send(b"RETR 1\r\n")
        link.break_off()
        assert breaking.closed
        assert outcomes(server) == [Outcome.DISCONNECTED]

    def test_a_part_that_comes_after_the_client_has_left_goes_nowhere(self) -> None:
        server = server_with(BIG)
        link = logged_in(server)
        breaking = _Breaking(MessageGone("it shrank"), later=True)
        link._protocol._session._transacting.maildrop.retrieve = lambda _number: breaking  # type: ignore[assignment,method-assign]
        link.send(b"RETR 1\r\n", settle=False)
        link.break_off()
        server.settle()
        assert breaking.closed
        assert len(server.real) == 0
        assert len(outcomes(server)) == 1

    def test_a_fault_of_ours_is_told_once_and_nothing_gets_out(self) -> None:
        server = server_with(SHORT)
        link = logged_in(server)

        def fail(_number: object) -> Soon[bytes]:
            raise RuntimeError("secret path /var/lib")

        link._protocol._session._transacting.maildrop.retrieve = fail  # type: ignore[assignment,method-assign]
        answer = link.send(b"RETR 1\r\n")
        assert answer.startswith(b"-ERR [SYS/TEMP] ")
        assert b"/var" not in answer
        assert link.closed
        assert [event.error for event in server.told.events if isinstance(event, FaultMet)] == [
            "RuntimeError: secret path /var/lib"
        ]


class TestTheEndOfInput:
    def test_all_that_came_before_an_eof_is_answered(self) -> None:
        server = server_with(SHORT)
        link = Link(server)
        link.send(b"USER Ted\r\nPASS SECRET\r\nDELE 1\r\nQUIT\r\n", settle=False)
        link.shut_down()
        assert bytes(link.received).endswith(b"+OK 1 message removed, 0 left here; good-bye\r\n")
        assert outcomes(server) == [Outcome.QUIT]

    def test_an_eof_while_a_client_does_not_read_ends_after_it_has_read(self) -> None:
        server = server_with(BIG)
        link = logged_in(server)
        link.stop_reading()
        link.send(b"RETR 1\r\n")
        link.shut_down()
        assert not link.closed
        before = len(link.received)
        link.read_on()
        assert len(link.received) - before == len(BIG) + len(b"+OK 5001016 octets\r\n.\r\n")
        assert link.closed


class TestTheHouse:
    def test_more_connections_than_the_limit_are_turned_away_with_a_word(self) -> None:
        server = server_with(gate=Gate(GateLimits(in_all=2)))
        links = [Link(server) for _ in range(3)]
        assert bytes(links[2].received).startswith(b"-ERR [SYS/TEMP] too many connections")
        assert links[2].closed
        assert not links[0].closed
        assert [type(e) for e in server.told.events if isinstance(e, ConnectionRefused)] == [ConnectionRefused]
        links[0].say("QUIT")
        assert bytes(Link(server).received).startswith(b"+OK")

    def test_at_a_shutdown_idle_sessions_end_and_remove_nothing(self) -> None:
        server = server_with(SHORT)
        link = logged_in(server)
        link.say("DELE 1")
        link._protocol.shut()
        link.break_off()
        assert outcomes(server) == [Outcome.SHUTDOWN]
        assert logged_in(server).say("STAT")[0] == f"+OK 1 {len(SHORT)}"

    def test_at_a_shutdown_an_answer_under_way_is_finished_and_nothing_new_is_begun(self) -> None:
        server = server_with(BIG)
        link = logged_in(server)
        link.stop_reading()
        link.send(b"RETR 1\r\nNOOP\r\n")
        link._protocol.shut()
        assert not link.closed
        link.read_on()
        assert bytes(link.received).endswith(b"\r\n.\r\n")
        assert link.closed

    def test_the_wire_is_told_to_those_who_want_it_and_carries_no_credential(self) -> None:
        server = server_with(SHORT, BIG, wire=True)
        link = logged_in(server)
        link.say("RETR 1", "RETR 2", "hunter2", "QUIT")
        told = [e.line for e in server.told.events if isinstance(e, CommandReceived | ReplySent)]
        hidden = "…".encode()
        assert told[1] == b"USER " + hidden
        assert told[3] == b"PASS " + hidden
        assert told[5:10] == [
            b"RETR 1",
            b"+OK %d octets" % len(SHORT),
            b"RETR 2",
            b"+OK %d octets" % len(BIG),
            b"(7 octets that are no command)",
        ]
        assert not any(b"SECRET" in line or b"hunter2" in line for line in told)

    def test_the_wire_is_not_made_when_nobody_wants_it(self) -> None:
        server = server_with(SHORT)
        logged_in(server).say("QUIT")
        assert not [e for e in server.told.events if isinstance(e, CommandReceived | ReplySent)]


class TestTheWire:
    def test_a_session_under_way_tells_its_wire_from_the_next_command_on_when_somebody_comes_to_watch(self) -> None:
        server = server_with(SHORT)
        link = logged_in(server)
        server.told.wants_wire = True
        server.real.renew_wire()
        link.say("NOOP")
        told = [event for event in server.told.events if isinstance(event, CommandReceived | ReplySent)]
        assert [event.line for event in told] == [b"NOOP", b"+OK"]

    def test_it_tells_no_more_of_it_when_the_last_has_left(self) -> None:
        server = server_with(SHORT, wire=True)
        link = logged_in(server)
        server.told.wants_wire = False
        server.real.renew_wire()
        before = len(server.told.events)
        link.say("NOOP")
        assert len(server.told.events) == before

    def test_who_looks_is_told_whether_tls_is_under_a_session(self) -> None:
        server = server_with(SHORT)
        logged_in(server)
        assert [info.secured for info in server.real.sessions()] == [False]


def test_a_session_that_rests_after_its_login_takes_no_more_memory_than_it_did() -> None:
    """With what the link, the events and the store in memory take: an object more for each session shows."""
    names = [f"ted{number}" for number in range(90)]
    server = LinkServer(MemoryStore(), ScriptedAuthenticator(dict.fromkeys(names, b"SECRET")))

    def log_in(name: str) -> Link:
        link = Link(server)
        assert link.say(f"USER {name}", "PASS SECRET")[1].startswith("+OK")
        return link

    kept = [log_in(name) for name in names[:10]]
    gc.collect()
    tracemalloc.start()
    try:
        kept += [log_in(name) for name in names[10:]]
        gc.collect()
        octets = tracemalloc.get_traced_memory()[0] / 80
    finally:
        tracemalloc.stop()
    assert octets <= (3_570 if COMPILED else 3_480)
