"""UPDATE on disk: the order of its steps, what each fault leaves, and full disks."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from restante.ports.stores import StoreFault
from restante.stores.maildir import removal
from restante.stores.maildir.disk import Disk
from restante.stores.maildir.index import ANY_FILE
from restante.stores.maildir.names import base_of
from restante.stores.maildir.places import Places, places_in
from restante.stores.maildir.removal import RESERVE_OCTETS, Removal, finish, make_reserve, remove
from restante.testing.faults import FaultyDisk, FullDisk, fail_with, kill

# Not by plain fork: the tests' own process may have threads. Loaded ahead, so that each child starts at once.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(
    ["restante.testing.faults", "restante.testing.store_contract", "restante.stores.maildir"]
)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    places = places_in(tmp_path, ours=True)
    make_reserve(places, Disk())
    return places


def fill(places: Places, count: int) -> list[Removal]:
    removals = []
    for n in range(count):
        folder, flags = (places.cur, b":2,S") if n % 3 == 0 else (places.new, b"")
        base = b"17000%05d.M%06dP1Q%dR%06x.mail,S=40,W=40" % (n, n * 7919 % 1_000_000, n, n * 104729 % 2**24)
        path = folder + b"/" + base + flags
        Path(os.fsdecode(path)).write_bytes(b"x" * 38 + b"\r\n")
        removals.append(Removal(base, ANY_FILE, path))
    return removals


def left(places: Places) -> set[bytes]:
    return {base_of(name) for folder in (places.new, places.cur) for name in os.listdir(folder)}


def test_the_record_is_durable_before_the_first_removal_and_goes_after_the_last(places: Places) -> None:
    removals = fill(places, 3)
    disk = FaultyDisk()
    remove(places, disk, removals)
    assert [step.split()[0] + (" folder" if "restante" in step else "") for step in disk.steps] == [
        "open_to_overwrite folder",
        "write",
        "sync",
        "rename folder",
        "sync_folder",
        *["unlink"] * 3,
        "sync_folder",
        "sync_folder",
        "rename folder",
    ]
    assert left(places) == set()
    assert not os.path.exists(places.redo)
    assert os.stat(places.reserve).st_size == RESERVE_OCTETS


def test_one_message_needs_no_record(places: Places) -> None:
    disk = FaultyDisk()
    remove(places, disk, fill(places, 1))
    assert [step.split()[0] for step in disk.steps] == ["unlink", "sync_folder"]
    assert left(places) == set()


def synced(disk: FaultyDisk) -> list[str]:
    return [step.split()[1].rpartition("/")[2] for step in disk.steps if step.startswith("sync_folder")]


@pytest.mark.rule("S5")
def test_only_the_folder_that_messages_are_taken_from_is_waited_for(places: Places) -> None:
    in_cur, *in_new = fill(places, 3)
    disk = FaultyDisk()
    remove(places, disk, in_new)
    assert synced(disk)[1:] == ["new"]
    disk = FaultyDisk()
    remove(places, disk, [in_cur])
    assert synced(disk) == ["cur"]


@pytest.mark.rule("S5")
def test_a_message_that_another_program_took_away_is_made_to_stay_away(places: Places) -> None:
    removals = fill(places, 3)
    for one in removals:
        os.unlink(one.path)
    disk = FaultyDisk()
    remove(places, disk, removals)
    assert synced(disk)[1:] == ["new", "cur"]


def die_removing(step: int, folder: bytes, removals: list[Removal], reserve: int) -> None:
    removal.RESERVE_OCTETS = reserve
    remove(Places(folder=folder, ours=True), FaultyDisk(at_step=step, fault=kill), removals)


def in_child(step: int, places: Places, removals: list[Removal], reserve: int = RESERVE_OCTETS) -> int | None:
    child = CHILDREN.Process(target=die_removing, args=(step, places.folder, removals, reserve))
    child.start()
    child.join()
    return child.exitcode


@pytest.mark.rule("S5")
@pytest.mark.parametrize(("count", "reserve"), [(1, RESERVE_OCTETS), (4, RESERVE_OCTETS), (5, 150)])
def test_killed_at_any_step_all_go_or_none(
    places: Places, monkeypatch: pytest.MonkeyPatch, count: int, reserve: int
) -> None:
    """Alone, with a record in the reserve, and with one too long for it."""
    monkeypatch.setattr(removal, "RESERVE_OCTETS", reserve)
    steps = FaultyDisk()
    remove(places, steps, fill(places, count))
    total = len(steps.steps)
    assert ("create restante.redo.new" in steps.steps) == (reserve == 150)
    outcomes = set()
    for step in range(1, total + 1):
        kept = fill(places, count + 2)[count:]
        removals = fill(places, count)
        assert in_child(step, places, removals, reserve) == -signal.SIGKILL
        finish(places, Disk())
        rest = left(places)
        assert {one.base for one in kept} <= rest
        gone = {one.base for one in removals} - rest
        assert gone in (set(), {one.base for one in removals}), (
            f"half deleted at step {step} {steps.steps[step - 1]}"
        )
        outcomes.add(bool(gone))
        assert not os.path.exists(places.redo)
        remove(places, Disk(), fill(places, count + 2))
    assert outcomes == {False, True}


@pytest.mark.rule("S5")
def test_what_update_removed_does_not_come_back(places: Places) -> None:
    """Killed in the last step, after all is gone, the record harms nobody."""
    removals = fill(places, 3)
    steps = FaultyDisk()
    remove(places, steps, removals)
    removals = fill(places, 3)
    assert in_child(len(steps.steps), places, removals) == -signal.SIGKILL
    assert left(places) == set()
    assert os.path.exists(places.redo)
    later = fill(places, 4)[3:]
    for one in removals:
        Path(os.fsdecode(one.path)).unlink()
    assert finish(places, Disk())
    assert left(places) == {later[0].base}
    assert not finish(places, Disk())


@pytest.mark.rule("S5")
def test_a_fault_before_the_commit_leaves_all(places: Places) -> None:
    removals = fill(places, 5)
    for step in range(1, 5):
        with pytest.raises(OSError, match="Input/output"):
            remove(places, FaultyDisk(at_step=step, fault=fail_with(errno.EIO)), removals)
        assert not finish(places, Disk())
        assert len(left(places)) == 5


def test_messages_that_moved_meanwhile_are_removed_where_they_are(places: Places) -> None:
    removals = fill(places, 6)
    for one in removals:
        if one.path.startswith(places.new):
            os.rename(one.path, places.cur + b"/" + one.base + b":2,FS")
        else:
            os.rename(one.path, places.cur + b"/" + one.base + b":2,")
    remove(places, Disk(), removals)
    assert left(places) == set()


def test_of_two_files_with_one_base_name_the_right_one_goes(places: Places) -> None:
    for folder, octets in ((places.new, b"one"), (places.cur, b"two")):
        Path(os.fsdecode(folder + b"/1.same")).write_bytes(octets)
    inode = os.stat(places.new + b"/1.same").st_ino
    remove(places, Disk(), [Removal(b"1.same", inode, places.new + b"/1.same")])
    assert os.listdir(places.new) == []
    assert os.listdir(places.cur) == [b"1.same"]


def test_names_with_any_octets_survive_the_record(places: Places) -> None:
    for name in (b"new\nline", b"\xff\xfe", b"1/2".replace(b"/", b"\\"), b" "):
        Path(os.fsdecode(places.new + b"/" + name)).write_bytes(b"x")
    removals = [Removal(name, ANY_FILE, places.new + b"/" + name) for name in os.listdir(places.new)]
    assert in_child(6, places, removals) == -signal.SIGKILL
    assert len(left(places)) == 4
    finish(places, Disk())
    assert left(places) == set()


@pytest.mark.parametrize("damage", [b"", b"restante redo 1 5 abc\nxxxxx", b"\0" * 8192, b"restante redo 1 x y z"])
def test_a_damaged_record_is_a_fault_that_names_the_file(places: Places, damage: bytes) -> None:
    fill(places, 2)
    Path(os.fsdecode(places.redo)).write_bytes(damage)
    with pytest.raises(StoreFault, match=r"restante\.redo.*move the file away"):
        finish(places, Disk())
    assert len(left(places)) == 2


@pytest.mark.rule("S5")
def test_a_full_disk_still_removes_all_or_nothing(places: Places) -> None:
    disk = FullDisk()
    remove(places, disk, fill(places, 200))
    assert left(places) == set()


def test_a_full_disk_removes_a_long_plan_in_parts(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "RESERVE_OCTETS", 300)
    disk = FullDisk()
    remove(places, disk, fill(places, 100))
    assert left(places) == set()
    assert not os.path.exists(places.redo)


def test_a_full_disk_without_a_reserve_still_removes(places: Places) -> None:
    os.unlink(places.reserve)
    remove(places, FullDisk(), fill(places, 50))
    assert left(places) == set()


def test_the_reserve_is_made_when_there_is_room_again(places: Places) -> None:
    os.unlink(places.reserve)
    assert not make_reserve(places, FullDisk())
    assert not os.path.exists(places.reserve)
    assert make_reserve(places, Disk())
    assert not make_reserve(places, Disk())


def test_the_reserve_holds_the_record_of_some_300_messages(places: Places) -> None:
    disk = FaultyDisk()
    remove(places, disk, fill(places, 300))
    assert disk.steps[0] == "open_to_overwrite restante.reserve"
    assert "create restante.redo.new" not in disk.steps
