"""One direction of a TCP connection, put together: what was sent again, what came out of order, what is missing.

Whoever uses it says when to wait no longer for what is missing; it says so itself when too much waits behind a gap.
Source: RFC 9293 §3.4, §3.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

__all__ = ["HELD_OCTETS", "Gap", "Stream"]

HELD_OCTETS: Final = 4 * 1024 * 1024
"""Behind a gap: the largest window that is common."""

HELD_SEGMENTS: Final = 10_000

_SPACE: Final = 2**32


@dataclass(frozen=True, slots=True)
class Gap:
    """Octets that were sent but not captured."""

    octets: int


class Stream:
    """Puts the octets of one side in order. Places are counted from the first one, without going around."""

    __slots__ = (
        *("_acknowledged", "_end", "_held", "_held_octets", "_next", "_order", "_start"),
        *("disordered", "resent"),
    )

    def __init__(self) -> None:
        self._start: int | None = None
        """The sequence number of place 0."""
        self._next = 0
        self._held: dict[int, bytes] = {}
        self._order: list[int] = []
        """A heap of the places of what is held."""
        self._held_octets = 0
        self._end: int | None = None
        self._acknowledged = 0
        self.resent = 0
        """Segments that had been captured before."""
        self.disordered = 0
        """Segments that came before one that belongs in front of them."""

    @property
    def is_over(self) -> bool:
        """Whether all was seen up to the side's FIN."""
        return self._end is not None and self._next >= self._end

    def begin(self, sequence: int) -> None:
        """Take note of a SYN."""
        if self._start is None:
            self._start = (sequence + 1) % _SPACE

    def end(self, sequence: int) -> None:
        """Take note of a FIN, and where it stands."""
        if self._end is None:
            self._end = self._place(sequence)

    def take(self, sequence: int, payload: bytes, missing: int) -> Iterator[bytes | Gap]:
        """Take a segment, `missing` octets of which were not captured. Gives what is in order by now."""
        place = self._place(sequence)
        if place < self._next:
            known = self._next - place
            if known >= len(payload) + missing:
                # One octet before the next is how a connection is kept alive.
                self.resent += len(payload) > 1 or known > 1
                return
            payload, place = payload[known:], self._next
        if place == self._next:
            yield from self._deliver(payload, missing)
            yield from self._drain()
            return
        if place in self._held:
            self.resent += 1
            if len(payload) > len(self._held[place]):
                self._held_octets += len(payload) - len(self._held[place])
                self._held[place] = payload
        elif place - self._next < HELD_OCTETS:
            self.disordered += 1
            self._held[place] = payload
            self._held_octets += len(payload)
            heappush(self._order, place)
        if self._held_octets >= HELD_OCTETS or len(self._held) >= HELD_SEGMENTS:
            yield from self.give_up()

    def has(self, sequence: int) -> bool:
        """Tell whether all that stands before a sequence number was seen, or nothing was ever."""
        return self._start is None or self.is_over or self._place(sequence) <= self._next

    def acknowledge(self, sequence: int) -> None:
        """Take note of what the other side says it has."""
        if self._start is not None:
            self._acknowledged = max(self._acknowledged, self._place(sequence))

    def give_up(self) -> Iterator[bytes | Gap]:
        """Wait no longer for what is missing: give the gap, and what stands behind it."""
        while self._order:
            gap = self._order[0] - self._next
            if gap > 0:
                self._next = self._order[0]
                yield Gap(gap)
            yield from self._drain()
        # The FIN has a number, too, which is no octet.
        last = self._acknowledged if self._end is None else min(self._acknowledged, self._end)
        if last > self._next:
            gap, self._next = last - self._next, last
            yield Gap(gap)

    def _place(self, sequence: int) -> int:
        """Give the place of a sequence number: the one that is nearest to what comes next."""
        if self._start is None:
            self._start = sequence
        return self._next + (sequence - self._start - self._next + _SPACE // 2) % _SPACE - _SPACE // 2

    def _drain(self) -> Iterator[bytes | Gap]:
        while self._order and self._order[0] <= self._next:
            place = heappop(self._order)
            payload = self._held.pop(place)
            self._held_octets -= len(payload)
            known = self._next - place
            if known < len(payload):
                yield from self._deliver(payload[known:], 0)

    def _deliver(self, payload: bytes, missing: int) -> Iterator[bytes | Gap]:
        self._next += len(payload) + missing
        if payload:
            yield payload
        if missing:
            yield Gap(missing)
