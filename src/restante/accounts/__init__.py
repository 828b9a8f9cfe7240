"""Accounts: legal names, the directory in SQLite, password hashes, sealed secrets, and the judge of logins."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from restante.accounts.apop import apop_digest
    from restante.accounts.app_passwords import (
        IllegalLabel,
        app_password_digest,
        check_label,
        new_app_password,
        plain_app_password,
    )
    from restante.accounts.authenticator import PasswordAuthenticator
    from restante.accounts.credentials import AppPassword, CredentialDirectory, Credentials, PasswordVerifier
    from restante.accounts.judges import CertificateJudge, TokenJudge
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
    from restante.accounts.refusals import (
        AccountExists,
        AppPasswordExists,
        MaildirTaken,
        NoSuchAccount,
        NoSuchAppPassword,
        TooManyAppPasswords,
    )
    from restante.accounts.scram import make_scram_keys, needs_scram_keys, scram_decoy, seal_scram_keys
    from restante.accounts.sealing import SealedUse, Sealer, SealingFault
    from restante.accounts.sql import SqlDirectory
    from restante.accounts.verified import VerifiedCredentials

__all__ = [
    "AccountExists",
    "AccountName",
    "AppPassword",
    "AppPasswordExists",
    "BrokenHash",
    "CertificateJudge",
    "CredentialDirectory",
    "Credentials",
    "HashPool",
    "HashQueueFull",
    "IllegalLabel",
    "IllegalName",
    "IllegalPassword",
    "IllegalPattern",
    "MaildirPattern",
    "MaildirTaken",
    "NoSuchAccount",
    "NoSuchAppPassword",
    "PasswordAuthenticator",
    "PasswordHasher",
    "PasswordVerifier",
    "SealedUse",
    "Sealer",
    "SealingFault",
    "SqlDirectory",
    "TokenJudge",
    "TooManyAppPasswords",
    "VerifiedCredentials",
    "apop_digest",
    "app_password_digest",
    "check_label",
    "check_new_password",
    "expand_maildir_pattern",
    "make_scram_keys",
    "needs_scram_keys",
    "new_app_password",
    "parse_account_name",
    "plain_app_password",
    "scram_decoy",
    "seal_scram_keys",
]

# Imported when first asked for: `restante deliver` runs once for each message and looks up a name, for which the
# libraries of passwords and of sealing would cost more time than the delivery.
_MODULES: Final = {
    "AccountExists": "refusals",
    "AccountName": "names",
    "AppPassword": "credentials",
    "AppPasswordExists": "refusals",
    "BrokenHash": "passwords",
    "CertificateJudge": "judges",
    "CredentialDirectory": "credentials",
    "Credentials": "credentials",
    "HashPool": "passwords",
    "HashQueueFull": "passwords",
    "IllegalLabel": "app_passwords",
    "IllegalName": "names",
    "IllegalPassword": "passwords",
    "IllegalPattern": "names",
    "MaildirPattern": "names",
    "MaildirTaken": "refusals",
    "NoSuchAccount": "refusals",
    "NoSuchAppPassword": "refusals",
    "PasswordAuthenticator": "authenticator",
    "PasswordHasher": "passwords",
    "PasswordVerifier": "credentials",
    "SealedUse": "sealing",
    "Sealer": "sealing",
    "SealingFault": "sealing",
    "SqlDirectory": "sql",
    "TokenJudge": "judges",
    "TooManyAppPasswords": "refusals",
    "VerifiedCredentials": "verified",
    "apop_digest": "apop",
    "app_password_digest": "app_passwords",
    "check_label": "app_passwords",
    "check_new_password": "passwords",
    "expand_maildir_pattern": "names",
    "make_scram_keys": "scram",
    "needs_scram_keys": "scram",
    "new_app_password": "app_passwords",
    "parse_account_name": "names",
    "plain_app_password": "app_passwords",
    "scram_decoy": "scram",
    "seal_scram_keys": "scram",
}


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
