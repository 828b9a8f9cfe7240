"""The exclusive-access lock: flock on a file in the maildrop.

The kernel keeps it, so it holds between processes and goes with the process that has it, however that ends. The
file's first line says who holds the lock; it is only read by whoever finds it held. Where the site wants time
between logins a second line has the time of the last one. The file is never unlinked.
It does not hold off other programs that read or deliver: a Maildir needs no lock for those.
Sources: RFC 1939 §4, RFC 2449 §6.5 (LOGIN-DELAY).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
from json.encoder import encode_basestring

from restante.ports.stores import Holder, MaildropInUse

__all__ = ["ExclusiveLock"]

HOLDER_OCTETS = 512
"""The line's fixed length, padded with spaces: a new one covers the old one whole, on a full disk too."""

LONGEST_PEER = 60
"""Characters kept of where the holder comes from: at six octets for each, as JSON escapes, they fit the line."""

LOGIN_OCTETS = 32
"""The second line's fixed length: seconds since the epoch, in decimal. Commands that take the lock leave it be."""

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ExclusiveLock:
    """A held lock. Goes with `release`, or at the latest with the object itself."""

    __slots__ = ("_descriptor",)

    def __init__(self, path: bytes, holder: Holder) -> None:
        """Take the lock, at once or not at all.

        Raises MaildropInUse when another holds it, OSError when the file cannot be opened or locked.
        """
        self._descriptor = -1
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
        # JSON by hand, since each login writes it.
        peer = encode_basestring(holder.peer[:LONGEST_PEER])
        told = '{"peer": %s, "since": %.3f}' % (peer, holder.since_epoch_seconds)  # noqa: UP031 - the quickest
        line = told.encode(errors="replace").ljust(HOLDER_OCTETS - 1) + b"\n"
        try:  # noqa: SIM105 - at each login
            os.pwrite(descriptor, line, 0)
        except OSError:
            # A full disk does not take the line, and does not need to: the lock is what counts.
            pass

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
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def _read_holder(descriptor: int) -> Holder | None:
    try:
        told = json.loads(os.pread(descriptor, HOLDER_OCTETS, 0))
        return Holder(peer=str(told["peer"]), since_epoch_seconds=float(told["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
