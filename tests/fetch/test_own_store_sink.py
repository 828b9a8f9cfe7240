"""A maildrop of ours as a destination: unique-ids kept where they can be, and nothing stored twice."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fetch import acting
from tests.fetch.acting import letter
from tests.fetch.test_maildir_sink import LETTER
from tests.fetch.test_migrate import HOLDER, TED

from restante.fetch.plan import SeenMessage, SeenStatus
from restante.fetch.sinks.contract import Kept, NotNow, SinkFault
from restante.fetch.sinks.own_store import StoreSink, open_maildrop
from restante.maildrop.policies import Quota
from restante.stores.maildir import MaildirStore
from restante.stores.maildir.disk import Disk
from restante.stores.memory import MemoryStore

OTHER = replace(LETTER, octets=letter(2), digest=b"2")


def unique_ids(store: MemoryStore) -> list[bytes]:
    maildrop = store.open(TED, HOLDER)
    maildrop.release()
    return [bytes(unique_id) for unique_id in maildrop.snapshot.unique_ids]


@pytest.mark.rule("C9")
async def test_a_unique_id_is_kept_unless_it_is_taken_or_not_allowed() -> None:
    store = MemoryStore()
    sink = StoreSink(store, TED)
    for each in (LETTER, OTHER, replace(OTHER, unique_id=b"x" * 71)):
        await acting.store(sink, each)
    kept, *made = unique_ids(store)
    assert kept == LETTER.unique_id
    assert len(set(made)) == 2
    assert all(unique_id.startswith(b"memory-") for unique_id in made)


async def test_a_message_that_was_in_hand_is_found_whatever_its_unique_id_became() -> None:
    store = MemoryStore()
    sink = StoreSink(store, TED)
    for each in (LETTER, OTHER):
        assert not (await acting.store(sink, each)).was_there
        assert (await acting.store(sink, replace(each, may_be_there=True))).was_there
    assert len(unique_ids(store)) == 2


async def test_while_a_session_has_the_maildrop_what_was_in_hand_waits() -> None:
    store = MemoryStore()
    sink = StoreSink(store, TED)
    session = store.open(TED, HOLDER)
    with pytest.raises(NotNow, match="in use"):
        await acting.store(sink, replace(LETTER, may_be_there=True))
    assert not (await acting.store(sink, LETTER)).was_there
    assert await sink.removed([]) is None
    session.release()


async def test_a_full_quota_puts_a_message_off() -> None:
    store = MemoryStore(quota_of=lambda _: Quota(messages=1))
    sink = StoreSink(store, TED)
    await acting.store(sink, LETTER)
    with pytest.raises(NotNow, match="raise the quota"):
        await acting.store(sink, OTHER)


async def test_what_was_removed_is_told_by_its_unique_id() -> None:
    store = MemoryStore()
    sink = StoreSink(store, TED)
    rows = [
        SeenMessage(
            unique_id=each.unique_id,
            status=SeenStatus.STORED,
            since_epoch_seconds=0.0,
            place=(await acting.store(sink, each)).place,
        )
        for each in (LETTER, OTHER)
    ]
    store.lose(TED, LETTER.unique_id)
    assert await sink.removed(rows) == frozenset(rows[:1])


async def test_of_copies_that_were_in_hand_each_that_was_stored_stands_for_one() -> None:
    store = MemoryStore()
    twins = [replace(LETTER, unique_id=b"twin-%d" % number) for number in range(3)]
    await StoreSink(store, TED).store_group(twins[:2])
    again = [replace(twin, may_be_there=True) for twin in twins]
    outcomes = await StoreSink(store, TED).store_group(again)
    assert [outcome.was_there for outcome in outcomes if isinstance(outcome, Kept)] == [True, True, False]
    assert len(unique_ids(store)) == 3


async def test_a_group_is_delivered_in_its_order_and_a_full_quota_puts_off_the_rest_of_it() -> None:
    store = MemoryStore(quota_of=lambda _: Quota(messages=70))
    group = [replace(LETTER, unique_id=b"uid-%03d" % number) for number in range(100)]
    outcomes = await StoreSink(store, TED).store_group(group)
    assert [isinstance(outcome, Kept) for outcome in outcomes] == [True] * 70 + [False] * 30
    assert {type(outcome) for outcome in outcomes[70:]} == {NotNow}
    assert unique_ids(store) == [each.unique_id for each in group[:70]]


async def test_a_store_that_fails_in_a_group_keeps_what_came_before(tmp_path: Path) -> None:
    disk = CountingDisk()
    store = MaildirStore(tmp_path, hostname="mx", disk=disk)
    await acting.store(StoreSink(store, TED), OTHER)
    disk.folders, disk.fails_at_file = 0, disk.files + 41
    group = [replace(LETTER, unique_id=b"uid-%03d" % number) for number in range(100)]
    outcomes = await StoreSink(store, TED).store_group(group)
    assert [isinstance(outcome, Kept) for outcome in outcomes] == [True] * 40 + [False] * 60
    assert {type(outcome) for outcome in outcomes[40:]} == {SinkFault}
    again = await StoreSink(store, TED).store_group([replace(each, may_be_there=True) for each in group])
    assert [outcome.was_there for outcome in again if isinstance(outcome, Kept)] == [True] * 40 + [False] * 60
    maildrop = await open_maildrop(store, TED, HOLDER)
    ids = [bytes(unique_id) for unique_id in maildrop.snapshot.unique_ids]
    assert ids == [each.unique_id for each in (OTHER, *group)]
    maildrop.release()
    await store.close()
    # 32 are put into their places together; an fsync of the folder for each would be a hundred.
    assert disk.folders < 50


class CountingDisk(Disk):
    """Counts the fsyncs of folders, and is full at one of a file."""

    def __init__(self) -> None:
        self.folders = self.files = 0
        self.fails_at_file: int | None = None

    def sync(self, descriptor: int) -> None:
        self.files += 1
        if self.files == self.fails_at_file:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().sync(descriptor)

    def sync_folder(self, path: bytes) -> None:
        self.folders += 1
        super().sync_folder(path)
