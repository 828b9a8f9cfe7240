"""The trash: what waits there, how it comes in and goes back, and what a crash leaves at each step."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import pytest

from restante.stores.maildir import removal, trash
from restante.stores.maildir.disk import Disk
from restante.stores.maildir.index import ANY_FILE, IdRow, Index
from restante.stores.maildir.listing import list_maildrop
from restante.stores.maildir.names import base_of
from restante.stores.maildir.places import Places, places_in
from restante.stores.maildir.removal import RESERVE_OCTETS, Removal, finish, make_reserve, remove
from restante.testing.faults import FaultyDisk, FullDisk, fail_with, kill

# Not by plain fork: the tests' own process may have threads. Loaded ahead, so that each child starts at once.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(
    ["restante.testing.faults", "restante.testing.store_contract", "restante.stores.maildir"]
)

NOW = 1_700_000_000.0
DAY = trash.day_of(NOW)
DAY_SECONDS = 86_400


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    places = places_in(tmp_path, ours=True)
    make_reserve(places, Disk())
    return places


def fill(places: Places, count: int, *, start: int = 0) -> list[Removal]:
    removals = []
    for n in range(start, start + count):
        folder, flags = (places.cur, b":2,S") if n % 3 == 0 else (places.new, b"")
        base = b"17000%05d.M%06dP1Q%dR%06x.mail,S=40,W=40" % (n, n * 7919 % 1_000_000, n, n * 104729 % 2**24)
        path = folder + b"/" + base + flags
        Path(os.fsdecode(path)).write_bytes(b"%38d\r\n" % n)
        removals.append(Removal(base, ANY_FILE, path))
    return removals


def left(places: Places) -> set[bytes]:
    return {base_of(name) for folder in (places.new, places.cur) for name in os.listdir(folder)}


def trashed(places: Places) -> set[bytes]:
    return {one.base for one in trash.read_trash(places)}


def bases(removals: list[Removal]) -> set[bytes]:
    return {one.base for one in removals}


def test_the_day_of_removal_is_in_universal_time() -> None:
    assert DAY == b"2023-11-14"


def test_removed_mail_is_durable_in_the_trash_before_it_leaves_the_maildrop(places: Places) -> None:
    disk = FaultyDisk()
    remove(places, disk, fill(places, 2), day=DAY)
    assert [step.split()[0] for step in disk.steps] == [
        *("make_folder", "sync_folder", "make_folder", "sync_folder"),
        *("open_to_overwrite", "write", "sync", "rename", "sync_folder"),
        *("link", "link", "sync_folder"),
        *("unlink", "unlink", "sync_folder", "sync_folder"),
        "rename",
    ]
    assert disk.steps[11] == f"sync_folder {DAY.decode()}"
    assert left(places) == set()
    assert len(trashed(places)) == 2


def test_the_trash_is_no_folder_of_mail_to_other_programs(places: Places) -> None:
    """Those are dot-folders, and folders with cur, new and tmp in them."""
    remove(places, Disk(), fill(places, 2), day=DAY)
    assert not places.trash.rpartition(b"/")[2].startswith(b".")
    below = [name for path in (places.trash, places.trash + b"/" + DAY) for name in os.listdir(path)]
    assert not {b"cur", b"new", b"tmp"} & set(below)
    assert not any(name.startswith(b".") for name in below)
    assert os.stat(places.trash).st_mode & 0o777 == 0o700


def die_removing(step: int, folder: bytes, removals: list[Removal], reserve: int) -> None:
    removal.RESERVE_OCTETS = reserve
    remove(Places(folder=folder, ours=True), FaultyDisk(at_step=step, fault=kill), removals, day=DAY)


def in_child(step: int, places: Places, removals: list[Removal], reserve: int = RESERVE_OCTETS) -> int | None:
    child = CHILDREN.Process(target=die_removing, args=(step, places.folder, removals, reserve))
    child.start()
    child.join()
    return child.exitcode


@pytest.mark.rule("S5")
@pytest.mark.parametrize(("count", "reserve"), [(1, RESERVE_OCTETS), (3, RESERVE_OCTETS), (4, 150)])
def test_killed_at_any_step_all_are_moved_or_none_and_none_is_lost(
    places: Places, monkeypatch: pytest.MonkeyPatch, count: int, reserve: int
) -> None:
    monkeypatch.setattr(removal, "RESERVE_OCTETS", reserve)
    steps = FaultyDisk()
    remove(places, steps, fill(places, count), day=DAY)
    outcomes = set()
    for step in range(1, len(steps.steps) + 1):
        shutil.rmtree(places.trash, ignore_errors=True)
        removals = fill(places, count)
        kept = bases(fill(places, 2, start=count))
        assert in_child(step, places, removals, reserve) == -signal.SIGKILL
        finish(places, Disk())
        rest = left(places)
        assert kept <= rest
        gone = bases(removals) - rest
        assert gone in (set(), bases(removals)), f"half moved at step {step} {steps.steps[step - 1]}"
        assert gone <= trashed(places), f"lost at step {step} {steps.steps[step - 1]}"
        assert not os.path.exists(places.redo)
        outcomes.add(bool(gone))
        # Whatever was left behind, the owner can have all of it back, each message once.
        assert trash.restore(places, Disk(), trash.read_trash(places)) == []
        listing = list_maildrop(places)
        assert len(listing) == count + 2
        assert set(listing.snapshot.unique_ids) == bases(removals) | kept
        assert trashed(places) == set()
    assert outcomes == {False, True}


def die_restoring(step: int, folder: bytes) -> None:
    places = Places(folder=folder, ours=True)
    trash.restore(places, FaultyDisk(at_step=step, fault=kill), trash.read_trash(places))


def test_killed_while_bringing_back_nothing_is_lost_and_nothing_is_doubled(places: Places) -> None:
    removals = fill(places, 3)
    remove(places, Disk(), removals, day=DAY)
    steps = FaultyDisk()
    trash.restore(places, steps, trash.read_trash(places))
    assert len(steps.steps) == 3 + 2 + 3
    for step in range(1, len(steps.steps) + 1):
        remove(places, Disk(), [one._replace(path=b"") for one in removals], day=DAY)
        assert left(places) == set()
        child = CHILDREN.Process(target=die_restoring, args=(step, places.folder))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert left(places) | trashed(places) == bases(removals)
        assert trash.restore(places, Disk(), trash.read_trash(places)) == []
        assert sorted(list_maildrop(places).snapshot.unique_ids) == sorted(bases(removals))
        assert trashed(places) == set()


@pytest.mark.rule("C9")
def test_mail_comes_back_with_its_unique_id_its_flags_and_its_place(places: Places) -> None:
    removals = fill(places, 7)
    Path(os.fsdecode(places.new + b"/1700000003.foreign,X=1")).write_bytes(b"lf\n")
    Index(places.index).remember(unique_ids=[IdRow(removals[2].base, ANY_FILE, b"UID-17")])
    before = list_maildrop(places)
    files = sorted(os.listdir(places.cur)), sorted(os.listdir(places.new))
    gone = [Removal(before.base(n), before.inode(n), before.path(n, places)) for n in (0, 2, 3, 5)]
    remove(places, Disk(), gone, day=DAY)
    there = trash.read_trash(places)
    assert [one.unique_id for one in there] == [before.snapshot.unique_ids[n] for n in (0, 2, 3, 5)]
    assert [one.octets for one in there] == [before.snapshot.octets(n + 1) for n in (0, 2, 3, 5)]  # type: ignore[arg-type]  # a number is an int
    assert {one.removed.isoformat() for one in there} == {"2023-11-14"}
    assert trash.restore(places, Disk(), there) == []
    after = list_maildrop(places)
    assert after.snapshot.unique_ids == before.snapshot.unique_ids
    assert after.snapshot.scan_listing == before.snapshot.scan_listing
    assert (sorted(os.listdir(places.cur)), sorted(os.listdir(places.new))) == files


@pytest.mark.rule("C9")
def test_two_files_of_one_name_are_kept_apart_and_come_back_as_they_were(places: Places) -> None:
    for folder, octets in ((places.new, b"one\r\n"), (places.cur, b"three\r\n")):
        Path(os.fsdecode(folder + b"/1700000000.same")).write_bytes(octets)
    before = list_maildrop(places)
    gone = [Removal(before.base(n), before.inode(n), before.path(n, places)) for n in range(2)]
    assert all(one.inode != ANY_FILE for one in gone)
    remove(places, Disk(), gone, day=DAY)
    there = trash.read_trash(places)
    assert [one.unique_id for one in there] == list(before.snapshot.unique_ids)
    # Both were without flags, so both go to `new`, where there is one place of that name.
    refused = trash.restore(places, Disk(), there)
    assert len(refused) == 1
    assert len(list_maildrop(places)) == 1
    assert trash.read_trash(places) == refused


def test_a_name_that_another_message_bears_by_now_is_left_in_the_trash(places: Places) -> None:
    removals = fill(places, 1)
    remove(places, Disk(), removals, day=DAY)
    Path(os.fsdecode(places.cur + b"/" + removals[0].base + b":2,F")).write_bytes(b"another")
    there = trash.read_trash(places)
    assert trash.restore(places, Disk(), there) == there
    assert trashed(places) == bases(removals)
    assert len(os.listdir(places.cur)) == 1


def test_a_message_whose_flags_changed_while_it_was_removed_is_one_message(places: Places) -> None:
    (one,) = fill(places, 1, start=1)
    trash.make_day(places, Disk(), DAY)
    trash.keep(places, Disk(), DAY, [one.path])
    os.rename(one.path, places.cur + b"/" + one.base + b":2,S")
    remove(places, Disk(), [one], day=DAY)
    assert len(os.listdir(places.trash + b"/" + DAY)) == 2
    assert len(trash.read_trash(places)) == 1
    assert trash.restore(places, Disk(), trash.read_trash(places)) == []
    assert len(list_maildrop(places)) == 1
    assert os.listdir(places.trash + b"/" + DAY) == []


def test_names_that_leave_no_room_for_the_inode_come_and_go_too(places: Places) -> None:
    name = b"1700000000." + b"x" * 244
    Path(os.fsdecode(places.new + b"/" + name)).write_bytes(b"x\r\n")
    remove(places, Disk(), [Removal(name, ANY_FILE, places.new + b"/" + name)], day=DAY)
    assert trashed(places) == {name}
    trash.restore(places, Disk(), trash.read_trash(places))
    assert os.listdir(places.new) == [name]


@pytest.mark.parametrize(
    ("days_later", "days", "stays"), [(7, 7, True), (8, 7, False), (0, 0, True), (1, 0, False)]
)
def test_what_is_removed_waits_its_whole_days(places: Places, days_later: int, days: int, stays: bool) -> None:
    removals = fill(places, 2)
    remove(places, Disk(), removals, day=DAY)
    now = NOW + days_later * DAY_SECONDS
    due = trash.sweep(places, Disk(), now=now, days=days, dry_run=True)
    assert len(trashed(places)) == 2
    assert trash.sweep(places, Disk(), now=now, days=days) == due == (0 if stays else 2)
    assert bool(trashed(places)) is stays
    assert os.path.exists(places.trash + b"/" + DAY) is stays


def test_what_does_not_look_like_a_day_is_left_alone(places: Places) -> None:
    for name in (b"notes", b"2023-13-45", b"2023-01-01.bak"):
        os.makedirs(places.trash + b"/" + name)
    Path(os.fsdecode(places.trash + b"/2023-01-01.bak/x")).write_bytes(b"x")
    assert trash.sweep(places, Disk(), now=NOW, days=0) == 0
    assert trash.read_trash(places) == []
    assert len(os.listdir(places.trash)) == 3


@pytest.mark.parametrize("where", ["trash", "day"])
def test_a_trash_that_leads_elsewhere_is_not_followed(places: Places, tmp_path: Path, where: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    if where == "trash":
        os.symlink(tmp_path / "elsewhere", places.trash)
    else:
        os.mkdir(places.trash)
        os.symlink(tmp_path / "elsewhere", places.trash + b"/" + DAY)
    removals = fill(places, 2)
    with pytest.raises(NotADirectoryError):
        remove(places, Disk(), removals, day=DAY)
    with pytest.raises(NotADirectoryError):
        trash.sweep(places, Disk(), now=NOW + 9 * DAY_SECONDS, days=0)
    assert left(places) == bases(removals)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.rule("S5")
def test_a_full_disk_keeps_no_trash_and_removes_all_the_same(places: Places) -> None:
    remove(places, FullDisk(), fill(places, 20), day=DAY)
    assert left(places) == set()
    assert trashed(places) == set()


@pytest.mark.rule("S5")
def test_a_disk_that_fills_up_on_the_way_removes_all_the_same(places: Places) -> None:
    disk = FaultyDisk()
    remove(places, disk, fill(places, 4), day=DAY)
    trash.restore(places, Disk(), trash.read_trash(places))
    third = [n for n, step in enumerate(disk.steps, 1) if step.startswith("link")][2] - 4
    full = FaultyDisk(at_step=third, fault=fail_with(errno.ENOSPC))
    remove(places, full, fill(places, 4), day=DAY)
    assert full.steps[third - 1].startswith("link")
    assert left(places) == set()
    assert len(trashed(places)) == 2


def test_a_disk_without_hard_links_keeps_a_trash_too(places: Places) -> None:
    class NoLinks(Disk):
        def link(self, path: bytes, name: bytes) -> None:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    removals = fill(places, 3)
    remove(places, NoLinks(), removals, day=DAY)
    assert left(places) == set()
    assert trashed(places) == bases(removals)
    assert trash.restore(places, NoLinks(), trash.read_trash(places)) == []
    assert left(places) == bases(removals)


def test_the_record_of_a_move_is_refused_by_who_does_not_know_it(places: Places) -> None:
    """By its first words: else what was to be kept would be gone."""
    removals = fill(places, 3)
    steps = FaultyDisk()
    remove(places, steps, removals, day=DAY)
    trash.restore(places, Disk(), trash.read_trash(places))
    committed = steps.steps.index("link " + os.fsdecode(removals[0].path.rpartition(b"/")[2])) + 1 - 4
    assert in_child(committed, places, removals) == -signal.SIGKILL
    with open(places.redo, "rb") as file:
        assert file.read(15) == b"restante redo 2"
    trash.sweep(places, Disk(), now=NOW + 9 * DAY_SECONDS, days=0)
    assert finish(places, Disk())
    assert trashed(places) == bases(removals)
