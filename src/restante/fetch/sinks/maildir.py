"""A Maildir as a destination: for mutt, Dovecot, Thunderbird's importers, and everything else that reads one.

The steps, and what a crash after each leaves:

1. write and fsync `tmp/<name>`: a file that nobody reads; the next try of the message replaces it;
2. link it into `new`, unlink it in `tmp`: the message is there, perhaps not after a power cut;
3. fsync `new`: it is durable.

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
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from restante.fetch.plan import SeenMessage
from restante.fetch.sinks.contract import Kept, Letter, SinkFault
from restante.fetch.sinks.disk import sync_folder, told

__all__ = ["MaildirSink"]

_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
_KEY: Final = re.compile(r"\d+\.(R[0-9a-f]{24})\.")


class MaildirSink:
    """Stores into one Maildir."""

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

    async def intend(self, letter: Letter) -> str:
        """Give the key that stands in the file's name."""
        return _key_of(letter)

    async def store(self, letter: Letter) -> Kept:
        """Do the steps. Raises SinkFault."""
        return await asyncio.to_thread(self._store, letter)

    def _store(self, letter: Letter) -> Kept:
        key = _key_of(letter)
        with told(self._path):
            if letter.may_be_there and key in set(self._keys()):
                # The kill may have come before the last step.
                sync_folder(self._path / "new")
                return Kept(place=key, was_there=True)
            octets = letter.octets.replace(b"\r\n", b"\n")
            name = f"{int(letter.since_epoch_seconds)}.{key}.{self._host},S={len(octets)},W={len(letter.octets)}"
            draft, target = self._path / "tmp" / name, self._path / "new" / name
            try:
                draft.unlink(missing_ok=True)
                with draft.open("xb", 0) as file:
                    os.fchmod(file.fileno(), 0o600)
                    rest = memoryview(octets)
                    while rest:
                        rest = rest[file.write(rest) :]
                    os.fsync(file.fileno())
                _place(draft, target)
            except BaseException:
                with contextlib.suppress(OSError):
                    draft.unlink(missing_ok=True)
                raise
            sync_folder(self._path / "new")
        return Kept(place=key)

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


def _key_of(letter: Letter) -> str:
    whole = b"%b\0%b\0%b\0%d" % (
        *(letter.maildrop.encode("utf-8", "surrogateescape"), letter.unique_id),
        *(letter.digest, letter.headers_only),
    )
    return "R" + sha256(whole).hexdigest()[:24]


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
