"""Sessions of our own client with our own server, in which nothing is wrong: nothing is found but what was done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from restante.client import operations, retrieving
from restante.client.opening import opened
from restante.client.server import Login, Security, Server
from restante.client.session import Listed, Session
from restante.client.wants import Close, Compute, Give, Open, Operation, Pause, Read, Want, Write
from restante.explain.diagnoses import Diagnoser, Diagnosis, Finding, History
from restante.explain.reader import Reader
from restante.proto.lines import canonical
from restante.stores.memory import MemoryStore
from restante.testing.link import Link, LinkServer, ScriptedAuthenticator, scripted_account

T = TypeVar("T")

ASKS: dict[str, Callable[[Session], Operation[object]]] = {
    "stat": operations.stat,
    "noop": operations.noop,
    "capabilities": operations.capabilities,
}
SERVER = Server(host="127.0.0.1", security=Security.PLAIN)


class Line:
    """A client's pump that talks to a server in memory."""

    def __init__(self, server: LinkServer) -> None:
        self._server = server
        self._link: Link | None = None
        self._taken = 0

    def run(self, operation: Operation[T]) -> T:
        try:
            want = next(operation)
            while True:
                assert not isinstance(want, Give)
                want = operation.send(self._meet(want))
        except StopIteration as end:
            result: T = end.value
            return result

    def _meet(self, want: Want) -> bytes:
        match want:
            case Open():
                self._link, self._taken = Link(self._server), 0
            case Write(octets=octets):
                assert self._link is not None
                self._link.send(octets)
            case Read():
                assert self._link is not None
                octets = bytes(self._link.received[self._taken :])
                self._taken += len(octets)
                return octets
            case Pause(seconds=seconds):
                self._server.clock.now += seconds
            case Compute(call=call):
                call()
            case Close():
                if self._link is not None and not self._link.closed:
                    self._link.break_off()
        return b""


LINES = st.sampled_from(
    [b"", b".", b"..", b".profile", b"hello", b"+OK", b"-ERR no", b"x" * 998, b"y" * 1200, b"\xe4", b"Subject: x"]
)
MESSAGES = st.lists(
    st.builds(
        lambda lines, end: end.join(lines) + end, st.lists(LINES, max_size=6), st.sampled_from([b"\n", b"\r\n"])
    ),
    max_size=4,
)


@dataclass(frozen=True)
class Deed:
    """What the client does in one session, message by message."""

    reads: frozenset[int]
    peeks: dict[int, int]
    marks: frozenset[int]
    resets: bool
    asks: list[str] = field(default_factory=list)


NUMBERS = st.integers(0, 3)
DEEDS = st.builds(
    Deed,
    reads=st.frozensets(NUMBERS),
    peeks=st.dictionaries(NUMBERS, st.integers(0, 4), max_size=2),
    marks=st.frozensets(NUMBERS),
    resets=st.booleans(),
    asks=st.lists(st.sampled_from(sorted(ASKS)), max_size=3),
)


def done(line: Line, deed: Deed, history: History, known: set[bytes]) -> tuple[list[Finding], set[Diagnosis]]:
    """Do it. Gives what was found, and what there is to find; `known` has the unique-ids of what was read."""
    diagnoser, findings = Diagnoser(history), list[Finding]()
    now = iter(range(10**6))
    reader = Reader(lambda event: findings.extend(diagnoser.hear(event)))
    login = Login.by_password("ted", "secret")
    session = line.run(
        opened(
            SERVER,
            login,
            utf8=True,
            patience_seconds=0,
            clock=lambda: 0.001 * next(now),
            entropy=lambda octets: b"e" * octets,
            observe=reader,
        )
    )
    listed = line.run(operations.listing(session))
    expected = set[Diagnosis]()
    for name in deed.asks:
        line.run(
            {"stat": operations.stat, "noop": operations.noop, "capabilities": operations.capabilities}[name](
                session
            )
        )

    def of(indices: frozenset[int]) -> list[Listed]:
        return [message for index, message in enumerate(listed) if index in indices]

    for index, lines in deed.peeks.items():
        for message in of(frozenset({index})):
            octets = line.run(retrieving.peek(session, message, lines))
            expected |= long_lines(octets)
    for message in of(deed.reads):
        expected |= long_lines(line.run(retrieving.read(session, message)))
        if message.unique_id in known:
            expected.add(Diagnosis.DOWNLOADED_AGAIN)
    for message in of(deed.marks):
        line.run(operations.mark_deleted(session, message))
    if deed.resets:
        line.run(operations.reset(session))
    line.run(operations.stat(session))
    line.run(operations.quit_session(session))
    marked = [] if deed.resets else of(deed.marks)
    read = {message.unique_id for message in of(deed.reads)}
    gone = {message.unique_id for message in marked}
    if deed.resets and of(deed.marks):
        expected.add(Diagnosis.MARKS_TAKEN_OFF)
    elif read - gone:
        expected.add(Diagnosis.KEPT_AFTER_READING)
    if gone - read - known:
        expected.add(Diagnosis.DELETED_UNREAD)
    known |= read
    return findings, expected


def long_lines(octets: bytes) -> set[Diagnosis]:
    longest = max((len(line) for line in octets.splitlines(keepends=True)), default=0)
    return {Diagnosis.LONG_MESSAGE_LINE} if longest > 1000 else set()


@given(messages=MESSAGES, deeds=st.lists(DEEDS, min_size=1, max_size=3))
def test_nothing_is_found_where_nothing_is_wrong(messages: list[bytes], deeds: list[Deed]) -> None:
    store = MemoryStore()

    async def deliver() -> None:
        for message in messages:
            await (await store.stage(scripted_account("ted"), [canonical(message)])).publish()

    asyncio.run(deliver())
    server = LinkServer(store, ScriptedAuthenticator({"ted": b"secret"}))
    line, history, known = Line(server), History(), set[bytes]()
    for deed in deeds:
        findings, expected = done(line, deed, history, known)
        assert {finding.diagnosis for finding in findings} == expected
