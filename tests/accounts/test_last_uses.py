"""A use is noted once a day, many together, and never at the price of a login."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from restante.accounts.credentials import AppPassword
from restante.accounts.last_uses import LastUses
from restante.accounts.passwords import HashPool
from restante.accounts.sql import SqlDirectory
from restante.ports.accounts import Account, AccountFault, AccountId

DAY = 24 * 3600.0


class NotingDirectory(SqlDirectory):
    """Counts what it is asked to write, can be held up, and can fail."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written: list[int] = []
        self.go = threading.Event()
        self.go.set()
        self.full = False

    def note_uses(self, uses: Mapping[tuple[AccountId, str], float]) -> None:
        self.written.append(len(uses))
        assert self.go.wait(timeout=60)
        if self.full:
            raise AccountFault("the disk is full: free some room")
        super().note_uses(uses)


class Rig:
    """Last uses over a real directory with one account, Ted, and a clock that is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.directory = NotingDirectory(folder / "accounts.db")
        self.ted = self.directory.add("Ted", "hash")
        self.pool = HashPool(at_once=1, queue=2)
        self.faults: list[str] = []
        self.now = 10 * DAY + 5
        self.uses = LastUses(
            self.directory, self.pool, tell_fault=self.faults.append, clock=lambda: self.now, pause_seconds=0
        )

    def made(self, label: str, account: Account | None = None) -> None:
        self.directory.add_app_password(account or self.ted, label, bytes(32))

    def stored(self, label: str) -> AppPassword:
        found = self.directory.credentials("ted")
        assert found is not None
        return next(each for each in found.app_passwords if each.label == label)

    def note(self, label: str) -> None:
        self.uses.note(self.ted.id, self.stored(label))

    async def written(self) -> None:
        """Wait until nothing is left to write."""
        task = self.uses._writing
        if task is not None:
            await asyncio.wait_for(task, 60)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.directory.go.set()
    await rig.written()
    rig.pool.close()
    rig.directory.close()


async def test_the_first_use_of_a_day_is_written_and_the_others_of_that_day_are_not(rig: Rig) -> None:
    rig.made("phone")
    assert rig.stored("phone").used_epoch_seconds is None
    for seconds in (0, 60, DAY - 10):
        rig.now = 10 * DAY + 5 + seconds
        rig.note("phone")
        await rig.written()
    assert rig.stored("phone").used_epoch_seconds == 10 * DAY + 5
    assert rig.directory.written == [1]
    rig.now = 11 * DAY
    rig.note("phone")
    await rig.written()
    assert rig.stored("phone").used_epoch_seconds == 11 * DAY
    assert rig.directory.written == [1, 1]


async def test_uses_that_come_while_others_are_written_are_written_together(rig: Rig) -> None:
    labels = [f"program {n}" for n in range(20)]
    for label in labels:
        rig.made(label)
    rig.directory.go.clear()
    for _ in range(3):
        for label in labels:
            rig.note(label)
        await asyncio.sleep(0)
    rig.directory.go.set()
    await rig.written()
    # What was being written then was not asked for twice.
    assert rig.directory.written == [20]
    assert {rig.stored(label).used_epoch_seconds for label in labels} == {rig.now}


async def test_a_use_during_a_writing_is_written_after_it(rig: Rig) -> None:
    rig.made("phone")
    rig.made("laptop")
    rig.directory.go.clear()
    rig.note("phone")
    await asyncio.sleep(0)
    rig.note("laptop")
    rig.directory.go.set()
    await rig.written()
    assert rig.directory.written == [1, 1]
    assert rig.stored("laptop").used_epoch_seconds == rig.now


async def test_a_note_that_fails_is_told_and_made_again_with_the_next_login(rig: Rig) -> None:
    rig.made("phone")
    rig.directory.full = True
    rig.note("phone")
    await rig.written()
    assert rig.faults == [
        "the last use of application passwords could not be noted: the disk is full: free some room"
    ]
    rig.directory.full = False
    rig.note("phone")
    await rig.written()
    assert rig.stored("phone").used_epoch_seconds == rig.now
    assert len(rig.faults) == 1


async def test_one_that_was_revoked_meanwhile_comes_not_back(rig: Rig) -> None:
    rig.made("phone")
    phone = rig.stored("phone")
    rig.directory.revoke_app_password(rig.ted, "phone")
    rig.uses.note(rig.ted.id, phone)
    await rig.written()
    found = rig.directory.credentials("ted")
    assert found is not None
    assert found.app_passwords == ()
    assert rig.faults == []
