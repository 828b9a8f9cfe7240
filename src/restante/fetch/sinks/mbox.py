"""An mbox file as a destination, and standard output as one: mboxrd with LF line ends.

The file is locked for each group of messages by fcntl and by a lock file beside it, as Debian's mail programs
agree, so that others may deliver to it and read it meanwhile. The steps, and what a crash after each leaves:

1. say where in the file each will begin, for the state (`intend`);
2. append them one by one, and fsync once: some are there, the last of those perhaps in part. Where appending fails
   the file is cut back at once to the last that is whole; after a kill the next try does that, if what is there
   from that place on is the beginning of this very message.

Sources: RFC 4155 (what an mbox is); `>From ` quoting of mboxrd, which loses nothing. Fails with SinkFault.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import mmap
import os
import re
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import BinaryIO, Final

from restante.fetch.groups import GROUP_MESSAGES
from restante.fetch.sinks.contract import (
    Kept,
    Letter,
    NotNow,
    OneByOne,
    Outcome,
    SinkFault,
    WithoutPlaces,
    reverse_path_of,
)
from restante.fetch.sinks.disk import fault_of, sync_folder, told

__all__ = ["MboxSink", "StandardOutputSink", "as_mbox_entry"]

LOCK_WAIT_SECONDS: Final = 30.0
STALE_SECONDS: Final = 600.0
"""A lock file that is older than this was left behind, whoever it names: nobody takes so long over a message."""

_FROM: Final = re.compile(rb"^(>*From )", re.MULTILINE)


def as_mbox_entry(letter: Letter) -> bytes:
    """Give what an mbox has of a message, from its `From ` line to the empty line after it."""
    reverse_path = reverse_path_of(letter.octets) or b"MAILER-DAEMON"
    # asctime, since strftime would write the months of the locale.
    date = time.asctime(time.gmtime(letter.since_epoch_seconds)).encode("ascii")
    body = _FROM.sub(rb">\1", letter.octets.replace(b"\r\n", b"\n"))
    return b"From %b %b\n%b\n" % (reverse_path, date, body)


class MboxSink(WithoutPlaces):
    """Appends to one mbox file."""

    takes_at_once: Final = GROUP_MESSAGES

    def __init__(self, path: Path, *, lock_wait_seconds: float = LOCK_WAIT_SECONDS) -> None:
        self._path = path.absolute()
        self._lock_wait_seconds = lock_wait_seconds
        self._found: set[int] = set()
        """Where the messages begin that were found or written: another with the same octets is another message."""
        self.label = f"mbox:{self._path}"

    async def open(self) -> None:
        """See that it is an mbox or can become one. Raises SinkFault."""
        await asyncio.to_thread(self._open)

    def _open(self) -> None:
        with told(self._path):
            if self._path.is_dir():
                raise SinkFault(f"{self._path}: a folder and not an mbox: did you mean maildir:{self._path}?")
            if self._path.exists():
                with self._path.open("rb") as file:
                    start = file.read(5)
                if not b"From ".startswith(start):
                    raise SinkFault(
                        f"{self._path}: not an mbox, for it does not start with 'From ': name another file"
                    )
                return
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            sync_folder(self._path.parent)

    async def intend(self, letters: Sequence[Letter]) -> Sequence[str]:
        """Give where each will begin: the length of the file, and what will be before it."""
        length = await asyncio.to_thread(self._length)
        lengths = accumulate((len(as_mbox_entry(letter)) for letter in letters), initial=length)
        return [str(start) for start, _ in zip(lengths, letters, strict=False)]

    def _length(self) -> int:
        with told(self._path):
            if not self._path.exists():
                return 0
            with self._path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                return end + len(_gap(file.fileno(), end))

    async def store_group(self, letters: Sequence[Letter]) -> Sequence[Outcome]:
        """Append. While another program holds the lock all are put off."""
        return await asyncio.to_thread(self._store_group, letters)

    def _store_group(self, letters: Sequence[Letter]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        try:
            with self._locked() as descriptor:
                begin = os.lseek(descriptor, 0, os.SEEK_END)
                try:
                    for letter in letters:
                        was_there = letter.may_be_there and self._is_there(descriptor, letter)
                        if not was_there:
                            # Where a part was cut off the end is before what it was.
                            begin = min(begin, os.lseek(descriptor, 0, os.SEEK_END))
                            self._append(descriptor, letter)
                        outcomes.append(Kept(was_there=was_there))
                except OSError as error:
                    outcomes += [fault_of(self._path, error)] * (len(letters) - len(outcomes))
                try:
                    os.fsync(descriptor)
                except BaseException:
                    with contextlib.suppress(OSError):
                        os.ftruncate(descriptor, begin)
                        os.fsync(descriptor)
                    raise
        except OSError as error:
            return [fault_of(self._path, error)] * len(letters)
        except NotNow as reason:
            return [reason] * len(letters)
        return outcomes

    def _append(self, descriptor: int, letter: Letter) -> None:
        """Append a letter. Raises OSError; then nothing of it is there."""
        end = os.lseek(descriptor, 0, os.SEEK_END)
        gap = _gap(descriptor, end)
        try:
            rest = memoryview(gap + as_mbox_entry(letter))
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except BaseException:
            os.ftruncate(descriptor, end)
            raise
        self._found.add(end + len(gap))

    def _is_there(self, descriptor: int, letter: Letter) -> bool:
        """Tell whether a whole letter is there already, and cut a part of one off.

        A part is cut off only where it is the end of the file: if another program has written behind it, that is
        its mail, and the part stays too.
        """
        length = os.fstat(descriptor).st_size
        if not length:
            return False
        entry = as_mbox_entry(letter)
        with mmap.mmap(descriptor, length, access=mmap.ACCESS_READ) as whole:
            start = int(letter.place) if letter.place.isdigit() else length
            for found in chain(range(start, start + 3), _occurrences(whole, entry)):
                if found not in self._found and whole[found : found + len(entry)] == entry:
                    self._found.add(found)
                    return True
            tail = whole[start : start + len(entry) + 2]
            is_part = (
                start < length
                and start not in self._found
                and start + len(tail) == length
                and any((gap + entry).startswith(tail) for gap in (b"", b"\n", b"\n\n"))
            )
        if is_part:
            os.ftruncate(descriptor, start)
        return False

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        deadline = time.monotonic() + self._lock_wait_seconds
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while True:
                try:
                    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError as error:
                    if error.errno not in {errno.EACCES, errno.EAGAIN}:
                        raise
                _wait_until(deadline, self._path)
            with self._lock_file(deadline):
                yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _lock_file(self, deadline: float) -> Iterator[None]:
        lock = self._path.with_name(self._path.name + ".lock")
        while True:
            try:
                _make_lock_file(lock)
            except FileExistsError:
                if _is_stale(lock):
                    lock.unlink(missing_ok=True)
                else:
                    _wait_until(deadline, self._path)
            except PermissionError:
                # In a folder such as /var/mail, where only mail servers make files, the lock of the kernel is what
                # is left, and what the others take too.
                yield
                return
            else:
                break
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


class StandardOutputSink(OneByOne, WithoutPlaces):
    """Writes mboxrd to a stream that somebody reads; who reads it, and what becomes of it, nobody can tell."""

    label = "-"

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    async def store(self, letter: Letter) -> Kept:
        """Write and flush. Raises SinkFault when the reader has gone."""
        try:
            await asyncio.to_thread(self._write, as_mbox_entry(letter))
        except OSError as error:
            raise SinkFault(
                f"standard output: {(error.strerror or str(error)).lower()}: its reader has gone"
            ) from error
        return Kept()

    def _write(self, octets: bytes) -> None:
        self._stream.write(octets)
        self._stream.flush()


def _occurrences(whole: mmap.mmap, entry: bytes) -> Iterator[int]:
    """Give where an entry is, anywhere: others may have removed mail before it."""
    found = whole.find(entry)
    while found >= 0:
        yield found
        found = whole.find(entry, found + 1)


def _gap(descriptor: int, end: int) -> bytes:
    """Give what is missing for an empty line before the next entry."""
    last = os.pread(descriptor, 2, max(0, end - 2))
    if not last or last == b"\n\n":
        return b""
    return b"\n" if last.endswith(b"\n") else b"\n\n"


def _wait_until(deadline: float, path: Path) -> None:
    if time.monotonic() >= deadline:
        raise NotNow(f"{path}: another program holds its lock: it is tried again in the next run")
    time.sleep(0.05)


def _make_lock_file(lock: Path) -> None:
    """Make a lock file that names us from its first moment: so a kill leaves none that is nobody's.

    Raises FileExistsError. The draft that a kill leaves is used by the next who comes; none but the holder of the
    kernel's lock is here.
    """
    draft = lock.with_name(f".{lock.name}-draft")
    draft.write_bytes(b"%d\n" % os.getpid())
    try:
        lock.hardlink_to(draft)
    finally:
        draft.unlink()


def _is_stale(lock: Path) -> bool:
    """Tell whether a lock file was left behind: by a process that has ended, or long ago."""
    try:
        owner = lock.read_bytes()[:20].strip()
        old = time.time() - lock.stat().st_mtime > STALE_SECONDS
    except OSError:
        return False
    if owner.isdigit() and int(owner):
        try:
            os.kill(int(owner), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return old
    return old
