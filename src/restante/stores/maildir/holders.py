"""Who holds a maildrop and is not written down yet: known to this process, and on the disk once that is worth it.

Most sessions are over within a second, and nobody meets them: for those nothing is written. One timer for all, and
only while there is somebody to look after, has those written down that it finds twice, so that a session that lasts
is told to other processes within two seconds and an idle server does nothing. The writing is done by one job at a
time, in a thread: a disk that keeps it waiting keeps no session waiting, and costs no further thread.

How it fails: what could not be written (a full disk) is tried again; this process knows it all the same. A lock
that somebody lost without a release goes once it has been written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from restante.ports.stores import Holder
from restante.stores.maildir.lock import ExclusiveLock

__all__ = ["Holders"]

SWEEP_SECONDS: Final = 1.0
"""Who has held a maildrop for one to two of these is written down."""

SIGNED_AT_ONCE: Final = 1000
"""By one job; others wait for the next."""


class Holders:
    """The holders that are not written down yet, of one store on one event loop."""

    def __init__(self, threads: ThreadPoolExecutor, *, at_once: int = SIGNED_AT_ONCE) -> None:
        self._threads = threads
        self._at_once = at_once
        self._unsigned: dict[bytes, ExclusiveLock] = {}
        """By the folder; released ones, too, until the next sweep."""
        self._seen: frozenset[ExclusiveLock] = frozenset()
        """Those who were here at the last sweep."""
        self._timer: asyncio.TimerHandle | None = None
        self._job: asyncio.Future[None] | None = None

    def add(self, folder: bytes, lock: ExclusiveLock) -> None:
        """Look after the holder of a maildrop from now on."""
        self._unsigned[folder] = lock
        if self._timer is None:
            self._start_timer()

    def of(self, folder: bytes) -> Holder | None:
        """Give who holds a maildrop by a lock of this process and is not written down; None when nobody does."""
        lock = self._unsigned.get(folder)
        return None if lock is None else lock.holder

    def sweep(self) -> asyncio.Future[None] | None:
        """Have those written down who were here at the last sweep; give what is under way, if anything is."""
        self._unsigned = {folder: lock for folder, lock in self._unsigned.items() if lock.peer is not None}
        due: dict[bytes, ExclusiveLock] = {}
        for folder, lock in self._unsigned.items():
            if self._job is not None or len(due) == self._at_once:
                break
            if lock in self._seen:
                lock.begin_signing()
                due[folder] = lock
        self._seen = frozenset(self._unsigned.values())
        if due:
            try:
                job = asyncio.get_running_loop().run_in_executor(self._threads, _sign, tuple(due.values()))
            except RuntimeError:
                # No thread can be had: the machine has no more, or the store was closed.
                self._take_back(due)
            else:
                self._job = job
                job.add_done_callback(partial(self._end_job, due))
        return self._job

    def close(self) -> None:
        """Look after nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.sweep()
        if self._unsigned:
            self._start_timer()

    def _end_job(self, locks: dict[bytes, ExclusiveLock], job: asyncio.Future[None]) -> None:
        self._job = None
        self._take_back(locks)

    def _take_back(self, locks: dict[bytes, ExclusiveLock]) -> None:
        for folder, lock in locks.items():
            lock.end_signing()
            if lock.peer is not None and self._unsigned.get(folder) is lock:
                # What could not be written lets all others go first.
                del self._unsigned[folder]
                self._unsigned[folder] = lock


def _sign(locks: Sequence[ExclusiveLock]) -> None:
    for lock in locks:
        lock.sign()
