"""Listings kept between sessions: valid as long as their stamps, and bounded."""

from __future__ import annotations

from restante.stores.maildir.cache import ListingCache
from restante.stores.maildir.columns import Columns, Entry
from restante.stores.maildir.listing import Listing
from restante.stores.maildir.seen import Stamp, stamp_from

STAMP = stamp_from(1, 1, 2, 2)


def listing(messages: int = 1, stamp: Stamp | None = STAMP) -> Listing:
    entries = [Entry(n, 0, b"%d" % n, False, b"%d" % n, n, 1, 1, 0, 0, False, 1) for n in range(messages)]
    return Listing(Columns.of(entries, [entry.base for entry in entries]), stamp)


def test_a_listing_holds_while_both_folders_bear_its_stamp() -> None:
    cache = ListingCache()
    kept = listing()
    cache.put(b"a", kept)
    assert cache.get(b"a", STAMP) is kept
    for other in ((1, 5), (5, 1)):
        assert cache.get(b"a", stamp_from(*other, 2, 2)) is None
        assert cache.get(b"a", stamp_from(1, 1, *other)) is None
    assert cache.get(b"b", STAMP) is None


def test_a_listing_that_proved_wrong_is_not_given() -> None:
    cache = ListingCache()
    kept = listing()
    cache.put(b"a", kept)
    kept.refute()
    assert cache.get(b"a", STAMP) is None


def test_a_stamp_that_proves_nothing_is_not_kept() -> None:
    cache = ListingCache()
    cache.put(b"a", listing())
    cache.put(b"a", listing(stamp=None))
    assert cache.get(b"a", STAMP) is None


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache = ListingCache(maildrops=2)
    cache.put(b"a", listing())
    cache.put(b"b", listing())
    cache.get(b"a", STAMP)
    cache.put(b"c", listing())
    assert [cache.get(folder, STAMP) is not None for folder in (b"a", b"b", b"c")] == [True, False, True]


def test_messages_are_bounded_over_all_maildrops() -> None:
    cache = ListingCache(messages=10)
    cache.put(b"a", listing(6))
    cache.put(b"b", listing(6))
    assert cache.get(b"a", STAMP) is None
    cache.put(b"b", listing(4))
    cache.put(b"c", listing(6))
    assert cache.get(b"b", STAMP) is not None
    cache.put(b"d", listing(11))
    assert cache.get(b"d", STAMP) is None
    assert cache.get(b"c", STAMP) is not None
