"""What is known of the messages of a maildrop, column by column: a message is a place, from 0, in each of them.

Columns, since a maildrop may have a hundred thousand messages, and a row of objects for each would take ten times
the memory, and the time to write and read it back. Each has the smallest numbers that hold it, and what stands in
two of them is there once.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final, NamedTuple, TypeAlias

from restante.maildrop.runs import Run
from restante.stores.maildir.names import NO_SURROGATE

__all__ = ["EMPTY", "NONE_DOUBLED", "Columns", "Entry", "Numbers", "numbers"]

Numbers: TypeAlias = Sequence[int]
"""A column: bytes where no number needs more than one, else an array."""

_NUMBER_KINDS: Final = (("B", 2**8), ("H", 2**16), ("I", 2**32), ("Q", 2**64))
"""Types of a column's numbers, as `array` has them, and what is too large for each."""

NONE_DOUBLED: Final[frozenset[int]] = frozenset()
"""One for all columns: each frozenset that is made takes 216 octets, empty as it may be."""


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


def numbers(values: Iterable[int]) -> Numbers:
    """Make a column of the smallest numbers that hold the values, none of which is below 0."""
    listed = list(values)
    largest = max(listed, default=0)
    kind = next(kind for kind, bound in _NUMBER_KINDS if largest < bound)
    return bytes(listed) if kind == "B" else array(kind, listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns, all of one length but for those that are empty where they would tell nothing."""

    names: Run
    in_cur: bytes
    """Empty where no message is in `cur`."""
    inodes: Numbers
    file_octets: Numbers
    wire_octets: Numbers
    """The very same column where all files are in canonical form."""
    surrogate_octets: Numbers
    """Empty where no message needs one."""
    dots: Numbers
    bare_lf: bytes
    """Empty where no message has it."""
    mtimes_ns: array[int]
    """Changes: once the octets of a file were proved for another time than was known."""
    unique_ids: Run
    """The very same as `names` where those are their own unique-ids."""
    doubled: frozenset[int]
    """Places of the messages whose base name several names bear; only the inode tells those apart."""

    @classmethod
    def made(
        cls,
        *,
        names: Iterable[bytes],
        in_cur: Iterable[int],
        inodes: Iterable[int],
        file_octets: Iterable[int],
        wire_octets: Iterable[int],
        surrogate_octets: Iterable[int],
        dots: Iterable[int],
        bare_lf: Iterable[int],
        mtimes_ns: Iterable[int],
        unique_ids: Iterable[bytes],
        doubled: Iterable[int],
    ) -> Columns:
        """Make them of values in any form, as small as they can be."""
        run, ids = Run.of(names), Run.of(unique_ids)
        if not len(run):
            return EMPTY
        in_file, on_wire = numbers(file_octets), numbers(wire_octets)
        return cls(
            names=run,
            in_cur=_flags(in_cur),
            inodes=numbers(inodes),
            file_octets=in_file,
            wire_octets=in_file if in_file == on_wire else on_wire,
            surrogate_octets=_unless_zeros(numbers(surrogate_octets)),
            dots=numbers(dots),
            bare_lf=_flags(bare_lf),
            mtimes_ns=array("q", mtimes_ns),
            unique_ids=run if run == ids else ids,
            doubled=frozenset(doubled) or NONE_DOUBLED,
        )

    @classmethod
    def of(cls, entries: Sequence[Entry], unique_ids: Sequence[bytes], doubled: Iterable[int] = ()) -> Columns:
        """Make them of entries that were looked at, in their order."""
        return cls.made(
            names=[entry.name for entry in entries],
            in_cur=[entry.in_cur for entry in entries],
            inodes=[entry.inode for entry in entries],
            file_octets=[entry.file_octets for entry in entries],
            wire_octets=[entry.wire_octets for entry in entries],
            surrogate_octets=[entry.surrogate_octets for entry in entries],
            dots=[entry.dots for entry in entries],
            bare_lf=[entry.bare_lf for entry in entries],
            mtimes_ns=[entry.mtime_ns for entry in entries],
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
        return Columns.made(
            names=compress(self.names, stays),
            in_cur=compress(self.in_cur, stays),
            inodes=compress(self.inodes, stays),
            file_octets=compress(self.file_octets, stays),
            wire_octets=compress(self.wire_octets, stays),
            surrogate_octets=compress(self.surrogate_octets, stays),
            dots=compress(self.dots, stays),
            bare_lf=compress(self.bare_lf, stays),
            mtimes_ns=compress(self.mtimes_ns, stays),
            unique_ids=compress(self.unique_ids, stays),
            doubled=(now for now, before in enumerate(left) if before in self.doubled),
        )

    def is_in_cur(self, place: int) -> bool:
        """Tell whether a message lies in `cur`, and not in `new`."""
        return bool(self.in_cur and self.in_cur[place])

    def has_bare_lf(self, place: int) -> bool:
        """Tell whether each line of a message's file ends in LF without CR."""
        return bool(self.bare_lf and self.bare_lf[place])

    def surrogate(self, place: int) -> int:
        """Give the octets of a message's surrogate; NO_SURROGATE where there is none."""
        return self.surrogate_octets[place] if self.surrogate_octets else NO_SURROGATE


EMPTY: Final = Columns(
    names=Run(b""),
    in_cur=b"",
    inodes=b"",
    file_octets=b"",
    wire_octets=b"",
    surrogate_octets=b"",
    dots=b"",
    bare_lf=b"",
    mtimes_ns=array("q"),
    unique_ids=Run(b""),
    doubled=NONE_DOUBLED,
)
"""The columns of no messages: one for all maildrops."""


def _flags(values: Iterable[int]) -> bytes:
    flags = bytes(values)
    return flags if any(flags) else b""


def _unless_zeros(column: Numbers) -> Numbers:
    return column if any(column) else b""
