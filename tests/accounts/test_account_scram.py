"""Stored SCRAM keys are a password's, sealed, renewed when outdated; the decoy outlasts the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.accounts import scram
from restante.accounts.scram import (
    SCRAM_ITERATIONS,
    are_outdated,
    make_scram_keys,
    needs_scram_keys,
    scram_decoy,
    seal_scram_keys,
    unseal_scram_keys,
)
from restante.accounts.sealing import SealedUse, Sealer, SealingFault
from restante.ports.accounts import AccountId
from restante.proto.terms import Secret
from restante.sasl.scram_keys import FEWEST_ITERATIONS, BadScramKeys, ScramHash

TED, TIM = AccountId("0123456789abcdef"), AccountId("fedcba9876543210")
SECRET = Secret(b"SECRET")


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return Sealer(tmp_path / "key")


@pytest.mark.rule("A6")
def test_keys_are_made_for_both_hashes_with_salts_of_their_own() -> None:
    one, two = make_scram_keys(SECRET), make_scram_keys(SECRET)
    assert one is not None
    assert two is not None
    assert set(one) == set(ScramHash)
    for each in ScramHash:
        assert one[each].hash is each
        assert one[each].iterations == SCRAM_ITERATIONS >= FEWEST_ITERATIONS
        assert one[each].fit(SECRET)
        assert not one[each].fit(Secret(b"secret"))
    assert len({keys[each].salt for keys in (one, two) for each in ScramHash}) == 4


def test_keys_are_of_the_prepared_password() -> None:
    keys = make_scram_keys(Secret("Ⅸ\u00a0caf\u0065\u0301".encode()))
    assert keys is not None
    assert keys[ScramHash.SHA_256].fit(Secret("IX café".encode()))


@pytest.mark.parametrize("password", [b"\xff\xfe", "a\u0007b".encode(), "\u00ad".encode()])
def test_a_password_that_scram_cannot_carry_has_no_keys(password: bytes) -> None:
    assert make_scram_keys(Secret(password)) is None


def test_sealed_keys_come_back_and_show_nothing(sealer: Sealer) -> None:
    keys = make_scram_keys(SECRET)
    assert keys is not None
    sealed = seal_scram_keys(sealer, TED, keys)
    assert unseal_scram_keys(sealer, TED, sealed) == keys
    assert b"SCRAM" not in sealed
    for each in keys.values():
        assert each.stored_key.reveal() not in sealed


def test_keys_open_for_their_account_and_use_alone(sealer: Sealer) -> None:
    keys = make_scram_keys(SECRET)
    assert keys is not None
    sealed = seal_scram_keys(sealer, TED, keys)
    with pytest.raises(SealingFault):
        unseal_scram_keys(sealer, TIM, sealed)
    with pytest.raises(SealingFault):
        sealer.unseal(TED, sealed)
    with pytest.raises(BadScramKeys):
        unseal_scram_keys(sealer, TED, sealer.seal(TED, SECRET, use=SealedUse.SCRAM))


def test_keys_of_another_count_or_key_are_outdated(sealer: Sealer, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = make_scram_keys(SECRET)
    assert keys is not None
    sealed = seal_scram_keys(sealer, TED, keys)
    assert not are_outdated(sealer, TED, sealed)
    assert are_outdated(sealer, TIM, sealed)
    assert are_outdated(sealer, TED, seal_scram_keys(sealer, TED, {ScramHash.SHA_1: keys[ScramHash.SHA_1]}))
    monkeypatch.setattr(scram, "SCRAM_ITERATIONS", SCRAM_ITERATIONS + 1)
    assert are_outdated(sealer, TED, sealed)


@pytest.mark.parametrize(
    ("mechanisms", "needed"),
    [
        ((), False),
        (("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "NONE-SUCH"), False),
        (("PLAIN", "SCRAM-SHA-256"), True),
        (("scram-sha-1",), True),
        (("SCRAM-SHA-256-PLUS",), True),
    ],
)
def test_keys_are_needed_where_a_scram_is_enabled(mechanisms: tuple[str, ...], needed: bool) -> None:
    assert needs_scram_keys(mechanisms) is needed


@pytest.mark.rule("S8", "A6")
def test_the_decoy_says_the_same_over_restarts_and_looks_like_true_keys(tmp_path: Path) -> None:
    first, second = (scram_decoy(Sealer(tmp_path / "key")) for _ in range(2))
    true = make_scram_keys(SECRET)
    assert true is not None
    for each in ScramHash:
        one, two = first.keys(each, "nobody"), second.keys(each, "NOBODY")
        assert one == two
        assert one != first.keys(each, "somebody")
        assert (one.iterations, len(one.salt)) == (true[each].iterations, len(true[each].salt))
    other = scram_decoy(Sealer(tmp_path / "another key"))
    assert other.keys(ScramHash.SHA_256, "nobody") != first.keys(ScramHash.SHA_256, "nobody")
