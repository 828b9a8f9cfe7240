"""Columns as octets, and listings at rest: nothing is lost, and so much memory is taken and no more."""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.maildrop.snapshot import Snapshot
from restante.proto.terms import MessageNumber
from restante.stores.maildir.columns import Columns
from restante.stores.maildir.listing import Listing, list_maildrop
from restante.stores.maildir.names import build
from restante.stores.maildir.packing import FEW_MESSAGES, Shelf, pack, unpack
from restante.stores.maildir.places import Places, places_in

FIRST_MICROS = 1_700_000_000_123_456


def our_name(number: int, octets: int = 5_500) -> bytes:
    return build(
        micros=FIRST_MICROS + number * 3_210_987,
        pid=4711,
        counter=number,
        random=f"{number % 7:06x}",
        host="mx.example",
        file_octets=octets,
        wire_octets=octets,
        surrogate_octets=0,
        dots=0,
    )


def columns(count: int, *, octets: int = 5_500, told: bool = True) -> Columns:
    names = [our_name(number, octets) for number in range(count)]
    return Columns.made(
        names=names,
        in_cur=[0] * count,
        inodes=[40_000 + 7_919 * number % 100_000 for number in range(count)],
        file_octets=[octets] * count,
        wire_octets=[octets] * count,
        surrogate_octets=[],
        dots=[0] * count,
        bare_lf=[0] * count,
        mtimes_ns=[(FIRST_MICROS + number * 3_210_987) * 1000 + (not told) for number in range(count)],
        unique_ids=names,
        doubled=(),
    )


@given(
    rows=st.lists(
        st.tuples(
            st.integers(min_value=0, max_value=2**63),
            st.integers(min_value=0, max_value=2**63),
            st.integers(min_value=0, max_value=300),
            st.integers(min_value=-1, max_value=2**62),
            st.booleans(),
            st.sampled_from([b"", b":2,", b":2,S"]),
        ),
        max_size=5,
    ),
    own_ids=st.booleans(),
    doubled=st.booleans(),
)
def test_what_was_packed_is_unpacked(
    rows: list[tuple[int, int, int, int, bool, bytes]], own_ids: bool, doubled: bool
) -> None:
    made = Columns.made(
        names=[b"%d.x%b" % (n, row[5]) for n, row in enumerate(rows)],
        in_cur=[row[4] for row in rows],
        inodes=[row[1] for row in rows],
        file_octets=[row[0] for row in rows],
        wire_octets=[row[0] + row[4] for row in rows],
        surrogate_octets=[row[0] // 2 for row in rows],
        dots=[row[2] for row in rows],
        bare_lf=[row[4] for row in rows],
        mtimes_ns=[row[3] for row in rows],
        unique_ids=[b"%d.x" % n if own_ids else b"id-%d" % n for n in range(len(rows))],
        doubled=range(len(rows)) if doubled else (),
    )
    assert unpack(pack(made)) == made
    assert Shelf(made).columns == made
    assert unpack(Shelf(made).packed) == made


@pytest.mark.parametrize("told", [True, False])
def test_times_come_back_whether_names_tell_them_or_not(told: bool) -> None:
    made = columns(3, told=told)
    assert unpack(pack(made)).mtimes_ns == made.mtimes_ns
    assert (len(pack(made)) < len(pack(columns(3, told=not told)))) is told


def test_unique_ids_that_are_the_names_are_the_same_run() -> None:
    made = columns(3)
    for each in (made, unpack(pack(made)), made.without({1})):
        assert each.unique_ids is each.names
        assert each.wire_octets is each.file_octets


def test_octets_past_4_gib_are_exact() -> None:
    made = columns(2, octets=2**33 + 1)
    assert list(unpack(pack(made)).file_octets) == [2**33 + 1] * 2


GOOD = pack(columns(2))
HEADER, _, BODY = GOOD.partition(b"\n")


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        HEADER,
        GOOD[:-1],
        GOOD + b"x",
        pack(columns(0)) + b"x\0",
        HEADER.replace(b"2 ", b"-2 ", 1) + b"\n" + BODY,
        HEADER.replace(b"2 ", b"3 ", 1) + b"\n" + BODY,
        HEADER.replace(b"H", b"-", 1) + b"\n" + BODY,
        HEADER.replace(b"H", b"d", 1) + b"\n" + BODY,
        HEADER.replace(b"-", b"--", 1) + b"\n" + BODY,
        GOOD.replace(b"R000000.", b"R00000/."),
        GOOD.replace(b"R000000.", b"R00000\0."),
        GOOD.replace(b"1700000000.", b"17000000xx."),
    ],
)
def test_what_does_not_add_up_is_refused(damaged: bytes) -> None:
    assert damaged != GOOD
    with pytest.raises(ValueError, match=r"."):
        unpack(damaged)


def resting(count: int) -> Listing:
    listing = Listing(columns(count), None)
    listing.rest()
    return listing


def test_a_listing_at_rest_tells_the_same_as_one_that_is_not() -> None:
    awake = Listing(columns(20), None)
    asks: list[Callable[[Snapshot], object]] = [
        lambda snapshot: snapshot.scan_listing,
        lambda snapshot: snapshot.unique_id_listing,
        lambda snapshot: snapshot.unique_ids,
        lambda snapshot: snapshot.octets(MessageNumber(20)),
        lambda snapshot: snapshot.dots(MessageNumber(20)),
        lambda snapshot: snapshot.unique_id(MessageNumber(20)),
        lambda snapshot: (len(snapshot), snapshot.count, snapshot.total_octets),
    ]
    for ask in asks:
        assert ask(resting(20).snapshot) == ask(awake.snapshot)
    assert resting(20).columns == awake.columns
    listing = resting(20)
    assert listing.columns is listing.columns


def test_what_a_session_learned_of_a_time_is_recorded_of_a_listing_that_rested(tmp_path: Path) -> None:
    places = maildrop(tmp_path / "m", 2)
    listing = list_maildrop(places)
    listing.columns.mtimes_ns[1] = 5
    listing.record(places)
    assert list_maildrop(places).columns.mtimes_ns[1] != 5, "a listing under no stamp is no listing"
    assert unpack(pack(listing.columns)).mtimes_ns[1] == 5


def maildrop(folder: Path, count: int) -> Places:
    for each in ("tmp", "new", "cur"):
        (folder / each).mkdir(parents=True)
    for number in range(count):
        name = os.fsencode(folder) + b"/new/" + our_name(number)
        with open(name, "wb"):
            pass
    return places_in(folder, ours=True)


def octets_of(make: Callable[..., object], *arguments: object, many: int = 50) -> float:
    """Give the octets of memory that each of what is made takes."""
    kept = [make(*arguments)]
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept += [make(*arguments) for _ in range(many)]
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) / many
    finally:
        tracemalloc.stop()


def test_a_listing_at_rest_takes_a_kibibyte_with_twenty_messages(tmp_path: Path) -> None:
    places = maildrop(tmp_path / "m", 20)
    assert octets_of(list_maildrop, places) <= 1_024


def test_a_message_takes_its_name_and_24_octets_once_it_was_asked_for() -> None:
    few, many = (octets_of(unpack, pack(columns(count)), many=5) for count in (0, 10_000))
    assert (many - few) / 10_000 <= len(our_name(5_000)) + 24


def test_an_empty_maildrop_takes_what_its_listing_takes_and_no_columns(tmp_path: Path) -> None:
    places = maildrop(tmp_path / "m", 0)
    assert list_maildrop(places).columns is list_maildrop(places).columns
    assert octets_of(list_maildrop, places) <= 320


def test_longer_listings_do_not_rest() -> None:
    """To pack them takes longer than it is worth, and whoever asks first would wait."""
    short, long = (octets_of(resting, count, many=5) for count in (FEW_MESSAGES, FEW_MESSAGES + 1))
    assert long > 2 * short
