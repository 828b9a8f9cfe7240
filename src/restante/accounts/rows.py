"""Rows of the accounts' file: how they are asked for, and what an account's row says.

What it is not: the memory of what was asked (`answers`), nor the changes (`sql`).
How it fails: AccountFault where a row makes no sense, which says what to do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from restante.accounts.credentials import AppPassword, Credentials
from restante.accounts.names import MaildirPattern, parse_account_name
from restante.accounts.schema import Row
from restante.ports.accounts import Account, AccountFault, AccountId, AccountStatus

__all__ = ["ACCOUNTS", "ACCOUNT_BY_NAME", "APP_PASSWORDS_OF", "read_credentials"]

_COLUMNS: Final = "id, name, status, password_hash, sealed_apop, sealed_scram, maildir, generation"

ACCOUNTS: Final = f"SELECT {_COLUMNS} FROM account ORDER BY folded"  # noqa: S608 - our own words, here and below

ACCOUNT_BY_NAME: Final = f"SELECT {_COLUMNS} FROM account WHERE folded = ?"  # noqa: S608

APP_PASSWORDS_OF: Final = (
    "SELECT label, digest, created_epoch_seconds, used_epoch_seconds FROM app_password WHERE account = ?"
    " ORDER BY folded"
)
"""Of an account, by its id."""


def read_credentials(
    path: Path, pattern: MaildirPattern | None, row: Row, app_passwords: Iterable[Row] = ()
) -> Credentials:
    """Give what a row of `ACCOUNTS` or `ACCOUNT_BY_NAME` says, with those of `APP_PASSWORDS_OF`.

    `path` is the file, for the words of a fault; `pattern` names the Maildir of an account that has none of its
    own. Raises AccountFault.
    """
    account_id, name, status, password_hash, sealed_apop, sealed_scram, maildir, generation = row
    try:
        served = Path(os.fsdecode(maildir)) if maildir is not None else None
        if served is None and pattern is not None:
            served = pattern.expand(parse_account_name(name))
        account = Account(
            id=AccountId(account_id),
            name=name,
            status=AccountStatus(status),
            maildir=served,
            apop=sealed_apop is not None,
            generation=generation,
        )
    except ValueError as error:
        raise AccountFault(
            f"{path}: the account {name!r} cannot be read: {error}; put a backup of the file in its place"
        ) from error
    return Credentials(
        account=account,
        password_hash=password_hash,
        sealed_apop=sealed_apop,
        sealed_scram=sealed_scram,
        app_passwords=tuple(
            AppPassword(label=label, digest=digest, created_epoch_seconds=created, used_epoch_seconds=used)
            for label, digest, created, used in app_passwords
        ),
    )
