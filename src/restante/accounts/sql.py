"""Accounts in a SQLite file: the directory of one machine, shared by the server's workers and the command line.

It answers by `answers`, and makes the changes. Each change is made on a connection of its own, hence looks like
another process's to the connection that answers: there is one way in which the memory learns of changes, not two.
Since connections are kept apart so, a slow disk under a change made in a thread does not hold up the questions of
the event loop.

It may be used from any thread. Before a fork the open connection is closed, since SQLite's connections must not be
carried into a child; each process opens its own with its next question.
How it fails: AccountFault, which says what to do. Replacing the file under a running server is not noticed: stop it
first.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from restante.accounts.answers import AccountAnswers
from restante.accounts.app_passwords import APP_PASSWORDS, check_label
from restante.accounts.credentials import AppPassword
from restante.accounts.forks import hold_during_forks
from restante.accounts.maildir_owners import refuse_taken_maildir
from restante.accounts.names import MaildirPattern, parse_account_name
from restante.accounts.refusals import (
    AccountExists,
    AppPasswordExists,
    NoSuchAccount,
    NoSuchAppPassword,
    TooManyAppPasswords,
)
from restante.accounts.rows import ACCOUNT_BY_NAME, APP_PASSWORDS_OF, read_credentials
from restante.accounts.schema import Change, Value, faults_told
from restante.ports.accounts import Account, AccountId, AccountStatus

__all__ = ["SqlDirectory"]


class SqlDirectory:
    """All accounts of a data folder. What is asked of it is asked of its `AccountAnswers`."""

    def __init__(
        self,
        path: Path,
        *,
        maildir_pattern: str | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Name the file; it is opened, and made where there is none, with the first question.

        `maildir_pattern` is a site's word on where Maildirs lie (`names.MaildirPattern`); an account's own
        `maildir` goes before it. `clock` gives seconds since the epoch, `monotonic` those that never go back.
        Raises IllegalPattern.
        """
        self._path = path
        self._pattern = None if maildir_pattern is None else MaildirPattern(text=maildir_pattern)
        self._clock = clock
        # Over changes, one at a time in this process.
        self._writing = threading.RLock()
        self._answers = AccountAnswers(path, self._pattern, monotonic)
        # The questions are theirs: a login asks some, so no method of ours stands between.
        self.find = self._answers.find
        self.credentials = self._answers.credentials
        self.any_apop = self._answers.any_apop
        self.list_accounts = self._answers.list_accounts
        hold_during_forks(self)

    # --- changes -------------------------------------------------------------------------------------------------

    def add(
        self,
        name: str,
        password_hash: str,
        maildir: Path | None = None,
        seal_scram: Callable[[AccountId], bytes] | None = None,
    ) -> Account:
        """Make an account, with an id that no account ever had.

        `maildir` is one that other programs fill, absolute; None leaves it to the pattern, or to the data folder.
        `seal_scram` gives the SCRAM keys of the password sealed for the id, where they are to be stored.
        Raises IllegalName, AccountExists, MaildirTaken, AccountFault, ValueError for a path that is not absolute,
        and what `seal_scram` raises; then there is no account.
        """
        legal = parse_account_name(name)
        if maildir is not None:
            if not maildir.is_absolute() or "\0" in str(maildir):
                raise ValueError(f"{str(maildir)!r} is not a whole path: write one that starts with /")
            if ".." in maildir.parts:
                # As the kernel would go, through symbolic links; to cut `..` out as text could lead elsewhere.
                maildir = Path(os.path.realpath(maildir))
            # Path keeps two slashes at the start, which are one on Linux.
            maildir = Path("/" + str(maildir).lstrip("/"))
        with self._writing, Change(self._path) as change:
            if change.rows("SELECT 1 FROM account WHERE folded = ?", legal.folded):
                raise AccountExists(str(legal))
            served = maildir or (self._pattern.expand(legal) if self._pattern else None)
            if served is not None:
                with faults_told(self._path):
                    refuse_taken_maildir(change.connection, self._pattern, served)
            now = self._clock()
            # 64 bits by lot: a removed account's id does not come back, and mail left under it stays out of reach.
            account_id = AccountId(secrets.token_hex(8))
            change.run(
                "INSERT INTO account (id, name, folded, local, status, password_hash, sealed_scram, maildir,"
                " generation, created_epoch_seconds, changed_epoch_seconds)"
                " VALUES (?, ?, ?, ?, 'active', ?, ?, ?, 1, ?, ?)",
                account_id,
                str(legal),
                legal.folded,
                legal.local.lower(),
                password_hash,
                None if seal_scram is None else seal_scram(account_id),
                None if maildir is None else os.fsencode(maildir),
                now,
                now,
            )
            return self._in_change(change, name)

    def set_password(
        self, name: str, password_hash: str, sealed: bytes | None = None, sealed_scram: bytes | None = None
    ) -> Account:
        """Change the password. Raises NoSuchAccount, AccountFault.

        `sealed` is the new password sealed for APOP. None turns APOP off for the account: the secret that was
        sealed is the old password, which must not open the maildrop any longer. `sealed_scram` are the new
        password's SCRAM keys; None forgets the old one's. Application passwords stay.
        """
        return self._change(
            name, "password_hash = ?, sealed_apop = ?, sealed_scram = ?", password_hash, sealed, sealed_scram
        )

    def set_status(self, name: str, status: AccountStatus) -> Account:
        """Lock or unlock. Raises NoSuchAccount, AccountFault."""
        return self._change(name, "status = ?", status.value)

    def enable_apop(self, name: str, sealed: bytes) -> Account:
        """Turn APOP on with a secret as `Sealer.seal` gave it. Raises NoSuchAccount, AccountFault."""
        return self._change(name, "sealed_apop = ?", sealed)

    def disable_apop(self, name: str) -> Account:
        """Turn APOP off and forget the sealed secret. Raises NoSuchAccount, AccountFault."""
        return self._change(name, "sealed_apop = NULL")

    def remove(self, name: str) -> Account:
        """Remove the account and give what it was; its mail stays where it is.

        Raises NoSuchAccount, AccountFault.
        """
        with self._writing, Change(self._path) as change:
            account = self._in_change(change, name)
            change.run("DELETE FROM app_password WHERE account = ?", account.id)
            change.run("DELETE FROM account WHERE id = ?", account.id)
            return account

    def replace_hash(self, account_id: AccountId, old: str, new: str) -> bool:
        """Put another hash of the same password in the place of `old`; False when `old` is no longer there.

        The generation stays: the password is the same, so what was proven of it still holds. Raises AccountFault.
        """
        with self._writing, Change(self._path) as change:
            return change.run(
                "UPDATE account SET password_hash = ? WHERE id = ? AND password_hash = ?", new, account_id, old
            )

    def replace_scram(self, account_id: AccountId, password_hash: str, sealed: bytes) -> bool:
        """Keep SCRAM keys of the password that `password_hash` is of; False when that is no longer the account's.

        The generation stays, as with `replace_hash`. Raises AccountFault.
        """
        with self._writing, Change(self._path) as change:
            return change.run(
                "UPDATE account SET sealed_scram = ? WHERE id = ? AND password_hash = ?",
                sealed,
                account_id,
                password_hash,
            )

    # --- application passwords -----------------------------------------------------------------------------------

    def add_app_password(self, account: Account, label: str, digest: bytes) -> AppPassword:
        """Give the account another application password; `digest` is `app_passwords.app_password_digest`'s.

        Raises IllegalLabel, AppPasswordExists, TooManyAppPasswords, NoSuchAccount, AccountFault.
        """
        check_label(label)
        made = AppPassword(label=label, digest=digest, created_epoch_seconds=self._clock())
        with self._writing, Change(self._path) as change:
            known = [str(row[0]).casefold() for row in change.rows(APP_PASSWORDS_OF, account.id)]
            if label.casefold() in known:
                raise AppPasswordExists(account.name, label)
            if len(known) >= APP_PASSWORDS:
                raise TooManyAppPasswords(account.name)
            self._count_change(change, account)
            change.run(
                "INSERT INTO app_password (account, label, folded, digest, created_epoch_seconds)"
                " VALUES (?, ?, ?, ?, ?)",
                account.id,
                label,
                label.casefold(),
                digest,
                made.created_epoch_seconds,
            )
        return made

    def revoke_app_password(self, account: Account, label: str) -> None:
        """Take an application password back. Raises NoSuchAppPassword, NoSuchAccount, AccountFault."""
        with self._writing, Change(self._path) as change:
            self._count_change(change, account)
            if not change.run(
                "DELETE FROM app_password WHERE account = ? AND folded = ?", account.id, label.casefold()
            ):
                raise NoSuchAppPassword(account.name, label)

    def note_uses(self, uses: Mapping[tuple[AccountId, str], float]) -> None:
        """Note when application passwords were last used: account and label, seconds since the epoch.

        One that was revoked meanwhile is passed over. The generation stays. Raises AccountFault.
        """
        with self._writing, Change(self._path) as change:
            for (account_id, label), used in uses.items():
                change.run(
                    "UPDATE app_password SET used_epoch_seconds = ? WHERE account = ? AND folded = ?",
                    used,
                    account_id,
                    label.casefold(),
                )

    # --- the file ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the file. The next question opens it again."""
        self._answers.close()

    def hold(self) -> None:
        """Close the file and keep every other thread from opening it, until `let_go`. For the time of a fork."""
        self._writing.acquire()
        self._answers.hold()

    def let_go(self) -> None:
        """End what `hold` began, on the same thread, or on its copy in the child."""
        self._answers.let_go()
        self._writing.release()

    # --- within --------------------------------------------------------------------------------------------------

    def _change(self, name: str, assignments: str, *values: Value) -> Account:
        with self._writing, Change(self._path) as change:
            account = self._in_change(change, name)
            change.run(
                f"UPDATE account SET {assignments}, generation = generation + 1, changed_epoch_seconds = ?"  # noqa: S608 - our own words
                " WHERE id = ?",
                *values,
                self._clock(),
                account.id,
            )
            return self._in_change(change, name)

    def _count_change(self, change: Change, account: Account) -> None:
        """Begin a new generation of that very account, not of another of its name. Raises NoSuchAccount."""
        if not change.run(
            "UPDATE account SET generation = generation + 1, changed_epoch_seconds = ? WHERE id = ?",
            self._clock(),
            account.id,
        ):
            raise NoSuchAccount(account.name)

    def _in_change(self, change: Change, name: str) -> Account:
        """Give the account as this change sees it. Raises NoSuchAccount."""
        rows = change.rows(ACCOUNT_BY_NAME, name.lower()) if name.isascii() else []
        if not rows:
            raise NoSuchAccount(name)
        return read_credentials(self._path, self._pattern, rows[0]).account
