"""Reading messages: at once from the page cache, else in a thread; never other octets than were listed.

A short message is read with one preadv2(RWF_NOWAIT): it answers at once, or says that the disk has to be waited
for. A file system that does not know the flag (EOPNOTSUPP: some network and older ones) is always read in a thread:
slower, but it never makes other sessions wait.

What is read is checked: the file has the octets it was listed with, and its canonical form too. What fails that is
a MessageGone; the file is measured anew and the index remembers, so that the next session lists it rightly.
"""

# Paths are octets here, and pathlib does not take those.
# ruff: noqa: PTH208
from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from functools import partial

from restante.ports.soon import Later, Soon, then
from restante.ports.stores import MessageGone, StoreFault
from restante.proto.lines import Canonicalizer, canonical
from restante.stores.maildir.disk import fault
from restante.stores.maildir.index import ANY_FILE, Index, MeasureRow
from restante.stores.maildir.measure import LineEnds, NotAFile, measure, open_message
from restante.stores.maildir.names import base_of
from restante.stores.maildir.places import Places

__all__ = ["WHOLE_OCTETS", "LongFile", "MessageFile", "read_at_once"]

WHOLE_OCTETS = 64 * 1024
"""Messages up to this length, in the file and on the wire, are given whole, longer ones in chunks of it."""

_FOREIGN_CHUNK_OCTETS = WHOLE_OCTETS // 2 - 1
"""Canonical form can double a chunk, and a CR held back from the chunk before adds an octet or two."""

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PAGE_OCTETS = os.sysconf("SC_PAGE_SIZE")
_TRIES_TO_CATCH = 3
"""How often a file that is moved under our hands is looked for again."""

InThread = Callable[[Callable[[], bytes]], Later[bytes]]
"""Runs work in a thread."""


class MessageFile:
    """A listed message: where it was, and what it has to be."""

    __slots__ = ("_base", "_inode", "_places", "_refute", "file_octets", "path", "wire_octets")

    def __init__(
        self,
        places: Places,
        *,
        path: bytes,
        base: bytes,
        inode: int,
        file_octets: int,
        wire_octets: int,
        refute: Callable[[], None],
    ) -> None:
        """`refute` is called, in a thread, when the file proves to be another than listed."""
        self._places = places
        self.path = path
        self._base = base
        self._inode = inode
        self.file_octets = file_octets
        self.wire_octets = wire_octets
        self._refute = refute

    def open(self) -> int:
        """Open it, wherever it is by now. Raises MessageGone, StoreFault."""
        path = self.path
        for _ in range(_TRIES_TO_CATCH):
            try:
                return open_message(path)[0]
            except FileNotFoundError:
                found = self._find()
                if found is None:
                    break
                path = found
            except NotAFile as error:
                raise MessageGone(f"{error}: remove it from the Maildir") from error
            except OSError as error:
                if error.errno == errno.ELOOP:
                    raise MessageGone(f"{os.fsdecode(path)} is a link: remove it from the Maildir") from error
                raise fault(error, path) from error
        raise MessageGone(f"{os.fsdecode(self.path)}: another program removed it: open the maildrop again")

    def _find(self) -> bytes | None:
        for folder in (self._places.cur, self._places.new):
            for name in os.listdir(folder):
                if base_of(name) == self._base:
                    path = folder + b"/" + name
                    if self._inode == ANY_FILE or _inode_of(path) == self._inode:
                        return path
        return None

    def read(self) -> bytes:
        """Read it whole, waiting for the disk. Raises MessageGone, StoreFault."""
        descriptor = self.open()
        try:
            octets = b""
            # One octet more than listed is asked for, so that a file that grew shows.
            while more := os.read(descriptor, self.file_octets + 1 - len(octets)):
                octets += more
        except OSError as error:
            raise fault(error, self.path) from error
        finally:
            os.close(descriptor)
        if len(octets) == self.file_octets:
            octets = canonical(octets)
            if len(octets) == self.wire_octets:
                return octets
        raise self.gone()

    def gone(self) -> MessageGone:
        """Remember what the file really has, and give the error to raise. Waits for the disk."""
        self._refute()
        # What cannot be remembered now is found out again by the next session that reads the message.
        with contextlib.suppress(OSError, StoreFault):
            path = self.path if os.path.lexists(self.path) else self._find()
            if path is not None:
                Index(self._places.index).remember(measures=[MeasureRow(self._base, *measure(path))])
        return MessageGone(
            f"{os.fsdecode(self.path)} does not have the octets that its name or the index tells: it was measured "
            f"anew, and the next session lists it rightly"
        )


def read_at_once(path: bytes, file_octets: int) -> bytes | None:
    """Read a file of exactly that many octets if it needs no waiting, else give None. Never fails."""
    try:
        descriptor = os.open(path, _READ_FLAGS)
    except OSError:
        return None
    try:
        buffer = bytearray(file_octets + 1)
        # The end of the file shows by a read that stops short of the buffer. Without waiting a read stops at the
        # end of a cached page, too: only there the file has to be asked how long it is.
        if os.preadv(descriptor, [buffer], 0, os.RWF_NOWAIT) == file_octets and (
            file_octets % _PAGE_OCTETS or os.fstat(descriptor).st_size == file_octets
        ):
            return bytes(memoryview(buffer)[:file_octets])
        return None
    except OSError:
        return None
    finally:
        os.close(descriptor)


class LongFile:
    """A message in chunks (a `LongMessage`)."""

    __slots__ = (
        "_canonicalizer",
        "_chunk_octets",
        "_descriptor",
        "_ends",
        "_file",
        "_given",
        "_in_thread",
        "_read",
    )

    def __init__(self, file: MessageFile, descriptor: int, in_thread: InThread) -> None:
        self._file = file
        self._descriptor: _Descriptor | None = _Descriptor(descriptor)
        self._in_thread = in_thread
        self._read = 0
        self._given = 0
        self._ends = LineEnds()
        self._canonicalizer = None if file.file_octets == file.wire_octets else Canonicalizer()
        self._chunk_octets = WHOLE_OCTETS if self._canonicalizer is None else _FOREIGN_CHUNK_OCTETS

    def next_chunk(self) -> Soon[bytes]:
        """Give the next octets, or none at the end. Raises MessageGone, StoreFault."""
        descriptor = self._descriptor
        if descriptor is None:
            return b""
        buffer = bytearray(self._chunk_octets)
        try:
            count = os.preadv(descriptor.number, [buffer], self._read, os.RWF_NOWAIT)
        except OSError:
            # The thread gets the object and not the number: closing then waits for it to be done with the file.
            return then(self._in_thread(partial(self._read_waiting, descriptor)), self._take)
        return self._take(bytes(memoryview(buffer)[:count]))

    def close(self) -> None:
        """Let go of the file."""
        self._descriptor = None

    def _read_waiting(self, descriptor: _Descriptor) -> bytes:
        try:
            return os.pread(descriptor.number, self._chunk_octets, self._read)
        except OSError as error:
            raise fault(error, self._file.path) from error

    def _take(self, chunk: bytes) -> Soon[bytes]:
        self._read += len(chunk)
        self._ends.feed(chunk)
        if self._canonicalizer is None:
            right = self._ends.owed_so_far == 0 if chunk else self._ends.wire_octets == self._read
            octets = chunk
        else:
            right = True
            octets = self._canonicalizer.feed(chunk) if chunk else self._canonicalizer.finish()
        self._given += len(octets)
        wanted = self._file.wire_octets
        if not right or self._given > wanted or (not chunk and self._given != wanted):
            self.close()
            return self._in_thread(self._raise_gone)
        if not chunk:
            self.close()
        # A chunk that is a lone CR gives nothing yet, and nothing would say that the end is here.
        return octets if octets or not chunk else self.next_chunk()

    def _raise_gone(self) -> bytes:
        raise self._file.gone()


class _Descriptor:
    """A file descriptor that closes with its last user."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


def _inode_of(path: bytes) -> int | None:
    try:
        return os.lstat(path).st_ino
    except FileNotFoundError:
        return None
