"""What a directory tells an authenticator besides the account itself. Contracts only; no I/O.

`find` is for all the house; `credentials` is for the authenticator and the command line alone, which is why it
stands here and not among the ports.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from restante.ports.accounts import Account, AccountId

__all__ = ["CredentialDirectory", "Credentials"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an account's password is checked against. Its repr shows neither."""

    account: Account
    password_hash: str = field(repr=False)
    """As argon2 writes it, parameters and salt included."""
    sealed_apop: bytes | None = field(repr=False, default=None)
    """The APOP secret as `Sealer.seal` gave it; None where APOP is not enabled."""


class CredentialDirectory(Protocol):
    """A directory that can tell what passwords are checked against. All of these raise AccountFault."""

    def credentials(self, name: str) -> Credentials | None:
        """Give the credentials of that name, without regard to case, or None for any name there is not."""
        ...

    def any_apop(self) -> bool:
        """Tell whether some account has APOP enabled. Asked at each greeting, so it has to be cheap."""
        ...

    def replace_hash(self, account_id: AccountId, old: str, new: str) -> bool:
        """Put another hash of the same password in the place of `old`; False when `old` is no longer there.

        The generation stays: the password is the same, so what was proven of it still holds. Called from threads.
        """
        ...
