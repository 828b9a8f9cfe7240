"""The trash: removed mail that waits some days for its owner to change their mind.

It lies in the maildrop's folder, as `restante.trash/<date>/i<inode>=<name>`, one folder for each day (UTC) of
removal. POP3 never shows it, and other programs do not take it for a folder of mail: that would be one whose name
starts with a dot (Maildir++), or one with `cur`, `new` and `tmp` in it. The inode keeps apart two files that bear
one name. Nothing is told but by names, so a backup of the files is a backup of the trash.

A message comes in by a second link, which is durable before `removal` takes the first one away; it goes back the
same way. So it is always whole in one place or in both, and both is one message: they have one inode.

A full disk has no room for a trash: there what is removed is gone, since that is what makes room.
Fails with OSError as the system gave it; one that is no folder, or a link, is NotADirectoryError.
"""

# Paths are octets here, and pathlib does not take those.
# ruff: noqa: PTH208
from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from restante.proto.terms import UniqueId
from restante.stores.maildir import names
from restante.stores.maildir.disk import Disk, is_full
from restante.stores.maildir.index import ANY_FILE, Index, Rows
from restante.stores.maildir.measure import measure
from restante.stores.maildir.places import Places

__all__ = ["NO_LINKS", "Trashed", "bases_in_trash", "day_of", "keep", "make_day", "read_trash", "restore", "sweep"]

NO_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
"""What a file system without hard links says."""

LONGEST_NAME: Final = 255
"""Octets of a file's name on Linux. A message whose name leaves no room for its inode lies under its own name."""

_DAY: Final = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME: Final = re.compile(rb"i[0-9]{1,20}=(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trashed:
    """A message in the trash."""

    unique_id: UniqueId
    octets: int
    """On the wire."""
    removed: date
    """The day (UTC) on which it was removed."""
    path: bytes
    name: bytes
    """As it was in the maildrop."""
    inode: int

    @property
    def base(self) -> bytes:
        """Its base name."""
        return names.base_of(self.name)


def day_of(now: float) -> bytes:
    """Give the name of the folder for what is removed now, in seconds since the epoch."""
    return datetime.fromtimestamp(now, UTC).date().isoformat().encode()


def make_day(places: Places, disk: Disk, day: bytes) -> bool:
    """Make the folder of a day, durably, unless it is there; tell whether there is one now: not on a full disk.

    A crash in between leaves an empty folder.
    """
    path = _day_path(places, day)
    try:
        if _is_folder(path) and _is_folder(places.trash):
            return True
        if not _is_folder(places.trash):
            disk.make_folder(places.trash)
            disk.sync_folder(places.folder)
        disk.make_folder(path)
        disk.sync_folder(places.trash)
    except OSError as error:
        if is_full(error):
            return False
        raise
    return True


def keep(places: Places, disk: Disk, day: bytes, paths: Iterable[bytes]) -> None:
    """Give messages a second name in the trash, durably; those that are no regular file, or gone, get none.

    `make_day` comes before. A disk that fills up on the way keeps no more: see the module's docstring.
    """
    folder = _day_path(places, day)
    for path in paths:
        try:
            facts = os.lstat(path)
            if not stat.S_ISREG(facts.st_mode):
                continue
            _give_name(disk, path, folder + b"/" + _trash_name(facts.st_ino, path.rpartition(b"/")[2]))
        except FileNotFoundError:
            continue  # moved or gone: whoever removes it looks for it again
        except OSError as error:
            if not is_full(error):
                raise
            break
    disk.sync_folder(folder)


def read_trash(places: Places, *, rows: Rows | None = None) -> list[Trashed]:
    """List the trash in the order of the message numbers. Reads foreign files that were never measured."""
    rows = Index(places.index).read() if rows is None else rows
    found: dict[tuple[bytes, int], tuple[names.ParsedName, Trashed]] = {}
    for day, path, name in _files(places):
        try:
            status = os.lstat(path)
            parsed = names.parse(name)
            if not stat.S_ISREG(status.st_mode):
                continue
            facts = rows.facts.get((parsed.base, status.st_size, status.st_mtime_ns))
            octets = parsed.wire_octets if facts is None else facts.wire_octets
            if octets == names.UNKNOWN:
                octets = measure(path).facts.wire_octets
        except FileNotFoundError:
            continue
        base, inode = parsed.base, status.st_ino
        unique_id = (
            rows.unique_ids.get((base, ANY_FILE)) or rows.unique_ids.get((base, inode)) or names.id_from_base(base)
        )
        # One file under several names (its flags changed while it was removed) is one message.
        found[base, inode] = (
            parsed,
            Trashed(unique_id=UniqueId(unique_id), octets=octets, removed=day, path=path, name=name, inode=inode),
        )
    return [one for _, one in sorted(found.values(), key=lambda each: (each[0][:3], each[1].inode))]


def bases_in_trash(places: Places) -> frozenset[bytes]:
    """Give the base names of what is in the trash."""
    return frozenset(names.base_of(name) for _, _, name in _files(places))


def restore(places: Places, disk: Disk, messages: Sequence[Trashed]) -> list[Trashed]:
    """Bring messages back, under their own names and so with their unique-ids, in their old places in the order.

    Gives those that cannot come back, since another message bears the name by now. Each message goes by itself: a
    link in the maildrop, its fsync, then the name in the trash goes. A crash before the last leaves it in both, and
    the same command again takes it out of the trash.
    """
    refused: list[Trashed] = []
    back: list[Trashed] = []
    present = _present(places)
    with_own_id = {key for key in Index(places.index).read().unique_ids if key[1] != ANY_FILE}
    for message in messages:
        others = present.get(message.base, set()) - {message.inode}
        if others and (message.base, message.inode) not in with_own_id:
            refused.append(message)
            continue
        if message.inode not in present.get(message.base, set()):
            folder = places.cur if names.FLAGS_MARK in message.name else places.new
            target = folder + b"/" + message.name
            if os.path.lexists(target):
                refused.append(message)
                continue
            _give_name(disk, message.path, target)
        back.append(message)
    if back:
        disk.sync_folder(places.new)
        disk.sync_folder(places.cur)
    gone = {(message.base, message.inode) for message in back}
    for _, path, name in list(_files(places)):
        with contextlib.suppress(FileNotFoundError):
            if (names.base_of(name), os.lstat(path).st_ino) in gone:
                disk.unlink(path)
    return refused


def sweep(places: Places, disk: Disk, *, now: float, days: int, dry_run: bool = False) -> int:
    """Remove for good what has waited more than `days` days; give how many files that are.

    What is removed on a day waits that many whole days after it. A crash leaves a part of it for the next sweep.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    swept = 0
    for day, folder in list(_days(places)):
        if (today - day).days <= days:
            continue
        names_in_day = os.listdir(folder)
        swept += len(names_in_day)
        if dry_run:
            continue
        for name in names_in_day:
            with contextlib.suppress(FileNotFoundError):
                disk.unlink(folder + b"/" + name)
        with contextlib.suppress(FileNotFoundError):
            disk.remove_folder(folder)
    return swept


def _give_name(disk: Disk, path: bytes, target: bytes) -> None:
    try:
        disk.link(path, target)
    except FileExistsError:
        if os.lstat(path).st_ino != os.lstat(target).st_ino:
            raise
    except OSError as error:
        if error.errno not in NO_LINKS or os.path.lexists(target):
            raise
        disk.rename(path, target)


def _trash_name(inode: int, name: bytes) -> bytes:
    told = b"i%d=%s" % (inode, name)
    return told if len(told) <= LONGEST_NAME else name


def _present(places: Places) -> dict[bytes, set[int]]:
    present: dict[bytes, set[int]] = {}
    for folder in (places.new, places.cur):
        with os.scandir(folder) as files:
            for file in files:
                present.setdefault(names.base_of(file.name), set()).add(file.inode())
    return present


def _day_path(places: Places, day: bytes) -> bytes:
    return places.trash + b"/" + day


def _days(places: Places) -> Iterator[tuple[date, bytes]]:
    if not _is_folder(places.trash):
        return
    for name in sorted(os.listdir(places.trash)):
        path = places.trash + b"/" + name
        if _DAY.fullmatch(name) and _is_folder(path):
            with contextlib.suppress(ValueError):
                yield date.fromisoformat(name.decode()), path


def _files(places: Places) -> Iterator[tuple[date, bytes, bytes]]:
    """Give day, path and name in the maildrop of each file in the trash."""
    for day, folder in _days(places):
        for name in sorted(os.listdir(folder)):
            told = _NAME.fullmatch(name)
            yield day, folder + b"/" + name, told[1] if told else name


def _is_folder(path: bytes) -> bool:
    # A link is no folder here: whoever owns the Maildir could lead the server anywhere with it.
    try:
        facts = os.lstat(path)
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(facts.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return True
