"""Listing a Maildir: from the names in two folders to a snapshot, and to where each of its messages lies.

What a name of ours tells is taken from the name. Only files of others are looked at, once: the index remembers.
Nothing here takes the lock, and other programs may move files all the while, so a listing is made again when a
folder changed under it.

It fails as the folders do: OSError as the system gave it, StoreFault from the index.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from restante.maildrop.snapshot import Snapshot
from restante.ports.stores import StoreFull
from restante.proto.lines import canonical
from restante.stores.maildir import names
from restante.stores.maildir.columns import Columns, Entry, numbers
from restante.stores.maildir.index import ANY_FILE, FactRow, IdRow, Index, Rows
from restante.stores.maildir.measure import UNSETTLED, Facts, NotAFile, is_settled, measure
from restante.stores.maildir.packing import FEW_MESSAGES, Shelf, pack
from restante.stores.maildir.places import Places
from restante.stores.maildir.seen import (
    Seen,
    Stamp,
    count_changed,
    read_seen,
    stamp_from,
    times_of,
    write_seen,
)

__all__ = ["Ages", "Listing", "list_maildrop", "stamp_of"]

TRIES_FOR_A_QUIET_LISTING = 3
"""How often a listing is made again because a folder changed under it. The last one is taken as it is: a message
that is missed then is there in the next session."""

FACTS_IN_ONE_COMMIT = 1000
"""How many foreign files are looked at before what was found is remembered, so that a stop in the middle costs
little."""

RENDERED_AHEAD = 1000
"""Of more messages than these LIST and UIDL are rendered here, so that no other session waits for that."""


class Ages(NamedTuple):
    """How old the messages of a listing are; all times in seconds since the epoch, all places from 0."""

    received: array[int]
    retrieved: dict[int, int]
    """When first, by place; of those that were."""
    next_due: float
    """Before this nothing is due by the site's policy."""
    index_stamp: tuple[int, int]
    """Of the index when it was read."""


class Listing:
    """A maildrop as it was listed: immutable but for the attributes that say so, and shared by sessions."""

    __slots__ = (
        "_columns",
        "_index_stamp",
        "_shelf",
        "ages",
        "ascii_snapshot",
        "recorded",
        "refuted",
        "snapshot",
        "stamp",
        "unique_ids_changed",
    )

    def __init__(self, columns: Columns, stamp: Stamp | None, *, index_stamp: tuple[int, int] = (0, 0)) -> None:
        """Take the columns. Raises ValueError where the unique-ids are illegal or doubled."""
        self._columns: Columns | None = columns
        self._shelf: Shelf | None = None
        self.snapshot = Snapshot(octets=columns.wire_octets, unique_ids=columns.unique_ids, dots=columns.dots)
        self.ascii_snapshot = self.snapshot
        """By the octets that a client without UTF8 gets; the very same where no message needs UTF8."""
        if columns.surrogate_octets:
            both = zip(columns.surrogate_octets, columns.wire_octets, strict=True)
            self.ascii_snapshot = Snapshot(
                octets=numbers(surrogate or octets for surrogate, octets in both), unique_ids=columns.unique_ids
            )
        self.stamp = stamp
        """Of both folders when they were read; None when they changed so lately that it proves nothing."""
        self._index_stamp = index_stamp
        self.recorded = False
        """Changes: whether `restante.seen` tells of this very listing."""
        self.unique_ids_changed = 0
        """Changes: as of the last session; 0 once recorded."""
        self.refuted = False
        """Changes: whether some message proved to have other octets than listed."""
        self.ages: Ages | None = None
        """Changes: what the retention policy goes by; found out when it first asks."""

    def __len__(self) -> int:
        return self.snapshot.count

    def rest(self) -> None:
        """Pack a short listing until somebody asks for a message or a listing: most sessions ask for neither."""
        columns = self._columns
        if columns is not None and 0 < len(columns) <= FEW_MESSAGES and self.ascii_snapshot is self.snapshot:
            shelf = self._shelf = Shelf(columns)
            self._columns = None
            self.snapshot.rest(shelf)

    @property
    def columns(self) -> Columns:
        """What is known of the messages."""
        columns = self._columns
        if columns is None:
            assert self._shelf is not None, "columns are here, or on the shelf"
            columns = self._columns = self._shelf.columns
        return columns

    def path(self, place: int, places: Places) -> bytes:
        """Give where a message lay; another program may have moved it since. `place` counts from 0."""
        columns = self.columns
        return (places.cur if columns.is_in_cur(place) else places.new) + b"/" + columns.names[place]

    def base(self, place: int) -> bytes:
        """Give a message's base name."""
        return names.base_of(self.columns.names[place])

    def facts(self, place: int) -> Facts:
        """Give what is known of a message's octets; it holds while its file has the octets and the time told."""
        columns = self.columns
        return Facts(
            file_octets=columns.file_octets[place],
            wire_octets=columns.wire_octets[place],
            surrogate_octets=columns.surrogate(place),
            dots=columns.dots[place],
            bare_lf=columns.has_bare_lf(place),
        )

    def is_canonical(self, place: int) -> bool:
        """Tell whether a message's file is in canonical form."""
        columns = self.columns
        return columns.file_octets[place] == columns.wire_octets[place]

    def canonical(self, place: int, octets: bytes) -> bytes:
        """Give the canonical form of what was read from a message's file, by what is known of it."""
        if self.is_canonical(place):
            return octets
        return octets.replace(b"\n", b"\r\n") if self.columns.has_bare_lf(place) else canonical(octets)

    def inode(self, place: int) -> int:
        """Give the inode by which to know the message, or ANY_FILE where the base name does."""
        return self.columns.inodes[place] if place in self.columns.doubled else ANY_FILE

    def refute(self) -> None:
        """Say that some message is not as listed: nobody else is to get this listing."""
        self.refuted = True

    def record(self, places: Places, without: frozenset[int] = frozenset()) -> None:
        """Write down what the session saw, but for what it removed. Never fails."""
        holds = not without and not self.refuted
        if without:
            packed = pack(self.columns.without(without))
        else:
            packed = self._shelf.packed if self._shelf is not None else pack(self.columns)
        write_seen(places.seen, packed, stamp=self.stamp if holds else None, index_stamp=self._index_stamp)


def stamp_of(places: Places) -> Stamp:
    """Give the stamp of both folders. Raises OSError, NotADirectoryError among them."""
    # A link is no folder here: whoever owns the Maildir could lead the server anywhere with it.
    new, cur = os.lstat(places.new), os.lstat(places.cur)
    if not (stat.S_ISDIR(new.st_mode) and stat.S_ISDIR(cur.st_mode)):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), places.folder)
    return stamp_from(new.st_ino, new.st_mtime_ns, cur.st_ino, cur.st_mtime_ns)


def list_maildrop(places: Places) -> Listing:
    """List a maildrop and number its messages by time of delivery, then by name.

    Reads foreign files that were never measured: may take long, so it runs in a thread. Raises OSError, StoreFault.
    """
    before, index = read_seen(places.seen), Index(places.index)
    listing = None if before is None else _as_before(before, places, index)
    if listing is None:
        listing = _list_anew(places, index)
        if before is not None:
            listing.unique_ids_changed = count_changed(before.columns, listing.columns)
            # Under no stamp a record with these unique-ids is as good as another one.
            same = before.columns.unique_ids == listing.columns.unique_ids
            listing.recorded = listing.stamp is None and same
    if len(listing) > RENDERED_AHEAD:
        _ = listing.snapshot.scan_listing, listing.snapshot.unique_id_listing
    listing.rest()
    return listing


def _as_before(before: Seen, places: Places, index: Index) -> Listing | None:
    if before.stamp is None or before.stamp != stamp_of(places) or before.index_stamp != index.stamp():
        return None
    try:
        listing = Listing(before.columns, before.stamp, index_stamp=before.index_stamp)
    except ValueError:
        return None  # not a record of ours, however well it adds up
    listing.recorded = True
    return listing


def _list_anew(places: Places, index: Index) -> Listing:
    entries, stamp, settled = _read_quietly(places)
    entries.sort()
    doubled: frozenset[tuple[bytes, int]] = frozenset()
    if any(one.base == other.base for one, other in pairwise(entries)):
        entries, doubled = _settle_doubles(entries, places)
    rows = index.read()
    entries = _with_facts(entries, places, index, rows)
    unique_ids = _with_ids(entries, places, index, rows, doubled)
    doubled_places = (n for n, entry in enumerate(entries) if (entry.base, entry.inode) in doubled)
    columns = Columns.of(entries, unique_ids, doubled_places if doubled else ())
    return Listing(columns, stamp if settled else None, index_stamp=index.stamp())


def _read_quietly(places: Places) -> tuple[list[Entry], Stamp, bool]:
    for last_try in (False,) * (TRIES_FOR_A_QUIET_LISTING - 1) + (True,):
        now_ns = time.time_ns()
        stamp = stamp_of(places)
        # A file on its way from new to cur is met twice in this order, and not at all in the other.
        entries = [*_read_folder(places.new, in_cur=False), *_read_folder(places.cur, in_cur=True)]
        if last_try or stamp_of(places) == stamp:
            settled = all(is_settled(mtime_ns, now_ns) for mtime_ns in times_of(stamp))
            return entries, stamp, settled
    raise AssertionError("the last try returns")


def _read_folder(path: bytes, *, in_cur: bool) -> Iterator[Entry]:
    parse = names.parse
    with os.scandir(path) as files:
        for file in files:
            name = file.name
            # The kind of file comes with the name on all common file systems: this asks the disk nothing.
            if name[0] == 0x2E or not file.is_file(follow_symlinks=False):
                continue
            micros, counter, base, file_octets, wire_octets, surrogate_octets, dots = parse(name)
            mtime_ns = UNSETTLED if dots == names.UNKNOWN else micros * 1000
            yield Entry(
                micros,
                counter,
                base,
                in_cur,
                name,
                file.inode(),
                file_octets,
                wire_octets,
                surrogate_octets,
                dots,
                False,  # names tell this of canonical files only
                mtime_ns,
            )


def _settle_doubles(entries: list[Entry], places: Places) -> tuple[list[Entry], frozenset[tuple[bytes, int]]]:
    """Sort out base names that stand more than once.

    A file that was moved while we read was met twice: one name is gone by now, or both are names of one file. What
    is left are files of their own, and each is a message. Gives those whose name alone does not tell them.
    """
    often = {one.base for one, other in pairwise(entries) if one.base == other.base}
    settled: list[Entry] = []
    met: set[tuple[bytes, int]] = set()
    doubled: set[tuple[bytes, int]] = set()
    for entry in entries:
        if entry.base not in often:
            settled.append(entry)
            continue
        try:
            inode = os.lstat(_path(entry, places)).st_ino
        except FileNotFoundError:
            continue
        if (entry.base, inode) in met:
            doubled.add((entry.base, inode))
            continue
        met.add((entry.base, inode))
        settled.append(entry._replace(inode=inode))
    doubled.update(
        (entry.base, entry.inode) for pair in pairwise(settled) if pair[0].base == pair[1].base for entry in pair
    )
    return settled, frozenset(doubled)


def _path(entry: Entry, places: Places) -> bytes:
    return (places.cur if entry.in_cur else places.new) + b"/" + entry.name


def _with_facts(entries: list[Entry], places: Places, index: Index, rows: Rows) -> list[Entry]:
    """Fill in what names do not tell, or tell wrongly by the index; leave out what is no message."""
    proved_otherwise = {base for base, _, _ in rows.facts}
    if not proved_otherwise and all(entry.dots != names.UNKNOWN for entry in entries):
        return entries
    known: list[Entry] = []
    news: list[FactRow] = []
    for entry in entries:
        if entry.dots != names.UNKNOWN and entry.base not in proved_otherwise:
            known.append(entry)
            continue
        path = _path(entry, places)
        try:
            status = os.lstat(path)
            if not stat.S_ISREG(status.st_mode):
                continue
            mtime_ns = status.st_mtime_ns
            facts = rows.facts.get((entry.base, status.st_size, mtime_ns))
            if facts is None:
                found = measure(path)
                mtime_ns, facts = found
                news.append(FactRow(entry.base, found))
        except (FileNotFoundError, NotAFile):
            continue
        known.append(entry._replace(mtime_ns=mtime_ns, **facts._asdict()))
        if len(news) == FACTS_IN_ONE_COMMIT:
            _remember(index, facts=news)
            news = []
    if news:
        _remember(index, facts=news)
    return known


def _with_ids(
    entries: list[Entry], places: Places, index: Index, rows: Rows, doubled: frozenset[tuple[bytes, int]]
) -> list[bytes]:
    """Give each message its unique-id, and remember those that the base name does not tell."""
    if not rows.unique_ids and not doubled and all(names.is_its_own_id(entry.base) for entry in entries):
        return [entry.base for entry in entries]
    # One file of a double may be gone by now: the one left keeps its unique-id, which hangs on the inode.
    once_doubled = {base for base, inode in rows.unique_ids if inode != ANY_FILE}
    given = set(rows.unique_ids.values())
    unique_ids: list[bytes] = []
    used: set[bytes] = set()
    news: list[IdRow] = []
    for entry in entries:
        base, inode = entry.base, entry.inode
        if base in once_doubled:
            with contextlib.suppress(FileNotFoundError):
                inode = os.lstat(_path(entry, places)).st_ino
        unique_id = rows.unique_ids.get((base, ANY_FILE)) or rows.unique_ids.get((base, inode))
        if unique_id is None or unique_id in used:
            by_base = unique_id = names.id_from_base(base)
            count = 0
            while unique_id in given or unique_id in used:
                unique_id = names.hashed_id(base, inode, count)
                count += 1
            by_inode = base in once_doubled or (base, inode) in doubled
            if by_inode or unique_id != by_base:
                news.append(IdRow(base, inode if by_inode else ANY_FILE, unique_id))
        used.add(unique_id)
        unique_ids.append(unique_id)
    if news:
        _remember(index, unique_ids=news)
    return unique_ids


def _remember(index: Index, *, facts: Sequence[FactRow] = (), unique_ids: Sequence[IdRow] = ()) -> None:
    # On a full disk mail stays readable: facts are had again, and these unique-ids come out the same again.
    with contextlib.suppress(StoreFull):
        index.remember(facts=facts, unique_ids=unique_ids)
