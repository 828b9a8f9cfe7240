"""Whole maildrops on the move: mail of another server in, from a Maildir or an mbox, and out again to one.

Sources read lazily and give one message at a time; `import_messages` puts them into any store, in order; the two
exports write what an open maildrop holds. Everything here reads and writes files as it goes and belongs into a
command that does nothing else, not beside sessions. When a message was received is not kept: a store has no such
date, and POP3 shows none; the order, which it does show, is kept.

One bad message never stops the rest: it is counted and named. Fails with NotAMaildir, NotAnMbox, TargetInTheWay,
ImportStopped, MaildropInUse, StoreFault and OSError.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias

from restante.ports.accounts import Account
from restante.ports.soon import Later
from restante.ports.stores import Holder, LongMessage, MessageGone, OpenMaildrop, Store, StoreFault
from restante.proto.lines import canonical
from restante.proto.terms import MessageNumber, UniqueId
from restante.stores.mbox import (
    LARGEST_MESSAGE_OCTETS,
    MboxDialect,
    OversizedMessage,
    read_messages,
)
from restante.stores.takeover import base_name

__all__ = [
    "TOLD_FAILURES",
    "ImportReport",
    "ImportStopped",
    "Incoming",
    "IncomingMessage",
    "MessageFailure",
    "NotAMaildir",
    "UnreadableMessage",
    "import_messages",
    "maildir_base_names",
    "message_chunks",
    "read_maildir",
    "read_mbox",
]

TOLD_FAILURES: Final = 1000
"""How many failures a report names; it counts all of them."""

_PIECE_OCTETS: Final = 64 * 1024
_TIME_IN_NAME: Final = re.compile(rb"\d{1,12}")


class NotAMaildir(Exception):
    """The path has no folders `cur` and `new`."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not a Maildir: it needs folders cur and new (not links); check the path")
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage:
    """A message on its way in."""

    octets: bytes
    """In canonical form."""
    key: bytes
    """What lists of unique-ids know it by: the base name of its file; in an mbox, its place."""
    received_epoch_seconds: float | None
    """From the file's name, else its time of change, or from the `From ` line; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableMessage:
    """Stands in a source where a message could not be read."""

    key: bytes
    reason: str


Incoming: TypeAlias = IncomingMessage | UnreadableMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFailure:
    """A message that was left out, and why."""

    key: bytes
    """As in IncomingMessage; in an export, the unique-id. Hostile."""
    reason: str


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What an import did; complete when it ended, true so far when it was stopped."""

    messages: int = 0
    """All that the source held."""
    imported: int = 0
    imported_octets: int = 0
    with_own_ids: int = 0
    """Of the imported: those that the store named itself. Clients download these again."""
    already_there: int = 0
    """Skipped: there under the taken-over unique-id or, where none is taken over, with the same octets."""
    under_another_id: int = 0
    """Skipped: the same octets are there, but not under the unique-id that was to be taken over."""
    failed: int = 0
    failures: list[MessageFailure] = field(default_factory=list)
    """The first TOLD_FAILURES of them."""

    def fail(self, key: bytes, reason: str) -> None:
        """Count a message that was left out."""
        self.failed += 1
        if len(self.failures) < TOLD_FAILURES:
            self.failures.append(MessageFailure(key=key, reason=reason))


class ImportStopped(Exception):
    """The store failed. What was imported stays, and a second run skips it."""

    def __init__(self, report: ImportReport, fault: StoreFault) -> None:
        super().__init__(
            f"stopped after {report.imported} imported messages: {fault}; "
            "mend that and run the same import again, what is there already is skipped"
        )
        self.report = report
        self.fault = fault


def maildir_base_names(path: Path) -> list[bytes]:
    """Give the base names of all messages of a Maildir. Raises NotAMaildir, OSError."""
    with _Folders(path) as folders:
        return [base_name(name) for _, name in folders.names()]


def read_maildir(
    path: Path, *, order: Sequence[bytes] = (), largest_octets: int = LARGEST_MESSAGE_OCTETS
) -> Iterator[Incoming]:
    """Give the messages of a Maildir, of `cur` and `new` alike, one by one.

    `order` is a sequence of base names (`UniqueIdList.order`); they come first, the others after them by the time
    in their name, then by name. Symbolic links are not followed: such a name, and all else that is no regular
    file, is told as unreadable. `tmp`, sub-folders and names with a dot in front are not messages.
    Raises NotAMaildir and OSError at the first message.
    """
    ranks = {base: rank for rank, base in enumerate(order)}
    last = len(ranks)

    def rank(place: tuple[int, bytes]) -> tuple[int, int, bytes]:
        name = place[1]
        digits = _TIME_IN_NAME.match(name)
        return ranks.get(base_name(name), last), int(digits[0]) if digits else 0, name

    with _Folders(path) as folders:
        for folder, name in sorted(folders.names(), key=rank):
            yield _read_file(folder, name, largest_octets)


class _Folders:
    """The two folders of a Maildir, held open so that nobody can put a link in their place."""

    def __init__(self, path: Path) -> None:
        self._open: list[int] = []
        try:
            for folder in ("cur", "new"):
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                self._open.append(os.open(path / folder, flags))
        except OSError as error:
            self._close()
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                raise NotAMaildir(path) from error
            raise

    def names(self) -> list[tuple[int, bytes]]:
        """Give folder and name of each message. Sub-folders that old programs keep here are none."""
        found: list[tuple[int, bytes]] = []
        for folder in self._open:
            with os.scandir(folder) as entries:
                found += [
                    (folder, os.fsencode(entry.name))
                    for entry in entries
                    if not entry.name.startswith(".") and not entry.is_dir(follow_symlinks=False)
                ]
        return found

    def _close(self) -> None:
        while self._open:
            os.close(self._open.pop())

    def __enter__(self) -> _Folders:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


def _read_file(folder: int, name: bytes, largest_octets: int) -> Incoming:
    key = base_name(name)
    try:
        # Without O_NONBLOCK a FIFO would hold the import up for ever.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb", 0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return UnreadableMessage(key=key, reason="not a regular file")
            if status.st_size > largest_octets:
                return UnreadableMessage(key=key, reason=_too_long(status.st_size))
            octets = file.read(largest_octets + 1)
    except FileNotFoundError:
        return UnreadableMessage(
            key=key, reason="moved or removed meanwhile; stop the other server, run this again"
        )
    except OSError as error:
        reason = "a symbolic link" if _is_link(folder, name) else error.strerror or "not readable"
        return UnreadableMessage(key=key, reason=reason)
    if len(octets) > largest_octets:
        return UnreadableMessage(key=key, reason=_too_long(len(octets)))
    digits = _TIME_IN_NAME.match(name)
    received = float(digits[0]) if digits else status.st_mtime
    return IncomingMessage(octets=canonical(octets), key=key, received_epoch_seconds=received)


def _is_link(folder: int, name: bytes) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _too_long(octets: int) -> str:
    return f"{octets} octets are more than a message may have here"


def read_mbox(
    path: Path, *, dialect: MboxDialect = MboxDialect.MBOXRD, largest_octets: int = LARGEST_MESSAGE_OCTETS
) -> Iterator[Incoming]:
    """Give the messages of an mbox one by one, in order; the key is the place in the file, from 1.

    Raises NotAnMbox and OSError at the first message.
    """
    with path.open("rb", _PIECE_OCTETS) as file:
        for found in read_messages(file, dialect=dialect, largest_octets=largest_octets):
            key = b"%d" % found.number
            if isinstance(found, OversizedMessage):
                yield UnreadableMessage(key=key, reason=_too_long(found.octets))
            else:
                yield IncomingMessage(
                    octets=found.octets, key=key, received_epoch_seconds=found.received_epoch_seconds
                )


async def import_messages(
    store: Store,
    account: Account,
    source: Iterable[Incoming],
    *,
    unique_ids: Mapping[bytes, UniqueId] | None = None,
    holder: Holder,
) -> ImportReport:
    """Put the messages of a source into a maildrop, in order, each durable and in two phases.

    `unique_ids` are the ones taken over, by key (`Takeover.unique_ids`); a message without one gets the store's
    own. The exclusive-access lock is held all the while: no client sees a half, and no two imports run at once.

    A second run doubles nothing. A message whose taken-over unique-id is there is skipped. Any other is skipped
    when its very octets are there and no earlier message of this run was skipped for that copy: so two identical
    copies in the source are two messages in the maildrop, however often this runs. Messages that stand under a
    unique-id of the mapping are left out of that comparison: they are skipped for their own.
    What a client has removed between two runs comes back: let clients in when the import is done.

    A crash leaves the messages published so far, and at most one staged out of sight, which `check` sweeps.
    Raises MaildropInUse, StoreFault when the maildrop cannot be opened, ImportStopped, and as the source does.
    """
    taken_over = unique_ids or {}
    opened = store.open(account, holder)
    maildrop = await opened if isinstance(opened, Later) else opened
    report = ImportReport()
    try:
        present = _Present(maildrop, frozenset(taken_over.values()))
        claimed: set[bytes] = set()
        for incoming in source:
            report.messages += 1
            if isinstance(incoming, UnreadableMessage):
                report.fail(incoming.key, incoming.reason)
                continue
            # A base name can stand in both folders of a Maildir: the unique-id is for the first of the two.
            unique_id = None if incoming.key in claimed else taken_over.get(incoming.key)
            claimed.add(incoming.key)
            if unique_id is not None and unique_id in present.unique_ids:
                report.already_there += 1
            elif await present.has(incoming.octets):
                report.already_there += unique_id is None
                report.under_another_id += unique_id is not None
            else:
                await _import_one(store, account, incoming, unique_id, report)
    except StoreFault as fault:
        raise ImportStopped(report, fault) from fault
    finally:
        maildrop.release()
    return report


async def _import_one(
    store: Store, account: Account, incoming: IncomingMessage, unique_id: UniqueId | None, report: ImportReport
) -> None:
    try:
        staged = await store.stage(account, [incoming.octets], unique_id=unique_id)
    except ValueError as error:
        if unique_id is None:
            report.fail(incoming.key, str(error))
            return
        # The store will not have this unique-id (it may have been used before): better another one than no mail.
        await _import_one(store, account, incoming, None, report)
        return
    try:
        await staged.publish()
    except StoreFault:
        await staged.discard()
        raise
    report.imported += 1
    report.imported_octets += len(incoming.octets)
    report.with_own_ids += unique_id is None


class _Present:
    """What the maildrop held before: by unique-id, and by octets for messages that cannot be told by theirs.

    Only messages of the same count of octets are read for a comparison, each once.
    """

    def __init__(self, maildrop: OpenMaildrop, told_by_id: frozenset[bytes]) -> None:
        snapshot = maildrop.snapshot
        self.unique_ids = frozenset(snapshot.unique_ids)
        self._maildrop = maildrop
        self._unread: dict[int, list[MessageNumber]] = {}
        for place, unique_id in enumerate(snapshot.unique_ids, 1):
            if unique_id not in told_by_id:
                number = MessageNumber(place)
                self._unread.setdefault(snapshot.octets(number), []).append(number)
        self._digests: Counter[bytes] = Counter()

    async def has(self, octets: bytes) -> bool:
        """Tell whether these octets are there once more than was asked before. Raises StoreFault."""
        for number in self._unread.pop(len(octets), ()):
            digest = sha256()
            try:
                async for chunk in message_chunks(self._maildrop, number):
                    digest.update(chunk)
            except MessageGone:
                continue
            self._digests[digest.digest()] += 1
        wanted = sha256(octets).digest()
        if not self._digests[wanted]:
            del self._digests[wanted]
            return False
        self._digests[wanted] -= 1
        return True


async def message_chunks(maildrop: OpenMaildrop, number: MessageNumber) -> AsyncIterator[bytes]:
    """Give a message of an open maildrop in chunks, none of them empty. Raises MessageGone, StoreFault."""
    answer = maildrop.retrieve(number)
    message: bytes | LongMessage = await answer if isinstance(answer, Later) else answer
    if isinstance(message, bytes):
        if message:
            yield message
        return
    try:
        while True:
            coming = message.next_chunk()
            chunk = await coming if isinstance(coming, Later) else coming
            if not chunk:
                return
            yield chunk
    finally:
        message.close()
