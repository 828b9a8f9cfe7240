"""SHA-crypt and MD5-crypt give what their authors' own programs give."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.accounts.unix_crypt import FEWEST_ROUNDS, md5_crypt, sha256_crypt, sha512_crypt

VECTORS = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "sha_crypt.tsv").read_text().splitlines()
    if not line.startswith("#")
]


def test_all_published_vectors_are_there() -> None:
    assert len(VECTORS) == 14


@pytest.mark.parametrize(("setting", "password", "wanted"), VECTORS)
def test_sha_crypt_gives_the_published_hashes(setting: str, password: str, wanted: str) -> None:
    parts = setting.split("$")
    rounds = int(parts[2].removeprefix("rounds=")) if len(parts) == 4 else 5000
    make = sha512_crypt if parts[1] == "6" else sha256_crypt

    made = make(password.encode(), parts[-1].encode(), rounds)

    assert made.decode() == wanted.rsplit("$", 1)[1]


def test_fewer_rounds_than_the_fewest_count_as_the_fewest() -> None:
    assert sha512_crypt(b"SECRET", b"salt", 1) == sha512_crypt(b"SECRET", b"salt", FEWEST_ROUNDS)
    assert sha512_crypt(b"SECRET", b"salt", FEWEST_ROUNDS) != sha512_crypt(b"SECRET", b"salt", FEWEST_ROUNDS + 1)


@pytest.mark.parametrize(
    ("password", "salt", "wanted"),
    [
        # As `openssl passwd -1` prints them.
        (b"SECRET", b"saltsalt", b"$1$saltsalt$Ya5aijfw4lZkMaZrl2kWi1"),
        (b"", b"s", b"$1$s$iXWZU0LDEJ7Jjmms7KFsH0"),
        (b"a password of more than sixteen", b"saltsalt", b"$1$saltsalt$9w52D9Mf7i0mIG.ADR0Zt/"),
    ],
)
def test_md5_crypt_gives_what_openssl_gives(password: bytes, salt: bytes, wanted: bytes) -> None:
    assert md5_crypt(password, salt) == wanted.rsplit(b"$", 1)[1]


def test_a_long_salt_is_cut() -> None:
    assert md5_crypt(b"SECRET", b"saltsalt-and-more") == md5_crypt(b"SECRET", b"saltsalt")
    assert sha256_crypt(b"SECRET", b"0123456789abcdef-", 1000) == sha256_crypt(b"SECRET", b"0123456789abcdef", 1000)
