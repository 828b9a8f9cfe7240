"""Delivery into a Maildir, in two phases: durable and out of sight, then in its place.

Before all of them room is set aside within the account's quota, where it has one: in memory, so that a crash leaves
nothing of it.

The steps, and what a crash after each leaves behind; the sender was told nothing before the last, and sends again:

1. create `tmp/<name>`: an empty file that nobody reads, swept by `check` after 36 hours;
2. for a unique-id that was taken over, remember it: a row without a message, which the next try replaces, since
   nobody holds the flock on its file in `tmp` any more;
3. write the file, give it the time of its name, and fsync it: part of a message or all of it, that nobody reads,
   swept likewise;
4. link it into `new`, never over another file: the message is there, perhaps not after a power cut;
5. unlink the name in `tmp`: as after 4;
6. fsync `new`: the message is durable.

Deliveries that wait for step 6 in one folder at the same time share one fsync.
"""

# Paths are octets here, and pathlib does not take those.
# ruff: noqa: PTH112, PTH116, PTH120, PTH208
from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from restante.maildrop.policies import Quota
from restante.ports.stores import StoreFault
from restante.proto.terms import UniqueId
from restante.stores.maildir import names
from restante.stores.maildir.disk import Disk, fault
from restante.stores.maildir.index import Index
from restante.stores.maildir.measure import CLOCK_GRAIN_NS, facts_of
from restante.stores.maildir.places import Places
from restante.stores.maildir.removal import make_reserve
from restante.stores.maildir.trash import NO_LINKS
from restante.stores.maildir.usage import Reservation, Usages

__all__ = ["Deliveries", "StagedFile", "ensure_folders"]

T = TypeVar("T")


def ensure_folders(places: Places, disk: Disk) -> None:
    """Make a maildrop's folders on need, durably.

    The Maildir of a foreign account is there by the administrator's word: when it is missing that is a StoreFault,
    since a typing error must not become a maildrop. Also raises OSError.
    """
    if places.ours:
        parent = os.path.dirname(places.folder)
        for folder in (parent, places.folder):
            if not os.path.isdir(folder):
                disk.make_folder(folder)
                disk.sync_folder(os.path.dirname(folder))
    elif not os.path.isdir(places.folder):
        raise StoreFault(
            f"{os.fsdecode(places.folder)}: the account's Maildir is not there: make it, owned by the user that "
            f"runs Restante, or set another one for the account"
        )
    made = False
    for folder in (places.new, places.cur, places.tmp):
        if not os.path.lexists(folder):
            disk.make_folder(folder)
            made = True
    if made:
        disk.sync_folder(places.folder)
        make_reserve(places, disk)


class Deliveries:
    """Writes messages into Maildirs, in threads of its own."""

    def __init__(self, *, hostname: str, clock: Callable[[], float], disk: Disk, threads: Executor) -> None:
        self._hostname = hostname
        self._clock = clock
        self._disk = disk
        self._threads = threads
        self._counter = itertools.count(1)
        self._syncing: dict[bytes, asyncio.Future[None]] = {}
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self._cur: tuple[bytes, int, int, frozenset[bytes]] | None = None
        self._usages = Usages()

    async def stage(
        self, places: Places, parts: Sequence[bytes], unique_id: UniqueId | None, quota: Quota | None = None
    ) -> StagedFile:
        """Do steps 1 to 3.

        Raises OverQuota, StoreFull, StoreFault, and ValueError for a unique-id that is there already.
        """
        # Time and counter are taken here and not in the thread: messages are numbered in the order of the calls.
        when, counter = self._clock(), next(self._counter)
        base, guard, reservation = await self.in_thread(
            partial(self._write, places, parts, unique_id, when=when, counter=counter, quota=quota)
        )
        return StagedFile(self, places, base, guard, reservation)

    async def in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        """Run work that waits for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))

    def _write(
        self,
        places: Places,
        parts: Sequence[bytes],
        unique_id: UniqueId | None,
        *,
        when: float,
        counter: int,
        quota: Quota | None,
    ) -> tuple[bytes, FileGuard | None, Reservation | None]:
        facts, micros = facts_of(parts), int(when * 1_000_000)
        base = names.build(
            micros=micros,
            pid=os.getpid(),
            counter=counter,
            random=secrets.token_hex(3),
            host=self._hostname,
            file_octets=facts.file_octets,
            wire_octets=facts.wire_octets,
            surrogate_octets=facts.surrogate_octets,
            dots=facts.dots,
        )
        path = places.tmp + b"/" + base
        try:
            reservation = None if quota is None else self._reserve(places, quota, facts.wire_octets)
            try:
                guard = FileGuard(self._disk.create(path))
            except FileNotFoundError:
                ensure_folders(places, self._disk)
                guard = FileGuard(self._disk.create(path))
            try:
                if unique_id is not None:
                    guard.hold()
                    self._take_over(places, base, unique_id)
                self._disk.write(guard.descriptor, parts)
                self._disk.set_time(guard.descriptor, micros * 1000)
                self._disk.sync(guard.descriptor)
            except BaseException:
                self.forget(places, base, unique_id is not None)
                raise
        except OSError as error:
            raise fault(error, path) from error
        return base, None if unique_id is None else guard, reservation

    def _reserve(self, places: Places, quota: Quota, octets: int) -> Reservation:
        try:
            return self._usages.reserve(places, quota, octets)
        except FileNotFoundError:
            ensure_folders(places, self._disk)
            return self._usages.reserve(places, quota, octets)

    def _take_over(self, places: Places, base: bytes, unique_id: UniqueId) -> None:
        if self._is_there(places, unique_id) or not Index(places.index).claim_id(
            base, unique_id, is_there=partial(self._is_there, places)
        ):
            raise ValueError(f"the unique-id is there already: {unique_id!r}")

    def _is_there(self, places: Places, base: bytes) -> bool:
        if b"/" in base:
            return False
        return (
            os.path.lexists(places.new + b"/" + base)
            or base in self._bases_in_cur(places)
            or is_held(places.tmp + b"/" + base)
        )

    def _bases_in_cur(self, places: Places) -> frozenset[bytes]:
        # An import asks this once for each message: one listing serves as long as nothing moves there.
        stamp = os.stat(places.cur).st_mtime_ns
        if self._cur is not None and self._cur[:2] == (places.cur, stamp) and self._cur[2] - stamp > CLOCK_GRAIN_NS:
            return self._cur[3]
        now_ns = time.time_ns()
        bases = frozenset(names.base_of(name) for name in os.listdir(places.cur))
        self._cur = (places.cur, stamp, now_ns, bases)
        return bases

    def place(self, places: Places, base: bytes, reservation: Reservation | None = None) -> None:
        """Do steps 4 and 5. Raises StoreFault; then the message is in neither place."""
        draft, path = places.tmp + b"/" + base, places.new + b"/" + base
        try:
            with contextlib.nullcontext() if reservation is None else reservation.naming():
                try:
                    self._disk.link(draft, path)
                except OSError as error:
                    if error.errno not in NO_LINKS or os.path.lexists(path):
                        raise
                    self._disk.rename(draft, path)
                else:
                    with contextlib.suppress(OSError):
                        self._disk.unlink(draft)
        except OSError as error:
            raise fault(error, path) from error

    async def sync_new(self, places: Places) -> None:
        """Do step 6, together with all that wait for it in the same folder. Raises StoreFault."""
        folder = places.new
        waiting = self._waiting.get(folder)
        if waiting is None:
            waiting = asyncio.ensure_future(self._sync_after(self._syncing.get(folder), folder))
            waiting.add_done_callback(_hear)
            self._waiting[folder] = waiting
        await asyncio.shield(waiting)

    async def _sync_after(self, before: asyncio.Future[None] | None, folder: bytes) -> None:
        if before is not None:
            await asyncio.wait([before])
        # Whoever comes from here on may have linked its message after this fsync began, and starts the next one.
        own = self._syncing[folder] = self._waiting.pop(folder)
        try:
            await self.in_thread(self._disk.sync_folder, folder)
        except OSError as error:
            raise fault(error, folder) from error
        finally:
            if self._syncing.get(folder) is own:
                del self._syncing[folder]

    def forget(self, places: Places, base: bytes, took_over_id: bool, *, placed: bool = False) -> None:
        """Remove what was staged, or placed but not durably. Never fails."""
        for folder in (places.tmp, places.new) if placed else (places.tmp,):
            with contextlib.suppress(OSError):
                self._disk.unlink(folder + b"/" + base)
        if took_over_id:
            with contextlib.suppress(StoreFault):
                Index(places.index).forget_id(base)


class FileGuard:
    """Keeps a file that is being staged open; closes it with its last user."""

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def hold(self) -> None:
        """Let others see that the file is still somebody's: the kernel tells, and goes with the process."""
        fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def __del__(self) -> None:
        os.close(self.descriptor)


def is_held(path: bytes) -> bool:
    """Tell whether some process still holds a file that it stages."""
    try:
        guard = FileGuard(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC))
        guard.hold()
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class StagedFile:
    """A message in `tmp`, durable there."""

    def __init__(
        self,
        deliveries: Deliveries,
        places: Places,
        base: bytes,
        guard: FileGuard | None,
        reservation: Reservation | None,
    ) -> None:
        self._deliveries = deliveries
        self._places = places
        self._base = base
        self._guard = guard
        """Held while a unique-id that was taken over is not yet a message's."""
        self._reservation = reservation
        """Held while it counts as under way."""
        self._staged = True

    async def publish(self) -> None:
        """Put it into the maildrop, durably. Raises StoreFault; then it is not there, and is to be staged anew."""
        deliveries, places = self._deliveries, self._places
        self._staged = False
        placed = False
        try:
            await deliveries.in_thread(deliveries.place, places, self._base, self._reservation)
            placed = True
            await deliveries.sync_new(places)
        except StoreFault:
            await self._forget(placed=placed)
            raise
        self._guard = None

    async def discard(self) -> None:
        """Forget it. Does nothing once it was published."""
        if self._staged:
            self._staged = False
            await self._forget(placed=False)

    async def _forget(self, *, placed: bool) -> None:
        forget = partial(self._deliveries.forget, placed=placed)
        await self._deliveries.in_thread(forget, self._places, self._base, self._guard is not None)
        self._guard = self._reservation = None


def _hear(done: asyncio.Future[None]) -> None:
    # All who waited may be gone: a fault is no fault of theirs then.
    if not done.cancelled():
        done.exception()
