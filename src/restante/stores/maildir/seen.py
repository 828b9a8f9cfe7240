"""What the last session saw, kept in the maildrop: a start need not list anew what did not change since, and a
change of unique-ids can be told to the log.

**As a listing** it holds while both folders and the index bear the stamps they had. It was made under stamps that
prove that (see `measure.CLOCK_GRAIN_NS`), or bears none. What it tells of a message is believed as a name of ours
is: with the file's octets and time.

**A change of unique-ids** makes clients that leave mail on the server download a message again. Mail that comes and
goes is no such change, so only these count, of the messages that were there and are not there by unique-id:

1. those whose file is there under another unique-id (the same inode, octets and time): base names were renamed;
2. when not one of two or more unique-ids is left, and the octets of all those messages stand at the head of the
   maildrop in the same order: a backup was restored, or another program copied the Maildir, under other names.

It is a heuristic for a log line and decides nothing. A single message replaced by copying is not noticed, nor is a
file renamed whose time changed so lately that it proves nothing.

The file is written without fsync and replaced whole: a crash leaves the old one or the new one, and a power cut may
leave none, or one that does not add up, which counts as none.
"""

# Paths are octets here, and pathlib does not take those.
# ruff: noqa: PTH104, PTH108
from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
import zlib
from array import array
from dataclasses import dataclass
from typing import Final, TypeAlias

from restante.stores.maildir.columns import Columns
from restante.stores.maildir.measure import UNSETTLED
from restante.stores.maildir.names import base_of

__all__ = ["FolderStamp", "IndexStamp", "Seen", "Stamp", "count_changed", "read_seen", "write_seen"]

FEWEST_FOR_A_RESTORE = 2
"""Fewer messages than these are no sequence: one new message may have the octets of one that went."""

LONGEST_SEEN_OCTETS = 512 * 1024 * 1024
"""Some four million messages. A longer file is not ours."""

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAGIC: Final = b"restante seen 3 %s" % sys.byteorder.encode()
_HEADER_FIELDS: Final = 10


FolderStamp: TypeAlias = tuple[int, int]
"""What changes when a name comes into a folder or leaves it: the folder's inode, and its time in nanoseconds."""

Stamp: TypeAlias = tuple[FolderStamp, FolderStamp]
"""Of `new` and `cur`."""

IndexStamp: TypeAlias = tuple[int, int]
"""Inode and time of the index; zeros where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a session left behind."""

    columns: Columns
    stamp: Stamp | None
    """None: the columns are no listing, and good for a comparison only."""
    index_stamp: IndexStamp


def write_seen(path: bytes, seen: Seen) -> None:
    """Record what a session leaves behind. Never fails: without a record nothing is lost."""
    columns, (new, cur) = seen.columns, seen.stamp or ((0, 0), (0, 0))
    # Mostly a base name is its own unique-id, and need not stand twice.
    unique_ids = [
        b"" if base_of(name) == unique_id else unique_id
        for name, unique_id in zip(columns.names, columns.unique_ids, strict=True)
    ]
    parts = [
        columns.inodes.tobytes(),
        columns.file_octets.tobytes(),
        columns.wire_octets.tobytes(),
        columns.dots.tobytes(),
        columns.mtimes_ns.tobytes(),
        columns.surrogate_octets.tobytes(),
        array("Q", sorted(columns.doubled)).tobytes(),
        columns.in_cur,
        columns.bare_lf,
        b"\0".join(columns.names),
        b"\0".join(unique_ids),
    ]
    body = b"".join(parts)
    lengths = len(columns), len(columns.surrogate_octets), len(columns.doubled), len(parts[-2])
    header = b" ".join([b"%d" % number for number in (*new, *cur, *seen.index_stamp, *lengths)])
    draft = path + b"." + secrets.token_hex(4).encode()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with contextlib.suppress(OSError):
        descriptor = os.open(draft, flags, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"%s\n%s %d\n" % (_MAGIC, header, zlib.crc32(body, zlib.crc32(header))))
                file.write(body)
            os.rename(draft, path)
        except OSError:
            os.unlink(draft)


def read_seen(path: bytes) -> Seen | None:
    """Give the record of the last session; None where there is none, or it does not add up. Never fails."""
    try:
        with os.fdopen(os.open(path, _READ_FLAGS), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > LONGEST_SEEN_OCTETS:
                return None
            magic, header, body = file.read().split(b"\n", 2)
        numbers, _, checksum = header.rpartition(b" ")
        if magic != _MAGIC or zlib.crc32(body, zlib.crc32(numbers)) != int(checksum):
            return None
        return _decode([int(number) for number in numbers.split(b" ")], body)
    except (OSError, ValueError):
        return None


def _decode(header: list[int], body: bytes) -> Seen:
    """Read the columns. Raises ValueError for what does not add up."""
    if len(header) != _HEADER_FIELDS:
        raise ValueError("not ours")
    *stamps, count, surrogates, doubled, names_octets = header
    position = 0

    def take(octets: int) -> bytes:
        nonlocal position
        position += octets
        if octets < 0 or position > len(body):
            raise ValueError("too short")
        return body[position - octets : position]

    def numbers(kind: str, length: int) -> array[int]:
        column = array(kind)
        column.frombytes(take(8 * length))
        return column

    inodes, file_octets, wire_octets, dots = (numbers("Q", count) for _ in range(4))
    mtimes_ns, surrogate_octets, doubled_places = (
        numbers("q", count),
        numbers("Q", surrogates),
        numbers("Q", doubled),
    )
    in_cur, bare_lf = take(count), take(count)
    names, told = take(names_octets), body[position:]
    # A name with a slash would lead the server anywhere.
    if b"/" in names or surrogates not in (0, count) or any(place >= count for place in doubled_places):
        raise ValueError("not ours")
    listed = names.split(b"\0") if count else []
    unique_ids = told.split(b"\0") if count else []
    if len(listed) != count or len(unique_ids) != count:
        raise ValueError("names are missing")
    columns = Columns(
        names=listed,
        in_cur=in_cur,
        inodes=inodes,
        file_octets=file_octets,
        wire_octets=wire_octets,
        surrogate_octets=surrogate_octets,
        dots=dots,
        bare_lf=bare_lf,
        mtimes_ns=mtimes_ns,
        unique_ids=[own or base_of(name) for own, name in zip(unique_ids, listed, strict=True)],
        doubled=frozenset(doubled_places),
    )
    new, cur, index = (stamps[0], stamps[1]), (stamps[2], stamps[3]), (stamps[4], stamps[5])
    return Seen(columns=columns, stamp=(new, cur) if new[0] else None, index_stamp=index)


def count_changed(before: Columns, now: Columns) -> int:
    """Count the messages that have another unique-id now, as the module's docstring says."""
    ids_before, ids_now = set(before.unique_ids), set(now.unique_ids)
    missing = [place for place, unique_id in enumerate(before.unique_ids) if unique_id not in ids_now]
    if not missing:
        return 0
    if len(missing) == len(before) >= FEWEST_FOR_A_RESTORE and before.wire_octets == now.wire_octets[: len(before)]:
        return len(before)
    unknown = {
        (octets, inode, mtime_ns)
        for octets, inode, mtime_ns, unique_id in zip(
            now.wire_octets, now.inodes, now.mtimes_ns, now.unique_ids, strict=True
        )
        if unique_id not in ids_before and mtime_ns != UNSETTLED
    }
    files = [(before.wire_octets[place], before.inodes[place], before.mtimes_ns[place]) for place in missing]
    return sum(1 for file in files if file in unknown)
