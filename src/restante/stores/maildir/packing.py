"""Columns as octets: for the record of a session, and for a listing at rest.

A line tells how many messages there are, the kind of each column and how long the rest is; then come the columns,
in the machine's order of octets. Times of files that names of ours tell are left out for few messages: to find them
again takes time with each message.

How it fails: `unpack` raises ValueError for what does not add up, or would lead out of the folder.
"""

from __future__ import annotations

import re
import zlib
from array import array
from typing import Final

from restante.maildrop.runs import Run
from restante.stores.maildir.columns import EMPTY, NONE_DOUBLED, Columns, Numbers
from restante.stores.maildir.names import base_of, told_mtime_ns

__all__ = ["FEW_MESSAGES", "Shelf", "pack", "unpack"]

FEW_MESSAGES: Final = 100
"""A listing of no more rests packed. It takes some 2 µs a message to pack, in the thread that lists, and 0.4 µs to
unpack, which a session waits for that asks first."""

_ABSENT: Final = "-"
_KINDS: Final = {_ABSENT: 0, **{kind: array(kind).itemsize for kind in "BHIQq"}}
_HEADER_FIELDS: Final = 4
_COLUMNS: Final = re.compile(r"[BHIQ-]{5}[q-][B-]{2}[Q-]")
"""The kinds of inodes, four of octets and dots, times, two of flags, and places."""

_WINDOW_BITS, _MEMORY_LEVEL, _LEVEL = -12, 5, 6
"""Of deflate: for so few octets with less memory, which takes less time to make ready."""


def pack(columns: Columns) -> bytes:
    """Give columns as octets."""
    times: Numbers = columns.mtimes_ns
    if len(columns) <= FEW_MESSAGES and _are_told(columns):
        times = b""
    same_octets = columns.wire_octets is columns.file_octets
    each = (
        columns.inodes,
        columns.file_octets,
        b"" if same_octets else columns.wire_octets,
        columns.surrogate_octets,
        columns.dots,
        times,
        columns.in_cur,
        columns.bare_lf,
        array("Q", sorted(columns.doubled)),
    )
    ids = b""
    if columns.unique_ids is not columns.names:
        # Mostly a base name is its own unique-id, and need not stand twice.
        pairs = zip(columns.names, columns.unique_ids, strict=True)
        ids = Run.of(b"" if base_of(name) == unique_id else unique_id for name, unique_id in pairs).octets
    kinds = "".join(_kind(column) for column in each)
    header = b"%d %s %d %d\n" % (len(columns), kinds.encode(), len(columns.doubled), len(columns.names.octets))
    return b"".join([header, *(bytes(column) for column in each), columns.names.octets, ids])


def unpack(octets: bytes) -> Columns:
    """Give the columns that were packed. Raises ValueError."""
    header, _, rest = octets.partition(b"\n")
    fields = header.split(b" ")
    if len(fields) != _HEADER_FIELDS:
        raise ValueError("not ours")
    count, doubled, names_octets = int(fields[0]), int(fields[2]), int(fields[3])
    kinds = fields[1].decode()
    if count < 0 or not _COLUMNS.fullmatch(kinds):
        raise ValueError("not ours")
    position = 0

    def take(length: int) -> bytes:
        nonlocal position
        position += length
        if length < 0 or position > len(rest):
            raise ValueError("too short")
        return rest[position - length : position]

    lengths = [*[count] * (len(kinds) - 1), doubled]
    each = [_column(kind, take(length * _KINDS[kind])) for kind, length in zip(kinds, lengths, strict=True)]
    inodes, file_octets, wire_octets, surrogates, dots, times, in_cur, bare_lf, places = each
    names, told = Run(take(names_octets)), rest[position:]
    # A name with a slash would lead the server anywhere.
    if b"/" in names.octets or any(place >= count for place in places):
        raise ValueError("not ours")
    if not len(names) == len(inodes) == len(file_octets) == len(dots) == count:
        raise ValueError("a column is missing")
    if not (count or told):
        return EMPTY
    ids = names
    if told:
        ids = Run.of(own or base_of(name) for own, name in zip(Run(told), names, strict=True))
    return Columns(
        names=names,
        in_cur=bytes(in_cur),
        inodes=inodes,
        file_octets=file_octets,
        wire_octets=wire_octets or file_octets,
        surrogate_octets=surrogates,
        dots=dots,
        bare_lf=bytes(bare_lf),
        mtimes_ns=array("q", times or map(told_mtime_ns, names)),
        unique_ids=ids,
        doubled=frozenset(places) or NONE_DOUBLED,
    )


def _kind(column: Numbers) -> str:
    return _ABSENT if not column else column.typecode if isinstance(column, array) else "B"


def _column(kind: str, octets: bytes) -> Numbers:
    if kind in (_ABSENT, "B"):
        return octets
    column = array(kind)
    column.frombytes(octets)
    return column


def _are_told(columns: Columns) -> bool:
    try:
        return all(map(int.__eq__, columns.mtimes_ns, map(told_mtime_ns, columns.names)))
    except ValueError:
        return False


class Shelf:
    """Columns that rest as octets until somebody asks for them."""

    __slots__ = ("_held",)

    def __init__(self, columns: Columns) -> None:
        """Pack them."""
        squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
        self._held: Columns | bytes = squeeze.compress(pack(columns)) + squeeze.flush()

    @property
    def columns(self) -> Columns:
        """The columns, unpacked once."""
        # One attribute for both: another thread that asks at the same time finds one or the other.
        held = self._held
        if isinstance(held, bytes):
            held = self._held = unpack(_inflated(held))
        return held

    @property
    def packed(self) -> bytes:
        """The columns as `pack` gives them."""
        held = self._held
        return _inflated(held) if isinstance(held, bytes) else pack(held)

    def figures(self) -> tuple[Numbers, Numbers, Run]:
        """Give a snapshot its columns."""
        columns = self.columns
        return columns.wire_octets, columns.dots, columns.unique_ids


def _inflated(octets: bytes) -> bytes:
    return zlib.decompress(octets, _WINDOW_BITS)
