"""How each family of stored passwords is verified: its form read, its cost bounded, and then the work itself.

A family's function takes the stored octets, refuses what it cannot read or what would cost too much, and gives a
function that tells whether a password fits. All compare in constant time.
What it is not: the reader of `{SCHEME}` and its encodings, that is `schemes`.
How it fails: BrokenHash and its kin; none of them shows anything of the stored octets but the scheme.
Sources: doveadm-pw(1); RFC 2307 §5.3 and RFC 5803 (SSHA, SCRAM), RFC 8018 §5.2 (PBKDF2), RFC 9106 (argon2).
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from enum import Enum
from typing import Final

import argon2
import argon2.exceptions
import bcrypt

from restante.accounts.passwords import BrokenHash
from restante.accounts.unix_crypt import DEFAULT_ROUNDS, md5_crypt, sha256_crypt, sha512_crypt
from restante.proto.terms import Secret
from restante.sasl.codec import NotBase64, decode
from restante.sasl.scram_keys import MOST_ITERATIONS, BadScramKeys, ScramHash, ScramKeys

__all__ = [
    "DIGESTS",
    "LARGEST_CRYPT_PASSWORD_OCTETS",
    "MOST_ARGON2_LANES",
    "MOST_ARGON2_MEMORY_KIB",
    "MOST_ARGON2_PASSES",
    "MOST_BCRYPT_COST",
    "MOST_PBKDF2_ITERATIONS",
    "MOST_SHA_CRYPT_ROUNDS",
    "PlainNotAllowed",
    "Scheme",
    "TooCostly",
    "UnsupportedScheme",
    "broken",
    "stored_scram_keys",
    "verification",
]

MOST_ARGON2_MEMORY_KIB: Final = 262_144
"""256 MiB, libsodium's "moderate", held by each hash that runs."""

MOST_ARGON2_PASSES: Final = 16
MOST_ARGON2_LANES: Final = 16

MOST_BCRYPT_COST: Final = 15
"""2 to the 15th rounds, some 2 s. Each step more doubles it."""

MOST_SHA_CRYPT_ROUNDS: Final = 1_000_000
"""Some 1.5 s. The format allows a thousand times that; passlib's default was 656,000."""

MOST_PBKDF2_ITERATIONS: Final = 2_000_000
"""Some 1 s. OWASP asks for 1,300,000 with SHA-1."""

LARGEST_CRYPT_PASSWORD_OCTETS: Final = 512
"""What crypt(3) of libxcrypt takes: a longer one was never stored, and costs rounds times octets to try."""

_BCRYPT_OCTETS: Final = 72
"""All of a password that bcrypt ever looks at; who stored a longer one stored these."""


class UnsupportedScheme(BrokenHash):
    """A scheme that is not known here. `scheme` is its name as the file has it."""

    def __init__(self, scheme: str) -> None:
        super().__init__(
            f"the password scheme {scheme} is not supported: set the password anew under another, such as ARGON2ID"
        )
        self.scheme = scheme


class TooCostly(BrokenHash):
    """A stored hash that would take more work than is allowed."""

    def __init__(self, scheme: str, *, what: str, asked: int, most: int) -> None:
        super().__init__(
            f"a stored {scheme} hash asks for {what} of {asked}, and {most} is the most: set the password anew"
        )
        self.scheme = scheme
        self.what = what
        self.asked = asked
        self.most = most


class PlainNotAllowed(BrokenHash):
    """A password that is stored as it is, where that is not allowed."""

    def __init__(self) -> None:
        super().__init__(
            "the password is stored in plain text, which is not allowed here: hash it with `doveadm pw`, "
            "or allow plain passwords for this source"
        )


class Scheme(Enum):
    """The schemes that can be verified, by Dovecot's names."""

    ARGON2ID = "ARGON2ID"
    ARGON2I = "ARGON2I"
    BLF_CRYPT = "BLF-CRYPT"
    SHA512_CRYPT = "SHA512-CRYPT"
    SHA256_CRYPT = "SHA256-CRYPT"
    MD5_CRYPT = "MD5-CRYPT"
    CRYPT = "CRYPT"
    PBKDF2 = "PBKDF2"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_1 = "SCRAM-SHA-1"
    SSHA512 = "SSHA512"
    SSHA256 = "SSHA256"
    SSHA = "SSHA"
    SHA512 = "SHA512"
    SHA256 = "SHA256"
    SHA = "SHA"
    SMD5 = "SMD5"
    PLAIN_MD5 = "PLAIN-MD5"
    LDAP_MD5 = "LDAP-MD5"
    PLAIN = "PLAIN"


DIGESTS: Final[dict[Scheme, tuple[str, int, bool]]] = {
    Scheme.SSHA512: ("sha512", 64, True),
    Scheme.SSHA256: ("sha256", 32, True),
    Scheme.SSHA: ("sha1", 20, True),
    Scheme.SHA512: ("sha512", 64, False),
    Scheme.SHA256: ("sha256", 32, False),
    Scheme.SHA: ("sha1", 20, False),
    Scheme.SMD5: ("md5", 16, True),
    Scheme.PLAIN_MD5: ("md5", 16, False),
    Scheme.LDAP_MD5: ("md5", 16, False),
}
"""hashlib's name, the octets of the digest, and whether a salt follows it."""


_SHA_CRYPT: Final = re.compile(rb"\$[56]\$(?:rounds=([0-9]{1,9})\$)?([^$:]{0,64})\$([./0-9A-Za-z]+)")
_MD5_CRYPT: Final = re.compile(rb"\$1\$([^$:]{0,64})\$([./0-9A-Za-z]{22})")
_BCRYPT: Final = re.compile(rb"(\$2[aby]\$([0-9]{2})\$[./0-9A-Za-z]{21})([./0-9A-Za-z])([./0-9A-Za-z]{31})")
_PBKDF2: Final = re.compile(rb"\$1\$([^$:]{1,256})\$([1-9][0-9]{0,9})\$([0-9A-Fa-f]{40})")
_SCRAM: Final = re.compile(rb"([1-9][0-9]{0,9}),([^,]{1,344}),([^,]{28,44}),([^,]{28,44})")

_CRYPT_NAMES: Final = {
    b"y": "CRYPT $y$ (yescrypt)",
    b"gy": "CRYPT $gy$ (yescrypt)",
    b"7": "CRYPT $7$ (scrypt)",
    b"md5": "CRYPT $md5$ (SunMD5)",
}
"""What else crypt(3) may have written, so that the message names what people know."""


def verification(scheme: Scheme, octets: bytes) -> Callable[[bytes], bool]:
    """Give what verifies a password against this one, its form and its cost checked. Raises BrokenHash."""
    digest = DIGESTS.get(scheme)
    if digest is not None:
        return _plain_digest(scheme, octets, *digest)
    match scheme:
        case Scheme.PLAIN:
            return lambda password: hmac.compare_digest(password, octets)
        case Scheme.PBKDF2:
            return _pbkdf2(octets)
        case Scheme.SCRAM_SHA_1 | Scheme.SCRAM_SHA_256:
            return _scram(ScramHash(scheme.value), octets)
        case _:
            verify = _crypt(scheme, octets)
            # crypt(3) takes C strings; no password that it stored has a NUL in it.
            return lambda password: (
                len(password) <= LARGEST_CRYPT_PASSWORD_OCTETS and b"\0" not in password and verify(password)
            )


def _plain_digest(scheme: Scheme, octets: bytes, name: str, length: int, salted: bool) -> Callable[[bytes], bool]:
    if len(octets) < length + salted or (len(octets) > length and not salted):
        raise broken(scheme, f"it has {len(octets)} octets")
    wanted, salt = octets[:length], octets[length:]

    def verify(password: bytes) -> bool:
        made = hashlib.new(name, password + salt, usedforsecurity=False).digest()
        return hmac.compare_digest(made, wanted)

    return verify


def _pbkdf2(octets: bytes) -> Callable[[bytes], bool]:
    """Dovecot's own form: PBKDF2 with HMAC-SHA-1 and 20 octets; the salt is the text as it stands."""
    matched = _PBKDF2.fullmatch(octets)
    if matched is None:
        raise broken(Scheme.PBKDF2, "it is not of the form $1$salt$iterations$hex")
    salt, wanted = matched[1], binascii.unhexlify(matched[3])
    iterations = _bounded("PBKDF2", "an iteration count", int(matched[2]), MOST_PBKDF2_ITERATIONS)
    return lambda password: hmac.compare_digest(hashlib.pbkdf2_hmac("sha1", password, salt, iterations), wanted)


def _scram_parts(hash_: ScramHash, octets: bytes) -> tuple[int, bytes, bytes, bytes]:
    """Read `iterations,salt,stored key,server key`, the last three in base64."""
    matched = _SCRAM.fullmatch(octets)
    try:
        parts = None if matched is None else tuple(map(decode, matched.groups()[1:]))
    except NotBase64:
        parts = None
    if matched is None or parts is None or any(len(key) != hash_.octets for key in parts[1:]):
        raise broken(Scheme(hash_.value), "it is not of the form iterations,salt,key,key")
    iterations = _bounded(hash_.value, "an iteration count", int(matched[1]), MOST_ITERATIONS)
    return iterations, parts[0], parts[1], parts[2]


def stored_scram_keys(hash_: ScramHash, octets: bytes) -> ScramKeys | None:
    """Give the keys for SCRAM itself; None for fewer iterations than RFC 5802 allows. Raises BrokenHash."""
    iterations, salt, stored, server = _scram_parts(hash_, octets)
    try:
        return ScramKeys(
            hash=hash_, iterations=iterations, salt=salt, stored_key=Secret(stored), server_key=Secret(server)
        )
    except BadScramKeys:
        return None


def _scram(hash_: ScramHash, octets: bytes) -> Callable[[bytes], bool]:
    iterations, salt, wanted, _ = _scram_parts(hash_, octets)

    def verify(password: bytes) -> bool:
        # Dovecot derives from the password as it is, RFC 5802 §2.2 from what SASLprep makes of it.
        salted = hashlib.pbkdf2_hmac(hash_.algorithm, password, salt, iterations)
        if hmac.compare_digest(hash_.digest(hash_.hmac(salted, b"Client Key")), wanted):
            return True
        keys = None if password.isascii() else stored_scram_keys(hash_, octets)
        return keys is not None and keys.fit(Secret(password))

    return verify


def _crypt(scheme: Scheme, octets: bytes) -> Callable[[bytes], bool]:
    """Go by the `$id$`, as crypt(3) does whatever the scheme is called."""
    kind, dollar, _ = octets.removeprefix(b"$").partition(b"$")
    if not octets.startswith(b"$") or not dollar:
        # Thirteen characters without an id are DES, of 56 bits: broken in hours.
        raise (
            UnsupportedScheme("DES-CRYPT")
            if scheme is Scheme.CRYPT and len(octets) == 13
            else broken(scheme, "no $id$ stands at its beginning")
        )
    match kind:
        case b"argon2id" | b"argon2i":
            return _argon2(octets)
        case b"2a" | b"2b" | b"2y":
            return _bcrypt(octets)
        case b"5" | b"6":
            return _sha_crypt(octets, Scheme.SHA512_CRYPT if kind == b"6" else Scheme.SHA256_CRYPT)
        case b"1":
            return _md5_crypt(octets)
        case _:
            told = kind.decode("ascii", "replace")
            known = kind.isalnum() and len(kind) <= 8
            raise UnsupportedScheme(_CRYPT_NAMES.get(kind, f"CRYPT ${told}$" if known else "CRYPT"))


def _argon2(octets: bytes) -> Callable[[bytes], bool]:
    text = octets.decode("ascii", "replace")
    try:
        asked = argon2.extract_parameters(text)
    except (argon2.exceptions.InvalidHashError, ValueError):
        asked = None
    if asked is None:
        raise broken(Scheme.ARGON2ID, "its parameters are none of argon2's")
    _bounded("ARGON2", "a memory cost in KiB", asked.memory_cost, MOST_ARGON2_MEMORY_KIB)
    _bounded("ARGON2", "a count of passes", asked.time_cost, MOST_ARGON2_PASSES)
    _bounded("ARGON2", "a count of lanes", asked.parallelism, MOST_ARGON2_LANES)

    def verify(password: bytes) -> bool:
        try:
            return argon2.PasswordHasher().verify(text, password)
        except argon2.exceptions.VerifyMismatchError:
            return False
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError) as error:
            wrong = type(error).__name__
        raise broken(Scheme.ARGON2ID, wrong)

    return verify


def _bcrypt(octets: bytes) -> Callable[[bytes], bool]:
    matched = _BCRYPT.fullmatch(octets)
    if matched is None or int(matched[2]) < 4:
        raise broken(Scheme.BLF_CRYPT, "it is not of the form $2y$cost$ and 53 characters")
    _bounded("BLF-CRYPT", "a cost", int(matched[2]), MOST_BCRYPT_COST)
    # Only two bits of the salt's last character count. Other writers left more of them set.
    last = b".Oeu"[b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".index(matched[3]) >> 4]
    salt, wanted = matched[1] + bytes((last,)), matched[4]
    return lambda password: hmac.compare_digest(bcrypt.hashpw(password[:_BCRYPT_OCTETS], salt)[-31:], wanted)


def _sha_crypt(octets: bytes, scheme: Scheme) -> Callable[[bytes], bool]:
    matched = _SHA_CRYPT.fullmatch(octets)
    characters, make = (86, sha512_crypt) if scheme is Scheme.SHA512_CRYPT else (43, sha256_crypt)
    if matched is None or len(matched[3]) != characters:
        raise broken(scheme, f"it is not a salt and {characters} characters")
    salt, wanted = matched[2], matched[3]
    rounds = _bounded(scheme.value, "a count of rounds", int(matched[1] or DEFAULT_ROUNDS), MOST_SHA_CRYPT_ROUNDS)
    return lambda password: hmac.compare_digest(make(password, salt, rounds), wanted)


def _md5_crypt(octets: bytes) -> Callable[[bytes], bool]:
    matched = _MD5_CRYPT.fullmatch(octets)
    if matched is None:
        raise broken(Scheme.MD5_CRYPT, "it is not a salt and 22 characters")
    salt, wanted = matched[1], matched[2]
    return lambda password: hmac.compare_digest(md5_crypt(password, salt), wanted)


def broken(scheme: Scheme, wrong: str) -> BrokenHash:
    """Make the error for octets that are not what the scheme says."""
    return BrokenHash(f"a stored {scheme.value} password cannot be read ({wrong}): set the password anew")


def _bounded(scheme: str, what: str, asked: int, most: int) -> int:
    if asked > most:
        raise TooCostly(scheme, what=what, asked=asked, most=most)
    return asked
