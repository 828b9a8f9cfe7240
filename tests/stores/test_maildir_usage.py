"""Counting what a maildrop holds: by names, kept current, and never trusted too long."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from restante.maildrop.policies import Quota, Usage
from restante.ports.stores import OverQuota
from restante.stores.maildir import usage as usage_module
from restante.stores.maildir.places import Places, places_in
from restante.stores.maildir.usage import COUNT_HOLDS_SECONDS, Usages

FIVE = Quota(messages=5)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    return places_in(tmp_path, ours=True)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Which maildrops were counted by their names."""
    counted: list[bytes] = []
    count: Callable[[Places, float], object] = usage_module._count

    def noted(places: Places, now_seconds: float) -> object:
        counted.append(places.folder)
        return count(places, now_seconds)

    monkeypatch.setattr(usage_module, "_count", noted)
    return counted


def put(places: Places, name: str, octets: bytes = b"x\r\n") -> None:
    Path(os.fsdecode(places.new + b"/")).joinpath(name).write_bytes(octets)


def deliver(usages: Usages, places: Places, name: str, quota: Quota = FIVE) -> None:
    reservation = usages.reserve(places, quota, 3)
    with reservation.naming():
        put(places, f"{name},S=3,W=3")


def usage_of(usages: Usages, places: Places) -> Usage:
    with pytest.raises(OverQuota) as caught:
        usages.reserve(places, Quota(messages=0), 0)
    return caught.value.usage


def test_our_own_deliveries_are_added_without_counting_again(places: Places, counted: list[bytes]) -> None:
    usages = Usages()
    for number in range(5):
        deliver(usages, places, str(number))
    assert len(counted) == 1
    with pytest.raises(OverQuota) as caught:
        usages.reserve(places, FIVE, 3)
    assert caught.value.usage == Usage(messages=5, octets=15)


def test_a_message_is_refused_by_a_fresh_count_only(places: Places, counted: list[bytes]) -> None:
    usages = Usages()
    for number in range(5):
        deliver(usages, places, str(number))
    before = len(counted)
    with pytest.raises(OverQuota):
        usages.reserve(places, FIVE, 3)
    assert len(counted) == before + 1


@pytest.mark.parametrize("folder", ["new", "cur"])
def test_what_others_change_is_counted_anew(places: Places, folder: str, tmp_path: Path) -> None:
    usages = Usages()
    deliver(usages, places, "ours")
    (tmp_path / folder / "1.other").write_bytes(b"12345678\n")
    os.utime(tmp_path / folder, (1_600_000_000, 1_600_000_000))
    assert usage_of(usages, places) == Usage(messages=2, octets=12)
    (tmp_path / folder / "1.other").unlink()
    assert usage_of(usages, places) == Usage(messages=1, octets=3)


def test_a_count_does_not_hold_for_ever(places: Places, counted: list[bytes]) -> None:
    now = 0.0
    usages = Usages(monotonic=lambda: now)
    deliver(usages, places, "1")
    now = COUNT_HOLDS_SECONDS
    deliver(usages, places, "2")
    assert len(counted) == 1
    now = COUNT_HOLDS_SECONDS + 1
    deliver(usages, places, "3")
    assert len(counted) == 2


def test_room_that_was_set_aside_goes_with_whoever_set_it_aside(places: Places) -> None:
    usages = Usages()
    held = [usages.reserve(places, FIVE, 10) for _ in range(5)]
    with pytest.raises(OverQuota) as caught:
        usages.reserve(places, FIVE, 0)
    assert caught.value.usage == Usage(messages=5, octets=50)
    del held[2:], caught
    gc.collect()
    assert usage_of(usages, places) == Usage(messages=2, octets=20)


def test_a_message_that_does_not_get_its_name_is_not_counted(places: Places) -> None:
    usages = Usages()
    reservation = usages.reserve(places, FIVE, 10)
    with pytest.raises(OSError, match="no room"), reservation.naming():
        raise OSError("no room")
    assert usage_of(usages, places) == Usage(messages=1, octets=10)
    del reservation
    gc.collect()
    assert usage_of(usages, places) == Usage()


def test_hidden_files_and_folders_are_no_messages(places: Places, tmp_path: Path) -> None:
    put(places, ".hidden")
    (tmp_path / "cur" / "folder").mkdir()
    (tmp_path / "cur" / "link").symlink_to(tmp_path / "new")
    put(places, "1.message,S=3,W=4", b"x\n\n")
    assert usage_of(Usages(), places) == Usage(messages=1, octets=4)


def test_the_trash_does_not_count(places: Places) -> None:
    os.makedirs(places.trash + b"/2023-11-14")
    Path(os.fsdecode(places.trash + b"/2023-11-14/i1=1.x")).write_bytes(b"x\r\n")
    assert usage_of(Usages(), places) == Usage()


def test_a_fault_says_what_is_there_and_what_to_do(places: Places) -> None:
    put(places, "1.m,S=3,W=3")
    with pytest.raises(
        OverQuota, match=r"quota of 1 messages and 9 octets .* 1 messages and 3 octets: let the owner"
    ):
        Usages().reserve(places, Quota(messages=1, octets=9), 3)
    with pytest.raises(OverQuota, match=r"quota of 9 octets"):
        Usages().reserve(places, Quota(octets=9), 7)


def test_a_message_that_got_its_name_is_counted_once(places: Places) -> None:
    usages = Usages()
    reservation = usages.reserve(places, FIVE, 3)
    with reservation.naming():
        put(places, "1.m,S=3,W=3")
    assert usage_of(usages, places) == Usage(messages=1, octets=3)
    assert not reservation.is_held
