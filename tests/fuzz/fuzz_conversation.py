"""Fuzzes a talk by hand: whatever a server sends and somebody types, what was typed goes out, or a fault.

An input is one octet that says into how long pieces answers are cut, one whose lowest bit says whether a server
that has nothing more to say is silent or gone, then, parted by NUL: the greeting, a line that is typed, what the
server sends when it has come, the next line, and so on. An empty line is typed by nobody: there what comes unasked
is overheard.
"""

from __future__ import annotations

from typing import Final, TypeVar

from restante.client.conversation import Conversation
from restante.client.faults import ClientFault, UnusableArgument
from restante.client.server import Security, Server
from restante.client.wants import Close, Compute, Give, Open, Operation, Read, Write
from restante.explain.wire import Side
from restante.proto.listings import LARGEST_NUMBER
from restante.proto.terms import State

T = TypeVar("T")

PIECES: Final = (
    b"\0",
    b"+OK\r\n",
    b"-ERR [IN-USE] no\r\n",
    b"+ \r\n",
    b"\r\n.\r\n",
    b"\0USER ted\0+OK\r\n\0PASS x\0+OK\r\n",
    b"\0AUTH\0",
    b"\0AUTH PLAIN\0+ \r\n\0",
    b"\0STLS\0+OK\r\n",
    b"\0CAPA\0+OK\r\nSASL PLAIN\r\nTOP\r\n.\r\n",
    b"\0LIST\0+OK\r\n1 2\r\n",
    b"\0STAT\0+OK 99999999999 1\r\n",
    b"\0DELE 1\0+OK\r\n",
    b"\0DELE \xb2\0+OK\r\n",
    b"\0QUIT\0",
    b"\0\0",
    b"\n",
)

SERVER: Final = Server(host="pop.example.org", security=Security.STLS, fingerprint="00" * 32)
"""A pinned certificate: so no authorities are loaded for each handshake that nonsense ends."""


class Line:
    """The line to a server that says its part when it is asked."""

    def __init__(self, piece: int, *, silent: bool) -> None:
        self.piece, self.silent = piece, silent
        self.sends = b""
        self.answers: list[bytes] = []
        """What it sends when further lines have come."""
        self.written: list[bytes] = []
        self.read = 0
        self.closed = False
        self.descriptor = None

    def run(self, operation: Operation[T]) -> T:
        """Drive an operation to its end."""
        try:
            want = next(operation)
            while True:
                assert not isinstance(want, Give)
                try:
                    octets = self.meet(want)
                except OSError as error:
                    want = operation.throw(error)
                else:
                    want = operation.send(octets)
        except StopIteration as end:
            result: T = end.value
            return result

    def meet(self, want: object) -> bytes:
        """Do what is wanted."""
        match want:
            case Write(octets=octets):
                self.written.append(octets)
                self.sends += self.answers.pop(0) if self.answers else b""
            case Read():
                if not self.sends:
                    if self.silent:
                        raise TimeoutError
                    return b""
                octets, self.sends = self.sends[: self.piece], self.sends[self.piece :]
                self.read += len(octets)
                return octets
            case Close():
                self.closed = True
            case Compute(call=call):
                call()
            case Open():
                pass
            case _:
                raise AssertionError(want)
        return b""


class Observer:
    """Hears of the wire."""

    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.heard = 0
        self.ends = 0

    def connected(self, server: str, *, at_seconds: float | None) -> None:
        """Hear of it."""

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        """Hear of it."""
        raise AssertionError("octets of this fuzzer are no TLS")

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        """Hear octets."""
        assert not self.ends
        if side is Side.CLIENT:
            self.said.append(octets)
        else:
            self.heard += len(octets)

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        """Hear of the end."""
        self.ends += 1


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    piece, bits, script = (octets[0] + 1, octets[1], octets[2:]) if len(octets) > 1 else (1, 0, b"")
    greeting, *turns = script.split(b"\0")
    line, observer = Line(piece, silent=bool(bits & 1)), Observer()
    conversation = Conversation(SERVER, observe=observer, pump=line)
    typed: list[bytes] = []
    shakes_hands = False
    fault: ClientFault | None = None
    try:
        line.sends = greeting
        conversation.begin(in_plain=True)
        assert conversation.stands
        asked = False
        while turns and conversation.stands:
            says = turns.pop(0)
            line.sends += turns.pop(0) if turns else b""
            if not says.strip():
                conversation.overhear()
                continue
            shakes_hands = says.upper().split()[0] == b"STLS"
            try:
                typed.append(says + b"\r\n")
                heard = conversation.respond(says) if asked else conversation.say(says)
                asked = heard.status is None
            except UnusableArgument:
                typed.pop()
                assert b"\r" in says or b"\n" in says
            shakes_hands = False
            assert conversation.login_refused in (False, True)
            assert 0 <= conversation.highest_number <= LARGEST_NUMBER + len(typed)
            assert len(conversation.marked) <= sum(b"DELE" in one.upper() for one in typed)
            if conversation.state is State.TRANSACTION:
                assert any(word in one.upper() for one in typed for word in (b"PASS", b"APOP", b"AUTH"))
    except ClientFault as raised:
        fault = raised
    if fault is not None:
        assert str(fault).isprintable()
        assert fault.marks_lost + fault.marks_in_doubt <= len(typed)
        assert not typed or not conversation.stands
    conversation.close()
    conversation.close()
    assert line.closed
    assert not conversation.stands
    assert observer.ends == 1
    assert observer.said == typed
    if not shakes_hands:
        assert line.written == typed
        assert observer.heard == line.read
