"""A maildrop on the move, run after run, against the memory store: what comes, what is told, and what is proved."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fetch.acting import NAME, Crash, Fuse, FusedState, Maildrop, Message, Server, letter, letters

from restante.fetch.migrate import DifferenceKind, Migration, MigrationReport, id_here
from restante.fetch.state import State
from restante.fetch.telling import Telling
from restante.maildrop.transaction import UpdatePlan
from restante.ports.accounts import Account, AccountId
from restante.ports.stores import Holder
from restante.proto.terms import MessageNumber, UniqueId
from restante.stores.memory import MemoryStore

TED = Account(id=AccountId("00000000000000ed"), name="ted")
HOLDER = Holder(peer="test", since_epoch_seconds=0.0)


class Move:
    def __init__(self, state: State, fuse: Fuse | None = None) -> None:
        self.fuse = fuse or Fuse()
        self.server = Server(messages=dict(letters(1, 2, 3)))
        self.store = MemoryStore()
        self.state = state
        self.told: list[Telling] = []

    async def run(self, *, verify: bool = False) -> MigrationReport:
        migration: Migration[Message] = Migration(
            source="old",
            maildrop_name=NAME,
            store=self.store,
            account=TED,
            state=self.state,
            tell=self.told.append,
            clock=lambda: 1.8e9,
        )
        remote = Maildrop(self.server, self.fuse)
        return await (migration.verify(remote) if verify else migration.run(remote))

    def here(self) -> list[tuple[bytes, bytes]]:
        maildrop = self.store.open(TED, HOLDER)
        held = []
        for place, unique_id in enumerate(maildrop.snapshot.unique_ids, 1):
            octets = maildrop.retrieve(MessageNumber(place))
            assert isinstance(octets, bytes)
            held.append((bytes(unique_id), octets))
        maildrop.release()
        return held

    def remove_here(self, number: int) -> None:
        maildrop = self.store.open(TED, HOLDER)
        maildrop.update(UpdatePlan(removals=(MessageNumber(number),)))
        maildrop.release()

    async def add_here(self, unique_id: bytes, octets: bytes) -> None:
        await (await self.store.stage(TED, [octets], unique_id=UniqueId(unique_id))).publish()


def kinds(report: MigrationReport) -> dict[DifferenceKind, bytes]:
    return {difference.kind: difference.unique_id for difference in report.differences}


@pytest.fixture
def move(tmp_path: Path) -> Move:
    return Move(State(tmp_path / "state"))


@pytest.mark.rule("C9")
async def test_all_comes_in_order_under_its_unique_ids_and_nothing_leaves_there(move: Move) -> None:
    report = await move.run()
    assert move.here() == list(letters(1, 2, 3)) == list(move.server.messages.items())
    assert (report.brought, report.same, report.proved, report.differences) == (3, 3, True, [])
    move.server.messages |= dict(letters(4))
    assert (await move.run()).brought == 1
    assert move.server.retrieved.count(b"uid-1") == 1
    assert (await move.run(verify=True)).same == 4


async def test_what_was_removed_on_either_side_is_told_and_not_undone(move: Move) -> None:
    await move.run()
    del move.server.messages[b"uid-1"]
    move.remove_here(2)
    await move.add_here(b"new-here", letter(9))
    report = await move.run()
    assert report.proved
    assert report.brought == 0
    assert kinds(report) == {
        DifferenceKind.REMOVED_THERE: b"uid-1",
        DifferenceKind.REMOVED_HERE: b"uid-2",
        DifferenceKind.ONLY_HERE: b"new-here",
    }


async def test_a_message_that_a_crash_left_unrecorded_is_compared_and_not_doubled(move: Move) -> None:
    await move.add_here(b"uid-1", letter(1))
    report = await move.run()
    assert (report.brought, report.same, report.proved) == (2, 3, True)
    assert len(move.here()) == 3


async def test_another_message_under_the_same_unique_id_is_not_taken_for_it(move: Move) -> None:
    await move.add_here(b"uid-1", letter(7))
    report = await move.run()
    assert (report.left_out, report.proved) == (1, False)
    assert move.here()[0] == (b"uid-1", letter(7))


async def test_other_octets_are_found_by_a_verify(move: Move) -> None:
    await move.run()
    move.server.messages[b"uid-2"] = letter(2, b"HELLO")
    assert (await move.run()).proved
    report = await move.run(verify=True)
    assert (kinds(report), report.proved) == ({DifferenceKind.DIGEST: b"uid-2"}, False)


async def test_another_order_is_told(move: Move) -> None:
    await move.run()
    move.server.messages = dict(letters(2, 1, 3))
    report = await move.run()
    assert not report.proved
    assert {difference.kind for difference in report.differences} == {DifferenceKind.ORDER}


async def test_a_message_that_the_server_does_not_give_keeps_none_of_the_others_back(move: Move) -> None:
    move.server.refuses = {b"uid-2"}
    report = await move.run()
    assert (report.brought, report.left_out, report.proved) == (2, 1, False)
    assert kinds(report)[DifferenceKind.MISSING] == b"uid-2"
    move.server.refuses = set()
    report = await move.run()
    assert report.brought == 1
    # It could not be put between the others: so it is named.
    assert DifferenceKind.ORDER in kinds(report)


async def test_ids_that_rfc_1939_does_not_allow_become_ones_that_stay_the_same(move: Move) -> None:
    move.server.messages = {b"x" * 71: letter(1), b"has space": letter(2), b"sha256:00": letter(3)}
    first = await move.run()
    assert (first.renamed, first.brought, first.proved) == (3, 3, True)
    assert (await move.run()).brought == 0
    assert [unique_id for unique_id, _ in move.here()] == [id_here(unique_id) for unique_id in move.server.messages]


async def test_a_kill_around_any_record_or_in_any_transfer_doubles_and_loses_nothing(tmp_path: Path) -> None:
    steps = at = 0
    while at <= steps:
        folder = tmp_path / str(at)
        fuse = Fuse(at)
        move = Move(FusedState(folder / "state", fuse), fuse)
        if at:
            with pytest.raises(Crash):
                await move.run()
        else:
            await move.run()
            steps = fuse.steps
        move.fuse = Fuse()
        move.state.close()
        move.state = State(folder / "state")
        report = await move.run()
        assert report.proved
        assert move.here() == list(letters(1, 2, 3)), f"step {at}"
        at += 1
    assert steps > 8
