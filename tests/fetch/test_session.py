"""A session: what comes, what stays, what is removed, in which order, and what a kill at any step leaves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.fetch.acting import NAME, Crash, Destination, World, letter, letters

from restante.fetch.groups import GROUP_MESSAGES
from restante.fetch.plan import DAY_SECONDS, Order, Policy, RemarkKind, SeenMessage, SeenStatus
from restante.fetch.state import State
from restante.fetch.telling import Failure, LeftOut, Listing, Stored

KEEP = Policy(leave_seconds=None)


@pytest.fixture(params=[1, 2, GROUP_MESSAGES])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    world = World(tmp_path, destination=Destination(takes_at_once=request.param))
    world.server.messages = dict(letters(1, 2, 3))
    return world


def remarks(world: World) -> set[RemarkKind]:
    (listing,) = [told for told in world.told if isinstance(told, Listing)][-1:]
    return {remark.kind for remark in listing.plan.remarks}


async def test_what_is_fetched_is_stored_in_order_and_removed(world: World) -> None:
    result = await world.fetch()
    assert world.destination.kept == [letter(1), letter(2), letter(3)]
    assert world.server.messages == {}
    assert (result.stored, result.removed, result.left, result.failure) == (3, 3, 0, None)
    assert {row.status for row in world.seen()} == {SeenStatus.GONE}


async def test_mail_that_is_kept_at_the_server_is_fetched_once(world: World) -> None:
    await world.fetch(KEEP)
    world.server.messages |= dict(letters(4))
    result = await world.fetch(KEEP)
    assert world.destination.kept == [letter(number) for number in (1, 2, 3, 4)]
    assert len(world.server.messages) == 4
    assert (result.stored, result.removed, result.left) == (1, 0, 4)
    assert world.server.retrieved.count(b"uid-1") == 1


async def test_mail_is_removed_after_its_days(world: World) -> None:
    policy = Policy(leave_seconds=7 * DAY_SECONDS)
    await world.fetch(policy)
    world.now += 6.9 * DAY_SECONDS
    world.server.messages |= dict(letters(4))
    assert (await world.fetch(policy)).removed == 0
    world.now += 0.2 * DAY_SECONDS
    assert (await world.fetch(policy)).removed == 3
    assert list(world.server.messages) == [b"uid-4"]


async def test_what_a_kept_run_left_is_removed_when_mail_is_no_longer_kept(world: World) -> None:
    await world.fetch(KEEP)
    assert (await world.fetch()).removed == 3
    assert len(world.destination.kept) == 3


async def test_what_another_program_fetched_is_not_fetched_and_not_removed(world: World) -> None:
    with State(world.path) as state:
        taken = SeenMessage(
            unique_id=b"uid-1",
            status=SeenStatus.STORED,
            since_epoch_seconds=world.now - 30 * DAY_SECONDS,
            taken_over_from="getmail6",
        )
        state.record(NAME, taken)
    result = await world.fetch()
    assert (result.stored, result.removed) == (2, 2)
    assert list(world.server.messages) == [b"uid-1"]
    assert RemarkKind.TAKEN_OVER in remarks(world)
    # But its age counts where mail is left for so many days.
    assert (await world.fetch(Policy(leave_seconds=7 * DAY_SECONDS))).removed == 1
    assert letter(1) not in world.destination.kept


async def test_what_was_removed_at_the_destination_is_removed_at_the_server(world: World) -> None:
    policy = Policy(leave_seconds=None, delete_when_removed=True)
    await world.fetch(policy)
    world.destination.kept.remove(letter(2))
    assert (await world.fetch(policy)).removed == 1
    assert list(world.server.messages) == [b"uid-1", b"uid-3"]


async def test_an_empty_destination_removes_nothing_at_the_server(world: World) -> None:
    policy = Policy(leave_seconds=None, delete_when_removed=True)
    await world.fetch(policy)
    world.destination.kept.clear()
    assert (await world.fetch(policy)).removed == 0


async def test_a_unique_id_that_names_other_octets_is_a_new_message_and_is_stored_before_it_is_removed(
    world: World,
) -> None:
    await world.fetch(KEEP)
    world.server.messages[b"uid-2"] = letter(2, b"something else")
    result = await world.fetch()
    assert RemarkKind.CHANGED in remarks(world)
    assert world.destination.kept[-1] == letter(2, b"something else")
    assert (result.stored, result.removed) == (1, 3)


async def test_a_unique_id_used_again_with_the_same_octets_is_retrieved_and_stored_if_it_is_another_message(
    world: World,
) -> None:
    await world.fetch()
    world.server.messages = {b"uid-1": letter(1, b"HELLO"), b"uid-2": letter(2)}
    result = await world.fetch()
    assert RemarkKind.CAME_BACK in remarks(world)
    assert world.destination.kept == [letter(1), letter(2), letter(3), letter(1, b"HELLO")]
    assert (result.stored, result.was_there, result.removed) == (1, 1, 2)


async def test_a_status_that_the_server_writes_into_a_message_makes_it_no_new_one(world: World) -> None:
    await world.fetch(KEEP)
    world.server.messages[b"uid-2"] = letter(2).replace(b"Subject", b"Status: RO\r\nSubject")
    for _ in range(2):
        assert (await world.fetch(KEEP)).stored == 0
    assert world.server.retrieved.count(b"uid-2") == 2
    assert len(world.destination.kept) == 3


async def test_a_made_name_is_told_by_its_digest_before_its_message_is_removed(world: World) -> None:
    world.server.messages = {b"sha256:00": letter(1)}
    await world.fetch(KEEP)
    # Another client removed it, and a message with the same headers and as many octets came.
    world.server.messages = {b"sha256:00": letter(1, b"HELLO")}
    result = await world.fetch()
    assert world.destination.kept == [letter(1), letter(1, b"HELLO")]
    assert (result.stored, result.removed) == (1, 1)


async def test_a_message_that_the_server_does_not_give_keeps_none_of_the_others_back(world: World) -> None:
    world.server.refuses = {b"uid-2"}
    result = await world.fetch()
    assert world.destination.kept == [letter(1), letter(3)]
    assert list(world.server.messages) == [b"uid-2"]
    assert (result.left_out, result.failure) == (1, Failure.LEFT_OUT)


async def test_a_message_that_the_destination_refuses_stays_and_is_not_offered_again(world: World) -> None:
    world.destination.refuses = {letter(2)}
    await world.fetch()
    assert list(world.server.messages) == [b"uid-2"]
    (left,) = [told for told in world.told if isinstance(told, LeftOut)]
    assert (left.unique_id, left.for_good, left.words) == (b"uid-2", True, "550 no")
    world.destination.refuses = set()
    assert (await world.fetch()).stored == 0
    assert RemarkKind.REFUSED in remarks(world)
    assert list(world.server.messages) == [b"uid-2"]
    # Asked for again, it may be taken.
    assert (await world.fetch(Policy(again=True))).stored == 1
    assert world.server.messages == {}


async def test_a_message_that_the_destination_puts_off_is_offered_again(world: World) -> None:
    world.destination.puts_off = {letter(2)}
    assert (await world.fetch()).failure is Failure.LEFT_OUT
    world.destination.puts_off = set()
    assert (await world.fetch()).stored == 1
    assert world.server.messages == {}


async def test_a_destination_that_puts_everything_off_is_not_asked_for_ever(world: World) -> None:
    world.server.messages = dict(letters(*range(40)))
    world.destination.puts_off = set(world.server.messages.values())
    result = await world.fetch()
    assert result.failure is Failure.STORAGE
    assert 10 <= len(world.server.retrieved) <= 10 + 3 * (world.destination.takes_at_once - 1)


async def test_a_full_destination_costs_no_message(world: World) -> None:
    world.destination.full = True
    result = await world.fetch()
    assert result.failure is Failure.STORAGE
    assert "free room" in result.words
    assert len(world.server.messages) == 3
    assert world.server.retrieved == []


async def test_headers_alone_are_no_reason_to_remove_a_message(world: World) -> None:
    policy = Policy(headers_only=True)
    for stored in (3, 0):
        result = await world.fetch(policy)
        assert (result.stored, result.removed) == (stored, 0)
    assert all(kept.endswith(b"\r\n\r\n") for kept in world.destination.kept)
    assert (await world.fetch()).stored == 3
    assert world.server.messages == {}


async def test_a_limit_a_bound_and_an_order(world: World) -> None:
    world.server.messages[b"uid-9"] = letter(9, b"x" * 5000)
    policy = Policy(limit=2, max_octets=1000, order=Order.NEWEST_FIRST)
    result = await world.fetch(policy)
    assert world.destination.kept == [letter(3), letter(2)]
    assert (result.left, result.failure) == (2, None)
    assert {RemarkKind.TOO_LONG, RemarkKind.OVER_LIMIT} <= remarks(world)


async def test_a_dry_run_changes_nothing(world: World) -> None:
    await world.fetch(dry_run=True)
    (listing,) = [told for told in world.told if isinstance(told, Listing)]
    assert len(listing.plan.retrieve) == 3
    assert (world.destination.kept, world.server.retrieved, world.seen()) == ([], [], [])


async def test_asked_for_again_all_come_again(world: World) -> None:
    await world.fetch(KEEP)
    await world.fetch(Policy(leave_seconds=None, again=True))
    assert len(world.destination.kept) == 6
    assert (await world.fetch(KEEP)).stored == 0


async def test_what_is_told_has_the_octets_that_came(world: World) -> None:
    await world.fetch()
    stored = [told for told in world.told if isinstance(told, Stored)]
    assert [told.octets for told in stored] == [len(letter(number)) for number in (1, 2, 3)]


@pytest.mark.parametrize(("can_tell", "at_once"), [(True, 1), (True, 2), (True, GROUP_MESSAGES), (False, 1)])
async def test_a_kill_at_any_step_loses_nothing_and_doubles_at_most_the_message_in_hand(
    tmp_path: Path, can_tell: bool, at_once: int
) -> None:
    steps = at = 0
    while at <= steps:
        world = World(tmp_path / str(at), destination=Destination(can_tell=can_tell, takes_at_once=at_once))
        world.server.messages = dict(letters(1, 2, 3, 4, 5))
        if at:
            with pytest.raises(Crash):
                await world.fetch(crash_at=at)
        assert set(world.server.removed) <= set(world.destination.kept)
        await world.fetch()
        steps = steps or world.steps
        copies = Counter(world.destination.kept)
        assert set(copies) == {letter(number) for number in range(1, 6)}
        assert sum(copies.values()) <= (5 if can_tell else 6), f"step {at}"
        # What is retrieved again: the group that is being stored, and the one that gathers.
        assert len(world.server.retrieved) <= 5 + 2 * at_once
        assert world.server.messages == {}
        at += 1
    assert steps > 20


async def test_what_is_stored_in_one_place_is_not_stored_in_another(world: World) -> None:
    await world.fetch(KEEP)
    elsewhere = world.destination = Destination(label="mbox:/other")
    result = await world.fetch()
    assert (result.stored, result.removed) == (3, 3)
    assert len(elsewhere.kept) == 3


async def test_a_disk_that_fills_in_a_group_removes_what_came_before_and_doubles_nothing(world: World) -> None:
    world.server.messages = dict(letters(1, 2, 3, 4, 5))
    world.destination.fills_at = 2
    result = await world.fetch()
    assert (result.failure, result.stored, result.removed, result.left) == (Failure.STORAGE, 2, 2, 3)
    assert "free room" in result.words
    assert world.destination.kept == [letter(1), letter(2)]
    assert list(world.server.messages) == [b"uid-3", b"uid-4", b"uid-5"]
    world.destination.fills_at = None
    assert (await world.fetch()).removed == 3
    assert world.destination.kept == [letter(number) for number in range(1, 6)]


async def test_one_message_that_a_destination_refuses_and_one_it_puts_off_keep_none_of_their_group_back(
    world: World,
) -> None:
    world.server.messages = dict(letters(*range(1, 8)))
    world.destination.refuses = {letter(2)}
    world.destination.puts_off = {letter(4)}
    result = await world.fetch()
    assert world.destination.kept == [letter(number) for number in (1, 3, 5, 6, 7)]
    assert list(world.server.messages) == [b"uid-2", b"uid-4"]
    assert (result.stored, result.removed, result.left_out) == (5, 5, 2)
    told = [told.unique_id for told in world.told if isinstance(told, Stored | LeftOut)]
    assert told == [b"uid-%d" % number for number in range(1, 8)]


async def test_many_messages_come_in_few_groups_that_are_bounded(world: World) -> None:
    numbers = range(3 * GROUP_MESSAGES)
    world.destination.takes_at_once = GROUP_MESSAGES
    world.server.messages = dict(letters(*numbers))
    await world.fetch()
    assert world.destination.kept == [letter(number) for number in numbers]
    assert max(world.destination.groups) <= GROUP_MESSAGES
    # A slow machine lets a group go off by its time now and then.
    assert len(world.destination.groups) <= 10


async def test_when_it_is_told_to_end_what_was_gathered_is_stored_and_nothing_else_retrieved(
    world: World,
) -> None:
    world.server.messages = dict(letters(*range(10)))
    result = await world.fetch(stopping=lambda: len(world.server.retrieved) >= 4)
    assert world.destination.kept == [letter(number) for number in range(4)]
    assert (result.removed, len(world.server.retrieved)) == (4, 4)
