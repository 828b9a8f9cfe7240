"""Accounts in a SQLite file: the directory of one machine, shared by the server's workers and the command line.

Questions are answered from memory while nobody changed anything (`fresh`), so a change by another process shows at
the very next question. Each change is made on a connection of its own, hence looks like another process's to the
connection that answers: there is one way in which the memory learns of changes, not two. Since connections are kept
apart so, a slow disk under a change made in a thread does not hold up the questions of the event loop.

It may be asked from any thread. Before a fork the open connection is closed, since SQLite's connections must not be
carried into a child; each process opens its own with its next question.
How it fails: AccountFault, which says what to do. Replacing the file under a running server is not noticed: stop it
first.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Final

from restante.accounts.app_passwords import APP_PASSWORDS, check_label
from restante.accounts.credentials import AppPassword, Credentials
from restante.accounts.forks import hold_during_forks
from restante.accounts.fresh import FreshAnswers
from restante.accounts.maildir_owners import refuse_shared_maildir, refuse_taken_maildir
from restante.accounts.names import NAME_OCTETS, MaildirPattern, parse_account_name
from restante.accounts.refusals import (
    AccountExists,
    AppPasswordExists,
    NoSuchAccount,
    NoSuchAppPassword,
    TooManyAppPasswords,
)
from restante.accounts.schema import Change, Row, Value, faults_told
from restante.ports.accounts import Account, AccountFault, AccountId, AccountStatus

__all__ = ["SqlDirectory"]

CACHED_NAMES: Final = 20_000
"""How many names a process keeps its answer to in memory; about 1 KB each. When full it starts afresh."""

_COLUMNS: Final = "id, name, status, password_hash, sealed_apop, sealed_scram, maildir, generation"
_ALL: Final = f"SELECT {_COLUMNS} FROM account ORDER BY folded"  # noqa: S608 - our own words, here and below
_BY_NAME: Final = f"SELECT {_COLUMNS} FROM account WHERE folded = ?"  # noqa: S608
_APP_PASSWORDS: Final = (
    "SELECT label, digest, created_epoch_seconds, used_epoch_seconds FROM app_password WHERE account = ?"
    " ORDER BY folded"
)


class _Unasked(Enum):
    """Stands where the file was not asked for a name yet; None is an answer."""

    UNASKED = "unasked"


_UNASKED: Final = _Unasked.UNASKED


class SqlDirectory:
    """All accounts of a data folder."""

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
        # Over the connection and all that is known from it.
        self._lock = threading.RLock()
        # Over changes, one at a time in this process.
        self._writing = threading.RLock()
        self._answers = FreshAnswers(path, monotonic)
        self._known: dict[str, Credentials | None] = {}
        self._any_apop: bool | None = None
        hold_during_forks(self)

    # --- questions -----------------------------------------------------------------------------------------------

    def find(self, name: str) -> Account | None:
        """Give the account of that name, without regard to case, or None for any name there is not.

        Raises AccountFault.
        """
        credentials = self.credentials(name)
        return None if credentials is None else credentials.account

    def credentials(self, name: str) -> Credentials | None:
        """Give what the account's password is checked against, or None for any name there is not.

        Raises AccountFault, also where the site's pattern gives the account another one's Maildir.
        """
        # Not str.lower alone: that would make the Kelvin sign a `k`.
        if not name.isascii() or len(name) > NAME_OCTETS:
            return None
        folded = name.lower()
        with self._lock:
            known = self._known.get(folded, _UNASKED)
            return self._ask(folded) if known is _UNASKED or not self._answers.still_hold() else known

    def _ask(self, folded: str) -> Credentials | None:
        with faults_told(self._path):
            connection = self._fresh()
            known = self._known.get(folded, _UNASKED)
            if known is not _UNASKED:
                return known
            row = connection.execute(_BY_NAME, (folded,)).fetchone()
            credentials = account = None
            if row is not None:
                credentials = self._read(row, connection.execute(_APP_PASSWORDS, (row[0],)).fetchall())
                account = credentials.account
                refuse_shared_maildir(connection, self._pattern, account)
            if len(self._known) >= CACHED_NAMES:
                self._known.clear()
            # Names that are not there are kept too: else they would take longer each time they are tried.
            # By the account's own text where that is the same: thousands are remembered.
            self._known[account.name if account is not None and account.name == folded else folded] = credentials
            return credentials

    def any_apop(self) -> bool:
        """Tell whether some account has APOP enabled. Raises AccountFault."""
        with self._lock:
            if self._any_apop is None or not self._answers.still_hold():
                self._any_apop = self._ask_for_apop()
            return self._any_apop

    def _ask_for_apop(self) -> bool:
        with faults_told(self._path):
            connection = self._fresh()
            if self._any_apop is not None:
                return self._any_apop
            row = connection.execute("SELECT EXISTS (SELECT 1 FROM account WHERE sealed_apop IS NOT NULL)")
            return bool(row.fetchone()[0])

    def list_accounts(self) -> tuple[Account, ...]:
        """Give all accounts, by name. Raises AccountFault."""
        with self._lock, faults_told(self._path):
            rows = self._fresh().execute(_ALL).fetchall()
        return tuple(self._read(row).account for row in rows)

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
            known = [str(row[0]).casefold() for row in change.rows(_APP_PASSWORDS, account.id)]
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
        with self._lock:
            self._answers.close()

    def hold(self) -> None:
        """Close the file and keep every other thread from opening it, until `let_go`. For the time of a fork."""
        self._writing.acquire()
        self._lock.acquire()
        self.close()

    def let_go(self) -> None:
        """End what `hold` began, on the same thread, or on its copy in the child."""
        self._lock.release()
        self._writing.release()

    # --- within --------------------------------------------------------------------------------------------------

    def _fresh(self) -> sqlite3.Connection:
        """Give the connection, having forgotten what it answered before the last change. Called under the lock."""
        connection, holds = self._answers.look()
        if not holds:
            self._known.clear()
            self._any_apop = None
        return connection

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
        rows = change.rows(_BY_NAME, name.lower()) if name.isascii() else []
        if not rows:
            raise NoSuchAccount(name)
        return self._read(rows[0]).account

    def _read(self, row: Row, app_passwords: Iterable[Row] = ()) -> Credentials:
        account_id, name, status, password_hash, sealed_apop, sealed_scram, maildir, generation = row
        try:
            served = Path(os.fsdecode(maildir)) if maildir is not None else None
            if served is None and self._pattern is not None:
                served = self._pattern.expand(parse_account_name(name))
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
                f"{self._path}: the account {name!r} cannot be read: {error}; put a backup of the file in its place"
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
