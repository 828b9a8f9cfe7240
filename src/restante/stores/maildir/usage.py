"""How much a maildrop holds, for quotas: counted by names, and kept current by our own deliveries.

A count holds while both folders bear the stamp they had, and no longer than five minutes; our own deliveries are
added to it. Where nothing else changes a maildrop, a delivery costs six stats. A message is refused only by a fresh
count.

How exact it is: within a process to the message, those under way included. Other processes are seen once their
message has its name, so a quota can be passed by what they have under way at that moment; and by what they name
within the same tick of the kernel's clock as one of ours, until the count is made anew. Foreign files whose names
do not tell their octets count with those in the file, which are a little fewer than those of LIST. The trash does
not count: the owner can neither see it nor empty it, and removing mail has to make room.

Fails with OverQuota, and with OSError as the folders do.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Final, NamedTuple
from weakref import WeakSet

from restante.maildrop.policies import Quota, Usage
from restante.ports.stores import OverQuota
from restante.stores.maildir import names
from restante.stores.maildir.listing import stamp_of
from restante.stores.maildir.places import Places
from restante.stores.maildir.seen import Stamp

__all__ = ["Reservation", "Usages"]

COUNT_HOLDS_SECONDS: Final = 300.0
COUNTED_MAILDROPS: Final = 10_000
LOCKS: Final = 64
"""Deliveries into maildrops that share one of these wait for each other while they are named: some microseconds."""


class _Count(NamedTuple):
    stamp: Stamp | None
    """None: something changed while it was counted."""
    usage: Usage
    counted_seconds: float


class Usages:
    """What is in the maildrops that have a quota. For any number of threads."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._counts: OrderedDict[bytes, _Count] = OrderedDict()
        self._under_way: dict[bytes, WeakSet[Reservation]] = {}
        """What is reserved goes with whoever reserved it, however that ends."""
        self._locks = [Lock() for _ in range(LOCKS)]
        self._table = Lock()

    def reserve(self, places: Places, quota: Quota, octets: int) -> Reservation:
        """Set room aside for a message of that many octets. Raises OverQuota, OSError."""
        folder = places.folder
        with self._lock(folder):
            count = self._held(places)
            if count is None or not quota.has_room(self._with_reserved(folder, count), octets):
                count = _count(places, self._monotonic())
                self._put(folder, count)
                usage = self._with_reserved(folder, count)
                if not quota.has_room(usage, octets):
                    raise OverQuota(quota, usage)
            reservation = Reservation(self, places, octets)
            self._under_way.setdefault(folder, WeakSet()).add(reservation)
        return reservation

    @contextlib.contextmanager
    def naming(self, places: Places, octets: int) -> Iterator[None]:
        """Add a message that gets its name in the block, if the block ends well. Raises OSError."""
        folder = places.folder
        with self._lock(folder):
            before = stamp_of(places)
            yield
            count = self._counts.get(folder)
            if count is not None and count.stamp == before:
                usage = Usage(messages=count.usage.messages + 1, octets=count.usage.octets + octets)
                self._put(folder, count._replace(stamp=stamp_of(places), usage=usage))

    def _lock(self, folder: bytes) -> Lock:
        return self._locks[hash(folder) % LOCKS]

    def _held(self, places: Places) -> _Count | None:
        """Give the count there is, if it holds."""
        count = self._counts.get(places.folder)
        if (
            count is None
            or self._monotonic() - count.counted_seconds > COUNT_HOLDS_SECONDS
            or count.stamp is None
            or count.stamp != stamp_of(places)
        ):
            return None
        return count

    def _with_reserved(self, folder: bytes, count: _Count) -> Usage:
        held = [one.octets for one in self._under_way.get(folder, ()) if one.is_held]
        if not held:
            self._under_way.pop(folder, None)
        return Usage(messages=count.usage.messages + len(held), octets=count.usage.octets + sum(held))

    def _put(self, folder: bytes, count: _Count) -> None:
        with self._table:
            self._counts[folder] = count
            self._counts.move_to_end(folder)
            while len(self._counts) > COUNTED_MAILDROPS:
                self._counts.popitem(last=False)


class Reservation:
    """Room set aside for a message under way; it goes when the message gets its name, or with the object."""

    __slots__ = ("__weakref__", "_places", "_usages", "is_held", "octets")

    def __init__(self, usages: Usages, places: Places, octets: int) -> None:
        self._usages = usages
        self._places = places
        self.octets = octets
        self.is_held = True

    @contextlib.contextmanager
    def naming(self) -> Iterator[None]:
        """Turn it into a message that gets its name in the block. Raises OSError."""
        with self._usages.naming(self._places, self.octets):
            yield
            self.is_held = False


def _count(places: Places, now_seconds: float) -> _Count:
    stamp = stamp_of(places)
    messages = octets = 0
    for folder in (places.new, places.cur):
        with os.scandir(folder) as files:
            for file in files:
                if file.name[0] == 0x2E or not file.is_file(follow_symlinks=False):
                    continue
                wire_octets = names.parse(file.name).wire_octets
                if wire_octets == names.UNKNOWN:
                    try:
                        wire_octets = file.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:
                        continue
                messages += 1
                octets += wire_octets
    return _Count(
        stamp=stamp if stamp_of(places) == stamp else None,
        usage=Usage(messages=messages, octets=octets),
        counted_seconds=now_seconds,
    )
