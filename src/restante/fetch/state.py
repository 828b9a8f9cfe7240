"""What was fetched from each remote maildrop: one SQLite file that outlives kills, and that others may read.

The order in which a session writes here, and what a crash after each step leaves:

1. a group of messages is in hand, in one transaction: the next run retrieves them again, and asks the destination
   which are there already. Where that cannot tell, a group is one message;
2. the destination has stored them, durably: as after 1, so at most one message comes twice, and none where the
   destination can tell;
3. stored, in one transaction and fsynced here: the next run does not retrieve them; it has them removed where the
   policy says so;
4. DELE, and then QUIT: before the server's UPDATE as after 3; after it the next listing lacks the message;
5. gone: all is done.

A message that is in hand alone is not fsynced: a power cut between 1 and 3 can make it come twice, which is what it
costs to wait for the disk once a message and not twice. A group is fsynced: no power cut doubles more than one. The
lock of a maildrop is the kernel's and goes with the process.
The tables are told in docs/reference/fetch-state.md. Fails with StateFault and MaildropBusy.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from restante.fetch.plan import DAY_SECONDS, SeenMessage, SeenStatus

__all__ = ["KEPT_WHEN_GONE_SECONDS", "SCHEMA_VERSION", "MaildropBusy", "State", "StateFault", "maildrop_name"]

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x52534654
"""`RSFT` in the file's header: so `file` and others can tell what it is."""

KEPT_WHEN_GONE_SECONDS: Final = 400 * DAY_SECONDS
"""How long a message that is gone is remembered, for servers that bring a backup of last year back."""

BUSY_SECONDS: Final = 30.0
"""How long a write waits for another process that writes."""

_SAME_MAILDROP_PORTS: Final = frozenset({110, 995})

_TABLES: Final = """
CREATE TABLE maildrop (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE message (
    maildrop INTEGER NOT NULL REFERENCES maildrop (id),
    destination TEXT NOT NULL,
    unique_id BLOB NOT NULL,
    digest BLOB NOT NULL,
    octets INTEGER,
    status TEXT NOT NULL CHECK (status IN ('in-hand', 'stored', 'headers', 'refused', 'gone')),
    since REAL NOT NULL,
    gone_since REAL,
    place TEXT NOT NULL,
    taken_over_from TEXT NOT NULL,
    PRIMARY KEY (maildrop, destination, unique_id, digest)
) WITHOUT ROWID;
"""

_COLUMNS: Final = "unique_id, digest, octets, status, since, destination, place, taken_over_from"


class StateFault(Exception):
    """The state cannot be read or written. Nothing is fetched without it. The text ends with what to do next."""


class MaildropBusy(Exception):
    """Another process of ours works on the same remote maildrop."""

    def __init__(self, maildrop: str) -> None:
        super().__init__(f"{maildrop} is being fetched by another process of Restante: wait until that has ended")
        self.maildrop = maildrop


def maildrop_name(user: str, host: str, port: int) -> str:
    """Name a remote maildrop: `user@host`, with `:port` where that is none of POP3's own.

    The same maildrop is on 110 and on 995. On other ports of one machine there may be another server, whose
    unique-ids mean other messages.
    """
    name = f"{user}@{host.lower().rstrip('.')}"
    return name if port in _SAME_MAILDROP_PORTS else f"{name}:{port}"


class State:
    """The seen-state, open. Safe to use from several threads; several processes may have it open."""

    def __init__(self, path: Path) -> None:
        """Open it, and make it if it is not there. Raises StateFault."""
        self.path = path
        self._one_at_a_time = threading.RLock()
        with self._told():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # SQLite would make it readable for all.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._database = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def _prepare(self) -> None:
        self._database.execute("PRAGMA foreign_keys = ON")
        if not self._is_ours():
            self._database.execute("PRAGMA journal_mode = WAL")
            with self._writing(durable=True):
                # Another process may have made the tables while we waited.
                if not self._is_ours():
                    for statement in filter(str.strip, _TABLES.split(";")):
                        self._database.execute(statement)
                    self._database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    self._database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _is_ours(self) -> bool:
        """Tell whether the tables are there; False: the file is empty. Raises StateFault for any other file."""
        if not self._database.execute("SELECT 1 FROM sqlite_master").fetchone():
            return False
        (application,) = self._database.execute("PRAGMA application_id").fetchone()
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            raise StateFault(f"{self.path}: not a state of Restante's fetch: name another file with --state")
        if version != SCHEMA_VERSION:
            raise StateFault(
                f"{self.path}: written by a newer Restante (schema {version}, this one knows {SCHEMA_VERSION}): "
                "use that one, or name another file with --state"
            )
        return True

    def close(self) -> None:
        """Close the file."""
        with self._one_at_a_time:
            self._database.close()

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def hold(self, maildrop: str) -> Iterator[None]:
        """Keep other processes away from a remote maildrop. Raises MaildropBusy, StateFault."""
        folder = self.path.with_name(self.path.name + ".locks")
        name = sha256(maildrop.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        with self._told():
            folder.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise MaildropBusy(maildrop) from None
            yield
        finally:
            os.close(descriptor)

    def maildrops(self) -> list[str]:
        """Give the names of all remote maildrops that are known. Raises StateFault."""
        with self._told(), self._one_at_a_time:
            return [name for (name,) in self._database.execute("SELECT name FROM maildrop ORDER BY name")]

    def seen(self, maildrop: str, destination: str | None = None) -> list[SeenMessage]:
        """Give what is remembered of a remote maildrop, for one destination or all. Raises StateFault.

        What another program fetched counts for every destination.
        """
        with self._told(), self._one_at_a_time:
            rows = self._database.execute(
                f"SELECT {_COLUMNS} FROM message JOIN maildrop ON id = maildrop "  # noqa: S608 - ours
                "WHERE name = ? AND (? IS NULL OR destination IN (?, ''))",
                (maildrop, destination, destination),
            ).fetchall()
        return [
            SeenMessage(
                unique_id=unique_id,
                digest=digest,
                octets=octets,
                status=SeenStatus(status),
                since_epoch_seconds=since,
                destination=destination,
                place=place,
                taken_over_from=program,
            )
            for unique_id, digest, octets, status, since, destination, place, program in rows
        ]

    def record(self, maildrop: str, *messages: SeenMessage) -> None:
        """Remember messages, all or none; what was remembered of the same ones is replaced. Raises StateFault.

        It is durable when this returns, but for one message alone in hand: that outlives a kill, and no power cut.
        """
        durable = len(messages) > 1 or any(message.status is not SeenStatus.IN_HAND for message in messages)
        with self._told(), self._one_at_a_time, self._writing(durable=durable):
            self._replace(self._number(maildrop), messages)

    def settle(
        self,
        maildrop: str,
        *,
        record: Sequence[SeenMessage],
        forget: Iterable[SeenMessage] = (),
        gone: Iterable[SeenMessage] = (),
        now_epoch_seconds: float,
    ) -> None:
        """Note what came of a group: as `record`, `forget` and `mark_gone`, all or nothing, with one wait.

        Raises StateFault. It is durable when this returns, unless there was nothing but to forget.
        """
        gone = list(gone)
        with self._told(), self._one_at_a_time, self._writing(durable=bool(record or gone)):
            number = self._number(maildrop)
            self._replace(number, record)
            for message in forget:
                self._forget(number, message)
            if gone:
                self._mark_gone(number, gone, now_epoch_seconds)

    def _replace(self, number: int, messages: Iterable[SeenMessage]) -> None:
        self._database.executemany(
            f"REPLACE INTO message (maildrop, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
            [
                (
                    *(number, message.unique_id, message.digest, message.octets),
                    *(message.status.value, message.since_epoch_seconds, message.destination),
                    *(message.place, message.taken_over_from),
                )
                for message in messages
            ],
        )

    def mark_gone(self, maildrop: str, messages: Iterable[SeenMessage], *, now_epoch_seconds: float) -> None:
        """Note that stored messages are no longer at the server. Raises StateFault.

        Those of which only the headers were taken are forgotten: nothing of them was ever stored whole. So are
        those that went long ago.
        """
        with self._told(), self._one_at_a_time, self._writing(durable=True):
            self._mark_gone(self._number(maildrop), messages, now_epoch_seconds)

    def _mark_gone(self, number: int, messages: Iterable[SeenMessage], now_epoch_seconds: float) -> None:
        keys = [(message.destination, message.unique_id, message.digest) for message in messages]
        same = "maildrop = ? AND destination = ? AND unique_id = ? AND digest = ?"
        self._database.executemany(
            f"UPDATE message SET status = 'gone', gone_since = ? WHERE status = 'stored' AND {same}",  # noqa: S608
            [(now_epoch_seconds, number, *key) for key in keys],
        )
        self._database.executemany(
            f"DELETE FROM message WHERE status = 'headers' AND {same}",  # noqa: S608
            [(number, *key) for key in keys],
        )
        self._database.execute(
            "DELETE FROM message WHERE status = 'gone' AND maildrop = ? AND gone_since < ?",
            (number, now_epoch_seconds - KEPT_WHEN_GONE_SECONDS),
        )

    def forget(self, maildrop: str, message: SeenMessage) -> None:
        """Forget one message: what was in hand and surely came to nothing. Raises StateFault."""
        with self._told(), self._one_at_a_time, self._writing(durable=False):
            self._forget(self._number(maildrop), message)

    def _forget(self, number: int, message: SeenMessage) -> None:
        self._database.execute(
            "DELETE FROM message WHERE maildrop = ? AND destination = ? AND unique_id = ? AND digest = ?",
            (number, message.destination, message.unique_id, message.digest),
        )

    def rename(self, destination: str, new: str) -> int:
        """Let a destination have another name, since it was moved; give of how many messages. Raises StateFault."""
        with self._told(), self._one_at_a_time, self._writing(durable=True):
            return self._database.execute(
                "UPDATE OR REPLACE message SET destination = ? WHERE destination = ?", (new, destination)
            ).rowcount

    def _number(self, maildrop: str) -> int:
        self._database.execute("INSERT OR IGNORE INTO maildrop (name) VALUES (?)", (maildrop,))
        (number,) = self._database.execute("SELECT id FROM maildrop WHERE name = ?", (maildrop,)).fetchone()
        return int(number)

    @contextlib.contextmanager
    def _writing(self, *, durable: bool) -> Iterator[None]:
        # With WAL, FULL waits for the disk at each commit; NORMAL leaves that to the next one that does.
        self._database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            # On a full disk SQLite has rolled back by itself.
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite and the system say into StateFault."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise StateFault(f"{self.path}: {error}: {_advice(error)}") from error
        except OSError as error:
            raise StateFault(
                f"{error.filename or self.path}: {(error.strerror or str(error)).lower()}: check that folder and "
                "the disk, or name another file with --state"
            ) from error


def _advice(error: sqlite3.DatabaseError) -> str:
    text = str(error)
    if "full" in text:
        return "free room on that disk; nothing was lost, and the next run goes on from here"
    if "locked" in text or "busy" in text:
        return "another process writes there: try again"
    if "malformed" in text or "not a database" in text:
        return "restore it from a copy or from `restante state export`, or move it away and all is fetched again"
    return "check that file and its disk"
