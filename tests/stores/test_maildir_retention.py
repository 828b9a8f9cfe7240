"""The retention policy on disk: the contract, and what only files show."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from restante.maildrop.policies import DAY_SECONDS, LoginDelay, MaildropPolicies, Quota, RetentionPolicy
from restante.ports.accounts import Account, AccountId
from restante.ports.soon import Later
from restante.ports.stores import Holder, OverQuota, QuotaOf, Store, StoreFull, TooSoon, no_quota
from restante.proto.terms import MessageNumber
from restante.stores.maildir import MaildirStore
from restante.stores.maildir.index import Index
from restante.testing.policy_contract import HandClock, MakesStores, PolicyContract
from restante.testing.store_contract import HOLDER, answer, deliver, open_maildrop, plan

ACCOUNT = Account(id=AccountId("0123456789abcdef"), name="ted")
AFTER_A_WEEK = MaildropPolicies(retention=RetentionPolicy(expire_after_retrieval_days=7))
A_MONTH = MaildropPolicies(retention=RetentionPolicy(expire_days=30))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def made(tmp_path: Path, clock: HandClock) -> AsyncIterator[MakesStores]:
    stores: list[MaildirStore] = []

    def make(policies: MaildropPolicies, quota_of: QuotaOf = no_quota) -> Store:
        stores.append(MaildirStore(tmp_path, hostname="h", clock=clock, policies=policies, quota_of=quota_of))
        return stores[-1]

    yield make
    for store in stores:
        await store.close()


class TestPoliciesInMaildir(PolicyContract):
    @pytest.fixture
    def account(self) -> Account:
        return ACCOUNT


class TestPoliciesInMaildirWithTrash(PolicyContract):
    """The trash changes nothing of what sessions see."""

    @pytest.fixture
    def account(self) -> Account:
        return ACCOUNT

    @pytest.fixture
    async def made(self, tmp_path: Path, clock: HandClock) -> AsyncIterator[MakesStores]:
        stores: list[MaildirStore] = []

        def make(policies: MaildropPolicies, quota_of: QuotaOf = no_quota) -> Store:
            policies = MaildropPolicies(
                retention=policies.retention, login_delay=policies.login_delay, trash_days=7
            )
            stores.append(MaildirStore(tmp_path, hostname="h", clock=clock, policies=policies, quota_of=quota_of))
            return stores[-1]

        yield make
        for store in stores:
            await store.close()


def folder_of(made: MakesStores) -> Path:
    store = made(MaildropPolicies())
    assert isinstance(store, MaildirStore)
    return store.location(ACCOUNT)


async def quit_after(store: Store, *retrieved: int) -> int:
    maildrop = await open_maildrop(store, ACCOUNT)
    for number in retrieved:
        maildrop.note_retrieved(MessageNumber(number))
    await answer(maildrop.update(plan()))
    maildrop.release()
    return maildrop.expired


@pytest.mark.parametrize(
    ("name", "age_days", "expired"),
    [
        ("{seconds}.x.other", 31, 1),
        ("{seconds}.x.other", 29, 0),
        ("no-time-in-it", 31, 1),
        ("no-time-in-it", 29, 0),
        ("17.not-a-time", 29, 0),  # a number, and no time after there were Maildirs: the file's own time counts
        ("17.not-a-time", 31, 1),
    ],
)
async def test_a_foreign_file_came_when_its_name_says_or_else_when_the_file_does(
    made: MakesStores, clock: HandClock, name: str, age_days: int, expired: int
) -> None:
    store = made(A_MONTH)
    assert await quit_after(store) == 0
    came = int(clock.now) - age_days * DAY_SECONDS
    path = folder_of(made) / "new" / name.format(seconds=came)
    path.write_bytes(b"x\n")
    other_time = clock.now if "{" in name else came
    os.utime(path, (other_time, other_time))
    assert await quit_after(store) == expired


async def test_a_poll_under_a_policy_is_answered_at_once_while_nothing_is_due(
    made: MakesStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = made(AFTER_A_WEEK)
    await deliver(store, ACCOUNT, b"x\r\n")
    for folder in ("new", "cur"):
        os.utime(folder_of(made) / folder, (1_600_000_000, 1_600_000_000))
    assert await quit_after(store, 1) == 0
    assert await quit_after(store) == 0
    monkeypatch.setattr(Index, "read_ages", None)
    monkeypatch.setattr(Index, "note_retrieved", None)
    maildrop = store.open(ACCOUNT, HOLDER)
    assert not isinstance(maildrop, Later)
    maildrop.note_retrieved(MessageNumber(1))
    assert not isinstance(maildrop.update(plan()), Later)
    maildrop.release()


async def test_without_a_policy_no_index_is_made(made: MakesStores) -> None:
    store = made(MaildropPolicies())
    await deliver(store, ACCOUNT, b"x\r\n")
    await quit_after(store, 1)
    assert not (folder_of(made) / "restante.index").exists()


async def test_mail_that_goes_in_the_same_session_leaves_no_row(made: MakesStores) -> None:
    store = made(AFTER_A_WEEK)
    await deliver(store, ACCOUNT, b"x\r\n")
    maildrop = await open_maildrop(store, ACCOUNT)
    maildrop.note_retrieved(MessageNumber(1))
    await answer(maildrop.update(plan(1)))
    maildrop.release()
    assert not (folder_of(made) / "restante.index").exists()


async def test_on_a_full_disk_a_retrieval_is_forgotten_and_quit_goes_well(
    made: MakesStores, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = made(AFTER_A_WEEK)
    await deliver(store, ACCOUNT, b"x\r\n")

    def full(*_: object) -> None:
        raise StoreFull("no room: make some")

    with monkeypatch.context() as patch:
        patch.setattr(Index, "note_retrieved", full)
        assert await quit_after(store, 1) == 0
    clock.pass_days(8)
    assert await quit_after(store) == 0


async def test_a_message_keeps_its_days_when_another_program_moves_it(made: MakesStores, clock: HandClock) -> None:
    store = made(AFTER_A_WEEK)
    await deliver(store, ACCOUNT, b"x\r\n")
    await quit_after(store, 1)
    (path,) = (folder_of(made) / "new").iterdir()
    path.rename(folder_of(made) / "cur" / f"{path.name}:2,S")
    clock.pass_days(7)
    assert await quit_after(store) == 1


@pytest.mark.rule("C11")
async def test_a_command_of_ours_is_no_login(made: MakesStores, clock: HandClock) -> None:
    """It takes the lock without a delay, and the time of the last login stays noted."""
    server, command = made(MaildropPolicies(login_delay=LoginDelay(seconds=60))), made(MaildropPolicies())
    (await open_maildrop(server, ACCOUNT)).release()
    clock.now += 1
    maildrop = await answer(command.open(ACCOUNT, Holder(peer="restante maildrop list", since_epoch_seconds=1)))
    maildrop.release()
    clock.now += 1
    with pytest.raises(TooSoon) as caught:
        await open_maildrop(server, ACCOUNT)
    assert caught.value.retry_in_seconds == 58


async def test_a_login_that_is_refused_for_its_haste_leaves_the_lock_free(made: MakesStores) -> None:
    store = made(MaildropPolicies(login_delay=LoginDelay(seconds=60)))
    (await open_maildrop(store, ACCOUNT)).release()
    with pytest.raises(TooSoon):
        await open_maildrop(store, ACCOUNT)
    (await open_maildrop(made(MaildropPolicies()), ACCOUNT)).release()


async def test_deliveries_of_another_process_are_counted(made: MakesStores) -> None:
    stores = [made(MaildropPolicies(), lambda _: Quota(messages=4)) for _ in range(2)]
    for number in range(4):
        await deliver(stores[number % 2], ACCOUNT, b"x\r\n")
    for store in stores:
        with pytest.raises(OverQuota):
            await store.stage(ACCOUNT, [b"x\r\n"])


async def test_a_retrieval_is_noticed_though_the_listing_is_kept_and_by_other_processes_too(
    made: MakesStores, clock: HandClock
) -> None:
    """The maildrop does not change, so each process goes by the listing that it made first."""
    here, elsewhere = made(AFTER_A_WEEK), made(AFTER_A_WEEK)
    await deliver(here, ACCOUNT, b"x\r\n")
    for folder in ("new", "cur"):
        os.utime(folder_of(made) / folder, (1_600_000_000, 1_600_000_000))
    for store in (here, elsewhere):
        await quit_after(store)
        assert not isinstance(store.open(ACCOUNT, HOLDER), Later)
    await quit_after(here, 1)
    clock.pass_days(7)
    assert await quit_after(elsewhere) == 1


async def test_a_retrieval_of_a_kept_listing_expires_in_the_same_process(
    made: MakesStores, clock: HandClock
) -> None:
    store = made(AFTER_A_WEEK)
    await deliver(store, ACCOUNT, b"x\r\n")
    for folder in ("new", "cur"):
        os.utime(folder_of(made) / folder, (1_600_000_000, 1_600_000_000))
    await quit_after(store)
    await quit_after(store, 1)
    clock.pass_days(7)
    assert await quit_after(store) == 1
