"""A server that says what a recorded session says, for as long as the client says its part: a pump in memory.

The README beside it has the format. Nothing waits: where the server is silent, the time is up at once.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from restante.client.wants import Close, Compute, Give, Open, Operation, Pause, Read, Stream, Want, Write

T = TypeVar("T")

FOLDER = Path(__file__).parent
_ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|.)")
_SIGNS = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}


class Clock:
    """Stands still, but for pauses and silence."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Step:
    """What the client has to say first, and what the server then sends."""

    awaits: bytes | None
    prefix: bool = False
    """Whether the client may say more in that line."""
    sends: bytes = b""
    silent: bool = False


@dataclass
class Replay:
    """One session, or several one after the other: each `Open` takes the next."""

    sessions: list[list[Step]]
    piece: int = 1 << 20
    """How many octets one read gives."""
    seconds_each: float = 0.0
    """How long one read takes."""
    clock: Clock = field(default_factory=Clock)
    said: list[bytes] = field(default_factory=list)
    """The lines that the client sent."""
    opened: int = 0
    closed: bool = False

    def __post_init__(self) -> None:
        self._steps: list[Step] = []
        self._to_come = b""
        self._unread = b""
        self._silent = False

    def run(self, operation: Operation[T]) -> T:
        """Drive an operation to its end."""
        try:
            self._advance(operation)
        except StopIteration as end:
            result: T = end.value
            return result
        raise AssertionError("an operation gave something on its way")

    def gather(self, stream: Stream[T]) -> list[T]:
        """Drive a stream to its end, and give all that it gave."""
        given = []
        try:
            while True:
                given.append(self._advance(stream))
        except StopIteration:
            return given

    def next_of(self, stream: Stream[T]) -> T:
        """Drive a stream until it gives something."""
        return self._advance(stream)

    def _advance(self, operation: Generator[Want | Give[T], bytes, object]) -> T:
        want = next(operation)
        while not isinstance(want, Give):
            try:
                octets = self._meet(want)
            except OSError as error:
                want = operation.throw(error)
            else:
                want = operation.send(octets)
        return want.item

    def _meet(self, want: Want) -> bytes:
        match want:
            case Open():
                self._steps = list(self.sessions[self.opened])
                self.opened += 1
                self.closed = False
                self._unread, self._silent = b"", False
                first = self._steps.pop(0)
                assert first.awaits is None
                self._to_come, self._silent = first.sends, first.silent
            case Write(octets=octets):
                self._unread += octets
                *lines, self._unread = self._unread.split(b"\r\n")
                for line in lines:
                    self._hear(line)
            case Read(seconds=seconds):
                if not self._to_come and (self._steps or self._silent):
                    self.clock.now += seconds
                    raise TimeoutError
                self.clock.now += self.seconds_each
                octets, self._to_come = self._to_come[: self.piece], self._to_come[self.piece :]
                return octets
            case Pause(seconds=seconds):
                self.clock.now += seconds
            case Compute(call=call):
                call()
            case Close():
                self.closed = True
        return b""

    def _hear(self, line: bytes) -> None:
        self.said.append(line)
        assert self._steps, f"the client says {line!r} where the recorded session is over"
        step = self._steps.pop(0)
        said = line[: len(step.awaits or b"")] if step.prefix else line
        assert said == step.awaits, f"the client says {line!r} where the recorded one said {step.awaits!r}"
        self._to_come += step.sends
        self._silent = step.silent


def recorded(name: str, *, piece: int = 1 << 20) -> Replay:
    """Give the replay of a file in this folder."""
    return Replay([steps_of((FOLDER / f"{name}.session").read_bytes())], piece)


def scripted(*sessions: str, piece: int = 1 << 20) -> Replay:
    """Give the replay of sessions written where they are used."""
    return Replay([steps_of(session.encode()) for session in sessions], piece)


def steps_of(text: bytes) -> list[Step]:
    """Read the format."""
    steps = [Step(None)]
    for line in text.split(b"\n"):
        line = line.strip(b" ") if not line.startswith((b"S", b"C")) else line
        kind, rest = line[:2], line[3:]
        if kind == b"S:":
            steps[-1].sends += rest + b"\r\n"
        elif kind == b"S|":
            steps[-1].sends += _ESCAPE.sub(_sign, rest)
        elif kind == b"C:":
            steps.append(Step(rest))
        elif kind == b"C*":
            steps.append(Step(rest, prefix=True))
        elif line == b"silence":
            steps[-1].silent = True
        elif line == b"end":
            break
        else:
            assert not line or line.startswith(b"#"), f"not a line of a recorded session: {line!r}"
    return steps


def _sign(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    return bytes([int(sign[1:], 16)]) if sign.startswith(b"x") else _SIGNS[sign]
