"""Listings kept between sessions, so that a poll of a maildrop that did not change costs no listing.

A listing holds as long as both folders bear the stamp they had when it was read; see `measure.CLOCK_GRAIN_NS` for
why that is proof. Bounded by maildrops and by messages; what was not used for longest goes first. For one thread.
"""

from __future__ import annotations

from collections import OrderedDict

from restante.stores.maildir.listing import Listing
from restante.stores.maildir.seen import Stamp

__all__ = ["ListingCache"]

CACHED_MAILDROPS = 10_000
"""An empty maildrop's listing takes about half a KiB."""

CACHED_MESSAGES = 500_000
"""In all maildrops together; each takes about 85 octets of memory, so this is some 40 MiB at the most, and as much
again where clients asked for LIST and UIDL, whose answers are kept."""


class ListingCache:
    """Listings by maildrop."""

    def __init__(self, *, maildrops: int = CACHED_MAILDROPS, messages: int = CACHED_MESSAGES) -> None:
        self._listings: OrderedDict[bytes, Listing] = OrderedDict()
        self._largest_maildrops = maildrops
        self._largest_messages = messages
        self._messages = 0

    def get(self, folder: bytes, stamp: Stamp) -> Listing | None:
        """Give a maildrop's listing if it still holds."""
        listing = self._listings.get(folder)
        if listing is None or listing.stamp != stamp or listing.refuted:
            return None
        self._listings.move_to_end(folder)
        return listing

    def put(self, folder: bytes, listing: Listing) -> None:
        """Keep a listing, unless its stamp proves nothing."""
        self.drop(folder)
        if listing.stamp is None or len(listing) > self._largest_messages:
            return
        self._listings[folder] = listing
        self._messages += len(listing)
        while len(self._listings) > self._largest_maildrops or self._messages > self._largest_messages:
            self.drop(next(iter(self._listings)))

    def drop(self, folder: bytes) -> None:
        """Forget a maildrop's listing, if there is one."""
        listing = self._listings.pop(folder, None)
        if listing is not None:
            self._messages -= len(listing)
