"""The hashes of crypt(3) that no library we stand on has: SHA-crypt (`$5$`, `$6$`) and MD5-crypt (`$1$`).

They verify what another server stored; nothing of ours is hashed with them. Pure, in Python over hashlib: 5,000
rounds of SHA-512 take some 4 ms. The work grows with rounds times the password's octets: whoever calls bounds both.
What it is not: a reader of stored hashes (that is `schemes`).
Sources: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512" (SHA-crypt.txt, 0.6); FreeBSD's crypt(3)
(MD5-crypt).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final

__all__ = [
    "DEFAULT_ROUNDS",
    "FEWEST_ROUNDS",
    "MD5_SALT_OCTETS",
    "SHA_SALT_OCTETS",
    "crypt_text",
    "md5_crypt",
    "sha256_crypt",
    "sha512_crypt",
]

DEFAULT_ROUNDS: Final = 5000
"""Of SHA-crypt where the hash names none."""

FEWEST_ROUNDS: Final = 1000
"""Of SHA-crypt: fewer that a hash names count as so many."""

SHA_SALT_OCTETS: Final = 16
MD5_SALT_OCTETS: Final = 8
"""Longer salts are cut."""

_MD5_ROUNDS: Final = 1000
_ALPHABET: Final = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def sha512_crypt(password: bytes, salt: bytes, rounds: int = DEFAULT_ROUNDS) -> bytes:
    """Give the 86 characters of `$6$`. No fewer rounds than `FEWEST_ROUNDS` are made."""
    digest = _sha_crypt(lambda octets: hashlib.sha512(octets).digest(), password, salt, rounds)
    # The three columns of the digest, each step one further and the columns turned by one.
    groups = [((0, 21, 42)[n % 3] + n, (21, 42, 0)[n % 3] + n, (42, 0, 21)[n % 3] + n) for n in range(21)]
    return _text(digest, groups) + crypt_text(digest[63:], 2)


def sha256_crypt(password: bytes, salt: bytes, rounds: int = DEFAULT_ROUNDS) -> bytes:
    """Give the 43 characters of `$5$`. No fewer rounds than `FEWEST_ROUNDS` are made."""
    digest = _sha_crypt(lambda octets: hashlib.sha256(octets).digest(), password, salt, rounds)
    groups = [((0, 20, 10)[n % 3] + n, (10, 0, 20)[n % 3] + n, (20, 10, 0)[n % 3] + n) for n in range(10)]
    return _text(digest, groups) + crypt_text(bytes((digest[31], digest[30])), 3)


def md5_crypt(password: bytes, salt: bytes) -> bytes:
    """Give the 22 characters of `$1$`."""
    salt = salt[:MD5_SALT_OCTETS]
    beginning = password + b"$1$" + salt + _stretched(_md5(password + salt + password), len(password))
    beginning += b"".join(b"\0" if bit else password[:1] for bit in _bits(len(password)))
    digest = _rounds(_md5, _md5(beginning), password, salt, _MD5_ROUNDS)
    groups = [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)]
    return _text(digest, groups) + crypt_text(digest[11:12], 2)


def crypt_text(octets: bytes, characters: int) -> bytes:
    """Write up to three octets in crypt's own base64: six bits a character, the lowest first."""
    bits = int.from_bytes(octets, "big")
    return bytes(_ALPHABET[bits >> 6 * place & 63] for place in range(characters))


def _sha_crypt(digest: Callable[[bytes], bytes], password: bytes, salt: bytes, rounds: int) -> bytes:
    salt = salt[:SHA_SALT_OCTETS]
    among = digest(password + salt + password)
    beginning = password + salt + _stretched(among, len(password))
    beginning += b"".join(among if bit else password for bit in _bits(len(password)))
    first = digest(beginning)
    from_password = _stretched(digest(password * len(password)), len(password))
    from_salt = _stretched(digest(salt * (16 + first[0])), len(salt))
    return _rounds(digest, first, from_password, from_salt, max(rounds, FEWEST_ROUNDS))


def _rounds(digest: Callable[[bytes], bytes], last: bytes, password: bytes, salt: bytes, rounds: int) -> bytes:
    """Hash again and again, in an order that differs from round to round: the part that is to take long."""
    for number in range(rounds):
        middle = (salt if number % 3 else b"") + (password if number % 7 else b"")
        last = digest(password + middle + last if number & 1 else last + middle + password)
    return last


def _md5(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).digest()


def _stretched(octets: bytes, length: int) -> bytes:
    """Repeat octets to a length."""
    return (octets * (length // len(octets) + 1))[:length] if octets else b""


def _bits(number: int) -> Iterator[int]:
    """Give the bits of a number, the lowest first."""
    while number:
        yield number & 1
        number >>= 1


def _text(digest: bytes, groups: Iterable[tuple[int, int, int]]) -> bytes:
    return b"".join(crypt_text(bytes(digest[place] for place in group), 4) for group in groups)
