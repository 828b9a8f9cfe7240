"""The short memory of credentials that proved right, so that a client that polls costs no second hash.

It holds no password and no hash of one that could be tried elsewhere: the keys are BLAKE2b under a secret that is
drawn when the process starts and never leaves it. An entry is good for one generation of one account, so that a
changed password or a lock ends it at once, whichever process made the change; and it goes when it was not used for
a time. Only right credentials are kept, never refusals. It is not shared between processes, and for one thread.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from restante.ports.accounts import Account, AccountId
from restante.proto.terms import Secret

__all__ = ["VERIFIED_CREDENTIALS", "VERIFIED_SECONDS", "VerifiedCredentials"]

VERIFIED_SECONDS: Final = 300.0
"""Five times the minute in which eager clients poll."""

VERIFIED_CREDENTIALS: Final = 10_000
"""About 4 MB when full."""

_KEY_OCTETS: Final = 32


@dataclass(slots=True)
class _Proof:
    account: AccountId
    generation: int
    until: float
    """Changes: each use renews it."""


class VerifiedCredentials:
    """Remembers which credentials proved right. Bounded; the least recently used go first."""

    __slots__ = ("_clock", "_keyed", "_most", "_proofs", "_seconds")

    def __init__(
        self,
        *,
        seconds: float = VERIFIED_SECONDS,
        most: int = VERIFIED_CREDENTIALS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin empty. `seconds` counts from the last use, 0 turns it off; `clock` gives monotonic seconds."""
        self._seconds = seconds
        self._most = most
        self._clock = clock
        # Has the secret, and is only ever copied.
        self._keyed = hashlib.blake2b(
            key=secrets.token_bytes(hashlib.blake2b.MAX_KEY_SIZE), digest_size=_KEY_OCTETS
        )
        self._proofs: OrderedDict[bytes, _Proof] = OrderedDict()

    def __len__(self) -> int:
        return len(self._proofs)

    def key(self, *, name: bytes, password: Secret) -> bytes:
        """Give the key of credentials; the name in lower case. Tells nothing without this process's secret."""
        hasher = self._keyed.copy()
        # The number of octets keeps ("ab", "c") and ("a", "bc") apart.
        hasher.update(b"%d %b%b" % (len(name), name, password.reveal()))
        return hasher.digest()

    def holds(self, key: bytes, account: Account) -> bool:
        """Tell whether these credentials proved right for the account as it is now, and renew their time."""
        proof = self._proofs.get(key)
        if proof is None:
            return False
        now = self._clock()
        if proof.until <= now or proof.generation != account.generation or proof.account != account.id:
            del self._proofs[key]
            return False
        proof.until = now + self._seconds
        self._proofs.move_to_end(key)
        return True

    def remember(self, key: bytes, account: Account) -> None:
        """Note that these credentials proved right for the account as it is now."""
        if self._seconds > 0 and self._most > 0:
            proofs = self._proofs
            proofs[key] = _Proof(account.id, account.generation, self._clock() + self._seconds)
            proofs.move_to_end(key)
            if len(proofs) > self._most:
                proofs.popitem(last=False)
