"""Faults on purpose: a disk that stops the world between two steps, fails, or is full.

For the Maildir store, whose every change of the disk goes through `Disk`. SIGKILL shows what another process finds
after a crash of ours; it does not show a power cut, for which the order of the steps stands (`steps`).
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Sequence

from restante.stores.maildir.disk import Disk

__all__ = ["FaultyDisk", "FullDisk", "fail_with", "kill"]

FOLDER_OCTETS = 4096
"""What a new folder takes."""


def kill() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail_with(number: int) -> Callable[[], None]:
    """Give a fault that fails as the system does, by its errno."""

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    return fail


class FaultyDisk(Disk):
    """A real disk that notes each step, and meets a fault before one of them."""

    def __init__(self, *, at_step: int = 0, fault: Callable[[], None] = kill) -> None:
        """`at_step` counts from 1; 0 lets all of them be. A write is half done before it meets the fault."""
        self.steps: list[str] = []
        """Each step that was begun: its name, and the last part of its path."""
        self._at_step = at_step
        self._fault = fault

    def _meet(self, step: str, path: bytes = b"") -> None:
        self.steps.append(f"{step} {os.fsdecode(path.rpartition(b'/')[2])}".rstrip())
        if len(self.steps) == self._at_step:
            self._fault()

    def make_folder(self, path: bytes) -> None:
        """One step."""
        self._meet("make_folder", path)
        super().make_folder(path)

    def remove_folder(self, path: bytes) -> None:
        """One step."""
        self._meet("remove_folder", path)
        super().remove_folder(path)

    def create(self, path: bytes) -> int:
        """One step."""
        self._meet("create", path)
        return super().create(path)

    def open_to_overwrite(self, path: bytes) -> int:
        """One step."""
        self._meet("open_to_overwrite", path)
        return super().open_to_overwrite(path)

    def write(self, descriptor: int, parts: Sequence[bytes]) -> None:
        """One step, torn in the middle."""
        octets = b"".join(parts)
        if len(self.steps) + 1 == self._at_step:
            super().write(descriptor, [octets[: len(octets) // 2]])
        self._meet("write")
        super().write(descriptor, parts)

    def sync(self, descriptor: int) -> None:
        """One step."""
        self._meet("sync")
        super().sync(descriptor)

    def sync_folder(self, path: bytes) -> None:
        """One step."""
        self._meet("sync_folder", path)
        super().sync_folder(path)

    def link(self, path: bytes, name: bytes) -> None:
        """One step."""
        self._meet("link", path)
        super().link(path, name)

    def rename(self, path: bytes, name: bytes) -> None:
        """One step."""
        self._meet("rename", name)
        super().rename(path, name)

    def unlink(self, path: bytes) -> None:
        """One step."""
        self._meet("unlink", path)
        super().unlink(path)


class FullDisk(Disk):
    """A disk with room for so many octets more; what is removed makes room, writing in place takes none."""

    def __init__(self, *, room_octets: int = 0) -> None:
        self.room_octets = room_octets
        self._taking_room: set[int] = set()

    def make_folder(self, path: bytes) -> None:
        """Make a folder, if there is room for its first block."""
        if self.room_octets < FOLDER_OCTETS and not os.path.lexists(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().make_folder(path)

    def create(self, path: bytes) -> int:
        """Make a file: a name takes no room, its octets will."""
        descriptor = super().create(path)
        self._taking_room.add(descriptor)
        return descriptor

    def open_to_overwrite(self, path: bytes) -> int:
        """Open a file whose octets have their room."""
        descriptor = super().open_to_overwrite(path)
        self._taking_room.discard(descriptor)
        return descriptor

    def write(self, descriptor: int, parts: Sequence[bytes]) -> None:
        """Write while there is room."""
        if descriptor in self._taking_room:
            wanted = sum(map(len, parts))
            if wanted > self.room_octets:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.room_octets -= wanted
        super().write(descriptor, parts)

    def unlink(self, path: bytes) -> None:
        """Remove a file, and have its room again."""
        octets = os.lstat(path).st_size
        super().unlink(path)
        self.room_octets += octets
