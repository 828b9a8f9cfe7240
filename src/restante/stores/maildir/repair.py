"""Checking one Maildir: finding what a crash or a hand left, and repairing what can be repaired without a loss.

It removes nothing that could be mail but files in `tmp` that no delivery can still be writing, and what has waited
its days in the trash. Runs under the
exclusive-access lock and reads every message, so it takes as long as that does.
"""

# Paths are octets here, and pathlib does not take those.
# ruff: noqa: PTH101, PTH112, PTH208
from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from restante.ports.stores import Holder
from restante.stores.maildir import names, removal, trash
from restante.stores.maildir.delivery import ensure_folders
from restante.stores.maildir.disk import Disk, fault
from restante.stores.maildir.index import FactRow, Index
from restante.stores.maildir.lock import ExclusiveLock
from restante.stores.maildir.measure import NotAFile, measure
from restante.stores.maildir.places import Places, places_in

__all__ = ["CheckReport", "Finding", "FindingKind", "check"]

STALE_SECONDS = 36 * 3600
"""After this long no delivery still writes a file in `tmp`: the Maildir format's own rule."""


class FindingKind(Enum):
    """What was found, and what was done about it."""

    UPDATE_FINISHED = "the removals of a session that crashed were finished"
    FOLDER_MADE = "a folder was missing and was made"
    STALE_FILE_REMOVED = "a delivery that never ended left this file: it was removed"
    OCTETS_MEASURED = "the name tells other octets than the file has: the right ones were noted in the index"
    INDEX_ROWS_REMOVED = "the index knew of files that are gone: their rows were removed"
    PERMISSIONS_TIGHTENED = "others could read or change this: that was taken from them"
    NOT_A_FILE = "neither a regular file nor a link: it is not served; look what it is, and remove it"
    LINK = "a link: it is not followed; replace it by the file itself"
    UNREADABLE = "cannot be read: let the user that runs Restante own it"
    TRASH_SWEPT = "removed mail had waited its days in the trash: it was removed for good"
    RESERVE_MADE = "room was set aside so that messages can be removed when the disk is full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found."""

    kind: FindingKind
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a check found."""

    maildir: Path
    messages: int
    findings: tuple[Finding, ...]
    """In the order they were found; empty when all is well."""


def check(maildir: Path, *, now: float, trash_days: int | None = None) -> CheckReport:
    """Check a Maildir and repair it. `now` is in seconds since the epoch.

    `trash_days` is how long removed mail waits in the trash; None leaves the trash alone.
    Raises MaildropInUse when a session holds it, StoreFault when it is not there or the disk fails.
    """
    places = places_in(maildir, ours=False)
    disk = Disk()
    findings: list[tuple[FindingKind, bytes]] = []
    try:
        if not os.path.isdir(places.folder):
            ensure_folders(places, disk)
        lock = ExclusiveLock(places.lock, Holder(peer="restante maildrop check", since_epoch_seconds=now))
        try:
            lock.sign_at_once()
            findings += _mend_folders(places, disk)
            if removal.finish(places, disk):
                findings.append((FindingKind.UPDATE_FINISHED, places.folder))
            # Only now: the record of an interrupted UPDATE is the old reserve, and has become it again.
            if removal.make_reserve(places, disk):
                findings.append((FindingKind.RESERVE_MADE, places.reserve))
            findings += _sweep(places, disk, now)
            if trash_days is not None and trash.sweep(places, disk, now=now, days=trash_days):
                findings.append((FindingKind.TRASH_SWEPT, places.trash))
            bases, more = _check_messages(places)
            findings += more
            index = Index(places.index)
            # What comes back from the trash is to have its unique-id.
            others = _staged(places) | trash.bases_in_trash(places)
            if index.exists() and index.forget_all_but(bases | others):
                findings.append((FindingKind.INDEX_ROWS_REMOVED, places.index))
        finally:
            lock.release()
    except OSError as error:
        raise fault(error, os.fsencode(error.filename or places.folder)) from error
    return CheckReport(
        maildir=maildir,
        messages=len(bases),
        findings=tuple(Finding(kind=kind, path=Path(os.fsdecode(path))) for kind, path in findings),
    )


def _mend_folders(places: Places, disk: Disk) -> Iterator[tuple[FindingKind, bytes]]:
    for folder in (places.new, places.cur, places.tmp):
        if not os.path.lexists(folder):
            disk.make_folder(folder)
            disk.sync_folder(places.folder)
            yield FindingKind.FOLDER_MADE, folder
    for folder in (places.folder, places.new, places.cur, places.tmp):
        yield from _tighten(folder)
    for file in (places.lock, places.reserve, places.index, places.seen, places.trash):
        if os.path.lexists(file):
            yield from _tighten(file)


def _tighten(path: bytes) -> Iterator[tuple[FindingKind, bytes]]:
    # A group may be there on purpose: a site's own delivery program, for one. The rest of the world never is.
    mode = os.lstat(path).st_mode
    if mode & stat.S_IRWXO and not stat.S_ISLNK(mode):
        os.chmod(path, stat.S_IMODE(mode) & ~stat.S_IRWXO)
        yield FindingKind.PERMISSIONS_TIGHTENED, path


def _sweep(places: Places, disk: Disk, now: float) -> Iterator[tuple[FindingKind, bytes]]:
    drafts = [places.tmp + b"/" + name for name in os.listdir(places.tmp)]
    drafts += [
        places.folder + b"/" + name
        for name in os.listdir(places.folder)
        if name == b"restante.redo.new" or name.startswith(b"restante.seen.")
    ]
    for path in drafts:
        facts = os.lstat(path)
        if stat.S_ISREG(facts.st_mode) and now - facts.st_mtime > STALE_SECONDS:
            disk.unlink(path)
            yield FindingKind.STALE_FILE_REMOVED, path


def _staged(places: Places) -> frozenset[bytes]:
    return frozenset(os.listdir(places.tmp))


def _check_messages(places: Places) -> tuple[frozenset[bytes], list[tuple[FindingKind, bytes]]]:
    findings: list[tuple[FindingKind, bytes]] = []
    bases: set[bytes] = set()
    rows: list[FactRow] = []
    known = Index(places.index).read().facts
    for folder in (places.new, places.cur):
        for name in os.listdir(folder):
            if name.startswith(b"."):
                continue
            path = folder + b"/" + name
            parsed = names.parse(name)
            try:
                found = measure(path, wait=True)
            except FileNotFoundError:
                continue
            except OSError as error:
                findings.append((_kind_of(path, error), path))
                continue
            bases.add(parsed.base)
            findings += _tighten(path)
            mtime_ns, facts = found
            as_named = (parsed.file_octets, parsed.wire_octets) == (facts.file_octets, facts.wire_octets)
            noted = known.get((parsed.base, facts.file_octets, mtime_ns))
            if noted == facts or (as_named and noted is None and parsed.dots == facts.dots):
                continue
            rows.append(FactRow(parsed.base, found))
            if parsed.wire_octets != names.UNKNOWN and not (as_named and noted is None):
                findings.append((FindingKind.OCTETS_MEASURED, path))
    if rows:
        Index(places.index).remember(facts=rows)
    return frozenset(bases), findings


def _kind_of(path: bytes, error: OSError) -> FindingKind:
    if stat.S_ISLNK(os.lstat(path).st_mode):
        return FindingKind.LINK
    return FindingKind.NOT_A_FILE if isinstance(error, NotAFile) else FindingKind.UNREADABLE
