"""Parts octets into lines for an observer: it keeps how each line ended, and how long it was.

Not the splitter of a server or a client: those refuse what this one has to tell of. A line ends at LF; a CR before
it belongs to the end. Of a line that is too long the first octets are kept, the rest is counted. It never fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from restante.explain.events import LineEnd

__all__ = ["KEPT_LINE_OCTETS", "Line", "LineReader"]

KEPT_LINE_OCTETS: Final = 64 * 1024
"""Of one line. Four times the longest line of an AUTH exchange (16 KiB)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it came."""

    kept: bytes
    """Its first octets, without its end."""
    octets: int
    """Of all of it, its end included."""
    end: LineEnd

    @property
    def length(self) -> int:
        """How many octets it has without its end."""
        return self.octets - _END_OCTETS[self.end]


_END_OCTETS: Final = {LineEnd.CRLF: 2, LineEnd.LF: 1, LineEnd.NONE: 0}


class LineReader:
    """One side's lines. `take` gives one line at a time, since each can change what the next octets are."""

    __slots__ = ("_last", "_length", "_partial")

    def __init__(self) -> None:
        self._partial = bytearray()
        self._length = 0
        self._last = 0

    @property
    def beginning(self) -> bytes:
        """What is kept of the line under way; empty at the start of a line."""
        return bytes(self._partial)

    @property
    def at_line_start(self) -> bool:
        """Whether the next octet begins a line."""
        return not self._length

    def take(self, octets: bytes, start: int) -> tuple[Line | None, int]:
        """Take octets from `start` to a line's end: the line, or None if it has no end yet, and where to go on."""
        found = octets.find(b"\n", start)
        if found < 0:
            self._keep(octets[start:])
            return None, len(octets)
        if not self._length and found - start <= KEPT_LINE_OCTETS:
            # Most lines come whole.
            ends_in_cr = found > start and octets[found - 1] == 0x0D
            end = LineEnd.CRLF if ends_in_cr else LineEnd.LF
            return Line(octets[start : found - ends_in_cr], found + 1 - start, end), found + 1
        self._keep(octets[start:found])
        return self._finished(LineEnd.CRLF if self._last == 0x0D else LineEnd.LF), found + 1

    def finish(self) -> Line | None:
        """Give the line that broke off, if there is one."""
        return self._finished(LineEnd.NONE) if self._length else None

    def _keep(self, octets: bytes) -> None:
        if octets:
            self._partial += octets[: KEPT_LINE_OCTETS - len(self._partial)]
            self._length += len(octets)
            self._last = octets[-1]

    def _finished(self, end: LineEnd) -> Line:
        kept = bytes(self._partial)
        if end is LineEnd.CRLF and self._length <= KEPT_LINE_OCTETS:
            kept = kept[:-1]
        line = Line(kept, self._length + (end is not LineEnd.NONE), end)
        self._partial.clear()
        self._length = self._last = 0
        return line
