"""Whose Maildir is whose: no two accounts are served the same one, or each would read and remove the other's mail.

A Maildir comes to an account by its own word or by the site's pattern. Questions to the accounts' file only.
How it fails: MaildirTaken where an account is to get one that another has; AccountFault where the pattern, which
may have changed since, gives two accounts one.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from restante.accounts.names import MaildirPattern
from restante.accounts.refusals import MaildirTaken
from restante.ports.accounts import Account, AccountFault, AccountId

__all__ = ["refuse_shared_maildir", "refuse_taken_maildir"]


def refuse_shared_maildir(connection: sqlite3.Connection, pattern: MaildirPattern | None, account: Account) -> None:
    """Raise AccountFault where the pattern gives two accounts one Maildir.

    `refuse_taken_maildir` sees to it that there are none; but the pattern is a setting, and may have changed since.
    """
    if pattern is None or account.maildir is None:
        return
    # Of a copy: a path keeps the text that it was asked for, and the account, which is kept, keeps the path.
    owner = _owner(connection, pattern, Path(account.maildir), besides=account.id)
    if owner is not None:
        raise AccountFault(
            f"the accounts {account.name} and {owner} would share the Maildir {account.maildir}, so neither is "
            "served: put {domain} or {name} into maildir_pattern, or add one of them anew with --maildir"
        )


def refuse_taken_maildir(connection: sqlite3.Connection, pattern: MaildirPattern | None, maildir: Path) -> None:
    """Raise MaildirTaken where another account has that Maildir, under that path or by a symbolic link."""
    owner = _owner(connection, pattern, maildir, besides=None)
    real = os.path.realpath(maildir)
    for name, other in connection.execute("SELECT name, maildir FROM account WHERE maildir IS NOT NULL"):
        if os.path.realpath(os.fsdecode(other)) == real:
            owner = name
    if owner is not None:
        raise MaildirTaken(maildir, owner)


def _owner(
    connection: sqlite3.Connection, pattern: MaildirPattern | None, maildir: Path, *, besides: AccountId | None
) -> str | None:
    """Give the name of an account, another than `besides`, that has that very path; None where none has."""
    rows = connection.execute("SELECT id, name FROM account WHERE maildir = ?", (os.fsencode(maildir),)).fetchall()
    parts = None if pattern is None else pattern.read_back(maildir)
    if pattern is not None and parts is not None:
        local, domain = parts
        # By an index either way, and of one row at most but where the pattern mixes domains up.
        if pattern.tells_domains_apart:
            folded = local if domain is None else f"{local}@{domain}"
            question, value = "SELECT id, name FROM account WHERE maildir IS NULL AND folded = ?", folded
        else:
            question, value = "SELECT id, name FROM account WHERE maildir IS NULL AND local = ?", local
        rows += connection.execute(question, (value,)).fetchall()
    return next((str(name) for account_id, name in rows if account_id != besides), None)
