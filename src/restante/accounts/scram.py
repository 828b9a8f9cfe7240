"""SCRAM keys of the built-in accounts: made from a password, sealed, opened again; and the decoy for other names.

Keys are stored for SCRAM-SHA-256 and SCRAM-SHA-1 when a password is set, or proven, in a server that offers SCRAM.
They come from PBKDF2 at a count that clients can pay at each login, and whoever has them tries passwords on them
far faster than on argon2id: bare in the database they would be its weak spot. So they are sealed under the key in
the data folder: a copy of the database alone, a backup or a leak, has nothing but argon2id to try passwords on.
What it is not: the exchange, that is `sasl.scram`; the cipher, that is `sealing`.
How it fails: SealingFault, and BadScramKeys for what was sealed and is no keys.
Sources: RFC 5802 §2.2 and §9, RFC 7677 §4 (iterations), RFC 5869 (HKDF, for the decoy's key).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import cache
from typing import Final, TypeAlias

from restante.accounts.sealing import SealedUse, Sealer, SealingFault
from restante.ports.accounts import AccountId
from restante.proto.terms import Secret
from restante.sasl.prep import NotPreparable
from restante.sasl.registry import NeededAtServer, find
from restante.sasl.scram_keys import SALT_OCTETS, BadScramKeys, ScramDecoy, ScramHash, ScramKeys, scram_keys

__all__ = [
    "SCRAM_ITERATIONS",
    "KeysByHash",
    "are_outdated",
    "make_scram_keys",
    "needs_scram_keys",
    "scram_decoy",
    "seal_scram_keys",
    "unseal_decoy_keys",
    "unseal_scram_keys",
]

SCRAM_ITERATIONS: Final = 10_000
"""Computed by the client at each login, so at each poll: some 5 ms on a desk, 50 ms on a small device; the server
computes it once for each hash when keys are made. RFC 7677 §4 asks for 4,096 at the least. OWASP's 600,000 are
meant for a database that leaks its hashes bare; ours are sealed, and a client that polls would pay half a second
each time. One count for both hashes, as the decoy has one. A greater one later reaches each account with its next
login by password; until then its count differs from the decoy's, which tells that there is such an account."""

_DECOY_USE: Final = b"restante scram decoy"

KeysByHash: TypeAlias = dict[ScramHash, ScramKeys]


def needs_scram_keys(mechanisms: Iterable[str]) -> bool:
    """Tell whether one of the mechanisms that are enabled, by their names, needs keys to be stored."""
    found = map(find, mechanisms)
    return any(each is not None and each.needed_at_server is NeededAtServer.SCRAM_KEYS for each in found)


def make_scram_keys(password: Secret) -> KeysByHash | None:
    """Make the keys of a password, one for each hash; None for one that SASLprep refuses, as SCRAM does.

    Takes a key derivation for each: not for an event loop.
    """
    try:
        return {
            each: scram_keys(each, password, salt=secrets.token_bytes(SALT_OCTETS), iterations=SCRAM_ITERATIONS)
            for each in ScramHash
        }
    except NotPreparable:
        return None


def seal_scram_keys(sealer: Sealer, account_id: AccountId, keys: KeysByHash) -> bytes:
    """Seal an account's keys, as one. Raises SealingFault."""
    lines = b"\n".join(keys[each].to_text().reveal() for each in ScramHash if each in keys)
    return sealer.seal(account_id, Secret(lines), use=SealedUse.SCRAM)


def unseal_scram_keys(sealer: Sealer, account_id: AccountId, sealed: bytes) -> KeysByHash:
    """Give back an account's keys. Raises SealingFault, BadScramKeys."""
    lines = sealer.unseal(account_id, sealed, use=SealedUse.SCRAM).reveal().split(b"\n")
    return {keys.hash: keys for keys in (ScramKeys.from_text(Secret(line)) for line in lines)}


def unseal_decoy_keys(sealer: Sealer) -> None:
    """Do the work of `unseal_scram_keys`, for a name that has no keys."""
    sealer.unseal_decoy()
    for line in _decoy_lines():
        ScramKeys.from_text(line)


@cache
def _decoy_lines() -> tuple[Secret, ...]:
    # What they hold is read by nobody: it is to take as long as keys do.
    return tuple(
        ScramKeys(
            hash=each,
            iterations=SCRAM_ITERATIONS,
            salt=bytes(SALT_OCTETS),
            stored_key=Secret(bytes(each.octets)),
            server_key=Secret(bytes(each.octets)),
        ).to_text()
        for each in ScramHash
    )


def are_outdated(sealer: Sealer, account_id: AccountId, sealed: bytes) -> bool:
    """Tell whether keys were made with another count than today's, or do not open: time to make new ones."""
    try:
        keys = unseal_scram_keys(sealer, account_id, sealed)
    except (SealingFault, BadScramKeys):
        return True
    return any(each not in keys or keys[each].iterations != SCRAM_ITERATIONS for each in ScramHash)


def scram_decoy(sealer: Sealer) -> ScramDecoy:
    """Give the decoy for names without keys. It lasts as long as the sealing key, so restarts tell nothing.

    Makes the sealing key if there is none. Raises SealingFault.
    """
    return ScramDecoy(key=sealer.derive(_DECOY_USE), iterations=SCRAM_ITERATIONS)
