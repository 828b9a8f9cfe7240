"""Accounts in a SQLite file: the directory of one machine, shared by the server's workers and the command line.

Questions are answered from memory. `PRAGMA data_version` tells in some 4 µs whether anyone committed a change, and
only then is the file asked again, so a change by another process shows at the very next question. Each change is
made on a connection of its own, hence looks like another process's to the connection that answers: there is one way
in which the memory learns of changes, not two. Since connections are kept apart so, a slow disk under a change made
in a thread does not hold up the questions of the event loop.

It may be asked from any thread. Before a fork the open connection is closed, since SQLite's connections must not be
carried into a child; each process opens its own with its next question.
How it fails: AccountFault, which says what to do. Replacing the file under a running server is not noticed: stop it
first.
"""

from __future__ import annotations

import functools
import os
import secrets
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

from restante.accounts.credentials import Credentials
from restante.accounts.names import NAME_OCTETS, MaildirPattern, parse_account_name
from restante.accounts.schema import Change, Row, Value, faults_told, open_for_questions
from restante.ports.accounts import Account, AccountFault, AccountId, AccountStatus

__all__ = ["AccountExists", "MaildirTaken", "NoSuchAccount", "SqlDirectory"]

CACHED_NAMES: Final = 20_000
"""How many names a process keeps its answer to in memory; about 1 KB each. When full it starts afresh."""

_ALL: Final = (
    "SELECT id, name, status, password_hash, sealed_apop, maildir, generation FROM account ORDER BY folded"
)
_BY_NAME: Final = (
    "SELECT id, name, status, password_hash, sealed_apop, maildir, generation FROM account WHERE folded = ?"
)


class _Unasked(Enum):
    """Stands where the file was not asked for a name yet; None is an answer."""

    UNASKED = "unasked"


_UNASKED: Final = _Unasked.UNASKED


class AccountExists(Exception):
    """There is an account of that name already, perhaps in another case."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is an account {name} already: choose another name, or remove that one first")
        self.name = name


class NoSuchAccount(Exception):
    """There is no account of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no account {name!r}: `restante account list` shows those there are")
        self.name = name


class MaildirTaken(Exception):
    """Another account has that Maildir: two owners would read and remove each other's mail."""

    def __init__(self, maildir: Path, owner: str) -> None:
        super().__init__(
            f"the Maildir {maildir} belongs to the account {owner} already: name another with --maildir"
        )
        self.maildir = maildir
        self.owner = owner


class SqlDirectory:
    """All accounts of a data folder."""

    def __init__(
        self, path: Path, *, maildir_pattern: str | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Name the file; it is opened, and made where there is none, with the first question.

        `maildir_pattern` is a site's word on where Maildirs lie (`names.MaildirPattern`); an account's own
        `maildir` goes before it. `clock` gives seconds since the epoch. Raises IllegalPattern.
        """
        self._path = path
        self._pattern = None if maildir_pattern is None else MaildirPattern(text=maildir_pattern)
        self._clock = clock
        # Over the connection and all that is known from it.
        self._lock = threading.RLock()
        # Over changes, one at a time in this process.
        self._writing = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._version = -1
        self._known: dict[str, Credentials | None] = {}
        self._any_apop: bool | None = None
        _close_before_forks(self)

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
        with self._lock, faults_told(self._path):
            connection = self._fresh()
            known = self._known.get(folded, _UNASKED)
            if not isinstance(known, _Unasked):
                return known
            row = connection.execute(_BY_NAME, (folded,)).fetchone()
            credentials = None if row is None else self._read(row)
            if credentials is not None:
                self._refuse_shared_maildir(connection, credentials.account)
            if len(self._known) >= CACHED_NAMES:
                self._known.clear()
            # Names that are not there are kept too: else they would take longer each time they are tried.
            self._known[folded] = credentials
            return credentials

    def any_apop(self) -> bool:
        """Tell whether some account has APOP enabled. Raises AccountFault."""
        with self._lock, faults_told(self._path):
            connection = self._fresh()
            if self._any_apop is None:
                row = connection.execute("SELECT EXISTS (SELECT 1 FROM account WHERE sealed_apop IS NOT NULL)")
                self._any_apop = bool(row.fetchone()[0])
            return self._any_apop

    def list_accounts(self) -> tuple[Account, ...]:
        """Give all accounts, by name. Raises AccountFault."""
        with self._lock, faults_told(self._path):
            rows = self._fresh().execute(_ALL).fetchall()
        return tuple(self._read(row).account for row in rows)

    # --- changes -------------------------------------------------------------------------------------------------

    def add(self, name: str, password_hash: str, maildir: Path | None = None) -> Account:
        """Make an account, with an id that no account ever had.

        `maildir` is one that other programs fill, absolute; None leaves it to the pattern, or to the data folder.
        Raises IllegalName, AccountExists, MaildirTaken, AccountFault, and ValueError for a path that is not
        absolute.
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
                    self._refuse_taken_maildir(change.connection, served)
            now = self._clock()
            # 64 bits by lot: a removed account's id does not come back, and mail left under it stays out of reach.
            change.run(
                "INSERT INTO account (id, name, folded, local, status, password_hash, maildir, generation,"
                " created_epoch_seconds, changed_epoch_seconds) VALUES (?, ?, ?, ?, 'active', ?, ?, 1, ?, ?)",
                secrets.token_hex(8),
                str(legal),
                legal.folded,
                legal.local.lower(),
                password_hash,
                None if maildir is None else os.fsencode(maildir),
                now,
                now,
            )
            return self._in_change(change, name)

    def set_password(self, name: str, password_hash: str, sealed: bytes | None = None) -> Account:
        """Change the password. Raises NoSuchAccount, AccountFault.

        `sealed` is the new password sealed for APOP. None turns APOP off for the account: the secret that was
        sealed is the old password, which must not open the maildrop any longer.
        """
        return self._change(name, "password_hash = ?, sealed_apop = ?", password_hash, sealed)

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

    def close(self) -> None:
        """Let go of the file. The next question opens it again."""
        with self._lock:
            self._version = -1
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

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
        connection = self._connection
        if connection is None:
            connection = self._connection = open_for_questions(self._path)
            self._version = -1
        # Read before what is then remembered: a change in between is seen at the next question, not missed.
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._known.clear()
            self._any_apop = None
            self._version = version
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

    def _in_change(self, change: Change, name: str) -> Account:
        """Give the account as this change sees it. Raises NoSuchAccount."""
        rows = change.rows(_BY_NAME, name.lower()) if name.isascii() else []
        if not rows:
            raise NoSuchAccount(name)
        return self._read(rows[0]).account

    def _read(self, row: Row) -> Credentials:
        account_id, name, status, password_hash, sealed_apop, maildir, generation = row
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
        return Credentials(account=account, password_hash=password_hash, sealed_apop=sealed_apop)

    def _refuse_shared_maildir(self, connection: sqlite3.Connection, account: Account) -> None:
        """Raise AccountFault where the pattern gives two accounts one Maildir.

        `add` sees to it that there are none; but the pattern is a setting, and may have changed since.
        """
        if self._pattern is None or account.maildir is None:
            return
        owner = self._owner(connection, account.maildir, besides=account.id)
        if owner is not None:
            raise AccountFault(
                f"the accounts {account.name} and {owner} would share the Maildir {account.maildir}, so neither is "
                "served: put {domain} or {name} into maildir_pattern, or add one of them anew with --maildir"
            )

    def _refuse_taken_maildir(self, connection: sqlite3.Connection, maildir: Path) -> None:
        """Raise MaildirTaken where another account has that Maildir, under that path or by a symbolic link."""
        owner = self._owner(connection, maildir, besides=None)
        real = os.path.realpath(maildir)
        for name, other in connection.execute("SELECT name, maildir FROM account WHERE maildir IS NOT NULL"):
            if os.path.realpath(os.fsdecode(other)) == real:
                owner = name
        if owner is not None:
            raise MaildirTaken(maildir, owner)

    def _owner(self, connection: sqlite3.Connection, maildir: Path, *, besides: AccountId | None) -> str | None:
        """Give the name of an account, another than `besides`, that has that very path; None where none has."""
        rows = connection.execute(
            "SELECT id, name FROM account WHERE maildir = ?", (os.fsencode(maildir),)
        ).fetchall()
        parts = None if self._pattern is None else self._pattern.read_back(maildir)
        if self._pattern is not None and parts is not None:
            local, domain = parts
            # By an index either way, and of one row at most but where the pattern mixes domains up.
            if self._pattern.tells_domains_apart:
                folded = local if domain is None else f"{local}@{domain}"
                question, value = "SELECT id, name FROM account WHERE maildir IS NULL AND folded = ?", folded
            else:
                question, value = "SELECT id, name FROM account WHERE maildir IS NULL AND local = ?", local
            rows += connection.execute(question, (value,)).fetchall()
        return next((str(name) for account_id, name in rows if account_id != besides), None)


_DIRECTORIES: Final[weakref.WeakSet[SqlDirectory]] = weakref.WeakSet()
"""Those of this process, to be closed before it forks."""

_HELD: Final[list[SqlDirectory]] = []
"""Those whose lock the fork under way holds, so that no other thread opens a connection in its midst."""


def _close_before_forks(directory: SqlDirectory) -> None:
    _register_once()
    _DIRECTORIES.add(directory)


@functools.cache
def _register_once() -> None:
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


def _before_fork() -> None:
    for directory in list(_DIRECTORIES):
        directory.hold()
        _HELD.append(directory)


def _after_fork() -> None:
    while _HELD:
        _HELD.pop().let_go()
