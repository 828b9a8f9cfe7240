"""Accounts: legal names, the directory in SQLite, password hashes, sealed APOP secrets, and the judge of logins."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from restante.accounts.apop import Sealer, SealingFault, apop_digest
    from restante.accounts.authenticator import PasswordAuthenticator
    from restante.accounts.credentials import CredentialDirectory, Credentials
    from restante.accounts.names import (
        AccountName,
        IllegalName,
        IllegalPattern,
        MaildirPattern,
        expand_maildir_pattern,
        parse_account_name,
    )
    from restante.accounts.passwords import (
        BrokenHash,
        HashPool,
        HashQueueFull,
        IllegalPassword,
        PasswordHasher,
        check_new_password,
    )
    from restante.accounts.sql import AccountExists, MaildirTaken, NoSuchAccount, SqlDirectory
    from restante.accounts.verified import VerifiedCredentials

__all__ = [
    "AccountExists",
    "AccountName",
    "BrokenHash",
    "CredentialDirectory",
    "Credentials",
    "HashPool",
    "HashQueueFull",
    "IllegalName",
    "IllegalPassword",
    "IllegalPattern",
    "MaildirPattern",
    "MaildirTaken",
    "NoSuchAccount",
    "PasswordAuthenticator",
    "PasswordHasher",
    "Sealer",
    "SealingFault",
    "SqlDirectory",
    "VerifiedCredentials",
    "apop_digest",
    "check_new_password",
    "expand_maildir_pattern",
    "parse_account_name",
]

# Imported when first asked for: `restante deliver` runs once for each message and looks up a name, for which the
# libraries of passwords and of sealing would cost more time than the delivery.
_MODULES: Final = {
    "AccountExists": "sql",
    "AccountName": "names",
    "BrokenHash": "passwords",
    "CredentialDirectory": "credentials",
    "Credentials": "credentials",
    "HashPool": "passwords",
    "HashQueueFull": "passwords",
    "IllegalName": "names",
    "IllegalPassword": "passwords",
    "IllegalPattern": "names",
    "MaildirPattern": "names",
    "MaildirTaken": "sql",
    "NoSuchAccount": "sql",
    "PasswordAuthenticator": "authenticator",
    "PasswordHasher": "passwords",
    "Sealer": "apop",
    "SealingFault": "apop",
    "SqlDirectory": "sql",
    "VerifiedCredentials": "verified",
    "apop_digest": "apop",
    "check_new_password": "passwords",
    "expand_maildir_pattern": "names",
    "parse_account_name": "names",
}


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
