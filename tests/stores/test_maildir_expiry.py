"""Between sessions: expiring, sweeping the trash, bringing mail back."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from restante.maildrop.policies import DAY_SECONDS, MaildropPolicies, RetentionPolicy
from restante.ports.accounts import Account, AccountId
from restante.ports.stores import MaildropInUse, StoreFault
from restante.proto.terms import MessageNumber, UniqueId
from restante.stores.maildir import FindingKind, MaildirStore, check, expire, list_trash, undelete
from restante.stores.maildir.index import Index
from restante.stores.maildir.places import places_in
from restante.testing.policy_contract import HandClock
from restante.testing.store_contract import answer, deliver, octets_of, open_maildrop, plan

ACCOUNT = Account(id=AccountId("0123456789abcdef"), name="ted")
MONTH = RetentionPolicy(expire_days=30, expire_after_retrieval_days=7)
NO_TRASH = MaildropPolicies(retention=MONTH)
TRASH = MaildropPolicies(retention=MONTH, trash_days=14)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[MaildirStore]:
    store = MaildirStore(tmp_path, hostname="h", clock=clock, policies=TRASH)
    yield store
    await store.close()


@pytest.fixture
async def maildir(store: MaildirStore, clock: HandClock) -> Path:
    """Give a maildrop with messages of 31, 10, 8 and 0 days, of which the third was retrieved 8 days ago."""
    await deliver(store, ACCOUNT, b"n1\r\n")
    clock.pass_days(21)
    await deliver(store, ACCOUNT, b"n2\r\n")
    clock.pass_days(2)
    await deliver(store, ACCOUNT, b"n3\r\n")
    maildrop = await open_maildrop(store, ACCOUNT)
    maildrop.note_retrieved(MessageNumber(3))
    await answer(maildrop.update(plan()))
    maildrop.release()
    clock.pass_days(8)
    await deliver(store, ACCOUNT, b"n4\r\n")
    return store.location(ACCOUNT)


async def mail(store: MaildirStore) -> list[bytes]:
    maildrop = await open_maildrop(store, ACCOUNT)
    there = [await octets_of(maildrop, n) for n in range(1, len(maildrop.snapshot) + 1)]
    maildrop.release()
    return there


@pytest.mark.rule("C11")
async def test_what_is_due_is_removed_between_sessions(
    store: MaildirStore, maildir: Path, clock: HandClock
) -> None:
    (first, *_) = (await open_maildrop(store, ACCOUNT)).snapshot.unique_ids
    report = expire(maildir, policies=NO_TRASH, now=clock.now)
    assert (len(report.expired), report.expired_octets, report.left, report.swept) == (2, 8, 2, 0)
    assert report.expired[0] == first
    assert await mail(store) == [b"n2\r\n", b"n4\r\n"]
    assert list_trash(maildir, now=clock.now) == []
    assert expire(maildir, policies=NO_TRASH, now=clock.now).expired == ()


async def test_a_dry_run_says_the_same_and_removes_nothing(
    store: MaildirStore, maildir: Path, clock: HandClock
) -> None:
    said = expire(maildir, policies=TRASH, now=clock.now, dry_run=True)
    assert len(await mail(store)) == 4
    assert list_trash(maildir, now=clock.now) == []
    assert expire(maildir, policies=TRASH, now=clock.now) == said


async def test_without_days_nothing_is_due(store: MaildirStore, maildir: Path, clock: HandClock) -> None:
    report = expire(maildir, policies=MaildropPolicies(), now=clock.now + 10**9)
    assert (report.expired, report.left) == ((), 4)
    assert len(await mail(store)) == 4


async def test_expired_mail_waits_in_the_trash_and_goes_for_good_after_its_days(
    maildir: Path, clock: HandClock
) -> None:
    expire(maildir, policies=TRASH, now=clock.now)
    assert [one.octets for one in list_trash(maildir, now=clock.now)] == [4, 4]
    assert expire(maildir, policies=TRASH, now=clock.now + 14 * DAY_SECONDS).swept == 0
    assert len(list_trash(maildir, now=clock.now)) == 2
    assert expire(maildir, policies=TRASH, now=clock.now + 15 * DAY_SECONDS, dry_run=True).swept == 2
    assert expire(maildir, policies=TRASH, now=clock.now + 15 * DAY_SECONDS).swept == 2
    assert list_trash(maildir, now=clock.now) == []


async def test_what_a_session_removed_comes_back_by_its_unique_id(
    store: MaildirStore, maildir: Path, clock: HandClock
) -> None:
    maildrop = await open_maildrop(store, ACCOUNT)
    unique_ids = maildrop.snapshot.unique_ids
    await answer(maildrop.update(plan(2, 4)))
    maildrop.release()
    assert maildrop.expired == 2
    assert await mail(store) == []
    done = undelete(
        maildir,
        unique_ids=[UniqueId(unique_ids[1]), UniqueId(b"never")],
        retention=RetentionPolicy(),
        now=clock.now,
    )
    assert [one.unique_id for one in done.back] == [unique_ids[1]]
    assert (done.in_the_way, done.unknown) == ((), (b"never",))
    assert await mail(store) == [b"n2\r\n"]
    done = undelete(maildir, unique_ids=None, retention=RetentionPolicy(), now=clock.now)
    assert len(done.back) == 3
    maildrop = await open_maildrop(store, ACCOUNT)
    assert maildrop.snapshot.unique_ids == unique_ids
    assert maildrop.unique_ids_changed == 0
    maildrop.release()


@pytest.mark.rule("C11")
async def test_the_days_of_what_was_brought_back_begin_anew(
    store: MaildirStore, maildir: Path, clock: HandClock
) -> None:
    expire(maildir, policies=TRASH, now=clock.now)
    undelete(maildir, unique_ids=None, retention=MONTH, now=clock.now)
    clock.pass_days(6)
    maildrop = await open_maildrop(store, ACCOUNT)
    maildrop.note_retrieved(MessageNumber(3))
    await answer(maildrop.update(plan()))
    maildrop.release()
    assert maildrop.expired == 0
    assert await mail(store) == [b"n1\r\n", b"n2\r\n", b"n3\r\n", b"n4\r\n"]
    assert len(expire(maildir, policies=TRASH, now=clock.now + 7 * DAY_SECONDS).expired) == 1
    assert len(expire(maildir, policies=TRASH, now=clock.now + 24 * DAY_SECONDS).expired) == 3


async def test_a_maildrop_in_use_is_left_alone(store: MaildirStore, maildir: Path, clock: HandClock) -> None:
    maildrop = await open_maildrop(store, ACCOUNT)
    with pytest.raises(MaildropInUse):
        expire(maildir, policies=TRASH, now=clock.now)
    with pytest.raises(MaildropInUse):
        undelete(maildir, unique_ids=None, retention=MONTH, now=clock.now)
    maildrop.release()


def test_a_maildir_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match="not there: make it"):
        expire(tmp_path / "nowhere", policies=TRASH, now=0)


async def test_check_sweeps_the_trash_and_keeps_the_unique_ids_of_what_waits_there(
    store: MaildirStore, maildir: Path, clock: HandClock
) -> None:
    await deliver(store, ACCOUNT, b"imported\r\n", UniqueId(b"UID-17"))
    maildrop = await open_maildrop(store, ACCOUNT)
    await answer(maildrop.update(plan(5)))
    maildrop.release()
    (maildir / "restante.trash").chmod(0o705)
    kinds = [one.kind for one in check(maildir, now=clock.now, trash_days=14).findings]
    assert FindingKind.PERMISSIONS_TIGHTENED in kinds
    assert FindingKind.TRASH_SWEPT not in kinds
    assert os.stat(maildir / "restante.trash").st_mode & 0o777 == 0o700
    clock.pass_days(15)
    assert check(maildir, now=clock.now).findings == ()
    done = undelete(maildir, unique_ids=[UniqueId(b"UID-17")], retention=RetentionPolicy(), now=clock.now)
    assert len(done.back) == 1
    kinds = [one.kind for one in check(maildir, now=clock.now, trash_days=14).findings]
    assert FindingKind.TRASH_SWEPT in kinds
    assert list_trash(maildir, now=clock.now) == []


async def test_ages_go_with_their_messages(store: MaildirStore, maildir: Path, clock: HandClock) -> None:
    index = Index(places_in(maildir, ours=True).index)
    assert len(index.read_ages()) == 1
    expire(maildir, policies=NO_TRASH, now=clock.now)
    assert [one.kind for one in check(maildir, now=clock.now).findings] == [FindingKind.INDEX_ROWS_REMOVED]
    assert index.read_ages() == {}


async def test_a_session_that_broke_down_is_finished_first(
    store: MaildirStore, maildir: Path, clock: HandClock
) -> None:
    (maildir / "restante.redo").write_bytes(b"damaged")
    with pytest.raises(StoreFault, match="damaged"):
        expire(maildir, policies=TRASH, now=clock.now)
    (maildir / "restante.redo").unlink()
    assert len(await mail(store)) == 4
