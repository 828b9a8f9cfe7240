"""SCRAM keys are derived as RFC 5802 says, are stored in one line, and never show."""

from __future__ import annotations

import pickle
from base64 import b64decode, b64encode

import pytest

from restante.proto.terms import Secret
from restante.sasl.prep import NotPreparable
from restante.sasl.scram_keys import (
    MOST_ITERATIONS,
    BadScramKeys,
    ScramDecoy,
    ScramHash,
    ScramKeys,
    scram_keys,
)

SALT = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
# What PostgreSQL stores for RFC 7677's example is of the same form.
TEXT = (
    b"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
    b"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)


def pencil(hash_: ScramHash = ScramHash.SHA_256) -> ScramKeys:
    return scram_keys(hash_, Secret(b"pencil"), salt=SALT, iterations=4096)


def test_keys_and_text_of_the_example_of_the_rfc() -> None:
    assert pencil().to_text() == Secret(TEXT)
    assert ScramKeys.from_text(Secret(TEXT)) == pencil()


@pytest.mark.parametrize("hash_", ScramHash)
def test_text_comes_back_as_the_same_keys(hash_: ScramHash) -> None:
    assert ScramKeys.from_text(pencil(hash_).to_text()) == pencil(hash_)


@pytest.mark.parametrize("hash_", ScramHash)
def test_keys_fit_their_password_and_no_other(hash_: ScramHash) -> None:
    keys = pencil(hash_)
    assert keys.fit(Secret(b"pencil"))
    assert not keys.fit(Secret(b"Pencil"))
    assert not keys.fit(Secret(b"\xff"))
    assert not keys.fit(Secret(b"\x07"))


def test_spellings_of_one_password_give_one_key() -> None:
    one, other = (
        scram_keys(ScramHash.SHA_256, Secret(text.encode()), salt=SALT, iterations=4096) for text in ("x²", "x2")
    )
    assert one == other


@pytest.mark.rule("A6")
@pytest.mark.parametrize("iterations", [1, 4095])
def test_fewer_than_4096_iterations_are_not_stored(iterations: int) -> None:
    with pytest.raises(BadScramKeys):
        scram_keys(ScramHash.SHA_256, Secret(b"pencil"), salt=SALT, iterations=iterations)
    with pytest.raises(BadScramKeys):
        ScramKeys.from_text(Secret(TEXT.replace(b"$4096:", b"$%d:" % iterations)))


def test_a_password_that_cannot_be_prepared_gets_no_keys() -> None:
    with pytest.raises(NotPreparable):
        scram_keys(ScramHash.SHA_256, Secret(b"\x07"), salt=SALT, iterations=4096)
    with pytest.raises(NotPreparable) as caught:
        scram_keys(ScramHash.SHA_256, Secret(b"\xff"), salt=SALT, iterations=4096)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"plain",
        TEXT[:-1],
        TEXT + b"\n",
        TEXT.replace(b"256", b"512"),
        TEXT.replace(b"SHA-256", b"SHA-1"),
        TEXT.replace(b"4096", b"04096"),
        TEXT.replace(b"W22Z", b"W22!"),
        TEXT.replace(b"W22ZaJ0SNY7soEsUEjb6gQ==", b""),
        TEXT.replace(b"WG5d", b"\xffG5d"),
    ],
)
def test_a_text_that_is_no_keys_is_refused_without_being_shown(text: bytes) -> None:
    with pytest.raises(BadScramKeys) as caught:
        ScramKeys.from_text(Secret(text))
    assert "WG5d" not in str(caught.value)


def test_keys_show_nowhere() -> None:
    shown = repr(pencil())
    for secret in (pencil().stored_key, pencil().server_key):
        assert b64encode(secret.reveal()).decode() not in shown
        assert repr(secret.reveal()) not in shown
    with pytest.raises(TypeError):
        pickle.dumps(pencil())


@pytest.mark.rule("A6")
@pytest.mark.parametrize("hash_", ScramHash)
def test_a_decoy_is_the_same_for_the_same_name_in_any_case(hash_: ScramHash) -> None:
    decoy = ScramDecoy(key=Secret(b"k" * 32))
    assert decoy.keys(hash_, "Ted") == decoy.keys(hash_, "tED")
    assert decoy.keys(hash_, "ted").salt != decoy.keys(hash_, "bob").salt
    assert decoy.keys(hash_, "ted").salt != ScramDecoy(key=Secret(b"q" * 32)).keys(hash_, "ted").salt


@pytest.mark.parametrize("salt_octets", [8, 16, 24, 40])
def test_a_decoy_looks_like_true_keys(salt_octets: int) -> None:
    decoy = ScramDecoy(key=Secret(b"k" * 32), iterations=10_000, salt_octets=salt_octets)
    keys = decoy.keys(ScramHash.SHA_1, "ted")
    assert len(keys.salt) == salt_octets
    assert keys.iterations == 10_000


@pytest.mark.parametrize("salt", [b"", b"s" * 257])
def test_a_salt_is_neither_empty_nor_endless(salt: bytes) -> None:
    with pytest.raises(BadScramKeys):
        scram_keys(ScramHash.SHA_1, Secret(b"pencil"), salt=salt, iterations=4096)


def test_a_decoy_has_the_iterations_that_new_keys_have() -> None:
    keys = scram_keys(ScramHash.SHA_1, Secret(b"pencil"), salt=SALT)
    assert ScramDecoy(key=Secret(b"k" * 32)).keys(ScramHash.SHA_1, "ted").iterations == keys.iterations


def test_a_decoy_needs_a_long_key() -> None:
    with pytest.raises(ValueError, match="32 random octets"):
        ScramDecoy(key=Secret(b"short"))


def test_the_bound_takes_what_is_recommended_today() -> None:
    assert MOST_ITERATIONS >= 600_000
