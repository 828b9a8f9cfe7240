"""What a server stores to log people in by SCRAM, and the derivation of it from a password.

Not the exchange, that is `scram.py`. The keys cannot be used to log in elsewhere, but who steals them can try
passwords on them, and can pretend to be the server: they are secrets.
A decoy stands in for an account that is not there, so that names cannot be told apart by the salt they get.
Sources: RFC 5802 §2.2 and §3, RFC 7677 §4, RFC 5803 §2 (what is stored).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from restante.proto.terms import Secret
from restante.sasl.codec import NotBase64, decode, encode
from restante.sasl.prep import NotPreparable, prepared

__all__ = [
    "FEWEST_ITERATIONS",
    "ITERATIONS",
    "LARGEST_SALT_OCTETS",
    "MOST_ITERATIONS",
    "SALT_OCTETS",
    "BadScramKeys",
    "ScramDecoy",
    "ScramHash",
    "ScramKeys",
    "salted_password",
    "scram_keys",
]

FEWEST_ITERATIONS: Final = 4096
"""Fewer are neither stored nor answered. Sources: RFC 5802 §5.1, RFC 7677 §4."""

ITERATIONS: Final = 15_000
"""Those of new keys: well above the least, and still some milliseconds for a telephone that polls each minute. The
server pays for them only when a password is set."""

MOST_ITERATIONS: Final = 600_000
"""More a client does not compute for a server that asks for it: about half a second for SHA-256, and the count that
OWASP recommends for PBKDF2 with it. Without a bound a hostile server stops its clients for hours."""

SALT_OCTETS: Final = 16
"""A salt of ours. Source: NIST SP 800-132 §5.1."""

LARGEST_SALT_OCTETS: Final = 256
"""A salt that a client takes from a server."""

_TEXT_FORM: Final = re.compile(
    r"(SCRAM-SHA-(?:1|256))\$([1-9][0-9]{0,8}):([^$:]{1,344})\$([^$:]{28,44}):([^$:]{28,44})"
)


class ScramHash(Enum):
    """The hash functions under SCRAM; the value is the mechanism's name, without -PLUS."""

    SHA_1 = "SCRAM-SHA-1"
    SHA_256 = "SCRAM-SHA-256"

    @property
    def algorithm(self) -> str:
        """The name that hashlib knows it by."""
        return "sha1" if self is ScramHash.SHA_1 else "sha256"

    @property
    def octets(self) -> int:
        """How many octets it gives."""
        return 20 if self is ScramHash.SHA_1 else 32

    def digest(self, octets: bytes) -> bytes:
        """H of the RFC."""
        return hashlib.new(self.algorithm, octets).digest()

    def hmac(self, key: bytes, octets: bytes) -> bytes:
        """HMAC of the RFC."""
        return hmac.digest(key, octets, self.algorithm)


class BadScramKeys(ValueError):
    """A stored text that is not SCRAM keys. The message holds none of it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"these are no SCRAM keys: {what}; set the password again to make new ones")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScramKeys:
    """What is stored for one account and one hash.

    Raises BadScramKeys for what could not have come from `scram_keys`.
    """

    hash: ScramHash
    iterations: int
    salt: bytes
    stored_key: Secret
    server_key: Secret

    def __post_init__(self) -> None:
        if self.iterations < FEWEST_ITERATIONS:
            raise BadScramKeys(f"{self.iterations} iterations are fewer than {FEWEST_ITERATIONS}")
        if not 1 <= len(self.salt) <= LARGEST_SALT_OCTETS:
            raise BadScramKeys(f"a salt of {len(self.salt)} octets")
        for key in (self.stored_key, self.server_key):
            if len(key.reveal()) != self.hash.octets:
                raise BadScramKeys(f"a key of {len(key.reveal())} octets, not {self.hash.octets}")

    def to_text(self) -> Secret:
        """Give the one line under which they are stored: `SCRAM-SHA-256$iterations:salt$stored key:server key`."""
        salt, stored, server = (
            encode(octets) for octets in (self.salt, self.stored_key.reveal(), self.server_key.reveal())
        )
        return Secret(b"%s$%d:%s$%s:%s" % (self.hash.value.encode(), self.iterations, salt, stored, server))

    @classmethod
    def from_text(cls, text: Secret) -> ScramKeys:
        """Read that line. Raises BadScramKeys."""
        matched = _TEXT_FORM.fullmatch(text.reveal().decode("ascii", "replace"))
        if matched is None:
            raise BadScramKeys("they are not of the form mechanism$iterations:salt$key:key")
        try:
            salt, stored, server = (decode(part.encode("ascii", "replace")) for part in matched.group(3, 4, 5))
        except NotBase64:
            octets = None
        else:
            octets = (salt, stored, server)
        if octets is None:
            raise BadScramKeys("salt and keys are to be in base64")
        return cls(
            hash=ScramHash(matched[1]),
            iterations=int(matched[2]),
            salt=octets[0],
            stored_key=Secret(octets[1]),
            server_key=Secret(octets[2]),
        )

    def fit(self, password: Secret) -> bool:
        """Tell whether they were made from this password (UTF-8): so that keys alone serve PLAIN, too.

        Takes as long as making them. A password that cannot be prepared does not fit.
        """
        try:
            others = scram_keys(self.hash, password, salt=self.salt, iterations=self.iterations)
        except ValueError:
            return False
        return hmac.compare_digest(others.stored_key.reveal(), self.stored_key.reveal())


def scram_keys(hash: ScramHash, password: Secret, *, salt: bytes, iterations: int = ITERATIONS) -> ScramKeys:  # noqa: A002 - the RFC's word
    """Make the keys to store from a password in UTF-8 and a random salt of `SALT_OCTETS`.

    Takes a key derivation: not for an event loop. Raises NotPreparable where SASLprep refuses the password,
    BadScramKeys for too few iterations or no salt.
    """
    salted = salted_password(hash, password, salt=salt, iterations=iterations)
    return ScramKeys(
        hash=hash,
        iterations=iterations,
        salt=salt,
        stored_key=Secret(hash.digest(hash.hmac(salted, b"Client Key"))),
        server_key=Secret(hash.hmac(salted, b"Server Key")),
    )


def salted_password(hash: ScramHash, password: Secret, *, salt: bytes, iterations: int) -> bytes:  # noqa: A002
    """SaltedPassword of RFC 5802 §3. Raises NotPreparable."""
    try:
        text = password.reveal().decode()
    except UnicodeDecodeError:
        text = None
    if text is None:
        # Raised out here, so that no traceback carries the octets along.
        raise NotPreparable("is not in UTF-8")
    return hashlib.pbkdf2_hmac(hash.algorithm, prepared(text).encode(), salt, iterations)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScramDecoy:
    """Makes keys for names that have none: the same for the same name each time, and fitting no password.

    The key has to be as lasting as the accounts, and the iterations and the octets of the salt those of true ones.
    """

    key: Secret
    """At least 32 random octets."""
    iterations: int = ITERATIONS
    salt_octets: int = SALT_OCTETS

    def __post_init__(self) -> None:
        if len(self.key.reveal()) < 32:
            raise ValueError("the key of a decoy is at least 32 random octets; make a new one")

    def keys(self, hash: ScramHash, authcid: str) -> ScramKeys:  # noqa: A002
        """Give the keys that stand in for a name's."""
        # Accounts are found without regard to case; a salt that went with it would tell who has one.
        name = authcid.casefold().encode()

        def derived(use: bytes) -> bytes:
            return hash.hmac(self.key.reveal(), use + b"\0" + name)

        return ScramKeys(
            hash=hash,
            iterations=self.iterations,
            salt=(derived(b"salt") + derived(b"more salt"))[: self.salt_octets],
            stored_key=Secret(derived(b"stored key")),
            server_key=Secret(derived(b"server key")),
        )
