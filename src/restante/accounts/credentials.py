"""What a directory tells an authenticator besides the account itself. Contracts only; no I/O.

`find` is for all the house; `credentials` is for the authenticator and the command line alone, which is why it
stands here and not among the ports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from restante.ports.accounts import Account, AccountId
from restante.proto.terms import Secret

__all__ = ["AppPassword", "CredentialDirectory", "Credentials", "PasswordVerifier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPassword:
    """One of an account's application passwords, as it is stored (`app_passwords` says why a digest will do)."""

    label: str
    """What its owner calls it; unique in the account, without regard to case."""
    digest: bytes = field(repr=False)
    created_epoch_seconds: float
    used_epoch_seconds: float | None = None
    """The first use on the day (UTC) of the last use; None: never used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an account's password is checked against. Its repr shows none of it."""

    account: Account
    password_hash: str = field(repr=False)
    """As argon2 writes it, parameters and salt included."""
    sealed_apop: bytes | None = field(repr=False, default=None)
    """The APOP secret as `Sealer.seal` gave it; None where APOP is not enabled."""
    sealed_scram: bytes | None = field(repr=False, default=None)
    """SCRAM keys as `scram.seal_scram_keys` gave them; None where none were made yet."""
    app_passwords: tuple[AppPassword, ...] = ()
    """In the order of their labels."""


class PasswordVerifier(Protocol):
    """Checks passwords against a directory's `password_hash`. Its methods raise BrokenHash and run in threads."""

    @property
    def decoy(self) -> str:
        """A hash that costs what true ones cost and that no password fits."""
        ...

    def verify(self, encoded: str, password: Secret) -> bool:
        """Tell whether the password fits the hash."""
        ...

    def is_outdated(self, encoded: str) -> bool:
        """Tell whether the hash is to be renewed."""
        ...

    def rehash(self, password: Secret) -> str:
        """Hash a password that was proven right, whatever today's rule for new ones is."""
        ...


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

    def replace_scram(self, account_id: AccountId, password_hash: str, sealed: bytes) -> bool:
        """Keep SCRAM keys of the password that `password_hash` is of; False when that is no longer the account's.

        The generation stays, as with `replace_hash`. Called from threads.
        """
        ...

    def note_uses(self, uses: Mapping[tuple[AccountId, str], float]) -> None:
        """Note when application passwords were last used: account and label, seconds since the epoch.

        One that was revoked meanwhile is passed over. The generation stays. Called from threads.
        """
        ...
