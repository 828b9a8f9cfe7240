"""The index: what file names cannot tell, remembered across restarts in SQLite.

Three kinds of row. Facts (what a look at a foreign file found) can be had again by reading the files. Unique-ids
(taken over from another server, or given where one base name stands twice) cannot: they are durable before anybody
sees them. Ages (when a message was first retrieved, or brought back from the trash) are kept only where the site's
policy asks for them; without them mail stays longer. A maildrop whose names tell all has no index, and SQLite is
never touched.

A damaged index is a StoreFault, never quietly replaced: clients would download everything again.
"""

# Paths are octets elsewhere here, and pathlib does not take those.
# ruff: noqa: PTH116
from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from restante.maildrop.downgrade import SURROGATE_VERSION
from restante.ports.stores import StoreFault, StoreFull
from restante.stores.maildir.disk import is_full
from restante.stores.maildir.measure import UNSETTLED, Facts, Measure

__all__ = ["ANY_FILE", "Age", "FactRow", "IdRow", "Index", "Rows"]

ANY_FILE = 0
"""Stands for the inode in a row that holds for the base name, whichever file bears it."""

BUSY_SECONDS = 20.0
"""How long one waits for another's transaction. They are short: a full disk queue is the worst case."""

_OPEN_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_SCHEMA_VERSION = 2

_SCHEMA = (
    # What version 1 had of these, the octets alone, is had again.
    "DROP TABLE IF EXISTS measures",
    "CREATE TABLE facts (base BLOB NOT NULL, file_octets INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,"
    " wire_octets INTEGER NOT NULL, surrogate_octets INTEGER NOT NULL, surrogate_version INTEGER NOT NULL,"
    " dots INTEGER NOT NULL, bare_lf INTEGER NOT NULL, PRIMARY KEY (base, file_octets, mtime_ns)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS unique_ids (base BLOB NOT NULL, inode INTEGER NOT NULL,"
    " unique_id BLOB NOT NULL UNIQUE, PRIMARY KEY (base, inode)) WITHOUT ROWID",
    f"PRAGMA user_version = {_SCHEMA_VERSION}",
)

_SELECT_FACTS = (
    "SELECT base, file_octets, mtime_ns, wire_octets, surrogate_octets, dots, bare_lf FROM facts"
    " WHERE surrogate_version = ?"
)

_AGES = (
    "CREATE TABLE IF NOT EXISTS ages (base BLOB NOT NULL, inode INTEGER NOT NULL, retrieved_seconds INTEGER,"
    " restored_seconds INTEGER, PRIMARY KEY (base, inode)) WITHOUT ROWID"
)
"""Made on need, so that an index of before gets it too."""

_INSERT_ID = (
    "INSERT INTO unique_ids VALUES (?, ?, ?) ON CONFLICT (base, inode) DO UPDATE SET unique_id = excluded.unique_id"
)
"""A unique-id that another row has is an error: it is not taken away from there."""


class FactRow(NamedTuple):
    """What was found in a file: it holds as long as the file has that length and time."""

    base: bytes
    measure: Measure
    """Rows for an unsettled one are not kept."""


class IdRow(NamedTuple):
    """A unique-id that the base name does not tell."""

    base: bytes
    inode: int
    """ANY_FILE unless several files bear that base name."""
    unique_id: bytes


class Age(NamedTuple):
    """What the index knows of a message's time here, in whole seconds since the epoch."""

    retrieved: int | None
    """When it was first retrieved by RETR, since it was brought back if it was."""
    restored: int | None
    """When it was brought back from the trash: from then on it is as if it had come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All that an index knows."""

    facts: dict[tuple[bytes, int, int], Facts] = field(default_factory=dict)
    """By base name, octets in the file, and time."""
    unique_ids: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    """Base name and inode, to unique-id."""


class Index:
    """One maildrop's index. Opened for each use: that is rare, and then nothing is held."""

    def __init__(self, path: bytes) -> None:
        self._path = os.fsdecode(path)

    def exists(self) -> bool:
        """Tell whether there is one."""
        return os.path.lexists(self._path)

    def stamp(self) -> tuple[int, int]:
        """Give what changes when a row is written: inode and time; zeros where there is no index."""
        try:
            facts = os.stat(self._path)
        except OSError:
            return 0, 0
        return facts.st_ino, facts.st_mtime_ns

    def read(self) -> Rows:
        """Give all rows; none when there is no index. Raises StoreFault when it cannot be read."""
        if not self.exists():
            return Rows()
        with self._transaction(writing=False) as rows:
            version = _version(rows)
            if not version:
                return Rows()
            unique_ids = {(row[0], row[1]): row[2] for row in rows.execute("SELECT * FROM unique_ids")}
            if version < _SCHEMA_VERSION:
                return Rows(unique_ids=unique_ids)
            return Rows(
                facts={
                    (row[0], row[1], row[2]): Facts(row[1], row[3], row[4], row[5], bool(row[6]))
                    for row in rows.execute(_SELECT_FACTS, (SURROGATE_VERSION,))
                },
                unique_ids=unique_ids,
            )

    def remember(self, *, facts: Iterable[FactRow] = (), unique_ids: Iterable[IdRow] = ()) -> None:
        """Add rows, or replace those that say otherwise; durable on return. Raises StoreFault and StoreFull."""
        with self._transaction(writing=True) as rows:
            rows.executemany(
                "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (base, in_file, mtime_ns, on_wire, surrogate, SURROGATE_VERSION, dots, bare_lf)
                    for base, (mtime_ns, (in_file, on_wire, surrogate, dots, bare_lf)) in facts
                    if mtime_ns != UNSETTLED
                ],
            )
            rows.executemany(_INSERT_ID, unique_ids)

    def claim_id(self, base: bytes, unique_id: bytes, *, is_there: Callable[[bytes], bool]) -> bool:
        """Give a unique-id to a base name, durably, unless a file that is there has it: then False.

        `is_there` judges the base name that had it: what a crash left of a delivery has no file. Raises StoreFault.
        """
        with self._transaction(writing=True) as rows:
            found = rows.execute("SELECT base FROM unique_ids WHERE unique_id = ?", (unique_id,)).fetchone()
            if found is not None:
                if is_there(found[0]):
                    return False
                rows.execute("DELETE FROM unique_ids WHERE unique_id = ?", (unique_id,))
            rows.execute(_INSERT_ID, (base, ANY_FILE, unique_id))
            return True

    def forget_id(self, base: bytes) -> None:
        """Take back the unique-id of a base name. Raises StoreFault."""
        with self._transaction(writing=True) as rows:
            rows.execute("DELETE FROM unique_ids WHERE base = ?", (base,))

    def read_ages(self) -> dict[tuple[bytes, int], Age]:
        """Give all ages, by base name and inode. Raises StoreFault when they cannot be read."""
        if not self.exists():
            return {}
        with self._transaction(writing=False) as rows:
            if not _has_ages(rows):
                return {}
            return {(row[0], row[1]): Age(row[2], row[3]) for row in rows.execute("SELECT * FROM ages")}

    def note_retrieved(self, messages: Iterable[tuple[bytes, int]], seconds: int) -> None:
        """Remember that messages were retrieved, unless they were before; durable on return. Raises StoreFault."""
        with self._transaction(writing=True) as rows:
            rows.execute(_AGES)
            rows.executemany(
                "INSERT INTO ages VALUES (?, ?, ?, NULL) ON CONFLICT (base, inode) DO UPDATE"
                " SET retrieved_seconds = coalesce(retrieved_seconds, excluded.retrieved_seconds)",
                [(base, inode, seconds) for base, inode in messages],
            )

    def note_restored(self, messages: Iterable[tuple[bytes, int]], seconds: int) -> None:
        """Remember that messages were brought back: their time begins anew. Raises StoreFault."""
        with self._transaction(writing=True) as rows:
            rows.execute(_AGES)
            rows.executemany(
                "INSERT OR REPLACE INTO ages VALUES (?, ?, NULL, ?)",
                [(base, inode, seconds) for base, inode in messages],
            )

    def forget_all_but(self, bases: frozenset[bytes]) -> int:
        """Remove the rows of files that are no more; give how many. Raises StoreFault."""
        with self._transaction(writing=True) as rows:
            rows.execute(_AGES)
            known: set[bytes] = {
                row[0]
                for row in rows.execute(
                    "SELECT base FROM facts UNION SELECT base FROM unique_ids UNION SELECT base FROM ages"
                )
            }
            gone = [(base,) for base in known - bases]
            rows.executemany("DELETE FROM facts WHERE base = ?", gone)
            rows.executemany("DELETE FROM unique_ids WHERE base = ?", gone)
            rows.executemany("DELETE FROM ages WHERE base = ?", gone)
            return len(gone)

    @contextlib.contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[sqlite3.Connection]:
        try:
            # SQLite would follow a link, and make the file readable for others.
            os.close(os.open(self._path, _OPEN_FLAGS, 0o600))
            rows = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise self._fault(error) from error
        try:
            if writing:
                # EXTRA makes the end of the journal durable too: a row is there for good once COMMIT returns.
                rows.execute("PRAGMA synchronous = EXTRA")
                # Writers queue from their first word on: two that had read first would block each other.
                rows.execute("BEGIN IMMEDIATE")
                if _version(rows) < _SCHEMA_VERSION:
                    for statement in _SCHEMA:
                        rows.execute(statement)
            else:
                rows.execute("BEGIN")
            yield rows
            rows.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise self._fault(error) from error
        finally:
            rows.close()

    def _fault(self, error: Exception) -> StoreFault:
        full = (isinstance(error, OSError) and is_full(error)) or (
            isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        )
        if full:
            return StoreFull(f"{self._path}: {error}: free room on that disk, or raise the quota")
        return StoreFault(
            f"{self._path}: {error}: restore the file from a backup, or move it away: then the messages whose "
            f"unique-ids were taken over from another server are downloaded again"
        )


def _version(rows: sqlite3.Connection) -> int:
    # No tables stand in a file that was made when the disk was full: 0.
    return int(rows.execute("PRAGMA user_version").fetchone()[0])


def _has_ages(rows: sqlite3.Connection) -> bool:
    return rows.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'ages'").fetchone() is not None
