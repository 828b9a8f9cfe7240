"""A Maildir as a destination: names, line ends, what a kill left, and what its owner removed."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fetch.acting import NAME, letter, store

from restante.fetch.digest import content_digest
from restante.fetch.plan import SeenMessage, SeenStatus
from restante.fetch.sinks.contract import Kept, Letter, SinkFault
from restante.fetch.sinks.maildir import MaildirSink

OCTETS = letter(1)
LETTER = Letter(
    octets=OCTETS,
    digest=content_digest(OCTETS),
    maildrop=NAME,
    unique_id=b"uid/1",
    since_epoch_seconds=1_700_000_000.0,
)


GROUP = [replace(LETTER, unique_id=b"uid-%d" % number) for number in range(100)]


@pytest.fixture
async def sink(tmp_path: Path) -> MaildirSink:
    sink = MaildirSink(tmp_path / "Mail")
    await sink.open()
    return sink


def files(tmp_path: Path) -> dict[str, list[str]]:
    return {name: sorted(os.listdir(tmp_path / "Mail" / name)) for name in ("tmp", "new", "cur")}


async def test_a_message_lies_in_new_with_unix_line_ends_and_its_octets_in_its_name(
    sink: MaildirSink, tmp_path: Path
) -> None:
    kept = await store(sink, LETTER)
    (name,) = files(tmp_path)["new"]
    path = tmp_path / "Mail" / "new" / name
    assert path.read_bytes() == OCTETS.replace(b"\r\n", b"\n")
    assert name.startswith(f"1700000000.{kept.place}.")
    assert name.endswith(f",S={path.stat().st_size},W={len(OCTETS)}")
    assert path.stat().st_mode & 0o077 == 0
    assert files(tmp_path)["tmp"] == []


async def test_a_message_that_was_in_hand_is_found_also_when_it_was_read(sink: MaildirSink, tmp_path: Path) -> None:
    await store(sink, LETTER)
    (name,) = files(tmp_path)["new"]
    again = replace(LETTER, may_be_there=True)
    assert (await store(sink, again)).was_there
    (tmp_path / "Mail" / "new" / name).rename(tmp_path / "Mail" / "cur" / f"{name}:2,S")
    assert (await store(sink, again)).was_there
    (tmp_path / "Mail" / "cur" / f"{name}:2,S").unlink()
    assert not (await store(sink, again)).was_there


async def test_what_a_kill_left_in_tmp_is_written_anew(sink: MaildirSink, tmp_path: Path) -> None:
    await store(sink, LETTER)
    (name,) = files(tmp_path)["new"]
    (tmp_path / "Mail" / "new" / name).unlink()
    (tmp_path / "Mail" / "tmp" / name).write_bytes(OCTETS[:7])
    assert not (await store(sink, replace(LETTER, may_be_there=True))).was_there
    assert files(tmp_path) == {"tmp": [], "new": [name], "cur": []}


async def test_another_message_has_another_name_whatever_it_shares(sink: MaildirSink, tmp_path: Path) -> None:
    for other in (
        LETTER,
        replace(LETTER, unique_id=b"uid/2"),
        replace(LETTER, maildrop="ann@pop.example.org"),
        replace(LETTER, octets=letter(2), digest=content_digest(letter(2))),
        replace(LETTER, headers_only=True),
    ):
        await store(sink, other)
    assert len(files(tmp_path)["new"]) == 5


async def test_what_is_in_none_of_its_folders_was_removed(sink: MaildirSink, tmp_path: Path) -> None:
    letters = [replace(LETTER, unique_id=b"uid-%d" % number) for number in range(3)]
    kept = [
        SeenMessage(
            unique_id=each.unique_id,
            status=SeenStatus.STORED,
            since_epoch_seconds=0.0,
            place=(await store(sink, each)).place,
        )
        for each in letters
    ]
    assert await sink.removed(kept) == frozenset()
    moved, gone, _ = files(tmp_path)["new"]
    (tmp_path / "Mail" / ".Archive" / "cur").mkdir(parents=True)
    (tmp_path / "Mail" / "new" / moved).rename(tmp_path / "Mail" / ".Archive" / "cur" / f"{moved}:2,S")
    (tmp_path / "Mail" / "new" / gone).unlink()
    removed = await sink.removed(kept)
    assert removed is not None
    assert [message.place in gone for message in removed] == [True]


async def test_an_empty_maildir_does_not_tell_what_was_removed(sink: MaildirSink) -> None:
    kept = SeenMessage(unique_id=b"1", status=SeenStatus.STORED, since_epoch_seconds=0.0, place="R0")
    assert await sink.removed([kept]) is None


async def test_a_maildir_that_cannot_be_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SinkFault, match="make it, or name another"):
        await MaildirSink(tmp_path / "no" / "Mail").open()
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkFault, match="not a Maildir"):
        await MaildirSink(tmp_path / "file").open()


class Disk:
    """Counts the fsyncs of files and folders, and fails at the one, or the write, that a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fails_at: dict[str, int] = {}
        self.calls: Counter[str] = Counter()
        self._one_at_a_time = threading.Lock()
        self._fsync, self._write = os.fsync, os.write
        monkeypatch.setattr(os, "fsync", self.fsync)
        monkeypatch.setattr(os, "write", self.write)

    def _count(self, call: str) -> None:
        with self._one_at_a_time:
            self.calls[call] += 1
            fails = self.calls[call] == self.fails_at.get(call)
        if fails:
            raise OSError(errno.ENOSPC, "No space left on device")

    def fsync(self, descriptor: int) -> None:
        self._count("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        self._fsync(descriptor)

    def write(self, descriptor: int, octets: bytes) -> int:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            self._count("write")
        return self._write(descriptor, octets)


async def test_a_group_waits_for_the_folder_once(sink: MaildirSink, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    outcomes = await sink.store_group(GROUP)
    assert all(isinstance(outcome, Kept) for outcome in outcomes)
    assert disk.calls == {"write": 100, "file": 100, "folder": 1}


async def test_nothing_is_seen_of_a_group_before_all_its_files_are_durable(
    sink: MaildirSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    seen: list[tuple[int, int]] = []
    link = Path.hardlink_to

    def watched(target: Path, draft: Path) -> None:
        seen.append((disk.calls["file"], disk.calls["folder"]))
        link(target, draft)

    monkeypatch.setattr(Path, "hardlink_to", watched)
    await sink.store_group(GROUP)
    assert seen == [(100, 0)] * 100


@pytest.mark.parametrize("call", ["write", "file"])
@pytest.mark.parametrize("place", [0, 1, 31, 32, 50, 99])
async def test_a_disk_that_fills_in_a_group_keeps_what_came_before_and_leaves_no_part(
    sink: MaildirSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, place: int
) -> None:
    disk = Disk(monkeypatch)
    disk.fails_at[call] = place + 1
    outcomes = await sink.store_group(GROUP)
    kept = [outcome.place for outcome in outcomes if isinstance(outcome, Kept)]
    faults = [outcome for outcome in outcomes if isinstance(outcome, SinkFault)]
    assert [isinstance(outcome, Kept) for outcome in outcomes] == [True] * len(kept) + [False] * len(faults)
    assert "free room there" in str(faults[0])
    # Which file an fsync of several at once is for is chance, but for the number of files.
    assert len(kept) == place if call == "write" else place - 3 <= len(kept) <= place + 3
    assert sorted(name.split(".")[1] for name in files(tmp_path)["new"]) == sorted(kept)
    assert files(tmp_path)["tmp"] == []
    assert disk.calls["folder"] == 1
    # There is room again.
    again = await sink.store_group([replace(letter, may_be_there=True) for letter in GROUP])
    assert [outcome.was_there for outcome in again if isinstance(outcome, Kept)] == [
        isinstance(outcome, Kept) for outcome in outcomes
    ]
    assert len(files(tmp_path)["new"]) == 100


async def test_a_folder_that_cannot_be_made_durable_keeps_none_of_a_group(
    sink: MaildirSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    disk.fails_at["folder"] = 1
    assert all(isinstance(outcome, SinkFault) for outcome in await sink.store_group(GROUP))
    again = await sink.store_group([replace(letter, may_be_there=True) for letter in GROUP])
    assert all(outcome.was_there for outcome in again if isinstance(outcome, Kept))
    assert disk.calls["folder"] == 2
