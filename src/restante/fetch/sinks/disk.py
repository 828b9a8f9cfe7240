"""The little that sinks on a disk share: durable folders, and what to say when the disk will not."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from restante.fetch.sinks.contract import SinkFault

__all__ = ["fault_of", "sync_folder", "told"]


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn OSError into SinkFault, with what to do next."""
    try:
        yield
    except OSError as error:
        raise fault_of(path, error) from error


def fault_of(path: Path, error: OSError) -> SinkFault:
    """Say what the disk would not do, and what to do next. `path` is for errors that name none."""
    where = error.filename or path
    words = (error.strerror or str(error)).lower()
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return SinkFault(f"{where}: {words}: free room there; what was not stored is still at the server")
    return SinkFault(f"{where}: {words}: mend that; what is not stored is still at the server")
