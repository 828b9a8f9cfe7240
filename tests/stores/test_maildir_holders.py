"""Who holds a maildrop: known to its process at once, to others once it lasts, and short sessions write nothing."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.stores.open_files import open_below

from restante.ports.accounts import Account, AccountId
from restante.ports.stores import Holder, MaildropInUse
from restante.stores.maildir import MaildirStore
from restante.stores.maildir.holders import Holders
from restante.stores.maildir.lock import ExclusiveLock
from restante.testing.store_contract import HOLDER, answer, deliver, open_maildrop

ACCOUNT = Account(id=AccountId("0123456789abcdef"), name="ted")
SECOND = Account(id=AccountId("fedcba9876543210"), name="ann")
LATER = Holder(peer="192.0.2.2", since_epoch_seconds=1_700_000_007.0)


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[tuple[MaildirStore, MaildirStore]]:
    """Two on the same mail: what one has in its memory the other does not, like another process."""
    here, elsewhere = (MaildirStore(tmp_path, hostname="h") for _ in range(2))
    for account in (ACCOUNT, SECOND):
        (await open_maildrop(here, account)).release()
    yield here, elsewhere
    for store in (here, elsewhere):
        await store.close()


async def told(store: MaildirStore, account: Account = ACCOUNT) -> Holder | None:
    with pytest.raises(MaildropInUse) as caught:
        await answer(store.open(account, LATER))
    return caught.value.holder


async def pass_time(store: MaildirStore) -> None:
    """Let a holder become one that lasts, and is written down."""
    for _ in range(2):
        if (job := store.holders.sweep()) is not None:
            await job


def facts(store: MaildirStore) -> dict[str, tuple[int, int, int]]:
    folder = store.location(ACCOUNT)
    found = {path.name: path.stat() for path in (folder, *folder.iterdir())}
    return {name: (each.st_mtime_ns, each.st_ctime_ns, each.st_size) for name, each in found.items()}


Stores = tuple[MaildirStore, MaildirStore]


async def test_a_login_and_its_end_change_nothing_on_the_disk(stores: Stores) -> None:
    here, _ = stores
    await deliver(here, ACCOUNT, b"a\r\n")
    # What was there is listed, and that is written down.
    (await open_maildrop(here, ACCOUNT)).release()
    before = facts(here)
    for _ in range(3):
        maildrop = await open_maildrop(here, ACCOUNT)
        here.holders.sweep()
        maildrop.release()
    await pass_time(here)
    assert facts(here) == before


@pytest.mark.rule("S2")
async def test_its_own_process_tells_a_holder_at_once_and_others_once_it_lasts(stores: Stores) -> None:
    here, elsewhere = stores
    maildrop = await open_maildrop(here, ACCOUNT)
    assert await told(here) == HOLDER
    assert await told(elsewhere) is None
    assert here.holders.sweep() is None
    assert await told(elsewhere) is None
    await pass_time(here)
    assert await told(here) == HOLDER
    assert await told(elsewhere) == HOLDER
    # From here on the file tells it, and nobody remembers it.
    assert here.holders.of(os.fsencode(here.location(ACCOUNT))) is None
    maildrop.release()
    (await open_maildrop(elsewhere, ACCOUNT)).release()


@pytest.mark.rule("S2")
async def test_a_young_holder_is_not_taken_for_an_old_one(stores: Stores) -> None:
    here, elsewhere = stores
    maildrop = await open_maildrop(here, ACCOUNT)
    await pass_time(here)
    maildrop.release()
    later = await answer(elsewhere.open(ACCOUNT, LATER))
    assert await told(here) is None
    assert await told(elsewhere) == LATER
    await pass_time(elsewhere)
    assert await told(here) == LATER
    later.release()


async def test_a_command_is_told_at_once_to_everybody(stores: Stores, tmp_path: Path) -> None:
    here, _ = stores
    command = MaildirStore(tmp_path, hostname="h", signs_at_once=True)
    maildrop = await open_maildrop(command, ACCOUNT)
    assert await told(here) == await told(command) == HOLDER
    maildrop.release()
    await command.close()


async def test_a_slow_disk_keeps_neither_the_end_of_a_session_nor_the_next_login_waiting(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = stores
    began, go_on, writes = threading.Event(), threading.Event(), 0
    pwrite = os.pwrite

    def slow(descriptor: int, octets: bytes, position: int) -> int:
        nonlocal writes
        writes += 1
        began.set()
        assert go_on.wait(30)
        return pwrite(descriptor, octets, position)

    monkeypatch.setattr(os, "pwrite", slow)
    first = await open_maildrop(here, ACCOUNT)
    here.holders.sweep()
    job = here.holders.sweep()
    assert job is not None
    assert await asyncio.to_thread(began.wait, 30)
    first.release()
    second = await answer(here.open(ACCOUNT, LATER))
    other = await open_maildrop(here, SECOND)
    for _ in range(3):
        # One job at a time, however many there are to write.
        assert here.holders.sweep() is job
    assert await told(here) == LATER
    assert await told(elsewhere) is None
    go_on.set()
    await job
    assert writes == 1
    assert await told(elsewhere) is None
    await pass_time(here)
    assert await told(elsewhere) == LATER
    assert await told(elsewhere, SECOND) == HOLDER
    second.release()
    other.release()


async def test_what_a_full_disk_did_not_take_is_remembered_and_written_when_there_is_room(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = stores
    maildrop = await open_maildrop(here, ACCOUNT)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        await pass_time(here)
        await pass_time(here)
        assert await told(here) == HOLDER
        assert await told(elsewhere) is None
    await pass_time(here)
    assert await told(elsewhere) == HOLDER
    maildrop.release()


async def test_what_cannot_be_written_keeps_no_other_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = {name: ExclusiveLock(os.fsencode(tmp_path / name), HOLDER) for name in ("a", "b", "c")}
    pwrite = os.pwrite

    def full_for_a(descriptor: int, octets: bytes, position: int) -> int:
        if os.path.samestat(os.fstat(descriptor), os.stat(tmp_path / "a")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(descriptor, octets, position)

    monkeypatch.setattr(os, "pwrite", full_for_a)
    with ThreadPoolExecutor(1) as threads:
        holders = Holders(threads, at_once=1)
        for name, lock in locks.items():
            holders.add(name.encode(), lock)
        holders.sweep()
        for _ in locks:
            job = holders.sweep()
            assert job is not None
            await job
        holders.close()
    assert [lock.holder for lock in locks.values()] == [HOLDER, None, None]
    for lock in locks.values():
        lock.release()


async def test_without_a_thread_nobody_is_written_down_and_a_lock_is_let_go_as_ever(
    stores: Stores, tmp_path: Path
) -> None:
    here, _ = stores
    maildrop = await open_maildrop(here, ACCOUNT)
    await here.close()
    assert [Path(path).name for path in open_below(tmp_path)] == ["restante.lock"]
    await pass_time(here)
    assert await told(here) == HOLDER
    maildrop.release()
    assert open_below(tmp_path) == []


async def test_one_timer_looks_after_all_and_ends_with_the_last(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = stores
    here.holders.close()  # the timer that the fixture's logins began
    loop = asyncio.get_running_loop()
    ticks: list[Callable[[], None]] = []

    # Any: whatever a callback is given
    def call_later(delay: float, callback: Callable[..., None], *given: Any) -> asyncio.TimerHandle:
        assert delay == 1.0
        ticks.append(callback)
        return asyncio.TimerHandle(loop.time() + delay, callback, given, loop)

    monkeypatch.setattr(loop, "call_later", call_later)
    maildrops = [await open_maildrop(here, account) for account in (ACCOUNT, SECOND)]
    assert len(ticks) == 1
    ticks.pop()()
    assert len(ticks) == 1, "there is somebody still"
    for maildrop in maildrops:
        maildrop.release()
    ticks.pop()()
    assert ticks == []
    (await open_maildrop(here, ACCOUNT)).release()
    assert len(ticks) == 1, "and it begins anew"
