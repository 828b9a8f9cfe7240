"""The contract of stores under a site's policies, as tests: whatever enforces them passes all of it.

A test class inherits `PolicyContract` and gives the fixtures `account`, `clock` and `made`. The trash is no part of
it: no session sees that. Sources: RFC 1939 §8, RFC 2449 §6.5 and §6.7; `ports/stores.py`, `maildrop/policies.py`.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from restante.maildrop.policies import DAY_SECONDS, LoginDelay, MaildropPolicies, Quota, RetentionPolicy
from restante.ports.accounts import Account
from restante.ports.stores import OpenMaildrop, OverQuota, QuotaOf, Store, TooSoon, no_quota
from restante.proto.terms import MessageNumber
from restante.testing.store_contract import answer, deliver, octets_of, open_maildrop, plan

__all__ = ["HandClock", "MakesStores", "PolicyContract"]


class HandClock:
    """A clock that a test puts forward; seconds since the epoch."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Tell the time."""
        return self.now

    def pass_days(self, days: float) -> None:
        """Let days pass."""
        self.now += days * DAY_SECONDS


class MakesStores(Protocol):
    """Makes stores that share their maildrops' disk, if they have one, and the test's clock."""

    def __call__(self, policies: MaildropPolicies, quota_of: QuotaOf = no_quota) -> Store:
        """Make a store."""
        ...


def _retention(days: int | None = None, after_retrieval: int | None = None) -> MaildropPolicies:
    return MaildropPolicies(
        retention=RetentionPolicy(expire_days=days, expire_after_retrieval_days=after_retrieval)
    )


async def _retrieve(maildrop: OpenMaildrop, *numbers: int) -> None:
    for number in numbers:
        await octets_of(maildrop, number)
        maildrop.note_retrieved(MessageNumber(number))


async def _session(
    store: Store, account: Account, *, retrieved: tuple[int, ...] = (), marked: tuple[int, ...] = ()
) -> tuple[int, int]:
    """Log in, retrieve, mark, QUIT; give how many messages there were and how many expired."""
    maildrop = await open_maildrop(store, account)
    await _retrieve(maildrop, *retrieved)
    await answer(maildrop.update(plan(*marked)))
    maildrop.release()
    return len(maildrop.snapshot), maildrop.expired


class PolicyContract:
    """What each store that enforces policies holds to."""

    @pytest.mark.rule("C11")
    async def test_mail_older_than_its_days_is_removed_at_quit(
        self, made: MakesStores, account: Account, clock: HandClock
    ) -> None:
        """To the second, and with its octets told."""
        store = made(_retention(days=30))
        await deliver(store, account, b"old\r\n")
        clock.pass_days(29)
        await deliver(store, account, b"young\r\n")
        clock.now += DAY_SECONDS - 1
        assert await _session(store, account) == (2, 0)
        clock.now += 1
        maildrop = await open_maildrop(store, account)
        await answer(maildrop.update(plan()))
        maildrop.release()
        assert (maildrop.expired, maildrop.expired_octets) == (1, 5)
        assert await _session(store, account) == (1, 0)

    @pytest.mark.rule("C11", "S6")
    async def test_mail_that_is_due_stays_when_the_session_breaks_off(
        self, made: MakesStores, account: Account, clock: HandClock
    ) -> None:
        """Only UPDATE removes."""
        store = made(_retention(days=1))
        await deliver(store, account, b"old\r\n")
        clock.pass_days(2)
        (await open_maildrop(store, account)).release()
        assert await _session(store, account) == (1, 1)

    @pytest.mark.rule("C11")
    async def test_days_after_retrieval_count_from_the_first_retr(
        self, made: MakesStores, account: Account, clock: HandClock
    ) -> None:
        """What was never retrieved stays; a second RETR begins nothing anew."""
        store = made(_retention(after_retrieval=7))
        for number in (1, 2):
            await deliver(store, account, b"n%d\r\n" % number)
        clock.pass_days(100)
        assert await _session(store, account, retrieved=(1,)) == (2, 0)
        clock.pass_days(6)
        assert await _session(store, account, retrieved=(1,)) == (2, 0)
        clock.pass_days(1)
        assert await _session(store, account) == (2, 1)
        maildrop = await open_maildrop(store, account)
        assert await octets_of(maildrop, 1) == b"n2\r\n"
        maildrop.release()

    @pytest.mark.rule("C11", "S6")
    async def test_a_retrieval_counts_only_when_the_session_ends_by_quit(
        self, made: MakesStores, account: Account, clock: HandClock
    ) -> None:
        """A connection that is lost may have been lost in the middle of the message."""
        store = made(_retention(after_retrieval=1))
        await deliver(store, account, b"x\r\n")
        maildrop = await open_maildrop(store, account)
        await _retrieve(maildrop, 1)
        maildrop.release()
        clock.pass_days(2)
        assert await _session(store, account) == (1, 0)
        assert await _session(store, account) == (1, 0)

    @pytest.mark.rule("C11")
    async def test_with_no_days_after_retrieval_mail_goes_in_the_session_that_retrieved_it(
        self, made: MakesStores, account: Account
    ) -> None:
        """As RFC 2449 has it for EXPIRE 0."""
        store = made(_retention(after_retrieval=0))
        for number in (1, 2, 3):
            await deliver(store, account, b"n%d\r\n" % number)
        assert await _session(store, account, retrieved=(1, 3), marked=(3,)) == (3, 1)
        assert await _session(store, account) == (1, 0)

    async def test_a_retrieval_is_known_to_other_stores_on_the_same_maildrop(
        self, made: MakesStores, account: Account, clock: HandClock
    ) -> None:
        """Workers share nothing but the store's disk; a memory store is its own."""
        first = made(_retention(after_retrieval=7))
        second = made(_retention(after_retrieval=7))
        await deliver(first, account, b"x\r\n")
        assert (await _session(second, account))[1] == 0
        await _session(first, account, retrieved=(1,))
        clock.pass_days(7)
        assert await _session(second, account) == (1, 1)

    async def test_without_a_policy_a_retrieval_means_nothing(
        self, made: MakesStores, account: Account, clock: HandClock
    ) -> None:
        """And time removes nothing."""
        store = made(MaildropPolicies())
        await deliver(store, account, b"x\r\n")
        await _session(store, account, retrieved=(1,))
        clock.pass_days(10_000)
        assert await _session(store, account) == (1, 0)

    @pytest.mark.rule("C11")
    async def test_a_login_too_soon_after_another_is_told_how_long_to_wait(
        self, made: MakesStores, account: Account, clock: HandClock
    ) -> None:
        """However the other one ended; a refused one does not count."""
        store = made(MaildropPolicies(login_delay=LoginDelay(seconds=60)))
        (await open_maildrop(store, account)).release()
        for left in (50, 40):
            clock.now += 10
            with pytest.raises(TooSoon) as caught:
                await open_maildrop(store, account)
            assert caught.value.retry_in_seconds == left
        clock.now += 40
        (await open_maildrop(store, account)).release()

    async def test_a_quota_of_messages_refuses_one_more(self, made: MakesStores, account: Account) -> None:
        """Until one was removed."""
        store = made(MaildropPolicies(), lambda _: Quota(messages=2))
        for _ in range(2):
            await deliver(store, account, b"x\r\n")
        with pytest.raises(OverQuota) as caught:
            await store.stage(account, [b"x\r\n"])
        assert (caught.value.usage.messages, caught.value.usage.octets) == (2, 6)
        await _session(store, account, marked=(1,))
        await deliver(store, account, b"x\r\n")
        with pytest.raises(OverQuota):
            await store.stage(account, [b"x\r\n"])

    async def test_a_quota_of_octets_counts_them_as_list_does(self, made: MakesStores, account: Account) -> None:
        """To the octet."""
        store = made(MaildropPolicies(), lambda _: Quota(octets=10))
        await deliver(store, account, b"12345\r\n")
        with pytest.raises(OverQuota):
            await store.stage(account, [b"12\r\n"])
        await deliver(store, account, b"1\r\n")
        with pytest.raises(OverQuota):
            await store.stage(account, [b"\r\n"])

    async def test_what_is_under_way_counts_until_it_is_given_up(self, made: MakesStores, account: Account) -> None:
        """Two senders at once do not share one last place."""
        store = made(MaildropPolicies(), lambda _: Quota(messages=1))
        staged = await store.stage(account, [b"x\r\n"])
        with pytest.raises(OverQuota):
            await store.stage(account, [b"y\r\n"])
        await staged.discard()
        await deliver(store, account, b"y\r\n")

    async def test_a_quota_is_each_account_s_own(self, made: MakesStores, account: Account) -> None:
        """None: as much as comes."""
        asked: list[Account] = []

        def quota_of(account: Account) -> None:
            asked.append(account)

        store = made(MaildropPolicies(), quota_of)
        await deliver(store, account, b"x\r\n")
        assert asked == [account]
