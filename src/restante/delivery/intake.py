r"""What a client of SMTP or LMTP sends, parted into command lines and messages. Pure: octets in, values out.

A message ends at CRLF `.` CRLF and nowhere else: not at LF `.` LF, CR `.` CR, nor any mixture of them
(CVE-2023-51764 to -51766). A command ends at LF; a CR before it belongs to the end. Each octet is looked at once,
however the stream is cut, and no line of a message is ever held apart: lines may be as long as the message.
Sources: RFC 5321 §2.3.8 (lines), §4.1.1.4 (the end of the data), §4.5.2 (transparency); RFC 1870 §3 (what counts).
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from restante.delivery.replies import Cause

__all__ = ["HeldOctets", "Intake", "LineFault", "MessageData"]

_END: Final = b"\r\n.\r\n"


class LineFault(Enum):
    """Stands in the stream of lines where one was longer than the limit."""

    TOO_LONG = "too long"


class HeldOctets:
    """Counts the octets of messages that are held in memory, against a limit that all connections share."""

    __slots__ = ("held", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    def take(self, octets: int) -> bool:
        """Count octets in, or say that there is no room for them."""
        if self.held + octets > self.limit:
            return False
        self.held += octets
        return True

    def give_back(self, octets: int) -> None:
        """Count octets out."""
        self.held -= octets

    def has_room_for(self, octets: int) -> bool:
        """Tell whether `take` would say yes."""
        return self.held + octets <= self.limit


class MessageData:
    """Gathers one message up to CRLF `.` CRLF, within limits; what is past them is skipped, not kept.

    `give_back` must be called when the message is no longer held, whatever became of it.
    """

    __slots__ = ("_chunks", "_dots", "_held", "_limit", "_octets", "_room", "_tail", "problem")

    problem: Cause | None
    """TOO_LONG or TOO_MUCH_HELD; then nothing is kept any more."""

    def __init__(self, *, limit: int, room: HeldOctets) -> None:
        self._limit = limit
        self._room = room
        self._chunks: list[bytes] = []
        self._held = 0
        self._octets = 0
        self._dots = 0
        # DATA's own CRLF stands before the first line, so that a lone dot there ends an empty message.
        self._tail = b"\r\n"
        self.problem = None

    def feed(self, octets: bytes, start: int = 0) -> int | None:
        """Take octets from `start` on; give the place behind the message's end, None while it is not there."""
        tail = self._tail
        found = (tail + octets[start : start + len(_END) - 1]).find(_END)
        if found >= 0:
            end = start + found + len(_END) - len(tail)
        else:
            found = octets.find(_END, start)
            end = found + len(_END) if found >= 0 else -1
        if end >= 0:
            self._keep(octets[start:end] if start or end < len(octets) else octets)
            return end
        self._keep(octets[start:] if start else octets)
        fresh = octets[max(start, len(octets) - len(_END) + 1) :]
        self._tail = (tail + fresh)[1 - len(_END) :]
        return None

    def _keep(self, chunk: bytes) -> None:
        if self.problem is not None:
            return
        # A dot at a line's start is taken off in the end: not counted, so that the limit is the message's own.
        self._octets += len(chunk)
        self._dots += chunk.count(b"\r\n.") + (self._tail[-2:] + chunk[:2]).count(b"\r\n.")
        if self._octets - self._dots > self._limit + 2:  # + 2: the CRLF behind the last dot
            self._drop(Cause.TOO_LONG)
        elif not self._room.take(len(chunk)):
            self._drop(Cause.TOO_MUCH_HELD)
        else:
            self._held += len(chunk)
            self._chunks.append(chunk)

    def _drop(self, problem: Cause) -> None:
        self.problem = problem
        self._chunks.clear()
        self.give_back()

    def message(self) -> bytes:
        """Give the message, its stuffed dots taken off, once `feed` found its end and there is no problem."""
        octets = b"".join(self._chunks)[: 2 - len(_END)]
        self._chunks.clear()
        if octets[:1] == b".":
            octets = octets[1:]
        return octets.replace(b"\r\n.", b"\r\n") if self._dots > 1 else octets

    def give_back(self) -> None:
        """Count the octets out of the shared room. Safe to call twice."""
        self._room.give_back(self._held)
        self._held = 0


class Intake:
    """One client's stream. Call `next_line`, or `fill` in the middle of a message, until it wants more."""

    __slots__ = ("_buffer", "_position", "_skipping")

    def __init__(self) -> None:
        self._buffer = b""
        # Where the next line starts: cutting the buffer at each line would copy a long pipeline over and over.
        self._position = 0
        self._skipping = False

    def receive(self, octets: bytes) -> None:
        """Take octets from the wire."""
        if self._position == len(self._buffer):
            self._buffer = octets
        else:
            self._buffer = self._buffer[self._position :] + octets
        self._position = 0

    @property
    def has_unread(self) -> bool:
        """Whether octets are here that were not given out, or that are being skipped."""
        return self._position < len(self._buffer) or self._skipping

    def next_line(self, limit: int) -> bytes | LineFault | None:
        """Give the next command line with its end, or that it was longer than limit, or None for want of octets.

        A line that is too long is told once, when its end has come; what is in between is not kept.
        """
        start = self._position
        end = self._buffer.find(b"\n", start) + 1
        if not end:
            if self._skipping or len(self._buffer) - start >= limit:
                self._skipping = True
                self._buffer, self._position = b"", 0
            return None
        self._position = end
        if self._skipping or end - start > limit:
            self._skipping = False
            return LineFault.TOO_LONG
        return self._buffer[start:end]

    def fill(self, data: MessageData) -> bool:
        """Pour what is there into a message; tell whether its end was found. What follows it stays here."""
        buffer, position = self._buffer, self._position
        if position == len(buffer):
            return False
        end = data.feed(buffer, position)
        if end is None:
            self._buffer, self._position = b"", 0
            return False
        self._position = end
        return True
