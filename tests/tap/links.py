"""Links in memory for the relay: the far end of each connection, and one who hears the session."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import dataclass, field

from restante.explain.wire import Side
from restante.tap.relay import HELD_OCTETS, End

__all__ = ["Heard", "Link"]


class Link(asyncio.Transport):
    """One connection's other end: what arrived there, and whether it takes anything."""

    def __init__(self, end: End) -> None:
        super().__init__()
        self.end = end
        self.arrived = bytearray()
        self.waiting = bytearray()
        self.was_reset = self.clogged = self.reads_paused = self.shut = self.closing = self.gone = False
        end.connection_made(self)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high == HELD_OCTETS

    def is_reading(self) -> bool:
        return not self.reads_paused and not self.closing

    def pause_reading(self) -> None:
        self.reads_paused = True

    def resume_reading(self) -> None:
        self.reads_paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.shut, "nothing is written after the end"
        assert not self.closing
        if not self.clogged:
            self.arrived += data
            return
        before = len(self.waiting)
        self.waiting += data
        if before <= HELD_OCTETS < len(self.waiting):
            self.end.pause_writing()

    def write_eof(self) -> None:
        assert not self.shut
        self.shut = True
        if self.was_reset:
            raise OSError(errno.ENOTCONN, "not connected")

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True
        self.waiting.clear()

    def unclog(self) -> None:
        was_full = len(self.waiting) > HELD_OCTETS
        self.clogged = False
        self.arrived += self.waiting
        self.waiting.clear()
        if was_full:
            self.end.resume_writing()

    def say(self, octets: bytes) -> None:
        assert self.is_reading()
        self.end.data_received(octets)

    def lose(self, error: Exception | None = None) -> None:
        if not self.gone:
            self.closing = self.gone = True
            self.end.connection_lost(error)


@dataclass
class Heard:
    said: dict[Side, bytearray] = field(default_factory=lambda: {side: bytearray() for side in Side})
    told: list[str] = field(default_factory=list)

    def connected(self, server: str, *, at_seconds: float | None) -> None:
        self.told.append(f"connected {server}")

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        self.told.append(f"secured {description}")

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        self.said[side] += octets

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        self.told.append(f"closed {by.name if by else None} {reason}".rstrip())
