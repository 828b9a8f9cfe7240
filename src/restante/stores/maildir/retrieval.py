"""Reading messages: at once from the page cache, else in a thread; never other octets than were listed.

What was found in a file once (`measure.Facts`) holds while the file has the octets and the time it had then. So a
file is asked for both, after the read, and its octets are not looked at again. Where it has another time the octets
are proved first, in a thread: if they are what was listed, the listing goes on with the new time; else that is a
MessageGone, and the index remembers what was found, so that the next session lists it rightly.

A short message is read with one preadv2(RWF_NOWAIT): it answers at once, or says that the disk has to be waited
for. A file system that does not know the flag (EOPNOTSUPP: some network and older ones) is always read in a thread:
slower, but it never makes other sessions wait.
"""

# Paths are octets here, and pathlib does not take those.
# ruff: noqa: PTH208
from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable
from functools import partial

from restante.ports.soon import Later, Soon, then
from restante.ports.stores import LONGEST_CHUNK_OCTETS, MessageGone, StoreFault
from restante.proto.lines import Canonicalizer
from restante.stores.maildir.disk import fault
from restante.stores.maildir.index import ANY_FILE, FactRow, Index
from restante.stores.maildir.listing import Listing
from restante.stores.maildir.measure import (
    NotAFile,
    facts_of,
    is_settled,
    measure,
    open_message,
)
from restante.stores.maildir.names import base_of
from restante.stores.maildir.places import Places

__all__ = ["WHOLE_OCTETS", "Descriptor", "LongFile", "MessageFile", "WarmReader", "open_folder"]

WHOLE_OCTETS = 64 * 1024
"""Messages up to this length, in the file and on the wire, are given whole, longer ones in chunks."""

_FOREIGN_CHUNK_OCTETS = LONGEST_CHUNK_OCTETS // 2 - 1
"""Canonical form can double a chunk, and a CR held back from the chunk before adds an octet or two."""

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER_FLAGS = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_TRIES_TO_CATCH = 3
"""How often a file that is moved, or changes, under our hands is looked for again."""

InThread = Callable[[Callable[[], bytes]], Later[bytes]]
"""Runs work in a thread."""


class MessageFile:
    """A listed message whose file has to be looked for, waited for, or proved. All of it waits for the disk."""

    __slots__ = ("_listing", "_place", "_places", "path")

    def __init__(self, places: Places, listing: Listing, place: int) -> None:
        self._places = places
        self._listing = listing
        self._place = place
        self.path = listing.path(place, places)

    def read(self) -> bytes:
        """Read it whole, as it is in the file. Raises MessageGone, StoreFault."""
        descriptor, listing = self._open(), self._listing
        now_ns, wanted = time.time_ns(), listing.columns.file_octets[self._place]
        try:
            octets = b""
            # One octet more than listed is asked for, so that a file that grew shows.
            while more := os.read(descriptor, wanted + 1 - len(octets)):
                octets += more
            if self.is_as_listed(descriptor):
                return octets
            mtime_ns = os.fstat(descriptor).st_mtime_ns
        except OSError as error:
            raise fault(error, self.path) from error
        finally:
            os.close(descriptor)
        if facts_of([octets]) != listing.facts(self._place):
            raise self.gone()
        if is_settled(mtime_ns, now_ns):
            listing.columns.mtimes_ns[self._place] = mtime_ns
        return octets

    def open(self) -> int:
        """Open it, wherever it is by now, proved to be what was listed. Raises MessageGone, StoreFault."""
        for _ in range(_TRIES_TO_CATCH):
            descriptor = self._open()
            try:
                if self.is_as_listed(descriptor):
                    return descriptor
                self._prove()
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
        raise self.gone()

    def is_as_listed(self, descriptor: int) -> bool:
        """Tell whether the facts of the listing hold for an open file. Raises OSError."""
        status, listing, place = os.fstat(descriptor), self._listing, self._place
        return (
            status.st_mtime_ns == listing.columns.mtimes_ns[place]
            and status.st_size == listing.columns.file_octets[place]
        )

    def _open(self) -> int:
        for _ in range(_TRIES_TO_CATCH):
            try:
                return open_message(self.path)[0]
            except FileNotFoundError:
                found = self._find()
                if found is None:
                    break
                self.path = found
            except NotAFile as error:
                raise MessageGone(f"{error}: remove it from the Maildir") from error
            except OSError as error:
                if error.errno == errno.ELOOP:
                    raise MessageGone(f"{os.fsdecode(self.path)} is a link: remove it from the Maildir") from error
                raise fault(error, self.path) from error
        raise MessageGone(f"{os.fsdecode(self.path)}: another program removed it: open the maildrop again")

    def _find(self) -> bytes | None:
        base, inode = self._listing.base(self._place), self._listing.inode(self._place)
        for folder in (self._places.cur, self._places.new):
            for name in os.listdir(folder):
                if base_of(name) == base:
                    path = folder + b"/" + name
                    if inode == ANY_FILE or _inode_of(path) == inode:
                        return path
        return None

    def _prove(self) -> None:
        """Look at the octets: they are what was listed, only the time is another one. Raises MessageGone."""
        try:
            mtime_ns, facts = measure(self.path, wait=True)
        except OSError as error:
            raise fault(error, self.path) from error
        if facts != self._listing.facts(self._place):
            raise self.gone()
        self._listing.columns.mtimes_ns[self._place] = mtime_ns

    def gone(self) -> MessageGone:
        """Remember what the file really has, and give the error to raise."""
        self._listing.refute()
        # What cannot be remembered now is found out again by the next session that reads the message.
        with contextlib.suppress(OSError, StoreFault):
            found = self.path if os.path.lexists(self.path) else self._find()
            if found is not None:
                self.path = found
                Index(self._places.index).remember(
                    facts=[FactRow(self._listing.base(self._place), measure(self.path, wait=True))]
                )
        return MessageGone(
            f"{os.fsdecode(self.path)} does not have the octets that its name or the index tells: it was measured "
            f"anew, and the next session lists it rightly"
        )


class WarmReader:
    """Reads what is in the page cache. Its one buffer is the event loop's, and no thread's."""

    __slots__ = ("_buffer", "_buffers")

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(LONGEST_CHUNK_OCTETS))
        self._buffers = (self._buffer,)

    def read(self, path: bytes, file_octets: int, mtime_ns: int, *, folder: int | None) -> bytes | None:
        """Read a file of exactly so many octets, WHOLE_OCTETS at most, and that time, if it needs no waiting.

        `path` is from the open folder, if there is one. Else give None. Never fails.
        """
        try:
            descriptor = os.open(path, _READ_FLAGS, dir_fd=folder)
        except OSError:
            return None
        try:
            if os.preadv(descriptor, self._buffers, 0, os.RWF_NOWAIT) != file_octets:
                return None
            # Asked after the read: a write that came before it, or is under way, has changed the time by now.
            status = os.fstat(descriptor)
            if status.st_mtime_ns != mtime_ns or status.st_size != file_octets:
                return None
            return self._buffer[:file_octets].tobytes()
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def open(self, path: bytes, file_octets: int, mtime_ns: int, *, folder: int | None) -> int | None:
        """Open a file of exactly so many octets and that time, else give None. `path` as in `read`. Never fails."""
        try:
            descriptor = os.open(path, _READ_FLAGS, dir_fd=folder)
        except OSError:
            return None
        with contextlib.suppress(OSError):
            status = os.fstat(descriptor)
            if status.st_mtime_ns == mtime_ns and status.st_size == file_octets:
                return descriptor
        os.close(descriptor)
        return None

    def chunk(self, descriptor: int, position: int, octets: int) -> bytes | None:
        """Read so many octets of an open file, LONGEST_CHUNK_OCTETS at most, or those of them that need no waiting.

        None where the first one does.
        """
        try:
            came = os.preadv(descriptor, (self._buffer[:octets],), position, os.RWF_NOWAIT)
        except OSError:
            return None
        return self._buffer[:came].tobytes()


class LongFile:
    """A message in chunks (a `LongMessage`)."""

    __slots__ = (
        "_canonicalizer",
        "_chunk_octets",
        "_descriptor",
        "_file",
        "_file_octets",
        "_in_thread",
        "_read",
        "_reader",
    )

    def __init__(
        self,
        file: MessageFile,
        descriptor: int,
        file_octets: int,
        in_thread: InThread,
        reader: WarmReader,
        *,
        is_canonical: bool,
    ) -> None:
        """Take an open file that was proved to be what was listed."""
        self._file = file
        self._descriptor: Descriptor | None = Descriptor(descriptor)
        self._file_octets = file_octets
        self._in_thread = in_thread
        self._reader = reader
        self._read = 0
        self._canonicalizer = None if is_canonical else Canonicalizer()
        self._chunk_octets = LONGEST_CHUNK_OCTETS if is_canonical else _FOREIGN_CHUNK_OCTETS

    def next_chunk(self) -> Soon[bytes]:
        """Give the next octets, or none at the end. Raises MessageGone, StoreFault."""
        descriptor = self._descriptor
        if descriptor is None:
            return b""
        count = min(self._chunk_octets, self._file_octets - self._read)
        chunk = self._reader.chunk(descriptor.number, self._read, count) if count else b""
        if chunk is None:
            # The thread gets the object and not the number: closing then waits for it to be done with the file.
            return then(self._in_thread(partial(self._read_waiting, descriptor, count)), self._take)
        return self._take(chunk)

    def close(self) -> None:
        """Let go of the file."""
        self._descriptor = None

    def _read_waiting(self, descriptor: Descriptor, count: int) -> bytes:
        try:
            return os.pread(descriptor.number, count, self._read)
        except OSError as error:
            raise fault(error, self._file.path) from error

    def _take(self, chunk: bytes) -> Soon[bytes]:
        descriptor = self._descriptor
        if descriptor is None:
            return b""
        # Another program may write into the file while it is sent, or cut it off.
        if not self._file.is_as_listed(descriptor.number):
            self.close()
            return self._in_thread(self._raise_gone)
        self._read += len(chunk)
        at_end = not chunk
        if at_end:
            self.close()
        if self._canonicalizer is None:
            return chunk
        octets = self._canonicalizer.finish() if at_end else self._canonicalizer.feed(chunk)
        # A chunk that is a lone CR gives nothing yet, and nothing would say that the end is here.
        return octets if octets or at_end else self.next_chunk()

    def _raise_gone(self) -> bytes:
        raise self._file.gone()


class Descriptor:
    """A file descriptor that closes with its last user."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


def open_folder(folder: bytes) -> Descriptor | None:
    """Open a Maildir, so that the kernel walks to its messages from there; None when that is not possible now."""
    try:
        return Descriptor(os.open(folder, _FOLDER_FLAGS))
    except OSError:
        return None


def _inode_of(path: bytes) -> int | None:
    try:
        return os.lstat(path).st_ino
    except FileNotFoundError:
        return None
