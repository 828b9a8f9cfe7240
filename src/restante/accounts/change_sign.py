"""A sign in memory that all processes share: the accounts were changed.

Eight octets in a file beside the accounts, drawn by lot at each change: two that change at once cannot write the
same, as they could if they counted. To look is to read memory, some 0.1 µs; to ask SQLite is three calls of the
system. It is a hint and no record: a crash between a change and its sign, or another program's change, leaves
the old sign, so whoever goes by it asks SQLite all the same now and then.
The file is no larger than its sign and written in place: a full disk does not keep a sign from being given. It can
be thrown away, at the price of that wait. Not to be cut shorter while it is in use, as SQLite's own `-shm` is not.
How it fails: opening raises OSError; giving a sign never fails.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
from pathlib import Path
from typing import Final

__all__ = ["ChangeSign", "give_sign"]

_OCTETS: Final = 8
_FLAGS: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC


class ChangeSign:
    """The sign of one file, held open for reading as long as there is this."""

    __slots__ = ("_inode", "_path", "memory")

    memory: mmap.mmap
    """The sign as it is at this moment. A login looks at it twice, so no call of ours stands before it."""

    def __init__(self, accounts: Path) -> None:
        """Open the sign of the accounts in that file; it is made where there is none. Raises OSError."""
        self._path = _path_of(accounts)
        descriptor = _open(accounts, self._path)
        try:
            self._inode = os.fstat(descriptor).st_ino
            self.memory = mmap.mmap(descriptor, _OCTETS)
        finally:
            os.close(descriptor)

    def is_in_place(self) -> bool:
        """Tell whether this is the file that others give their signs in: somebody may have thrown it away."""
        try:
            return self._path.lstat().st_ino == self._inode
        except OSError:
            return False


def give_sign(accounts: Path) -> None:
    """Tell all processes that the accounts in that file were changed. Never fails."""
    with contextlib.suppress(OSError):
        descriptor = _open(accounts, _path_of(accounts))
        try:
            os.pwrite(descriptor, secrets.token_bytes(_OCTETS), 0)
        finally:
            os.close(descriptor)


def _path_of(accounts: Path) -> Path:
    return accounts.with_name(f"{accounts.name}-changed")


def _open(accounts: Path, path: Path) -> int:
    """Open the file; make it where there is none, or it is short, for its owner alone: the accounts' owner."""
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        descriptor = os.open(path, _FLAGS | os.O_CREAT, 0o600)
    try:
        if os.fstat(descriptor).st_size < _OCTETS:
            # Whatever the umask says; and for root, who changes accounts of a server that runs as another user.
            os.fchmod(descriptor, 0o600)
            owner = accounts.stat()
            if os.geteuid() == 0:
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            # Written and not only made so long: then it has its room on the disk.
            os.pwrite(descriptor, secrets.token_bytes(_OCTETS), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
