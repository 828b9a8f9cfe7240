"""What is known of the messages of a maildrop, column by column: a message is a place, from 0, in each of them.

Columns, since a maildrop may have a hundred thousand messages, and a row of objects for each would take ten times
the memory, and the time to write and read it back.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple

from restante.stores.maildir.names import NO_SURROGATE

__all__ = ["Columns", "Entry"]


class Entry(NamedTuple):
    """A message as its name and the index tell of it. Sorts as messages are numbered."""

    delivered_micros: int
    counter: int
    base: bytes
    in_cur: bool
    name: bytes
    inode: int
    file_octets: int
    wire_octets: int
    surrogate_octets: int
    dots: int
    """UNKNOWN until the file was looked at."""
    bare_lf: bool
    mtime_ns: int
    """With this time of the file the facts hold; UNSETTLED: with none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns, all of one length."""

    names: Sequence[bytes]
    in_cur: bytes
    inodes: array[int]
    file_octets: array[int]
    wire_octets: array[int]
    surrogate_octets: array[int]
    """Empty where no message needs one."""
    dots: array[int]
    bare_lf: bytes
    mtimes_ns: array[int]
    """Changes: once the octets of a file were proved for another time than was known."""
    unique_ids: Sequence[bytes]
    doubled: frozenset[int]
    """Places of the messages whose base name several names bear; only the inode tells those apart."""

    @classmethod
    def of(cls, entries: Sequence[Entry], unique_ids: Sequence[bytes], doubled: frozenset[int]) -> Columns:
        """Make them of entries that were looked at, in their order."""
        surrogates = [entry.surrogate_octets for entry in entries]
        return cls(
            names=[entry.name for entry in entries],
            in_cur=bytes([entry.in_cur for entry in entries]),
            inodes=array("Q", [entry.inode for entry in entries]),
            file_octets=array("Q", [entry.file_octets for entry in entries]),
            wire_octets=array("Q", [entry.wire_octets for entry in entries]),
            surrogate_octets=array("Q", surrogates if any(surrogates) else []),
            dots=array("Q", [entry.dots for entry in entries]),
            bare_lf=bytes([entry.bare_lf for entry in entries]),
            mtimes_ns=array("q", [entry.mtime_ns for entry in entries]),
            unique_ids=unique_ids,
            doubled=doubled,
        )

    def __len__(self) -> int:
        return len(self.names)

    def without(self, places: Collection[int]) -> Columns:
        """Give the columns of the other messages."""
        stays = bytearray(b"\1") * len(self)
        for place in places:
            stays[place] = 0
        left = [place for place in range(len(self)) if stays[place]]
        surrogates = list(compress(self.surrogate_octets, stays)) if self.surrogate_octets else []
        return Columns(
            names=list(compress(self.names, stays)),
            in_cur=bytes(compress(self.in_cur, stays)),
            inodes=array("Q", compress(self.inodes, stays)),
            file_octets=array("Q", compress(self.file_octets, stays)),
            wire_octets=array("Q", compress(self.wire_octets, stays)),
            surrogate_octets=array("Q", surrogates if any(surrogates) else []),
            dots=array("Q", compress(self.dots, stays)),
            bare_lf=bytes(compress(self.bare_lf, stays)),
            mtimes_ns=array("q", compress(self.mtimes_ns, stays)),
            unique_ids=list(compress(self.unique_ids, stays)),
            doubled=frozenset(now for now, before in enumerate(left) if before in self.doubled),
        )

    def surrogate(self, place: int) -> int:
        """Give the octets of a message's surrogate; NO_SURROGATE where there is none."""
        return self.surrogate_octets[place] if self.surrogate_octets else NO_SURROGATE
