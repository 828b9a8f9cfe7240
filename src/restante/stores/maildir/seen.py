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
import struct
import sys
import zlib
from dataclasses import dataclass
from typing import Final, TypeAlias

from restante.stores.maildir.columns import Columns, Numbers
from restante.stores.maildir.measure import UNSETTLED
from restante.stores.maildir.packing import unpack

__all__ = [
    "IndexStamp",
    "Seen",
    "Stamp",
    "count_changed",
    "read_seen",
    "stamp_from",
    "times_of",
    "write_seen",
]

FEWEST_FOR_A_RESTORE = 2
"""Fewer messages than these are no sequence: one new message may have the octets of one that went."""

LONGEST_SEEN_OCTETS = 512 * 1024 * 1024
"""Some six million messages. A longer file is not ours."""

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAGIC: Final = b"restante seen 4 %s" % sys.byteorder.encode()
_STAMP: Final = struct.Struct("=QqQq")


Stamp: TypeAlias = bytes
"""What changes when a name comes into `new` or `cur`, or leaves it: of each the inode, and its time in nanoseconds;
packed, since each maildrop that is remembered has one."""

NO_STAMP: Final[Stamp] = bytes(_STAMP.size)

IndexStamp: TypeAlias = tuple[int, int]
"""Inode and time of the index; zeros where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a session left behind."""

    columns: Columns
    stamp: Stamp | None
    """None: the columns are no listing, and good for a comparison only."""
    index_stamp: IndexStamp


def stamp_from(new_inode: int, new_ns: int, cur_inode: int, cur_ns: int) -> Stamp:
    """Make the stamp of both folders."""
    return _STAMP.pack(new_inode, new_ns, cur_inode, cur_ns)


def times_of(stamp: Stamp) -> tuple[int, int]:
    """Give the times of both folders, in nanoseconds since the epoch."""
    _, new_ns, _, cur_ns = _STAMP.unpack(stamp)
    return new_ns, cur_ns


def write_seen(path: bytes, packed: bytes, *, stamp: Stamp | None, index_stamp: IndexStamp) -> None:
    """Record what a session leaves behind, its columns packed. Never fails: without a record nothing is lost."""
    header = b" ".join([b"%d" % number for number in (*_STAMP.unpack(stamp or NO_STAMP), *index_stamp)])
    draft = path + b"." + secrets.token_hex(4).encode()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with contextlib.suppress(OSError):
        descriptor = os.open(draft, flags, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"%s\n%s %d\n" % (_MAGIC, header, zlib.crc32(packed, zlib.crc32(header))))
                file.write(packed)
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
        *folders, index, index_time = (int(number) for number in numbers.split(b" "))
        stamp = _STAMP.pack(*folders)
        known = None if stamp == NO_STAMP else stamp
        return Seen(columns=unpack(body), stamp=known, index_stamp=(index, index_time))
    except (OSError, ValueError, struct.error):
        return None


def count_changed(before: Columns, now: Columns) -> int:
    """Count the messages that have another unique-id now, as the module's docstring says."""
    ids_before, ids_now = set(before.unique_ids), set(now.unique_ids)
    missing = [place for place, unique_id in enumerate(before.unique_ids) if unique_id not in ids_now]
    if not missing:
        return 0
    if len(missing) == len(before) >= FEWEST_FOR_A_RESTORE and _begins_with(now.wire_octets, before.wire_octets):
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


def _begins_with(longer: Numbers, shorter: Numbers) -> bool:
    # Columns of other kinds of number are never equal, whatever they hold.
    return len(longer) >= len(shorter) and all(map(int.__eq__, longer, shorter))
