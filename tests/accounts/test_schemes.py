"""Passwords that Dovecot stored fit here, and no stored text can hold a thread for ever."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.accounts import schemes
from restante.accounts.passwords import BrokenHash
from restante.accounts.scheme_families import DIGESTS
from restante.accounts.schemes import (
    PlainNotAllowed,
    Scheme,
    SchemeVerifier,
    UnsupportedScheme,
    decoy_like,
    fits,
    read_stored_password,
    scram_keys_of,
)
from restante.proto.terms import Secret
from restante.sasl.scram_keys import ScramHash, scram_keys

DATA = Path(__file__).parent / "data"
RECORDED = [
    tuple(line.split("\t", 1))
    for line in (DATA / "doveadm_pw.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
SHA_CRYPT = [
    line.split("\t") for line in (DATA / "sha_crypt.tsv").read_text().splitlines() if not line.startswith("#")
]
ARGON2 = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$Ztt7S39hVG/bYwn/2LzWdCRyEn0RBTJMdIk7GyWsiyA"


def matches(text: str, password: str | bytes, **how: bool) -> bool:
    octets = password.encode() if isinstance(password, str) else password
    return fits(read_stored_password(text, **how), Secret(octets))  # type: ignore[arg-type]


def test_every_scheme_was_recorded() -> None:
    recorded = {read_stored_password(text, allow_plain=True).scheme for text, _ in RECORDED}
    assert recorded == set(Scheme)


@pytest.mark.parametrize(("text", "password"), RECORDED)
def test_what_doveadm_made_fits_its_password_and_no_other(text: str, password: str) -> None:
    assert matches(text, password, allow_plain=True)
    assert not matches(text, "y" + password, allow_plain=True)
    assert not matches(text, password[:-1] if len(password) < 100 else password[:70], allow_plain=True)


@pytest.mark.parametrize(("text", "password"), RECORDED)
def test_an_empty_password_fits_nothing(text: str, password: str) -> None:
    assert password
    assert not matches(text, b"", allow_plain=True)


def test_an_empty_plain_password_lets_nobody_in() -> None:
    assert not matches("{PLAIN}", b"", allow_plain=True)


@pytest.mark.parametrize(("_setting", "password", "text"), SHA_CRYPT)
def test_published_sha_crypt_fits(_setting: str, password: str, text: str) -> None:
    assert matches(text, password)
    assert not matches(text, password + "!")


@pytest.mark.parametrize(
    ("text", "password"),
    [
        # The vectors of Openwall's crypt_blowfish.
        ("{BCRYPT}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", b"U*U"),
        ("{BLF-CRYPT}$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", b"U*U*"),
        ("$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", b"U*U*U"),
        ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", b"\xa3"),
        (
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
            b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
        ),
    ],
)
def test_published_bcrypt_fits(text: str, password: bytes) -> None:
    assert matches(text, password)
    assert not matches(text, b"x" + password)


def test_stray_bits_in_a_bcrypt_salt_do_no_harm() -> None:
    # Only two bits of the 22nd character count: `.` and `-` neighbours up to `N` are one salt.
    assert matches("$2y$05$CCCCCCCCCCCCCCCCCCCCCDE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U")
    assert not matches("$2y$05$CCCCCCCCCCCCCCCCCCCCCQE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U")


def test_names_of_schemes_and_encodings_go_without_regard_to_case() -> None:
    assert matches("{ssha256.HeX}9f2f7ddbf704ce1c4b905f31653271daa21500" + "0" * 32, "SECRET") is False
    text, password = next(row for row in RECORDED if row[0].startswith("{SSHA512.HEX}"))
    assert matches(text.replace("SSHA512.HEX", "ssha512.hex").lower(), password)


def test_a_digest_without_salt_may_be_in_hex_unasked() -> None:
    digest = "0917b13a9091915d54b6336f45909539cce452b3661b21f386418a257883b30a"
    assert matches("{SHA256}" + digest, "SECRET")
    assert matches("{SHA256}" + digest.upper(), "SECRET")


def test_without_braces_the_default_scheme_counts() -> None:
    assert fits(read_stored_password("PDsnTRGf9aXsbB4hXBy3lNmXOsE=", default="SHA"), Secret(b"SECRET"))
    assert fits(read_stored_password("534543524554", default="PLAIN.hex", allow_plain=True), Secret(b"SECRET"))
    with pytest.raises(BrokenHash):
        read_stored_password("PDsnTRGf9aXsbB4hXBy3lNmXOsE=")


def test_a_plain_password_asks_for_an_allowance() -> None:
    for text in ("{PLAIN}SECRET", "{CLEARTEXT}SECRET", "{clear}SECRET", "{PLAIN.hex}534543524554"):
        with pytest.raises(PlainNotAllowed) as told:
            read_stored_password(text)
        assert "SECRET" not in str(told.value)
    assert matches("{PLAIN}SECRET", "SECRET", allow_plain=True)


def test_octets_that_are_not_utf_8_survive_the_way_through_text() -> None:
    assert matches("{PLAIN}" + b"M\xf6we".decode("utf-8", "surrogateescape"), b"M\xf6we", allow_plain=True)


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("{DIGEST-MD5}f560141d1dc96a867264ce23e8522bcf", "DIGEST-MD5"),
        ("{CRAM-MD5}94c4a5c5258e1d8c4bc89825c9e842a3", "CRAM-MD5"),
        ("{OTP}sha1 1024 e2ce05abcdfeb48f fa64b190d827ff8e", "OTP"),
        ("fjIUWoSqcpmCg", "DES-CRYPT"),
        ("$y$j9T$salt$hash", "CRYPT $y$ (yescrypt)"),
        ("$sha1$1$salt$hash", "CRYPT $sha1$"),
        ("$\x1b[31m$salt$hash", "CRYPT"),
        ("{NEW-ONE.b64}AAAA", "NEW-ONE"),
    ],
)
def test_an_unsupported_scheme_is_named(text: str, scheme: str) -> None:
    with pytest.raises(UnsupportedScheme) as told:
        read_stored_password(text)
    assert told.value.scheme == scheme
    assert scheme in str(told.value)
    assert text not in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$",
        "$6$",
        "$6$salt$short",
        "$6$rounds=$salt$" + "." * 86,
        "$6$rounds=-1$salt$" + "." * 86,
        "$1$salt$" + "." * 21,
        "$2y$03$" + "." * 53,
        "$2y$05$" + "." * 52,
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdA",
        "$argon2id$m=x$y",
        ARGON2.replace("v=19", "v=²"),
        "{SHA}PDsnTRGf9aXsbB4hXBy3lNmXOsE",
        "{SHA}" + "A" * 28 + "AAAA",
        "{SHA.hex}0g",
        "{SHA.rot13}00",
        "{SSHA}PDsnTRGf9aXsbB4hXBy3lNmXOsE=",
        "{SSHA256.hex}00",
        "{PBKDF2}$1$salt$0$" + "0" * 40,
        "{PBKDF2}$1$salt$1$" + "0" * 38,
        "{SCRAM-SHA-256}4096,AAAA,AAAA",
        f"{{SCRAM-SHA-256}}4096,AAAA,{'A' * 27}=,{'A' * 27}=",
        f"{{SCRAM-SHA-1}}4096,A,{'A' * 27}=,{'A' * 27}=",
        "{ARGON2ID}SECRET",
    ],
)
def test_a_broken_text_is_told_and_not_shown(text: str) -> None:
    with pytest.raises(BrokenHash) as told:
        read_stored_password(text)
    assert not isinstance(told.value, UnsupportedScheme)
    assert "SECRET" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_broken_tag_of_argon2_is_told_when_it_is_tried() -> None:
    stored = read_stored_password(ARGON2[:-1] + "!")
    with pytest.raises(BrokenHash):
        fits(stored, Secret(b"SECRET"))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_stored_password(text, allow_plain=True)
    except BrokenHash:
        return


@given(st.sampled_from(sorted(scheme.value for scheme in Scheme)), st.text(alphabet="$./=,vmtp160ab", max_size=90))
def test_any_text_of_a_known_scheme_is_read_or_refused(scheme: str, text: str) -> None:
    try:
        read_stored_password(f"{{{scheme}}}{text}", allow_plain=True)
    except BrokenHash:
        return


# --- SCRAM --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hash_", list(ScramHash))
def test_stored_scram_keys_serve_scram(hash_: ScramHash) -> None:
    text = next(text for text, _ in RECORDED if text.startswith(f"{{{hash_.value}}}"))
    keys = scram_keys_of(read_stored_password(text))
    assert keys is not None
    assert keys == scram_keys(hash_, Secret(b"SECRET"), salt=keys.salt, iterations=keys.iterations)


def test_other_schemes_have_no_scram_keys() -> None:
    assert scram_keys_of(read_stored_password(ARGON2)) is None


def test_scram_keys_with_too_few_iterations_serve_a_password_only() -> None:
    text = f"{{SCRAM-SHA-1}}4095,AAAA,{'A' * 27}=,{'A' * 27}="
    assert scram_keys_of(read_stored_password(text)) is None
    assert not matches(text, "Möwe")


def test_scram_keys_fit_the_password_as_sent_and_as_prepared() -> None:
    # Dovecot derives from `x²` itself, others from the `x2` that SASLprep makes of it.
    as_sent = (
        "{SCRAM-SHA-256}4096,IyoJAPA6KNkBveFknSNioA==,/40R0GTyW8M4tvqjj2gEv3kS7wvB14a+EpQnkCqodVM=,"
        "o73oCir5rVeEgUK/yxWP+nfumJUnipyUgSsPy4OHigk="
    )
    assert matches(as_sent, "x²")
    assert not matches(as_sent, "x2")
    keys = scram_keys(ScramHash.SHA_256, Secret(b"x2"), salt=b"salt", iterations=4096)
    salt, stored, server = ("c2FsdA==", *(schemes._base64(k.reveal()) for k in (keys.stored_key, keys.server_key)))
    assert matches(f"{{SCRAM-SHA-256}}4096,{salt},{stored},{server}", "x²")


# --- the verifier and its decoys ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "password"), RECORDED)
def test_a_decoy_costs_the_same_and_fits_nothing(text: str, password: str) -> None:
    decoy = decoy_like(text)
    made, original = read_stored_password(decoy, allow_plain=True), read_stored_password(text, allow_plain=True)
    assert made.scheme is original.scheme
    assert not fits(made, Secret(password.encode()))
    if original.scheme is not Scheme.PLAIN:
        assert len(made.octets) == len(original.octets)
    if original.scheme not in DIGESTS and original.octets.startswith(b"$"):
        # Salt, rounds and all else that decides the work.
        assert made.octets[: made.octets.rindex(b"$")] == original.octets[: original.octets.rindex(b"$")]


def test_a_verifier_has_the_face_of_the_hasher() -> None:
    verifier = SchemeVerifier(lambda: decoy_like(ARGON2), allow_plain=True)
    assert verifier.verify("{PLAIN}SECRET", Secret(b"SECRET"))
    assert not verifier.verify(verifier.decoy, Secret(b"SECRET"))
    assert not verifier.is_outdated("{PLAIN}SECRET")
    with pytest.raises(BrokenHash):
        verifier.rehash(Secret(b"SECRET"))
    with pytest.raises(PlainNotAllowed):
        SchemeVerifier(lambda: ARGON2).verify("{PLAIN}SECRET", Secret(b"SECRET"))


def test_stored_passwords_do_not_show() -> None:
    assert "SECRET" not in repr(read_stored_password("{PLAIN}SECRET", allow_plain=True))


def test_cost_is_equal_where_work_is_equal() -> None:
    def cost(text: str) -> tuple[Scheme, bytes]:
        return read_stored_password(text, allow_plain=True).cost

    for text, _ in RECORDED:
        if "PBKDF2" not in text:
            assert cost(text) == cost(decoy_like(text))
    assert cost(f"$6$rounds=5001$salt${'.' * 86}") != cost(f"$6$rounds=5002$salt${'.' * 86}")
    assert cost(ARGON2) != cost(ARGON2.replace("t=1", "t=2"))
    assert cost("$2y$05$" + "." * 53) != cost("$2y$06$" + "." * 53)
