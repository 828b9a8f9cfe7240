"""A Maildir as a destination: for mutt, Dovecot, Thunderbird's importers, and everything else that reads one.

The steps for a group of messages, and what a crash after each leaves:

1. write and fsync all of them as `tmp/<name>`: files that nobody reads; the next try of the messages replaces them;
2. link each into `new`, unlink it in `tmp`: those are there, perhaps not after a power cut;
3. fsync `new`, once: all are durable.

The fsyncs of step 1 are asked for several at once, since the kernel's journal makes one wait of those: on ext4 a
thousand files then took 0.2 seconds where one after the other took 4 (docs/benchmarks/log.md). syncfs would be one
call, and would wait for what every other program has written there. What fails keeps the order: a group is stored
up to the message that could not be.

A name is made of the time, the remote maildrop, the unique-id and the octets, and so is the same at each try: a
message that a kill left in hand is found again by it, read or unread, and not stored twice. Lines end in LF, as on
this kind of disk they do. Source: the Maildir format as its inventor and Dovecot tell it. Fails with SinkFault.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Final

from restante.fetch.groups import GROUP_MESSAGES
from restante.fetch.plan import SeenMessage
from restante.fetch.sinks.contract import Kept, Letter, Outcome, SinkFault
from restante.fetch.sinks.disk import fault_of, sync_folder, told

__all__ = ["MaildirSink"]

FILES_OPEN: Final = 32
"""How many files are open at once: some systems allow a process 256, and four accounts are fetched at a time."""

SYNCS_AT_ONCE: Final = 4
"""How many fsyncs are asked for at once. More gained nothing."""

_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
_KEY: Final = re.compile(r"\d+\.(R[0-9a-f]{24})\.")


class MaildirSink:
    """Stores into one Maildir."""

    takes_at_once: Final = GROUP_MESSAGES

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self.label = f"maildir:{self._path}"
        self._host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:64] or "localhost"

    async def open(self) -> None:
        """Make the folders that are missing. Raises SinkFault."""
        await asyncio.to_thread(self._open)

    def _open(self) -> None:
        with told(self._path):
            if not self._path.parent.is_dir():
                raise SinkFault(f"{self._path.parent}: no such folder: make it, or name another Maildir")
            if self._path.exists() and not self._path.is_dir():
                raise SinkFault(f"{self._path}: not a folder, so not a Maildir: name another one")
            self._path.mkdir(mode=0o700, exist_ok=True)
            for name in ("tmp", "new", "cur"):
                (self._path / name).mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._path)
            sync_folder(self._path.parent)

    async def intend(self, letters: Sequence[Letter]) -> Sequence[str]:
        """Give the keys that stand in the files' names."""
        return [_key_of(letter) for letter in letters]

    async def store_group(self, letters: Sequence[Letter]) -> Sequence[Outcome]:
        """Do the steps."""
        return await asyncio.to_thread(self._store_group, letters)

    def _store_group(self, letters: Sequence[Letter]) -> list[Outcome]:
        try:
            there = set(self._keys()) if any(letter.may_be_there for letter in letters) else set()
            outcomes: list[Outcome] = []
            drafts: list[_Draft] = []
            for place, letter in enumerate(letters):
                key = _key_of(letter)
                was_there = letter.may_be_there and key in there
                outcomes.append(Kept(place=key, was_there=was_there))
                if not was_there:
                    drafts.append(_Draft(place=place, letter=letter, name=self._name_of(letter, key)))
            try:
                self._write(drafts)
                self._put_into_new(drafts)
            finally:
                for draft in drafts:
                    if not draft.is_placed:
                        with contextlib.suppress(OSError):
                            (self._path / "tmp" / draft.name).unlink()
            # What was there already is made durable too: the kill may have come before the last step.
            sync_folder(self._path / "new")
        except OSError as error:
            return [fault_of(self._path, error)] * len(letters)
        for draft in drafts:
            if draft.error is not None:
                behind = len(letters) - draft.place
                outcomes[draft.place :] = [fault_of(self._path, draft.error)] * behind
                break
        return outcomes

    def _name_of(self, letter: Letter, key: str) -> str:
        octets = len(letter.octets)
        file_octets = octets - letter.octets.count(b"\r\n")
        return f"{int(letter.since_epoch_seconds)}.{key}.{self._host},S={file_octets},W={octets}"

    def _write(self, drafts: Sequence[_Draft]) -> None:
        """Do step 1, up to the first that fails."""
        with ThreadPoolExecutor(SYNCS_AT_ONCE, thread_name_prefix="restante-fsync") as threads:
            for start in range(0, len(drafts), FILES_OPEN):
                chunk = drafts[start : start + FILES_OPEN]
                syncing: list[Future[None]] = []
                for draft in chunk:
                    try:
                        descriptor = _write_file(self._path / "tmp" / draft.name, draft.letter)
                    except OSError as error:
                        draft.error = error
                        break
                    syncing.append(threads.submit(_sync_and_close, descriptor))
                for draft, done in zip(chunk, syncing, strict=False):
                    try:
                        done.result()
                        draft.is_written = True
                    except OSError as error:
                        draft.error = error
                if not all(draft.is_written for draft in chunk):
                    return

    def _put_into_new(self, drafts: Iterable[_Draft]) -> None:
        """Do step 2, up to the first that was not written or cannot be there."""
        for draft in takewhile(lambda draft: draft.is_written, drafts):
            try:
                _place(self._path / "tmp" / draft.name, self._path / "new" / draft.name)
            except OSError as error:
                draft.error = error
                return
            draft.is_placed = True

    async def removed(self, messages: Sequence[SeenMessage]) -> frozenset[SeenMessage] | None:
        """Say which are in none of its folders any more. None where the Maildir is empty or not there.

        An empty one is more often a disk that is not mounted than mail that was all removed.
        """
        return await asyncio.to_thread(self._removed, messages)

    def _removed(self, messages: Sequence[SeenMessage]) -> frozenset[SeenMessage] | None:
        with told(self._path):
            there = set(self._keys())
        if not there:
            return None
        return frozenset(message for message in messages if message.place and message.place not in there)

    def _keys(self) -> Iterator[str]:
        """Give the keys of all files of ours, sub-folders of Maildir++ too."""
        for folder in (self._path, *self._path.glob(".*/")):
            for name in ("new", "cur"):
                with (
                    contextlib.suppress(FileNotFoundError, NotADirectoryError),
                    os.scandir(folder / name) as entries,
                ):
                    for entry in entries:
                        if found := _KEY.match(entry.name):
                            yield found[1]

    async def close(self) -> None:
        """Let go: nothing is held."""


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A message on its way."""

    place: int
    """In its group."""
    letter: Letter
    name: str
    is_written: bool = False
    """And durable in `tmp`."""
    is_placed: bool = False
    error: OSError | None = None


def _key_of(letter: Letter) -> str:
    whole = b"%b\0%b\0%b\0%d" % (
        *(letter.maildrop.encode("utf-8", "surrogateescape"), letter.unique_id),
        *(letter.digest, letter.headers_only),
    )
    return "R" + sha256(whole).hexdigest()[:24]


def _write_file(path: Path, letter: Letter) -> int:
    """Write a file; give its descriptor, since what goes wrong later is told to those who have it open."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        rest = memoryview(letter.octets.replace(b"\r\n", b"\n"))
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _sync_and_close(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _place(draft: Path, target: Path) -> None:
    try:
        target.hardlink_to(draft)
    except OSError as error:
        # The name tells the octets, so a file that has it is this message: asked for again within a second.
        if error.errno == errno.EEXIST:
            draft.unlink()
            return
        if error.errno not in _NO_LINKS or target.exists():
            raise
        draft.rename(target)
    else:
        draft.unlink()
