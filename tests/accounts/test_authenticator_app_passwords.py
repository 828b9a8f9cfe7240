"""An application password opens at once, as long as it is not revoked; a wrong one costs what all else costs."""

from __future__ import annotations

import asyncio

import pytest
from tests.accounts.rig import RIGHT, WRONG, Rig, settled

from restante.accounts import app_passwords
from restante.accounts.app_passwords import app_password_digest, new_app_password, plain_app_password
from restante.ports.accounts import Accepted, Account, AccountId, AccountStatus, Judgement, RefusalReason, Refused
from restante.ports.soon import Later
from restante.proto.terms import Secret
from restante.sasl import terms as sasl


def given_to(rig: Rig, account: Account, label: str = "phone") -> Secret:
    password = new_app_password()
    plain = plain_app_password(password)
    assert plain is not None
    rig.directory.add_app_password(account, label, app_password_digest(account.id, plain))
    return password


def _now(rig: Rig) -> Account:
    ted = rig.directory.find("ted")
    assert ted is not None
    return ted


async def test_it_is_accepted_at_once_without_a_hash_beside_the_main_one(rig: Rig) -> None:
    phone, laptop = given_to(rig, rig.ted, "phone"), given_to(rig, rig.ted, "laptop")
    for password in (phone, laptop, Secret(phone.reveal().upper().replace(b"-", b" "))):
        assert rig.authenticator.verify_password(b"TED", password) == Accepted(account=_now(rig))
        request = sasl.JudgePassword(authzid=None, authcid="ted", password=password, password_as_sent=password)
        assert rig.authenticator.judge(request) == Judgement(
            answer=sasl.Granted(authcid="Ted"), claimed="ted", account=_now(rig)
        )
    assert rig.hasher.verified == 0
    assert await rig.log_in() == Accepted(account=_now(rig))
    assert rig.hasher.verified == 1


@pytest.mark.rule("S8")
async def test_whatever_is_wrong_costs_the_same_digests_and_hashes(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = 0

    def counting(account_id: AccountId, plain: Secret) -> bytes:
        nonlocal digests
        digests += 1
        return app_password_digest(account_id, plain)

    locked, tim = (rig.directory.add(name, rig.hasher.hash(RIGHT)) for name in ("locked", "tim"))
    of_locked, of_tim = given_to(rig, locked), given_to(rig, tim)
    for n in range(10):
        given_to(rig, rig.ted, f"{n}")
    rig.directory.set_status("locked", AccountStatus.LOCKED)
    monkeypatch.setattr(app_passwords, "app_password_digest", counting)
    costs = set()
    for name, password, reason in (
        (b"ted", new_app_password(), RefusalReason.WRONG_PASSWORD),
        (b"ted", of_tim, RefusalReason.WRONG_PASSWORD),
        (b"locked", of_locked, RefusalReason.LOCKED),
        (b"locked", of_tim, RefusalReason.WRONG_PASSWORD),
        (b"nobody", of_tim, RefusalReason.UNKNOWN_NAME),
        (b"n\xf6body", of_tim, RefusalReason.UNKNOWN_NAME),
    ):
        digests = rig.hasher.verified = 0
        answer = rig.authenticator.verify_password(name, password)
        assert isinstance(answer, Later)
        assert await answer == Refused(reason=reason)
        costs.add((digests, rig.hasher.verified))
    assert costs == {(2, 1)}


async def test_a_revoked_one_opens_no_longer_nor_does_one_of_a_removed_account(rig: Rig) -> None:
    phone, laptop = given_to(rig, rig.ted, "phone"), given_to(rig, rig.ted, "laptop")
    assert isinstance(await rig.log_in(password=phone), Accepted)
    rig.directory.revoke_app_password(rig.ted, "PHONE")
    assert await rig.log_in(password=phone) == Refused(reason=RefusalReason.WRONG_PASSWORD)
    assert isinstance(await rig.log_in(password=laptop), Accepted)
    rig.directory.remove("ted")
    rig.directory.add("ted", rig.hasher.hash(RIGHT))
    assert await rig.log_in(password=laptop) == Refused(reason=RefusalReason.WRONG_PASSWORD)


async def test_it_outlasts_a_change_of_the_main_password(rig: Rig) -> None:
    phone = given_to(rig, rig.ted)
    rig.directory.set_password("ted", rig.hasher.hash(WRONG))
    assert isinstance(await rig.log_in(password=phone), Accepted)


async def test_one_of_an_account_unlocked_while_the_hash_runs_is_accepted_and_not_remembered(rig: Rig) -> None:
    phone = given_to(rig, rig.ted)
    rig.directory.set_status("ted", AccountStatus.LOCKED)
    rig.hasher.go.clear()
    login = asyncio.create_task(rig.log_in(password=phone))
    await asyncio.to_thread(rig.hasher.began.wait, 60)
    rig.directory.set_status("ted", AccountStatus.ACTIVE)
    rig.hasher.go.set()
    assert isinstance(await login, Accepted)
    assert len(rig.authenticator._verified) == 0


async def test_its_last_use_is_noted_and_the_login_does_not_wait_for_it(rig: Rig) -> None:
    phone = given_to(rig, rig.ted)
    assert isinstance(rig.authenticator.verify_password(b"ted", phone), Accepted)
    found = rig.directory.credentials("ted")
    assert found is not None
    assert found.app_passwords[0].used_epoch_seconds is None
    async with asyncio.timeout(60):
        while found.app_passwords[0].used_epoch_seconds is None:
            await asyncio.sleep(0)
            found = rig.directory.credentials("ted")
            assert found is not None
    # The note is no new generation.
    assert found.account == _now(rig)


async def test_a_main_password_that_looks_like_one_is_judged_as_the_main_one(rig: Rig) -> None:
    looks_like_one = new_app_password()
    rig.directory.set_password("ted", rig.hasher.hash(looks_like_one))
    assert isinstance(await rig.log_in(password=looks_like_one), Accepted)
    assert rig.hasher.verified == 1
    in_capitals = Secret(looks_like_one.reveal().upper())
    assert await rig.log_in(password=in_capitals) == Refused(reason=RefusalReason.WRONG_PASSWORD)


async def test_it_makes_no_scram_keys_and_is_none_for_scram(rig: Rig) -> None:
    phone = given_to(rig, rig.ted)
    judge = rig.another(scram=True)
    assert isinstance(await settled(judge.verify_password(b"ted", phone)), Accepted)
    found = rig.directory.credentials("ted")
    assert found is not None
    assert found.sealed_scram is None
