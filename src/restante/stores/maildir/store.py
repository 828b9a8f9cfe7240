"""The Maildir store: mail in files on one machine, which other programs may deliver to and read from as well.

The files are the truth. Our own are in canonical form and their names tell what was found in them, so that a
maildrop is listed without looking at any of them; files of other programs are looked at once. What lies where is in
`places`, what a name tells in `names`, what a crash leaves in `delivery` and `removal`.

It wants a local file system with flock, hard links and times in nanoseconds (ext4, XFS, btrfs, ZFS, tmpfs).
Everything that may wait for the disk runs in threads; a poll of a maildrop that did not change waits for none.
Sources: RFC 1939 §4 (lock, numbers), §6 (UPDATE), §7 (unique-ids), §8 (site policies), §11 (octets).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from restante.maildrop.policies import MaildropPolicies
from restante.maildrop.snapshot import Snapshot
from restante.maildrop.transaction import UpdatePlan
from restante.ports.accounts import Account, AccountId
from restante.ports.soon import Later, Soon, then
from restante.ports.stores import Holder, LongMessage, MaildropInUse, QuotaOf, TooSoon, no_quota
from restante.proto.terms import MessageNumber, UniqueId, is_legal_unique_id
from restante.stores.maildir import removal, trash
from restante.stores.maildir.cache import CACHED_MAILDROPS, CACHED_MESSAGES, ListingCache
from restante.stores.maildir.columns import Columns
from restante.stores.maildir.delivery import Deliveries, StagedFile, ensure_folders
from restante.stores.maildir.disk import Disk, fault
from restante.stores.maildir.holders import Holders
from restante.stores.maildir.listing import Listing, list_maildrop, stamp_of
from restante.stores.maildir.lock import ExclusiveLock
from restante.stores.maildir.places import Places, places_of
from restante.stores.maildir.retention import SessionRetention
from restante.stores.maildir.retrieval import (
    WHOLE_OCTETS,
    Descriptor,
    LongFile,
    MessageFile,
    WarmReader,
    open_folder,
)

__all__ = ["MaildirStore", "OpenMaildir"]

T = TypeVar("T")

SESSION_THREADS = 16
"""For listing, reading what is not in the page cache, and UPDATE. They wait for the disk, not for a core, and what
waits for the disk at the same time shares the commits of its journal."""

DELIVERY_THREADS = 4
"""For writing messages: of their own, so that a flood of mail does not keep its readers waiting."""

RECORDED_AT_ONCE = 1000
"""A session that leaves more messages than this behind has its `restante.seen` written in a thread."""

REMEMBERED_PLACES = 10_000
"""Accounts whose paths are kept."""


class MaildirStore:
    """Keeps maildrops as Maildirs: below `root`, or where an account has its own."""

    def __init__(
        self,
        root: Path,
        *,
        hostname: str,
        clock: Callable[[], float] = time.time,
        disk: Disk | None = None,
        policies: MaildropPolicies | None = None,
        quota_of: QuotaOf = no_quota,
        cached_maildrops: int = CACHED_MAILDROPS,
        cached_messages: int = CACHED_MESSAGES,
        signs_at_once: bool = False,
    ) -> None:
        """Touch nothing yet. `clock` (seconds since the epoch) and `hostname` go into the names of new messages.

        `policies` None: mail stays, what is removed is gone, and everybody may log in as often as they like.
        `signs_at_once`: who holds a maildrop is written down as the lock is taken, and not only once they have had
        it for a second or two. For a command, whose event loop does not run all the while, and nobody else's.
        """
        self._clock = clock
        self._disk = disk or Disk()
        policies = policies or MaildropPolicies()
        self._retention = policies.retention if policies.retention.is_on else None
        self._login_delay = policies.login_delay if policies.login_delay.seconds else None
        self._keeps_trash = policies.trash_days > 0
        self._quota_of = quota_of
        self._cache = ListingCache(maildrops=cached_maildrops, messages=cached_messages)
        self._session_threads = ThreadPoolExecutor(SESSION_THREADS, "restante-maildrop")
        self._delivery_threads = ThreadPoolExecutor(DELIVERY_THREADS, "restante-delivery")
        self._signs_at_once = signs_at_once
        self.holders = Holders(self._session_threads)
        self._deliveries = Deliveries(
            hostname=hostname, clock=clock, disk=self._disk, threads=self._delivery_threads
        )
        self.reader = WarmReader()
        self._root = root
        self._known_places: dict[AccountId, Places] = {}

    def _places(self, account: Account) -> Places:
        known, maildir = self._known_places, account.maildir
        places = known.get(account.id)
        if places is None or not (places.named is maildir or places.named == maildir):
            if len(known) >= REMEMBERED_PLACES:
                known.clear()
            places = known[account.id] = places_of(self._root, account.id, maildir)
        return places

    def location(self, account: Account) -> Path:
        """Give the Maildir of an account, there or not; for `repair.check` and for people."""
        return Path(os.fsdecode(self._places(account).folder))

    def open(self, account: Account, holder: Holder) -> Soon[OpenMaildir]:
        """Take the lock, finish what a crash left of an UPDATE, and list: at once where nothing changed.

        Raises MaildropInUse, TooSoon, StoreFault.
        """
        places = self._places(account)
        try:
            lock = self._take_lock(places, holder)
        except FileNotFoundError:
            made = self.in_thread(partial(self._make, places))
            return then(made, partial(self._open, holder))
        except OSError as error:
            raise fault(error, places.lock) from error
        return self._open_locked(places, lock)

    def _open(self, holder: Holder, places: Places) -> Soon[OpenMaildir]:
        try:
            return self._open_locked(places, self._take_lock(places, holder))
        except OSError as error:
            raise fault(error, places.lock) from error

    def _take_lock(self, places: Places, holder: Holder) -> ExclusiveLock:
        try:
            lock = ExclusiveLock(places.lock, holder)
        except MaildropInUse as error:
            raise MaildropInUse(error.holder or self.holders.of(places.folder)) from None
        if self._signs_at_once:
            lock.sign_at_once()
        else:
            self.holders.add(places.folder, lock)
        return lock

    def _open_locked(self, places: Places, lock: ExclusiveLock) -> Soon[OpenMaildir]:
        if self._login_delay is not None:
            wait_seconds = self._login_delay.wait_seconds(last=lock.last_login(), now=self._clock())
            if wait_seconds:
                lock.release()
                raise TooSoon(wait_seconds)
        if not os.access(places.redo, os.F_OK):
            try:
                listing = self._cache.get(places.folder, stamp_of(places))
            except OSError:
                listing = None  # told by the thread, which makes folders that are missing
            if listing is not None:
                return self._opened(places, lock, listing)
        return self._open_listing(places, lock)

    def _open_listing(self, places: Places, lock: ExclusiveLock) -> Soon[OpenMaildir]:
        job = self._session_threads.submit(self._list, places)
        listed = asyncio.wrap_future(job)

        def see_to_the_lock(listed: asyncio.Future[Listing]) -> None:
            # A client that goes away while its maildrop is listed leaves nobody to release the lock. It is kept as
            # long as the thread is at work there: `job` is done at once when the thread never began.
            if listed.cancelled():
                job.add_done_callback(lambda _: lock.release())
            elif listed.exception() is not None:
                lock.release()

        listed.add_done_callback(see_to_the_lock)
        return then(Later(listed), partial(self._keep, places, lock))

    def _make(self, places: Places) -> Places:
        try:
            ensure_folders(places, self._disk)
            return places
        except OSError as error:
            raise fault(error, places.folder) from error

    def _list(self, places: Places) -> Listing:
        try:
            ensure_folders(places, self._disk)
            removal.finish(places, self._disk)
            removal.make_reserve(places, self._disk)
            return list_maildrop(places)
        except OSError as error:
            raise fault(error, os.fsencode(error.filename or places.folder)) from error

    def _keep(self, places: Places, lock: ExclusiveLock, listing: Listing) -> OpenMaildir:
        self._cache.put(places.folder, listing)
        return self._opened(places, lock, listing)

    def _opened(self, places: Places, lock: ExclusiveLock, listing: Listing) -> OpenMaildir:
        if self._login_delay is not None:
            # Only now: a login that could not be listed is none, and may be tried again at once.
            lock.note_login(self._clock())
        retention = None
        if self._retention is not None:
            retention = SessionRetention(
                self._retention, listing, places, clock=self._clock, in_thread=self.in_thread
            )
        return OpenMaildir(self, places, lock, listing, retention)

    async def stage(
        self, account: Account, parts: Sequence[bytes], *, unique_id: UniqueId | None = None
    ) -> StagedFile:
        """Write a message durably into `tmp`. Raises OverQuota, StoreFull, StoreFault, ValueError.

        Octets that are not canonical are kept as they are, and served in canonical form.
        """
        if unique_id is not None and not is_legal_unique_id(unique_id):
            raise ValueError(f"not a legal unique-id: {unique_id!r}")
        places, quota = self._places(account), self._quota_of(account)
        return await self._deliveries.stage(places, parts, unique_id, quota)

    async def close(self) -> None:
        """Wait for what threads still write, and let go of them."""
        self.holders.close()
        loop = asyncio.get_running_loop()
        for threads in (self._session_threads, self._delivery_threads):
            await loop.run_in_executor(None, threads.shutdown)

    def in_thread(self, work: Callable[[], T]) -> Later[T]:
        """Run work of a session that waits for the disk; it begins at once, whether or not anybody waits."""
        return Later(asyncio.get_running_loop().run_in_executor(self._session_threads, work))

    def remove(
        self, places: Places, removals: Sequence[removal.Removal], then_record: Callable[[], None]
    ) -> Later[None]:
        """Remove messages in a thread. Raises StoreFault."""
        self._cache.drop(places.folder)
        return self.in_thread(partial(self._remove, places, removals, then_record))

    def _remove(self, places: Places, removals: Sequence[removal.Removal], then_record: Callable[[], None]) -> None:
        day = trash.day_of(self._clock()) if self._keeps_trash else None
        try:
            removal.remove(places, self._disk, removals, day=day)
        except OSError as error:
            raise fault(error, os.fsencode(error.filename or places.folder)) from error
        then_record()

    def record(self, places: Places, listing: Listing) -> None:
        """Write down what a session saw: at once when that is short. Never fails."""
        listing.recorded, listing.unique_ids_changed = True, 0
        if len(listing) <= RECORDED_AT_ONCE:
            listing.record(places)
            return
        with contextlib.suppress(RuntimeError):  # the threads are gone: the store was closed
            self._session_threads.submit(listing.record, places)


class OpenMaildir:
    """A Maildir under its exclusive-access lock."""

    __slots__ = (
        "_columns",
        "_folder",
        "_listing",
        "_lock",
        "_places",
        "_retention",
        "_store",
        "_updated",
        "ascii_snapshot",
        "expired",
        "expired_octets",
        "snapshot",
        "unique_ids_changed",
    )

    def __init__(
        self,
        store: MaildirStore,
        places: Places,
        lock: ExclusiveLock,
        listing: Listing,
        retention: SessionRetention | None,
    ) -> None:
        self._store = store
        self._places = places
        self._lock: ExclusiveLock | None = lock
        self._listing = listing
        # Not before a message is asked for: they may rest.
        self._columns: Columns | None = None
        # From the second message on, which is found quicker from there.
        self._folder: Descriptor | None = None
        self._retention = retention
        self._updated = False
        self.expired = self.expired_octets = 0
        self.snapshot: Snapshot = listing.snapshot
        self.ascii_snapshot: Snapshot = listing.ascii_snapshot
        self.unique_ids_changed: int = listing.unique_ids_changed

    def retrieve(self, number: MessageNumber) -> Soon[bytes | LongMessage]:
        """Give a message: whole up to 64 KiB, else in chunks. Raises MessageGone, StoreFault."""
        listing, columns, place = self._listing, self._columns, number - 1
        if columns is None:
            columns = self._columns = listing.columns
        elif self._folder is None:
            self._folder = open_folder(self._places.folder)
        file_octets, wire_octets = columns.file_octets[place], columns.wire_octets[place]
        in_cur, reader = columns.in_cur, self._store.reader
        # As `Listing.path` has it, without a call, and from the open folder where there is one: for each message.
        path = b"cur/" + columns.names[place] if in_cur and in_cur[place] else b"new/" + columns.names[place]
        folder = None
        if self._folder is not None:
            folder = self._folder.number
        else:
            path = b"%b/%b" % (self._places.folder, path)
        if wire_octets <= WHOLE_OCTETS:
            octets = reader.read(path, file_octets, columns.mtimes_ns[place], folder=folder)
            if octets is not None:
                return octets if file_octets == wire_octets else listing.canonical(place, octets)
            file = MessageFile(self._places, listing, place)
            return then(self._store.in_thread(file.read), partial(listing.canonical, place))
        file = MessageFile(self._places, listing, place)
        descriptor = reader.open(path, file_octets, columns.mtimes_ns[place], folder=folder)
        if descriptor is not None:
            return self._in_chunks(file, place, descriptor)
        return then(self._store.in_thread(file.open), partial(self._in_chunks, file, place))

    def _in_chunks(self, file: MessageFile, place: int, descriptor: int) -> LongMessage:
        listing = self._listing
        return LongFile(
            file,
            descriptor,
            listing.columns.file_octets[place],
            self._store.in_thread,
            self._store.reader,
            is_canonical=listing.is_canonical(place),
        )

    def note_retrieved(self, number: MessageNumber) -> None:
        """Hear that a message went out by RETR."""
        if self._retention is not None:
            self._retention.note_retrieved(number)

    def update(self, plan: UpdatePlan) -> Soon[None]:
        """Remove what the plan names, and what is due, durably, all or nothing. Raises StoreFault."""
        if self._retention is None:
            return self._remove(frozenset(number - 1 for number in plan.removals)) if plan.removals else None
        marked = frozenset(number - 1 for number in plan.removals)
        return then(self._retention.due_besides(marked), partial(self._remove_due, marked))

    def _remove_due(self, marked: frozenset[int], due: frozenset[int]) -> Soon[None]:
        if not marked and not due:
            return None
        return then(self._remove(marked | due), partial(self._count_expired, due))

    def _count_expired(self, due: frozenset[int], _: None) -> None:
        self.expired = len(due)
        self.expired_octets = sum(self.snapshot.octets(MessageNumber(place + 1)) for place in due)

    def _remove(self, gone: frozenset[int]) -> Later[None]:
        self._updated = True
        listing, places = self._listing, self._places
        removals = [
            removal.Removal(listing.base(place), listing.inode(place), listing.path(place, places))
            for place in sorted(gone)
        ]
        return self._store.remove(places, removals, partial(listing.record, places, gone))

    def release(self) -> None:
        """Let go of the lock. Safe to call twice."""
        lock, self._lock = self._lock, None
        self._folder = None
        if lock is not None:
            if not (self._updated or self._listing.recorded):
                self._store.record(self._places, self._listing)
            lock.release()

    def __del__(self) -> None:
        # `holders` knows the lock, too, which is not to outlive who has it.
        if self._lock is not None:
            self._lock.release()
