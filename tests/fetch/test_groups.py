"""Groups: how they are cut, what waits for what, and that no message is lost or moved between the two sides."""

from __future__ import annotations

import asyncio
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.fetch import groups
from restante.fetch.groups import GROUP_MESSAGES, GROUP_OCTETS, Gathering


async def fill(gathering: Gathering[int], octets: list[int], *, begin: int = 0) -> int:
    """Put messages in until one has to wait; give how many."""
    for number, each in enumerate(octets):
        if gathering.is_full:
            return number
        gathering.put(begin + number, each)
    return len(octets)


async def test_what_waits_is_bounded_by_its_messages() -> None:
    gathering: Gathering[int] = Gathering(GROUP_MESSAGES * 10)
    assert await fill(gathering, [1] * 10_000) == GROUP_MESSAGES
    assert await gathering.next_group() == list(range(GROUP_MESSAGES))
    assert await fill(gathering, [1] * 10_000) == GROUP_MESSAGES


async def test_what_waits_is_bounded_by_its_octets_and_takes_one_that_is_longer() -> None:
    gathering: Gathering[int] = Gathering(GROUP_MESSAGES)
    assert await fill(gathering, [GROUP_OCTETS // 2 - 1, 1, 10 * GROUP_OCTETS, 1]) == 3
    assert await gathering.next_group() == [0, 1, 2]


async def test_while_one_group_is_stored_the_next_one_gathers() -> None:
    gathering: Gathering[int] = Gathering(2)
    assert await fill(gathering, [1, 1]) == 2
    assert await gathering.next_group() == [0, 1]
    assert await fill(gathering, [1, 1, 1], begin=2) == 2
    assert await gathering.next_group() == [2, 3]


async def test_a_destination_that_takes_one_at_a_time_has_none_gathering_behind_it() -> None:
    gathering: Gathering[int] = Gathering(1)
    gathering.put(0, 1)
    assert await gathering.next_group() == [0]
    assert gathering.is_full
    storing = asyncio.ensure_future(gathering.next_group())
    assert await gathering.room()
    gathering.put(1, 1)
    assert await storing == [1]


async def test_a_group_that_does_not_fill_goes_off_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "GROUP_SECONDS", 0.001)
    gathering: Gathering[int] = Gathering(GROUP_MESSAGES)
    gathering.put(0, 1)
    assert await gathering.next_group() == [0]


async def test_what_gathered_before_the_end_is_still_given_and_what_was_dropped_is_not() -> None:
    ended: Gathering[int] = Gathering(GROUP_MESSAGES)
    ended.put(0, 1)
    ended.end()
    assert [await ended.next_group(), await ended.next_group()] == [[0], []]
    dropped: Gathering[int] = Gathering(GROUP_MESSAGES)
    dropped.put(0, 1)
    dropped.drop()
    assert await dropped.next_group() == []


async def test_whoever_waits_for_room_hears_that_the_storing_has_ended() -> None:
    gathering: Gathering[int] = Gathering(1)
    gathering.put(0, 1)
    waiting = asyncio.ensure_future(gathering.room())
    await gathering.next_group()
    gathering.close()
    assert await waiting is False


@given(st.lists(st.integers(0, GROUP_OCTETS)), st.integers(1, 5))
async def test_each_message_comes_once_and_in_its_order(octets: list[int], at_once: int) -> None:
    gathering: Gathering[int] = Gathering(at_once)
    came: list[list[int]] = []

    async def store() -> None:
        while group := await gathering.next_group():
            came.append(group)

    storing = asyncio.ensure_future(store())
    for number, each in enumerate(octets):
        assert await gathering.room()
        gathering.put(number, each)
    gathering.end()
    await storing
    assert list(chain(*came)) == list(range(len(octets)))
    assert all(len(group) <= at_once for group in came)
