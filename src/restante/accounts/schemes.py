"""Stored passwords of other servers: reads `{SCHEME}text` as Dovecot writes it, and tells whether a password fits.

So that a site can move without resetting passwords. The text may be in `.hex` or `.b64` (`{SSHA256.HEX}…`); without
a scheme in braces a default counts, `CRYPT` for a passwd-file, which goes by the `$id$` of the hash itself.
What it is not: a maker of hashes; new passwords are hashed by `passwords`. The password is taken as the client sent
it, without SASLprep, for so these hashes were made; only SCRAM keys are tried both ways.
Each scheme's cost is read and bounded before any work is done, so that no stored text can hold a thread for ever.
How it fails: UnsupportedScheme, TooCostly, PlainNotAllowed and BrokenHash, all of them BrokenHash; none of them
shows anything of the stored text but the scheme.
Source: doveadm-pw(1) and Dovecot's "Password schemes".
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from restante.accounts.passwords import BrokenHash
from restante.accounts.scheme_families import (
    DIGESTS,
    PlainNotAllowed,
    Scheme,
    TooCostly,
    UnsupportedScheme,
    broken,
    stored_scram_keys,
    verification,
)
from restante.accounts.unix_crypt import crypt_text
from restante.proto.terms import Secret
from restante.sasl.codec import NotBase64, decode
from restante.sasl.scram_keys import ScramHash, ScramKeys

__all__ = [
    "PlainNotAllowed",
    "Scheme",
    "SchemeVerifier",
    "StoredPassword",
    "TooCostly",
    "UnsupportedScheme",
    "decoy_like",
    "fits",
    "read_stored_password",
    "scram_keys_of",
]

_ALIASES: Final = {"BCRYPT": "BLF-CRYPT", "SHA1": "SHA", "MD5": "MD5-CRYPT", "CLEARTEXT": "PLAIN", "CLEAR": "PLAIN"}

_BRACED: Final = re.compile(r"\{([A-Za-z0-9-]{1,32})(?:\.([A-Za-z0-9]{1,8}))?\}(.*)", re.DOTALL)
_COST: Final = re.compile(
    rb"\$(?:2.\$[0-9]+|[56]\$(?:rounds=[0-9]+)?|argon2id?\$(?:v=[0-9]+\$)?[^$]*|1\$(?:[^$]*\$[0-9]+\$)?)|[0-9]+,"
)
"""An id with its parameters, of PBKDF2 with its salt too; SCRAM's count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPassword:
    """A stored password, its encoding undone."""

    scheme: Scheme
    octets: bytes = field(repr=False)
    """Of SHA and its kin the digest and the salt; of all others the text after the braces."""

    @property
    def cost(self) -> tuple[Scheme, bytes]:
        """What decides the work of verifying: equal for passwords that take equally long."""
        found = _COST.match(self.octets)
        return self.scheme, found[0] if found and self.scheme not in DIGESTS else b""


def read_stored_password(text: str, *, default: str = "CRYPT", allow_plain: bool = False) -> StoredPassword:
    """Read what stands in a password field. `default` is the scheme where none stands in braces.

    Octets of the field that are not UTF-8 come as surrogate escapes. Costs are checked here, the hash is not.
    Raises UnsupportedScheme, TooCostly, PlainNotAllowed, BrokenHash.
    """
    braced = _BRACED.fullmatch(text)
    name, encoding, rest = (braced[1], braced[2], braced[3]) if braced else (default, None, text)
    name, _, encoding = f"{name}.{encoding}".partition(".") if encoding else name.partition(".")
    octets = rest.encode("utf-8", "surrogateescape")
    try:
        scheme = Scheme(_ALIASES.get(name.upper(), name.upper()))
    except ValueError:
        scheme = None
    if scheme is None:
        raise UnsupportedScheme(name.upper())
    stored = StoredPassword(scheme=scheme, octets=_decoded(scheme, encoding.lower(), octets))
    if scheme is Scheme.PLAIN and not allow_plain:
        raise PlainNotAllowed
    verification(scheme, stored.octets)
    return stored


def fits(stored: StoredPassword, password: Secret) -> bool:
    """Tell whether the password, as the client sent it, is the stored one.

    Takes a hash's time: not for an event loop. An empty password never fits, whatever is stored. Raises BrokenHash
    where it cannot be computed.
    """
    octets = password.reveal()
    return bool(octets) and verification(stored.scheme, stored.octets)(octets)


def scram_keys_of(stored: StoredPassword) -> ScramKeys | None:
    """Give the keys of a SCRAM scheme, so that SCRAM itself works with them; None for all other schemes.

    None too for keys with fewer iterations than RFC 5802 allows. Raises BrokenHash.
    """
    match stored.scheme:
        case Scheme.SCRAM_SHA_256 | Scheme.SCRAM_SHA_1:
            return stored_scram_keys(ScramHash(stored.scheme.value), stored.octets)
        case _:
            return None


def decoy_like(text: str, *, default: str = "CRYPT") -> str:
    """Make a stored text that no password fits and that costs what this one costs: for names that are not there.

    Of a plain password it gives a plain one, which costs nothing. Raises as `read_stored_password` does.
    """
    stored = read_stored_password(text, default=default, allow_plain=True)
    octets, digest = stored.octets, DIGESTS.get(stored.scheme)
    if digest is not None:
        return f"{{{stored.scheme.value}.b64}}{_base64(secrets.token_bytes(len(octets)))}"
    match stored.scheme:
        case Scheme.PLAIN:
            made = secrets.token_hex(16).encode()
        case Scheme.PBKDF2:
            made = octets[: octets.rindex(b"$") + 1] + secrets.token_hex(20).encode()
        case Scheme.SCRAM_SHA_1 | Scheme.SCRAM_SHA_256:
            keys = [_base64(secrets.token_bytes(ScramHash(stored.scheme.value).octets)) for _ in range(2)]
            made = b",".join(octets.split(b",")[:2]) + "".join(f",{key}" for key in keys).encode()
        case _ if octets.startswith(b"$argon2"):
            head, tag = octets[: octets.rindex(b"$") + 1], octets[octets.rindex(b"$") + 1 :]
            made = head + _base64(secrets.token_bytes(len(tag) * 3 // 4)).rstrip("=").encode()
        case _:
            # All others of crypt(3) end in their digest; bcrypt's last 31 characters are one.
            length = 31 if octets.startswith(b"$2") else len(octets) - octets.rindex(b"$") - 1
            made = octets[:-length] + b"".join(crypt_text(secrets.token_bytes(1), 1) for _ in range(length))
    return f"{{{stored.scheme.value}}}{made.decode('utf-8', 'surrogateescape')}"


class SchemeVerifier:
    """Checks passwords against stored texts, for a PasswordAuthenticator over a directory that was taken over.

    Has the face of `PasswordHasher`. `decoy` is what an unknown name is checked against; a directory that knows its
    own stored texts gives one that costs what they cost. Stored texts never count as outdated: they are another
    server's, and stay as they are.
    """

    __slots__ = ("_allow_plain", "_decoy", "_default")

    def __init__(self, decoy: Callable[[], str], *, default: str = "CRYPT", allow_plain: bool = False) -> None:
        self._decoy = decoy
        self._default = default
        self._allow_plain = allow_plain

    @property
    def decoy(self) -> str:
        """A stored text that no password fits."""
        return self._decoy()

    def verify(self, encoded: str, password: Secret) -> bool:
        """Tell whether the password fits. Runs in the pool. Raises BrokenHash."""
        stored = read_stored_password(encoded, default=self._default, allow_plain=self._allow_plain)
        return fits(stored, password)

    def is_outdated(self, encoded: str) -> bool:
        """Tell that it is not."""
        del encoded
        return False

    def rehash(self, password: Secret) -> str:
        """Make nothing. Raises BrokenHash: what another server stores is not ours to renew."""
        del password
        raise BrokenHash("a password of another server's file is not hashed anew")


def _decoded(scheme: Scheme, encoding: str, octets: bytes) -> bytes:
    """Undo the encoding. Without one, SHA and its kin are in base64, or in hex where their length says so."""
    digest = DIGESTS.get(scheme)
    if not encoding and digest is not None:
        _, length, salted = digest
        encoding = "hex" if not salted and len(octets) == 2 * length else "b64"
    try:
        match encoding:
            case "":
                return octets
            case "hex":
                return binascii.unhexlify(octets)
            case "b64" | "base64":
                return decode(octets)
            case _:
                wrong = f"the encoding .{encoding} is not known"
    except (NotBase64, ValueError):
        wrong = f"it is not in {'hex' if encoding == 'hex' else 'base64'}"
    # Out here, so that no cause carries the octets along.
    raise broken(scheme, wrong)


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
