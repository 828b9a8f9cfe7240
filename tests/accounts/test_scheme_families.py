"""No stored text costs more than it may, and all are compared in constant time."""

from __future__ import annotations

import hmac
from pathlib import Path

import pytest

from restante.accounts import scheme_families
from restante.accounts.passwords import BrokenHash
from restante.accounts.scheme_families import (
    LARGEST_CRYPT_PASSWORD_OCTETS,
    MOST_ARGON2_LANES,
    MOST_ARGON2_MEMORY_KIB,
    MOST_ARGON2_PASSES,
    MOST_BCRYPT_COST,
    MOST_PBKDF2_ITERATIONS,
    MOST_SHA_CRYPT_ROUNDS,
    Scheme,
    TooCostly,
    stored_scram_keys,
    verification,
)
from restante.accounts.schemes import fits, read_stored_password
from restante.proto.terms import Secret
from restante.sasl.scram_keys import MOST_ITERATIONS, ScramHash

DATA = Path(__file__).parent / "data"
RECORDED = [
    tuple(line.split("\t", 1))
    for line in (DATA / "doveadm_pw.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
ARGON2 = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$Ztt7S39hVG/bYwn/2LzWdCRyEn0RBTJMdIk7GyWsiyA"
SHA512_CRYPT = (
    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
)


def matches(text: str, password: bytes) -> bool:
    return fits(read_stored_password(text, allow_plain=True), Secret(password))


@pytest.mark.parametrize(
    ("text", "most"),
    [
        (ARGON2.replace("m=8", f"m={MOST_ARGON2_MEMORY_KIB + 1}"), MOST_ARGON2_MEMORY_KIB),
        (ARGON2.replace("t=1", f"t={MOST_ARGON2_PASSES + 1}"), MOST_ARGON2_PASSES),
        (ARGON2.replace("m=8,t=1,p=1", f"m=999,t=1,p={MOST_ARGON2_LANES + 1}"), MOST_ARGON2_LANES),
        (f"$2y${MOST_BCRYPT_COST + 1}$" + "." * 53, MOST_BCRYPT_COST),
        (f"$6$rounds={MOST_SHA_CRYPT_ROUNDS + 1}$salt$" + "." * 86, MOST_SHA_CRYPT_ROUNDS),
        ("$5$rounds=999999999$salt$" + "." * 43, MOST_SHA_CRYPT_ROUNDS),
        (f"{{PBKDF2}}$1$salt${MOST_PBKDF2_ITERATIONS + 1}$" + "0" * 40, MOST_PBKDF2_ITERATIONS),
        (f"{{SCRAM-SHA-1}}{MOST_ITERATIONS + 1},AAAA,{'A' * 27}=,{'A' * 27}=", MOST_ITERATIONS),
    ],
)
def test_a_hash_that_would_take_too_long_is_not_begun(text: str, most: int) -> None:
    with pytest.raises(TooCostly) as told:
        read_stored_password(text)
    assert told.value.most == most < told.value.asked
    assert str(most) in str(told.value)


def test_a_password_that_crypt_never_stored_is_not_tried() -> None:
    text = SHA512_CRYPT
    assert matches(text, b"Hello world!")
    assert not matches(text, b"Hello world!\0")
    assert not matches(text, b"x" * (LARGEST_CRYPT_PASSWORD_OCTETS + 1))


def test_digests_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append("")
        return hmac.compare_digest(one, other)

    class Counting:
        compare_digest = staticmethod(compare)

    monkeypatch.setattr(scheme_families, "hmac", Counting)
    own = [row for row in RECORDED if "argon2" not in row[0] and "ARGON2" not in row[0]]
    for text, password in own:
        assert matches(text, password.encode())
    assert len(compared) == len(own)


def test_a_family_refuses_octets_that_are_not_its_own() -> None:
    for scheme in Scheme:
        if scheme is not Scheme.PLAIN:
            with pytest.raises(BrokenHash) as told:
                verification(scheme, b"SECRET")
            assert "SECRET" not in str(told.value)
    with pytest.raises(BrokenHash):
        stored_scram_keys(ScramHash.SHA_1, b"SECRET")
