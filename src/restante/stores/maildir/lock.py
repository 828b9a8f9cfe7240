"""The exclusive-access lock: flock on a file in the maildrop.

The kernel keeps it, so it holds between processes and goes with the process that has it, however that ends. Taking
it writes nothing. Who holds it is remembered by the lock, and written into the file's first line once that is worth
it (`holders`), in a thread: a login waits for no disk. Where the site wants time between logins a second line has
the time of the last one. The file is never unlinked.

The line stays behind, so a second lock says whether it is true: a lock of the open file (fcntl, F_OFD_SETLK) on one
octet, for writing while the line is written, for reading from then on. It ends with the holder's open file, as the
flock does, by whatever end: nothing is written at a release, and no kill leaves a line that somebody believes. Who
finds the lock held and the line not true knows only that it is held.
Not covered: where the file system has no such locks, and until the line of a young lock is written, other processes
are not told who holds it. Who reads in the very moment in which it passes on may be told who had it just before.

It does not hold off other programs that read or deliver: a Maildir needs no lock for those.
Sources: RFC 1939 §4, RFC 2449 §6.5 (LOGIN-DELAY), fcntl(2) on open file description locks.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import struct
from typing import Final

from restante.ports.stores import Holder, MaildropInUse

__all__ = ["ExclusiveLock"]

HOLDER_OCTETS = 512
"""The line's fixed length, padded with spaces: a new one covers the old one whole, on a full disk too."""

LONGEST_PEER = 60
"""Characters kept of where the holder comes from: at six octets for each, as JSON escapes, they fit the line."""

LOGIN_OCTETS = 32
"""The second line's fixed length: seconds since the epoch, in decimal. Commands that take the lock leave it be."""

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_RANGE: Final = "hhqqi0q"
"""The system's `struct flock`: type, from where, first octet, octets, nobody's process."""
_WRITING: Final = struct.pack(_RANGE, fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
_WRITTEN: Final = struct.pack(_RANGE, fcntl.F_RDLCK, os.SEEK_SET, 0, 1, 0)
_NOT_WRITTEN: Final = struct.pack(_RANGE, fcntl.F_UNLCK, os.SEEK_SET, 0, 1, 0)


class ExclusiveLock:
    """A held lock. Goes with `release`, or at the latest with the object itself.

    All is called in one thread but `sign`, which may run in another from `begin_signing` to `end_signing`: so long
    the file stays open, and its descriptor names no other, whoever releases the lock meanwhile.
    """

    __slots__ = ("_descriptor", "_lent", "_since", "_written", "peer")

    peer: str | None
    """Where the holder comes from, until the file tells it; None from then on, and once the lock is released."""

    def __init__(self, path: bytes, holder: Holder) -> None:
        """Take the lock, at once or not at all.

        Raises MaildropInUse when another holds it, OSError when the file cannot be opened or locked.
        """
        self._descriptor = self._lent = -1
        self._written = False
        descriptor = os.open(path, _FLAGS, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held_by = _read_holder(descriptor)
            os.close(descriptor)
            raise MaildropInUse(held_by) from None
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        # Not the holder itself: an idle session is to keep little.
        self.peer = holder.peer
        self._since = holder.since_epoch_seconds

    @property
    def holder(self) -> Holder | None:
        """Who holds the lock, as long as `peer` is known."""
        peer = self.peer
        return None if peer is None else Holder(peer=peer, since_epoch_seconds=self._since)

    def begin_signing(self) -> None:
        """Keep the file open for `sign`."""
        self._lent = self._descriptor

    def sign(self) -> None:
        """Write down who holds the lock. Where that cannot be done it is left: the lock is what counts."""
        descriptor, holder = self._lent, self.holder
        if holder is None:
            return
        try:
            # Refused while a holder before this one still writes: what it writes would stand for this one.
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _WRITING)
            os.pwrite(descriptor, _line(holder), 0)
            if self._descriptor >= 0:
                fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _WRITTEN)
                self._written = True
        except OSError:
            _forget_line(descriptor)
        # A release sees to a line that it knows of. This is for one that came while the line was written.
        if self._descriptor < 0:
            _forget_line(descriptor)

    def end_signing(self) -> None:
        """Let go of the file if the lock was released meanwhile, and of the holder if the file tells it now."""
        lent, self._lent = self._lent, -1
        if self._descriptor < 0:
            if lent >= 0:
                os.close(lent)
        elif self._written:
            self.peer = None

    def sign_at_once(self) -> None:
        """Write down who holds the lock, here and now: for a command, which keeps nobody waiting."""
        self.begin_signing()
        self.sign()
        self.end_signing()

    def last_login(self) -> float | None:
        """Give when the last login was, in seconds since the epoch; None when none was noted that can be read."""
        try:
            last = float(os.pread(self._descriptor, LOGIN_OCTETS, HOLDER_OCTETS))
        except (OSError, ValueError):
            return None
        return last if math.isfinite(last) else None

    def note_login(self, epoch_seconds: float) -> None:
        """Note a login. Not made durable: a power cut may forget it, and then the next login is not held off."""
        line = b"%.6f" % epoch_seconds
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, line.rjust(LOGIN_OCTETS - 1) + b"\n", HOLDER_OCTETS)

    def release(self) -> None:
        """Let go. Safe to call twice."""
        descriptor, self._descriptor = self._descriptor, -1
        self.peer = None
        if descriptor < 0:
            return
        if self._lent < 0:
            os.close(descriptor)
            return
        # A thread has the file, and may wait for the disk: who logs in next does not.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        if self._written:
            _forget_line(descriptor)

    def __del__(self) -> None:
        descriptor = max(self._descriptor, self._lent)
        if descriptor >= 0:
            os.close(descriptor)


def _line(holder: Holder) -> bytes:
    told = {"peer": holder.peer[:LONGEST_PEER], "since": round(holder.since_epoch_seconds, 3)}
    line = json.dumps(told, ensure_ascii=False).encode(errors="replace")
    return line.ljust(HOLDER_OCTETS - 1) + b"\n"


def _forget_line(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _NOT_WRITTEN)


def _read_holder(descriptor: int) -> Holder | None:
    try:
        state = struct.unpack(_RANGE, fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _WRITING))[0]
        if state != fcntl.F_RDLCK:
            return None
        told = json.loads(os.pread(descriptor, HOLDER_OCTETS, 0))
        return Holder(peer=str(told["peer"]), since_epoch_seconds=float(told["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
