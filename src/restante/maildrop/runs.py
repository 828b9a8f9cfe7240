"""Many short octet strings as one: for each as an object of its own Python takes 33 octets, and a pointer more."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

__all__ = ["END", "Run"]

END: Final = b"\0"
"""Ends each string, and stands in none: file names cannot have it, and neither can unique-ids."""

_SMALL: Final = (("H", 2**16), ("I", 2**32), ("Q", 2**64))
"""Types of arrays, and what is too large for each."""


class Run:
    """Octet strings by place, from 0. Immutable."""

    __slots__ = ("_starts", "octets")

    octets: bytes
    """The strings, each ended by END."""

    def __init__(self, octets: bytes) -> None:
        """Take strings that are ended by END, the last one as well. Raises ValueError where that is not so."""
        if octets and octets[-1] != 0:
            raise ValueError("the last string has no end")
        self.octets = octets
        # Where each would begin if nothing ended the ones before it: counted so, a hundred thousand take 5 ms.
        kind = next(kind for kind, bound in _SMALL if len(octets) < bound)
        self._starts: array[int] = array(kind, accumulate(map(len, self), initial=0))

    @classmethod
    def of(cls, strings: Iterable[bytes]) -> Run:
        """Put strings one behind the other. Raises ValueError where one has END in it."""
        listed = list(strings)
        run = cls(END.join([*listed, b""]) if listed else b"")
        if len(run) != len(listed):
            raise ValueError("not a legal unique-id or name: it has a NUL")
        return run

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, place: int) -> bytes:
        starts = self._starts
        return self.octets[starts[place] + place : starts[place + 1] + place]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.octets[:-1].split(END) if self.octets else [])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.octets == other.octets

    def __hash__(self) -> int:
        return hash(self.octets)
