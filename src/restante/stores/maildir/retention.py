"""The retention policy in a session: how old each message is, and which go at UPDATE.

A message came at the time its file's name tells; where that tells none, at the file's own time. When it was first
retrieved is a row in the index, written at QUIT and not before: a session that breaks off, and so perhaps broke off
in the middle of a message, starts no message's last days. A crash before the row is durable loses it: the message
then stays until it is retrieved again. Never the other way round.

What a poll costs under a policy: one stat of the index and a comparison, as long as no message is due.
Sources: RFC 1939 §8, RFC 2449 §6.7.
"""

# Paths are octets here, and pathlib does not take those.
from __future__ import annotations

import contextlib
import os
from array import array
from collections.abc import Callable, Collection
from functools import partial

from restante.maildrop.policies import NEVER, RetentionPolicy
from restante.ports.soon import Later, Soon
from restante.ports.stores import StoreFull
from restante.proto.terms import MessageNumber
from restante.stores.maildir import names
from restante.stores.maildir.index import Index
from restante.stores.maildir.listing import Ages, Listing
from restante.stores.maildir.places import Places

__all__ = ["EARLIEST_ARRIVAL", "SessionRetention", "ages_of", "due_places"]

EARLIEST_ARRIVAL = 631_152_000
"""1 January 1990, before there were Maildirs: an earlier time in a name is a number of another kind."""

NEVER_CAME = 2**62
"""Seconds since the epoch of a message that is not there to be asked."""

InThread = Callable[[Callable[[], frozenset[int]]], Later[frozenset[int]]]
"""Runs work in a thread."""


class SessionRetention:
    """What one session has to do for the retention policy."""

    __slots__ = ("_clock", "_in_thread", "_listing", "_places", "_policy", "_retrieved")

    def __init__(
        self,
        policy: RetentionPolicy,
        listing: Listing,
        places: Places,
        *,
        clock: Callable[[], float],
        in_thread: InThread,
    ) -> None:
        self._policy = policy
        self._listing = listing
        self._places = places
        self._clock = clock
        self._in_thread = in_thread
        self._retrieved: set[int] = set()
        """Places, from 0."""

    def note_retrieved(self, number: MessageNumber) -> None:
        """Hear that a message went out by RETR."""
        if self._policy.expire_after_retrieval_days is not None:
            self._retrieved.add(number - 1)

    def due_besides(self, gone: frozenset[int]) -> Soon[frozenset[int]]:
        """Give the places of the messages that are due, but for those that go anyway: at once where none is.

        Remembers durably which of the others were retrieved. Raises StoreFault.
        """
        now = self._clock()
        ages = self._listing.ages
        if (
            ages is not None
            and now < ages.next_due
            and self._retrieved - gone <= ages.retrieved.keys()
            and ages.index_stamp == Index(self._places.index).stamp()
        ):
            return frozenset()
        return self._in_thread(partial(self._look, gone, now))

    def _look(self, gone: frozenset[int], now: float) -> frozenset[int]:
        listing, policy = self._listing, self._policy
        ages = ages_of(listing, self._places, policy)
        news = self._retrieved - gone - ages.retrieved.keys()
        due = due_places(ages, policy, now, retrieved_now=news) - gone
        news -= due
        if news:
            # On a full disk these are lost, and the messages stay until they are retrieved once more.
            with contextlib.suppress(StoreFull):
                messages = [(listing.base(place), listing.inode(place)) for place in sorted(news)]
                Index(self._places.index).note_retrieved(messages, int(now))
            ages = ages_of(listing, self._places, policy)
        listing.ages = ages
        return due


def ages_of(listing: Listing, places: Places, policy: RetentionPolicy) -> Ages:
    """Find out how old the messages of a listing are. Waits for the disk. Raises StoreFault."""
    stamp = Index(places.index).stamp()
    rows = Index(places.index).read_ages()
    received = listing.ages.received if listing.ages is not None else _arrivals(listing, places)
    retrieved: dict[int, int] = {}
    if rows:
        received = received[:]
        for place in range(len(listing)):
            age = rows.get((listing.base(place), listing.inode(place)))
            if age is not None:
                received[place] = max(received[place], age.restored or 0)
                if age.retrieved is not None:
                    retrieved[place] = age.retrieved
    next_due = min(
        (policy.due_at(received=came, retrieved=retrieved.get(place)) for place, came in enumerate(received)),
        default=NEVER,
    )
    return Ages(received=received, retrieved=retrieved, next_due=next_due, index_stamp=stamp)


def due_places(
    ages: Ages, policy: RetentionPolicy, now: float, *, retrieved_now: Collection[int] = ()
) -> frozenset[int]:
    """Give the places, from 0, of the messages that are due. `retrieved_now` are retrieved as of now."""
    if now < ages.next_due and not retrieved_now:
        return frozenset()
    return frozenset(
        place
        for place, received in enumerate(ages.received)
        if now
        >= policy.due_at(received=received, retrieved=now if place in retrieved_now else ages.retrieved.get(place))
    )


def _arrivals(listing: Listing, places: Places) -> array[int]:
    """Give when each message came, in whole seconds since the epoch."""
    arrivals = array("q")
    for place in range(len(listing)):
        seconds = names.parse(listing.base(place)).delivered_micros // 1_000_000
        if seconds < EARLIEST_ARRIVAL:
            try:
                seconds = int(os.lstat(listing.path(place, places)).st_mtime)
            except OSError:
                # Moved meanwhile: the next listing knows where to. This one never finds it due.
                seconds = NEVER_CAME
        arrivals.append(seconds)
    return arrivals
