"""The file that holds the accounts: how it comes to be, how it is opened, what its faults mean.

SQLite with a write-ahead log, for its owner alone (0600). `PRAGMA user_version` counts the migrations done.
What it is not: the questions and changes themselves (`sql`). How it fails: every error of SQLite becomes an
AccountFault that names the file and says what to do.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeAlias

from restante.accounts.change_sign import give_sign
from restante.ports.accounts import AccountFault

__all__ = ["MIGRATIONS", "Change", "Row", "Value", "account_fault", "faults_told", "open_for_questions"]

Value: TypeAlias = str | bytes | int | float | None
Row: TypeAlias = tuple[Any, ...]  # Any: columns are of many types

READER_BUSY_SECONDS: Final = 0.25
"""How long a question waits for a lock, which with a write-ahead log is rare: it may run on the event loop."""

WRITER_BUSY_SECONDS: Final = 5.0
"""How long a change waits for another change."""

MIGRATIONS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE account (
        id                     TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 16),
        name                   TEXT NOT NULL,
        folded                 TEXT NOT NULL UNIQUE,
        local                  TEXT NOT NULL,
        status                 TEXT NOT NULL CHECK (status IN ('active', 'locked')),
        password_hash          TEXT NOT NULL,
        sealed_apop            BLOB,
        maildir                BLOB UNIQUE,
        generation             INTEGER NOT NULL,
        created_epoch_seconds  REAL NOT NULL,
        changed_epoch_seconds  REAL NOT NULL
    );
    CREATE INDEX account_local ON account (local);
    CREATE INDEX account_apop ON account (id) WHERE sealed_apop IS NOT NULL;
    """,
    """
    ALTER TABLE account ADD COLUMN sealed_scram BLOB;
    CREATE TABLE app_password (
        account                TEXT NOT NULL,
        label                  TEXT NOT NULL,
        folded                 TEXT NOT NULL,
        digest                 BLOB NOT NULL CHECK (length(digest) = 32),
        created_epoch_seconds  REAL NOT NULL,
        used_epoch_seconds     REAL,
        PRIMARY KEY (account, folded)
    ) WITHOUT ROWID;
    """,
)
"""Each brings the schema from its place in this list to the next. Never change one that was released: add one."""


def open_for_questions(path: Path) -> sqlite3.Connection:
    """Open the file, making it first where there is none; for one thread at a time, whichever it is.

    Raises what SQLite and the disk raise: call it within `faults_told`.
    """
    return _open(path, READER_BUSY_SECONDS)


class Change:
    """A change of the accounts: one transaction on a connection of its own, under the lock that writers share.

    A crash leaves all of it or nothing; when the `with` block is over it is durable, and others were given the sign
    to look (`change_sign`). An exception in the block takes it back. Raises AccountFault.
    """

    __slots__ = ("_path", "connection")

    connection: sqlite3.Connection

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Change:
        with faults_told(self._path):
            self.connection = _open(self._path, WRITER_BUSY_SECONDS)
            try:
                self.connection.execute("BEGIN IMMEDIATE")
            except BaseException:
                self.connection.close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with faults_told(self._path), contextlib.closing(self.connection):
            # SQLite may have taken it back by itself, as it does when the disk is full.
            if self.connection.in_transaction:
                self.connection.execute("COMMIT" if kind is None else "ROLLBACK")
                if kind is None:
                    give_sign(self._path)

    def run(self, statement: str, *values: Value) -> bool:
        """Run a statement; tell whether it touched any row. Raises AccountFault."""
        with faults_told(self._path):
            return self.connection.execute(statement, values).rowcount > 0

    def rows(self, question: str, *values: Value) -> list[Row]:
        """Give the rows that answer a question. Raises AccountFault."""
        with faults_told(self._path):
            return self.connection.execute(question, values).fetchall()


@contextlib.contextmanager
def faults_told(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk raise into AccountFault."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise account_fault(path, error) from error


def account_fault(path: Path, error: Exception) -> AccountFault:
    """Say what an error of SQLite or of the disk means for the accounts, and what to do."""
    # Errors that Python's own layer raises carry no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    match code:
        case sqlite3.SQLITE_FULL:
            advice = "the disk is full: free some room and try again"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            advice = "another program keeps it locked: try again, and if that goes on, look with `fuser` who it is"
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            advice = "it is damaged, or no database at all: stop the server and put a backup in its place"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            advice = "see that its folder is there and belongs to the user that runs restante, with leave to write"
        case sqlite3.SQLITE_IOERR:
            advice = "the disk failed: look into the system's log"
        case _ if isinstance(error, OSError):
            advice = "see that its folder is there and belongs to the user that runs restante, with leave to write"
        case _:
            advice = "look whether another program changed it, and put a backup in its place if so"
    return AccountFault(f"{path}: {error}; {advice}")


def _open(path: Path, busy_seconds: float) -> sqlite3.Connection:
    if not path.exists():
        _create(path)
    connection = _connect(path, busy_seconds)
    try:
        if _version(connection) != len(MIGRATIONS):
            _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    # mode=rw: SQLite never makes the file, since it would do so under the umask.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
    )
    # A change is durable when it is told as done. The default of SQLite, unless it was built otherwise.
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _create(path: Path) -> None:
    """Make the file whole, beside its place, and then put it there, unless another process was quicker.

    A crash leaves: a hidden `.…new` file beside it, which nothing reads (before the link); both names, of which
    the hidden one may go (after it). The file itself is never seen half made.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        # 0600 whatever the umask says; the files of the write-ahead log take their mode from this one.
        os.fchmod(descriptor, 0o600)
        os.close(descriptor)
        connection = _connect(draft, WRITER_BUSY_SECONDS)
        try:
            _migrate(connection, draft)
        finally:
            connection.close()
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema to today's. Each migration and its number are one transaction: a crash leaves either."""
    connection.execute("PRAGMA journal_mode = WAL")
    while True:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Asked again under the lock: another process may have done it.
            version = _version(connection)
            if version > len(MIGRATIONS):
                raise AccountFault(
                    f"{path} was written by a newer Restante (schema {version}, this one knows {len(MIGRATIONS)}): "
                    "upgrade this one, or use the data folder that belongs to it"
                )
            if version == len(MIGRATIONS):
                connection.execute("ROLLBACK")
                return
            for statement in MIGRATIONS[version].split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
