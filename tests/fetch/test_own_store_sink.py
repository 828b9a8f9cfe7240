"""A maildrop of ours as a destination: unique-ids kept where they can be, and nothing stored twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fetch.acting import letter
from tests.fetch.test_maildir_sink import LETTER
from tests.fetch.test_migrate import HOLDER, TED

from restante.fetch.plan import SeenMessage, SeenStatus
from restante.fetch.sinks.contract import NotNow
from restante.fetch.sinks.own_store import StoreSink
from restante.maildrop.policies import Quota
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
        await sink.store(each)
    kept, *made = unique_ids(store)
    assert kept == LETTER.unique_id
    assert len(set(made)) == 2
    assert all(unique_id.startswith(b"memory-") for unique_id in made)


async def test_a_message_that_was_in_hand_is_found_whatever_its_unique_id_became() -> None:
    store = MemoryStore()
    sink = StoreSink(store, TED)
    for each in (LETTER, OTHER):
        assert not (await sink.store(each)).was_there
        assert (await sink.store(replace(each, may_be_there=True))).was_there
    assert len(unique_ids(store)) == 2


async def test_while_a_session_has_the_maildrop_what_was_in_hand_waits() -> None:
    store = MemoryStore()
    sink = StoreSink(store, TED)
    session = store.open(TED, HOLDER)
    with pytest.raises(NotNow, match="in use"):
        await sink.store(replace(LETTER, may_be_there=True))
    assert not (await sink.store(LETTER)).was_there
    assert await sink.removed([]) is None
    session.release()


async def test_a_full_quota_puts_a_message_off() -> None:
    store = MemoryStore(quota_of=lambda _: Quota(messages=1))
    sink = StoreSink(store, TED)
    await sink.store(LETTER)
    with pytest.raises(NotNow, match="raise the quota"):
        await sink.store(OTHER)


async def test_what_was_removed_is_told_by_its_unique_id() -> None:
    store = MemoryStore()
    sink = StoreSink(store, TED)
    rows = [
        SeenMessage(
            unique_id=each.unique_id,
            status=SeenStatus.STORED,
            since_epoch_seconds=0.0,
            place=(await sink.store(each)).place,
        )
        for each in (LETTER, OTHER)
    ]
    store.lose(TED, LETTER.unique_id)
    assert await sink.removed(rows) == frozenset(rows[:1])
