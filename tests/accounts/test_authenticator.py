"""Logins are judged right, at the price of one hash whatever is wrong, and of none where that was done lately."""

from __future__ import annotations

import asyncio
import gc

import pytest
from tests.accounts.rig import RIGHT, WRONG, CountingHasher, CountingSealer, Rig, settled

from restante.accounts.apop import apop_digest
from restante.accounts.passwords import PasswordHasher
from restante.accounts.sealing import Sealer
from restante.accounts.sql import SqlDirectory
from restante.ports.accounts import (
    Accepted,
    AccountFault,
    AccountId,
    AccountStatus,
    Authenticator,
    RefusalReason,
    Refused,
    Unavailable,
    Verdict,
)
from restante.ports.soon import Later
from restante.proto.terms import Secret

TIMESTAMP = b"<1896.697170952@dbc.mtview.ca.us>"


def test_it_is_an_authenticator_of_the_contract(rig: Rig) -> None:
    contract: Authenticator = rig.authenticator
    assert contract.offers_apop() is False


async def test_a_right_password_is_accepted_without_regard_to_the_names_case(rig: Rig) -> None:
    for name in (b"Ted", b"ted", b"TED"):
        assert await rig.log_in(name) == Accepted(account=rig.ted)
    assert rig.hasher.verified == 1


@pytest.mark.rule("C1")
async def test_spaces_belong_to_the_password(rig: Rig) -> None:
    rig.directory.set_password("ted", rig.hasher.hash(Secret(b" two words ")))
    assert isinstance(await rig.log_in(password=Secret(b" two words ")), Accepted)
    for other in (b"two words", b" two words", b" two  words "):
        assert await rig.log_in(password=Secret(other)) == Refused(reason=RefusalReason.WRONG_PASSWORD)


@pytest.mark.rule("S8")
@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        (b"Ted", WRONG, RefusalReason.WRONG_PASSWORD),
        (b"Ted", Secret(b""), RefusalReason.WRONG_PASSWORD),
        (b"Ted", Secret(b"x" * 20_000), RefusalReason.WRONG_PASSWORD),
        (b"Tim", RIGHT, RefusalReason.UNKNOWN_NAME),
        (b"", RIGHT, RefusalReason.UNKNOWN_NAME),
        (b"../Ted", RIGHT, RefusalReason.UNKNOWN_NAME),
        (b"Ted ", RIGHT, RefusalReason.UNKNOWN_NAME),
        (b"Ted\0", RIGHT, RefusalReason.UNKNOWN_NAME),
        (b"T\xe9d", RIGHT, RefusalReason.UNKNOWN_NAME),
        ("Téd".encode(), RIGHT, RefusalReason.UNKNOWN_NAME),
        (b"x" * 250, RIGHT, RefusalReason.UNKNOWN_NAME),
        (b"locked", RIGHT, RefusalReason.LOCKED),
        (b"locked", WRONG, RefusalReason.WRONG_PASSWORD),
    ],
)
async def test_whatever_is_wrong_costs_one_hash_each_time(
    rig: Rig, name: bytes, password: Secret, reason: RefusalReason
) -> None:
    rig.directory.add("locked", rig.hasher.hash(RIGHT))
    rig.directory.set_status("locked", AccountStatus.LOCKED)
    for times in (1, 2):
        answer = rig.authenticator.verify_password(name, password)
        assert isinstance(answer, Later)
        assert await answer == Refused(reason=reason)
        assert rig.hasher.verified == times
    assert rig.hasher.made == 1


async def test_what_proved_right_is_accepted_at_once_the_next_time(rig: Rig) -> None:
    assert isinstance(rig.authenticator.verify_password(b"Ted", RIGHT), Later)
    await rig.log_in()
    assert rig.authenticator.verify_password(b"ted", RIGHT) == Accepted(account=rig.ted)
    assert rig.hasher.verified == 1


async def test_a_change_by_another_process_ends_what_proved_right(rig: Rig) -> None:
    other = SqlDirectory(rig.folder / "accounts.db")
    await rig.log_in()
    other.set_status("ted", AccountStatus.LOCKED)
    assert await rig.log_in() == Refused(reason=RefusalReason.LOCKED)
    other.set_status("ted", AccountStatus.ACTIVE)
    assert isinstance(await rig.log_in(), Accepted)
    other.set_password("ted", rig.hasher.hash(WRONG))
    assert await rig.log_in() == Refused(reason=RefusalReason.WRONG_PASSWORD)
    other.remove("ted")
    assert await rig.log_in(password=WRONG) == Refused(reason=RefusalReason.UNKNOWN_NAME)
    other.add("ted", rig.hasher.hash(WRONG))
    assert await rig.log_in() == Refused(reason=RefusalReason.WRONG_PASSWORD)
    other.close()


async def _held_up(rig: Rig, *, logins: int = 1, password: Secret = RIGHT) -> list[asyncio.Task[Verdict]]:
    """Begin logins whose hash has begun and does not end until `go`."""
    rig.hasher.go.clear()
    begun = [asyncio.create_task(rig.log_in(password=password)) for _ in range(logins)]
    await asyncio.to_thread(rig.hasher.began.wait, 60)
    return begun


async def test_sixteen_clients_with_the_same_credentials_cost_one_hash(rig: Rig) -> None:
    begun = await _held_up(rig, logins=16)
    rig.hasher.go.set()
    assert await asyncio.gather(*begun) == [Accepted(account=rig.ted)] * 16
    assert rig.hasher.verified == 1


async def test_credentials_that_differ_share_no_hash(rig: Rig) -> None:
    assert await asyncio.gather(*[rig.log_in(), rig.log_in(password=WRONG), rig.log_in(b"Tim")]) == [
        Accepted(account=rig.ted),
        Refused(reason=RefusalReason.WRONG_PASSWORD),
        Refused(reason=RefusalReason.UNKNOWN_NAME),
    ]
    assert rig.hasher.verified == 3


async def test_a_client_that_goes_away_does_not_end_what_others_wait_for(rig: Rig) -> None:
    first, second = await _held_up(rig, logins=2)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    rig.hasher.go.set()
    assert await second == Accepted(account=rig.ted)
    assert rig.hasher.verified == 1


async def test_nothing_stays_behind_when_all_clients_go_away(rig: Rig) -> None:
    (only,) = await _held_up(rig)
    (task,) = rig.authenticator._under_way.values()
    only.cancel()
    rig.hasher.go.set()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert rig.authenticator._under_way == {}


async def test_an_account_locked_while_the_hash_runs_is_refused(rig: Rig) -> None:
    (login,) = await _held_up(rig)
    rig.directory.set_status("ted", AccountStatus.LOCKED)
    rig.hasher.go.set()
    assert await login == Refused(reason=RefusalReason.LOCKED)


async def test_an_account_removed_while_the_hash_runs_is_refused(rig: Rig) -> None:
    (login,) = await _held_up(rig)
    rig.directory.remove("ted")
    rig.hasher.go.set()
    assert await login == Refused(reason=RefusalReason.UNKNOWN_NAME)


@pytest.mark.parametrize(("password", "accepted"), [(RIGHT, False), (WRONG, True)])
async def test_a_password_changed_while_the_hash_runs_is_the_one_that_counts(
    rig: Rig, password: Secret, accepted: bool
) -> None:
    (login,) = await _held_up(rig, password=password)
    rig.directory.set_password("ted", PasswordHasher(memory_kib=8, passes=1).hash(WRONG))
    rig.hasher.go.set()
    assert isinstance(await login, Accepted) is accepted


async def test_an_account_that_never_stays_the_same_is_a_fault(rig: Rig) -> None:
    hashes = PasswordHasher(memory_kib=8, passes=1)

    class Restless(CountingHasher):
        def verify(self, encoded: str, password: Secret) -> bool:
            rig.directory.set_password("ted", hashes.hash(RIGHT))
            return super().verify(encoded, password)

    restless = Restless()
    verdict = await settled(rig.another(hasher=restless).verify_password(b"Ted", RIGHT))
    assert isinstance(verdict, Unavailable)
    assert "again and again" in verdict.reason
    assert restless.verified == 3


@pytest.mark.rule("C12")
async def test_a_full_queue_is_the_systems_fault(rig: Rig) -> None:
    rig.hasher.go.clear()
    begun = [asyncio.ensure_future(rig.log_in(password=Secret(b"%d" % n))) for n in range(4)]
    await asyncio.to_thread(rig.hasher.began.wait, 60)
    while rig.pool.in_hand < 4:
        await asyncio.sleep(0)
    verdict = await rig.log_in()
    assert isinstance(verdict, Unavailable)
    assert "wait for a password hash already" in verdict.reason
    rig.hasher.go.set()
    assert set(await asyncio.gather(*begun)) == {Refused(reason=RefusalReason.WRONG_PASSWORD)}
    assert await rig.log_in() == Accepted(account=rig.ted)


@pytest.mark.rule("C12")
async def test_a_directory_that_cannot_be_read_is_the_systems_fault(rig: Rig) -> None:
    rig.directory.close()
    (rig.folder / "accounts.db").write_bytes(b"letters\n" * 1000)
    for verdict in (await rig.log_in(), rig.authenticator.verify_apop(b"Ted", TIMESTAMP, b"0" * 32)):
        assert isinstance(verdict, Unavailable)
        assert "put a backup" in verdict.reason
    assert rig.authenticator.offers_apop() is False


@pytest.mark.rule("C12")
async def test_a_stored_hash_that_is_none_is_the_systems_fault(rig: Rig) -> None:
    rig.directory.set_password("ted", "SOMEHASH")
    verdict = await rig.log_in()
    assert isinstance(verdict, Unavailable)
    assert verdict.reason.startswith("Ted: a stored password hash cannot be checked")
    assert "restante account password" in verdict.reason
    assert "SOMEHASH" not in verdict.reason


# --- renewed hashes -------------------------------------------------------------------------------------------


def _stored(rig: Rig) -> str:
    found = rig.directory.credentials("ted")
    assert found is not None
    return found.password_hash


async def test_a_right_login_renews_a_hash_of_other_parameters_once(rig: Rig) -> None:
    stronger = CountingHasher(passes=2)
    judge = rig.another(hasher=stronger)
    before = _stored(rig)
    assert await settled(judge.verify_password(b"Ted", WRONG)) == Refused(reason=RefusalReason.WRONG_PASSWORD)
    assert _stored(rig) == before
    assert await settled(judge.verify_password(b"Ted", RIGHT)) == Accepted(account=rig.ted)
    assert "t=2" in _stored(rig)
    # The generation stays, so what proved right still holds.
    assert judge.verify_password(b"Ted", RIGHT) == Accepted(account=rig.ted)
    fresh = rig.another(hasher=stronger)
    assert await settled(fresh.verify_password(b"Ted", RIGHT)) == Accepted(account=rig.ted)
    assert (stronger.verified, stronger.made) == (3, 1)


async def test_a_locked_accounts_hash_is_not_renewed(rig: Rig) -> None:
    rig.directory.set_status("ted", AccountStatus.LOCKED)
    stronger = CountingHasher(passes=2)
    verdict = await settled(rig.another(hasher=stronger).verify_password(b"Ted", RIGHT))
    assert verdict == Refused(reason=RefusalReason.LOCKED)
    assert (stronger.verified, stronger.made) == (1, 0)


async def test_a_hash_that_cannot_be_renewed_harms_no_login(rig: Rig) -> None:
    class FullDisk(SqlDirectory):
        def replace_hash(self, account_id: AccountId, old: str, new: str) -> bool:
            raise AccountFault("the disk is full: free some room")

    full = FullDisk(rig.folder / "accounts.db")
    judge = rig.another(hasher=CountingHasher(passes=2), directory=full)
    assert await settled(judge.verify_password(b"Ted", RIGHT)) == Accepted(account=rig.ted)
    assert rig.faults == [
        "the password hash of Ted could not be renewed: the disk is full: free some room",
    ]
    full.close()


async def test_a_renewal_does_not_undo_a_password_that_was_changed_meanwhile(rig: Rig) -> None:
    changed = PasswordHasher(memory_kib=8, passes=2).hash(WRONG)

    class Raced(CountingHasher):
        def rehash(self, password: Secret) -> str:
            rig.directory.set_password("ted", changed)
            return super().rehash(password)

    verdict = await settled(rig.another(hasher=Raced(passes=2)).verify_password(b"Ted", RIGHT))
    assert verdict == Refused(reason=RefusalReason.WRONG_PASSWORD)
    assert _stored(rig) == changed


# --- APOP -----------------------------------------------------------------------------------------------------


def _with_apop(rig: Rig, name: str = "ted") -> None:
    account = rig.directory.find(name)
    assert account is not None
    rig.directory.enable_apop(name, rig.sealer.seal(account.id, Secret(b"tanstaaf")))


DIGEST = b"c4c9334bac560ecc979e58001b3e22fb"


@pytest.mark.rule("C2")
def test_apop_takes_the_digest_of_the_rfc_at_once(rig: Rig) -> None:
    _with_apop(rig)
    verdict = rig.authenticator.verify_apop(b"TED", TIMESTAMP, DIGEST)
    assert isinstance(verdict, Accepted)
    assert verdict.account.id == rig.ted.id


@pytest.mark.rule("C2")
def test_apop_is_refused_for_each_thing_that_is_wrong(rig: Rig) -> None:
    _with_apop(rig)
    rig.directory.add("plain", "hash")
    rig.directory.add("locked", "hash")
    _with_apop(rig, "locked")
    rig.directory.set_status("locked", AccountStatus.LOCKED)
    for name, timestamp, digest, reason in (
        (b"ted", TIMESTAMP, DIGEST.upper(), RefusalReason.WRONG_PASSWORD),
        (b"ted", TIMESTAMP, b"", RefusalReason.WRONG_PASSWORD),
        (b"ted", TIMESTAMP, b"\xff" * 32, RefusalReason.WRONG_PASSWORD),
        (b"ted", b"<1897.697170952@dbc.mtview.ca.us>", DIGEST, RefusalReason.WRONG_PASSWORD),
        (b"tim", TIMESTAMP, DIGEST, RefusalReason.UNKNOWN_NAME),
        (b"t\xe9d", TIMESTAMP, DIGEST, RefusalReason.UNKNOWN_NAME),
        (b"../ted", TIMESTAMP, DIGEST, RefusalReason.UNKNOWN_NAME),
        (b"plain", TIMESTAMP, DIGEST, RefusalReason.NO_APOP),
        (b"locked", TIMESTAMP, DIGEST, RefusalReason.LOCKED),
        (b"locked", TIMESTAMP, b"0" * 32, RefusalReason.WRONG_PASSWORD),
    ):
        assert rig.authenticator.verify_apop(name, timestamp, digest) == Refused(reason=reason), (name, digest)


def test_the_decoy_secret_lets_nobody_in(rig: Rig) -> None:
    rig.directory.add("plain", "hash")
    digest = apop_digest(TIMESTAMP, rig.sealer.unseal_decoy())
    assert rig.authenticator.verify_apop(b"tim", TIMESTAMP, digest) == Refused(reason=RefusalReason.UNKNOWN_NAME)
    assert rig.authenticator.verify_apop(b"plain", TIMESTAMP, digest) == Refused(reason=RefusalReason.NO_APOP)


def test_every_apop_login_costs_one_unsealing(rig: Rig) -> None:
    _with_apop(rig)
    rig.directory.add("plain", "hash")
    sealer = CountingSealer(rig.folder / "key")
    judge = rig.another(sealer=sealer)
    for times, name in enumerate((b"ted", b"tim", b"plain", b"t\xe9d", b""), 1):
        judge.verify_apop(name, TIMESTAMP, DIGEST)
        assert sealer.unsealed == times


def test_a_missing_key_is_the_systems_fault(rig: Rig) -> None:
    _with_apop(rig)
    (rig.folder / "key").unlink()
    verdict = rig.another(sealer=Sealer(rig.folder / "key")).verify_apop(b"ted", TIMESTAMP, DIGEST)
    assert isinstance(verdict, Unavailable)
    assert "is missing" in verdict.reason


@pytest.mark.rule("C2")
def test_apop_is_offered_while_some_account_has_it(rig: Rig) -> None:
    assert not rig.authenticator.offers_apop()
    _with_apop(rig)
    assert rig.authenticator.offers_apop()
    rig.directory.disable_apop("ted")
    assert not rig.authenticator.offers_apop()


def test_what_was_offered_last_is_offered_while_the_directory_cannot_be_read(rig: Rig) -> None:
    _with_apop(rig)
    assert rig.authenticator.offers_apop()
    rig.directory.close()
    for name in ("accounts.db-wal", "accounts.db-shm"):
        (rig.folder / name).unlink(missing_ok=True)
    (rig.folder / "accounts.db").write_bytes(b"letters\n" * 1000)
    assert rig.authenticator.offers_apop()


async def test_nothing_shows_a_password(rig: Rig) -> None:
    await rig.log_in()
    verdict = await rig.log_in(password=Secret(b"OTHERSECRET"))
    for shown in (rig.authenticator, rig.hasher, rig.pool, rig.sealer, rig.directory, verdict, rig.ted):
        assert "SECRET" not in repr(shown)
        assert "argon2id" not in repr(shown)
    assert "SECRET" not in repr(gc.get_referents(rig.authenticator))
