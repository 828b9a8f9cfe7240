"""The few calls that change the disk, as one object, so that a test can stop the world between any two of them.

Each method is one step: what a crash leaves is told where the steps are put in order (`delivery`, `removal`). All
raise OSError as the system gave it; `fault` turns that into the store's own errors.
"""

# Paths are octets here, and pathlib does not take those.
# ruff: noqa: PTH102, PTH104, PTH106, PTH108
from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Sequence

from restante.ports.stores import StoreFault, StoreFull

__all__ = ["Disk", "fault", "is_full"]

PARTS_IN_ONE_WRITE = 1024
"""What Linux takes in one writev (IOV_MAX)."""

_ADVICE = {
    errno.EACCES: "let the user that runs Restante own the maildrop",
    errno.EPERM: "let the user that runs Restante own the maildrop",
    errno.EROFS: "the disk is mounted read-only: look into the system's log for why, and mount it anew",
    errno.EIO: "the disk fails: look into the system's log, and save what can be saved",
    errno.EMFILE: "too many open files: raise the limit (LimitNOFILE in systemd, ulimit -n)",
    errno.ENFILE: "too many open files on the machine: raise fs.file-max",
    errno.ENOLCK: "the disk cannot lock files: put the maildrops on a local one",
}


def is_full(error: OSError) -> bool:
    """Tell whether the error means that there is no room."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def fault(error: OSError, path: bytes) -> StoreFault:
    """Make the store's error from the system's, with what to do next."""
    where = os.fsdecode(path)
    if is_full(error):
        return StoreFull(f"{where}: {error.strerror}: free room on that disk, or raise the quota")
    advice = _ADVICE.get(error.errno or 0, "look at that path, and run `restante maildrop check`")
    return StoreFault(f"{where}: {error.strerror or error}: {advice}")


class Disk:
    """The real disk."""

    def make_folder(self, path: bytes) -> None:
        """Make a folder that nobody else can read, unless it is there."""
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            return

    def remove_folder(self, path: bytes) -> None:
        """Take an empty folder away."""
        os.rmdir(path)

    def create(self, path: bytes) -> int:
        """Make a file that was not there, and give its descriptor."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def open_to_overwrite(self, path: bytes) -> int:
        """Open a file that is there, to write over its octets in place: that takes no room."""
        return os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def write(self, descriptor: int, parts: Sequence[bytes]) -> None:
        """Write all the parts, however often the system has to be asked."""
        for first in range(0, len(parts), PARTS_IN_ONE_WRITE):
            some = [memoryview(part) for part in parts[first : first + PARTS_IN_ONE_WRITE] if part]
            while some:
                written = os.writev(descriptor, some)
                while some and written >= len(some[0]):
                    written -= len(some.pop(0))
                if some and written:
                    some[0] = some[0][written:]

    def set_time(self, descriptor: int, epoch_ns: int) -> None:
        """Give a file that was written its time: a write from here on shows as another one.

        A file system that lets nobody do that costs one more look at the octets, and no mail.
        """
        with contextlib.suppress(PermissionError):
            os.utime(descriptor, ns=(epoch_ns, epoch_ns))

    def sync(self, descriptor: int) -> None:
        """Make a file's octets and length durable."""
        os.fsync(descriptor)

    def sync_folder(self, path: bytes) -> None:
        """Make the names in a folder durable."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def link(self, path: bytes, name: bytes) -> None:
        """Give a file a second name, never over another file."""
        os.link(path, name, follow_symlinks=False)

    def rename(self, path: bytes, name: bytes) -> None:
        """Give a file another name, over the file that had it."""
        os.rename(path, name)

    def unlink(self, path: bytes) -> None:
        """Take a name away."""
        os.unlink(path)
