"""Delivery in two phases: the order of its steps, what each fault leaves, and shared fsyncs."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from restante.ports.accounts import Account, AccountId
from restante.ports.stores import Holder, StoreFault, StoreFull
from restante.proto.terms import UniqueId
from restante.stores.maildir import MaildirStore
from restante.stores.maildir.disk import Disk
from restante.testing.faults import FaultyDisk, FullDisk, fail_with, kill
from restante.testing.store_contract import answer, deliver, octets_of, open_maildrop, plan

# Not by plain fork: the tests' own process may have threads. Loaded ahead, so that each child starts at once.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(
    ["restante.testing.faults", "restante.testing.store_contract", "restante.stores.maildir"]
)

ACCOUNT = Account(id=AccountId("0123456789abcdef"), name="ted")
OCTETS = b"a line\r\n" * 1000


def store_at(root: Path, disk: Disk | None = None) -> MaildirStore:
    return MaildirStore(root, hostname="mail.example.org", disk=disk)


async def stored(root: Path) -> list[bytes]:
    store = store_at(root)
    maildrop = await open_maildrop(store, ACCOUNT)
    messages = [await octets_of(maildrop, n) for n in range(1, len(maildrop.snapshot) + 1)]
    maildrop.release()
    await store.close()
    return messages


async def deliver_one(root: Path, disk: Disk, unique_id: UniqueId | None = None) -> None:
    store = store_at(root, disk)
    try:
        await deliver(store, ACCOUNT, OCTETS, unique_id)
    finally:
        await store.close()


async def test_the_octets_are_durable_before_the_name_and_the_name_before_the_answer(tmp_path: Path) -> None:
    await deliver_one(tmp_path, Disk())
    disk = FaultyDisk()
    await deliver_one(tmp_path, disk)
    assert [step.split()[0] for step in disk.steps] == ["create", "write", "sync", "link", "unlink", "sync_folder"]
    assert disk.steps[-1] == "sync_folder new"


async def test_folders_are_made_on_need_for_their_owner_alone(tmp_path: Path) -> None:
    await deliver_one(tmp_path, Disk())
    maildir = store_at(tmp_path).location(ACCOUNT)
    assert maildir == tmp_path / "maildrops" / "0123456789abcdef"
    for path in (maildir, maildir / "new", maildir / "cur", maildir / "tmp"):
        assert path.stat().st_mode & 0o777 == 0o700
    for path in (maildir / "new").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def die_delivering(root: Path, step: int, unique_id: UniqueId | None) -> None:
    asyncio.run(deliver_one(root, FaultyDisk(at_step=step, fault=kill), unique_id))


def in_child(root: Path, step: int, unique_id: UniqueId | None) -> int | None:
    child = CHILDREN.Process(target=die_delivering, args=(root, step, unique_id))
    child.start()
    child.join()
    return child.exitcode


@pytest.mark.rule("C9", "M2")
@pytest.mark.parametrize("unique_id", [None, UniqueId(b"TAKEN-OVER")])
@pytest.mark.parametrize("maildrop_is_there", [False, True])
def test_killed_at_any_step_the_message_is_there_whole_or_not_at_all(
    tmp_path: Path, maildrop_is_there: bool, unique_id: UniqueId | None
) -> None:
    """And the sender, who was told nothing, can send it again, under its unique-id too."""
    step = 0
    while True:
        step += 1
        root = tmp_path / str(step)
        root.mkdir()
        if maildrop_is_there:
            asyncio.run(deliver_one(root, Disk()))
        exitcode = in_child(root, step, unique_id)
        before = [OCTETS] * maildrop_is_there
        messages = asyncio.run(stored(root))
        assert messages in (before, [*before, OCTETS])
        if exitcode == 0:
            break
        assert exitcode == -signal.SIGKILL
        if messages == before:
            asyncio.run(deliver_one(root, Disk(), unique_id))
            assert asyncio.run(stored(root)) == [*before, OCTETS]
    assert messages == [*before, OCTETS]
    assert step == 7 if maildrop_is_there else step > 12


async def test_a_unique_id_is_claimed_by_one_of_many_at_once(tmp_path: Path) -> None:
    stores = [store_at(tmp_path), store_at(tmp_path)]
    told = await asyncio.gather(
        *(store.stage(ACCOUNT, [OCTETS], unique_id=UniqueId(b"ID")) for store in stores * 4), return_exceptions=True
    )
    assert sum(isinstance(one, ValueError) for one in told) == 7
    assert len(os.listdir(stores[0].location(ACCOUNT) / "tmp")) == 1
    for store in stores:
        await store.close()


@pytest.mark.parametrize("step", range(1, 7))
async def test_a_fault_in_any_step_leaves_no_message_and_no_file(tmp_path: Path, step: int) -> None:
    await deliver_one(tmp_path, Disk())
    disk = FaultyDisk(at_step=step, fault=fail_with(errno.EIO))
    maildir = store_at(tmp_path).location(ACCOUNT)
    if step == 5:
        await deliver_one(tmp_path, disk)  # a name left in tmp harms nobody
        assert len(os.listdir(maildir / "new")) == 2
        return
    with pytest.raises(StoreFault, match="the disk fails"):
        await deliver_one(tmp_path, disk, UniqueId(b"ID"))
    assert os.listdir(maildir / "tmp") == []
    assert await stored(tmp_path) == [OCTETS]
    await deliver_one(tmp_path, Disk(), UniqueId(b"ID"))


async def test_a_full_disk_is_told_and_leaves_nothing_and_all_can_be_read_and_removed(tmp_path: Path) -> None:
    for _ in range(3):
        await deliver_one(tmp_path, Disk())
    disk = FullDisk()
    store = store_at(tmp_path, disk)
    with pytest.raises(StoreFull, match="free room"):
        await store.stage(ACCOUNT, [OCTETS])
    assert os.listdir(store.location(ACCOUNT) / "tmp") == []
    maildrop = await open_maildrop(store, ACCOUNT)
    assert [await octets_of(maildrop, n) for n in (1, 2, 3)] == [OCTETS] * 3
    await answer(maildrop.update(plan(1, 2)))
    maildrop.release()
    await deliver(store, ACCOUNT, OCTETS)
    maildrop = await open_maildrop(store, ACCOUNT)
    assert len(maildrop.snapshot) == 2
    maildrop.release()
    await store.close()


async def test_a_foreign_maildir_that_is_missing_is_not_made(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    account = Account(id=AccountId("0123456789abcdef"), name="ted", maildir=tmp_path / "typo")
    with pytest.raises(StoreFault, match="not there: make it"):
        await store.stage(account, [b"x\r\n"])
    with pytest.raises(StoreFault, match="not there: make it"):
        await answer(store.open(account, Holder(peer="a test", since_epoch_seconds=1.0)))
    assert not (tmp_path / "typo").exists()
    await store.close()


class SlowDisk(Disk):
    """Lets the fsync of a folder wait until it is told to go on."""

    def __init__(self) -> None:
        self.syncs = 0
        self.go_on = threading.Event()

    def sync_folder(self, path: bytes) -> None:
        self.syncs += 1
        assert self.go_on.wait(60)
        super().sync_folder(path)


async def test_deliveries_that_wait_together_share_an_fsync(tmp_path: Path) -> None:
    await deliver_one(tmp_path, Disk())
    disk = SlowDisk()
    store = store_at(tmp_path, disk)
    staged = [await store.stage(ACCOUNT, [OCTETS]) for _ in range(20)]
    publishing = [asyncio.ensure_future(one.publish()) for one in staged]
    while len(os.listdir(store.location(ACCOUNT) / "new")) < 21:
        await asyncio.sleep(0)
    assert not any(one.done() for one in publishing)
    disk.go_on.set()
    await asyncio.gather(*publishing)
    assert 1 <= disk.syncs < 20
    assert len(await stored(tmp_path)) == 21
    await store.close()


@pytest.mark.rule("M2")
async def test_a_delivery_does_not_count_on_an_fsync_that_began_before_it(tmp_path: Path) -> None:
    await deliver_one(tmp_path, Disk())
    disk = SlowDisk()
    store = store_at(tmp_path, disk)
    first, second = [await store.stage(ACCOUNT, [OCTETS]) for _ in range(2)]
    publishing = [asyncio.ensure_future(first.publish())]
    while not disk.syncs:
        await asyncio.sleep(0)
    publishing.append(asyncio.ensure_future(second.publish()))
    while os.listdir(store.location(ACCOUNT) / "tmp"):
        await asyncio.sleep(0)
    disk.go_on.set()
    await asyncio.gather(*publishing)
    assert disk.syncs == 2
    await store.close()


async def test_a_fault_of_a_shared_fsync_is_told_to_all_who_wait(tmp_path: Path) -> None:
    await deliver_one(tmp_path, Disk())

    class Failing(Disk):
        def sync_folder(self, path: bytes) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    store = store_at(tmp_path, Failing())
    staged = [await store.stage(ACCOUNT, [OCTETS]) for _ in range(5)]
    told = await asyncio.gather(*(one.publish() for one in staged), return_exceptions=True)
    assert [type(one) for one in told] == [StoreFault] * 5
    await store.close()
    assert await stored(tmp_path) == [OCTETS]


async def test_a_name_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    staged = await store.stage(ACCOUNT, [OCTETS])
    maildir = store.location(ACCOUNT)
    (name,) = os.listdir(maildir / "tmp")
    (maildir / "new" / name).write_bytes(b"mine\r\n")
    with pytest.raises(StoreFault):
        await staged.publish()
    assert (maildir / "new" / name).read_bytes() == b"mine\r\n"
    await store.close()


async def test_without_hard_links_a_message_is_renamed_into_its_place(tmp_path: Path) -> None:
    class NoLinks(Disk):
        def link(self, path: bytes, name: bytes) -> None:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    await deliver_one(tmp_path, NoLinks())
    assert await stored(tmp_path) == [OCTETS]


async def test_messages_staged_in_one_microsecond_keep_their_order(tmp_path: Path) -> None:
    store = MaildirStore(tmp_path, hostname="h", clock=lambda: 1_700_000_000.0)
    staged = [await store.stage(ACCOUNT, [b"%d\r\n" % n]) for n in range(12)]
    for one in reversed(staged):
        await one.publish()
    await store.close()
    assert await stored(tmp_path) == [b"%d\r\n" % n for n in range(12)]


async def test_octets_that_are_not_canonical_are_served_so_all_the_same(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    await deliver(store, ACCOUNT, b"a\nb")
    await store.close()
    assert await stored(tmp_path) == [b"a\r\nb\r\n"]
