"""UPDATE on disk: removing messages all or nothing, whatever stops us in the middle.

The steps, and what a crash after each leaves behind:

1. write the redo record (over the octets of `restante.reserve`; into a draft when it is too long): nothing is gone;
2. fsync it: nothing is gone;
3. rename it to `restante.redo`: nothing is gone yet; whether the record is there after a power cut is open, and
   with it whether all of the messages go or none;
4. fsync the maildrop's folder: all of them are as good as gone, since `finish` removes them at the next opening;
5. unlink the messages, also those that another program moved meanwhile: as after 4;
6. fsync `new` or `cur`, or both, where the messages lay: all are gone for good;
7. rename the record back to `restante.reserve`, or unlink a draft: a record that a power cut brings back names
   files that are gone, and harms nobody.

One message alone needs no record: its unlink and the fsync of the folder are all or nothing by themselves.

**With a trash** (see `trash`) removed messages are moved: the record then names the day's folder, and more steps
are taken, each of which finds its work done when it is done again:

- before 1: make the day's folder in the trash, durably: an empty folder more;
- before 5: link each message into the trash and fsync that: as after 4, or as before 1 where there is no record;
  the message is in the trash too, and bringing it back from there finds it where it is.

So a message is never gone from the maildrop before it is durable in the trash. A disk without room for the trash
keeps none: what is removed then is gone, and makes room.

**A full disk.** The reserve is room set aside while there was some: writing over it and renaming take none. A plan
too long for it is worked off in parts, the first of them small enough; the messages they remove make room for the
record of the rest. Where there is no reserve, the first part is one message. Only then, on a full disk, can a crash
or a fault between two parts leave a plan half done; the client was not told `+OK`, and all that is gone was marked.
(File systems that never write in place, as btrfs and ZFS, keep a reserve of their own for removals.)

Source: RFC 1939 §6.
"""

# Paths are octets here, and pathlib does not take those.
# ruff: noqa: PTH108
from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import zlib
from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from restante.ports.stores import StoreFault
from restante.stores.maildir import trash
from restante.stores.maildir.disk import Disk, is_full
from restante.stores.maildir.index import ANY_FILE
from restante.stores.maildir.names import base_of
from restante.stores.maildir.places import Places

__all__ = ["RESERVE_OCTETS", "Removal", "finish", "make_reserve", "remove"]

RESERVE_OCTETS = 8192
"""Room for the record of some 300 messages, compressed; two blocks of the disk for each maildrop."""

LONGEST_RECORD_OCTETS = 256 * 1024 * 1024
"""More than any record of ours: what is longer was not written by us."""

TRIES_TO_CATCH = 10
"""How often a message that is moved under our hands is looked for again."""

_MAGIC = b"restante redo 1"
_MAGIC_TO_TRASH = b"restante redo 2"
"""Of a record whose first part is the day in the trash: a program that knows no trash refuses it whole."""


class Removal(NamedTuple):
    """A message to remove."""

    base: bytes
    inode: int
    """ANY_FILE where the base name tells the message."""
    path: bytes
    """Where it was last; empty when unknown."""


def remove(places: Places, disk: Disk, removals: Sequence[Removal], *, day: bytes | None = None) -> None:
    """Remove messages durably, all or nothing; on return none of them comes back by itself.

    `day` names the folder in the trash to move them to, as `trash.day_of` gives it; None: they are gone.
    Raises OSError and StoreFault. Then either nothing is gone, or the record is there and the rest goes at the next
    opening; on a full disk see the module's docstring.
    """
    pending = list(removals)
    while pending:
        committed = 0
        if day is not None and not trash.make_day(places, disk, day):
            day = None
        if len(pending) > 1 or pending[0].inode != ANY_FILE:
            committed = _commit(places, disk, pending, day)
        part, pending = pending[: committed or 1], pending[committed or 1 :]
        for folder in _take_away(places, disk, part, day):
            disk.sync_folder(folder)
        if committed:
            _clear(places, disk)


def finish(places: Places, disk: Disk) -> bool:
    """Finish the UPDATE that a crash interrupted, if there is one; tell whether there was.

    Raises OSError, and StoreFault for a record that is damaged: that is never a crash's work.
    """
    try:
        record = _read(places.redo)
    except FileNotFoundError:
        return False
    removals, day = _decode(record, places.redo)
    if day is not None and not trash.make_day(places, disk, day):
        day = None
    _take_away(places, disk, removals, day)
    # Both, whatever was found: what was taken away before the crash may not be durable yet.
    for folder in (places.new, places.cur):
        disk.sync_folder(folder)
    _clear(places, disk)
    return True


def make_reserve(places: Places, disk: Disk) -> bool:
    """Set room aside for the redo record of a full disk; tell whether that was needed.

    A crash in between leaves a reserve that is too short, which is one that does not help on a full disk. No room
    now is no fault: it is tried again at the next listing.
    """
    if os.path.lexists(places.reserve):
        return False
    try:
        descriptor = disk.create(places.reserve)
        try:
            disk.write(descriptor, [bytes(RESERVE_OCTETS)])
            disk.sync(descriptor)
        finally:
            os.close(descriptor)
    except FileExistsError:
        return False
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(places.reserve)
        if not is_full(error):
            raise
        return False
    return True


def _commit(places: Places, disk: Disk, removals: Sequence[Removal], day: bytes | None) -> int:
    """Make a record durable of all the removals, or of the first ones on a full disk: give of how many.

    0 means that not even the reserve could be had.
    """
    try:
        _write(places, disk, _encode(removals, day))
        return len(removals)
    except OSError as error:
        if not is_full(error):
            raise
    count = len(removals)
    while (count := count // 2) > 1:
        record = _encode(removals[:count], day)
        if len(record) <= RESERVE_OCTETS:
            try:
                return count if _write_over_reserve(places, disk, record) else 0
            except OSError as error:
                if not is_full(error):
                    raise
                return 0
    return 0


def _write(places: Places, disk: Disk, record: bytes) -> None:
    if len(record) <= RESERVE_OCTETS and _write_over_reserve(places, disk, record):
        return
    with contextlib.suppress(FileNotFoundError):
        disk.unlink(places.redo_draft)
    descriptor = disk.create(places.redo_draft)
    try:
        try:
            disk.write(descriptor, [record])
            disk.sync(descriptor)
        finally:
            os.close(descriptor)
        disk.rename(places.redo_draft, places.redo)
    except OSError:
        with contextlib.suppress(OSError):
            disk.unlink(places.redo_draft)
        raise
    disk.sync_folder(places.folder)


def _write_over_reserve(places: Places, disk: Disk, record: bytes) -> bool:
    try:
        descriptor = disk.open_to_overwrite(places.reserve)
    except FileNotFoundError:
        return False
    try:
        disk.write(descriptor, [record.ljust(RESERVE_OCTETS, b"\0")])
        disk.sync(descriptor)
    finally:
        os.close(descriptor)
    disk.rename(places.reserve, places.redo)
    disk.sync_folder(places.folder)
    return True


def _clear(places: Places, disk: Disk) -> None:
    with contextlib.suppress(FileNotFoundError):
        if os.lstat(places.redo).st_size == RESERVE_OCTETS:
            disk.rename(places.redo, places.reserve)
        else:
            disk.unlink(places.redo)


def _encode(removals: Sequence[Removal], day: bytes | None) -> bytes:
    # A base name can hold any octet but NUL and the slash.
    parts = [b"%d/%s" % (one.inode, one.base) for one in removals]
    told = zlib.compress(b"\0".join(parts if day is None else [day, *parts]))
    magic = _MAGIC if day is None else _MAGIC_TO_TRASH
    return b"%s %d %s\n%s" % (magic, len(told), hashlib.sha256(told).hexdigest().encode(), told)


def _decode(record: bytes, path: bytes) -> tuple[list[Removal], bytes | None]:
    header, _, rest = record.partition(b"\n")
    try:
        magic, length, digest = header.rsplit(b" ", 2)
        told = rest[: int(length)]
        if magic not in (_MAGIC, _MAGIC_TO_TRASH) or hashlib.sha256(told).hexdigest().encode() != digest:
            raise ValueError("its checksum does not hold")
        parts = zlib.decompress(told).split(b"\0")
        day = parts.pop(0) if magic == _MAGIC_TO_TRASH else None
        if day is not None:
            date.fromisoformat(day.decode())
        bases = [one.split(b"/", 1) for one in parts]
        return [Removal(base, int(inode), b"") for inode, base in bases], day
    except (ValueError, zlib.error) as error:
        raise StoreFault(
            f"{os.fsdecode(path)}: the record of what the last session removed is damaged ({error}): "
            f"move the file away; messages that session removed may then be there again"
        ) from error


def _read(path: bytes) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(LONGEST_RECORD_OCTETS)


def _take_away(places: Places, disk: Disk, removals: Sequence[Removal], day: bytes | None) -> Collection[bytes]:
    """Take away all names of the messages, wherever they are by now; into the trash where there is a day.

    Gives the folders that have to be made durable.
    """
    wanted: dict[bytes, set[int]] = {}
    known: list[Removal] = []
    for one in removals:
        if one.path and one.inode == ANY_FILE:
            known.append(one)
        else:
            wanted.setdefault(one.base, set()).add(one.inode)
    if day is not None and known:
        trash.keep(places, disk, day, [one.path for one in known])
    for one in known:
        try:
            disk.unlink(one.path)
        except FileNotFoundError:
            # Moved, or its flags changed, or it is gone: looked for below.
            wanted.setdefault(one.base, set()).add(ANY_FILE)
    if not wanted:
        return sorted({one.path.rpartition(b"/")[0] for one in known})
    for _ in range(TRIES_TO_CATCH):
        found = _find(places, wanted)
        if not found:
            # Both: another program may have taken away what was not found, and not durably.
            return places.new, places.cur
        if day is not None:
            trash.keep(places, disk, day, found)
        for path in found:
            with contextlib.suppress(FileNotFoundError):
                disk.unlink(path)
    raise StoreFault(
        f"{os.fsdecode(places.folder)}: another program moves messages as fast as they are removed: "
        f"stop it, and open the maildrop again"
    )


def _find(places: Places, wanted: dict[bytes, set[int]]) -> list[bytes]:
    found = []
    for folder in (places.new, places.cur):
        with os.scandir(folder) as files:
            for file in files:
                inodes = wanted.get(base_of(file.name))
                if inodes is None or file.is_dir(follow_symlinks=False):
                    continue
                path = folder + b"/" + file.name
                if ANY_FILE in inodes or _inode_of(path) in inodes:
                    found.append(path)
    return found


def _inode_of(path: bytes) -> int | None:
    try:
        facts = os.lstat(path)
    except FileNotFoundError:
        return None
    return facts.st_ino if stat.S_ISREG(facts.st_mode) else None
