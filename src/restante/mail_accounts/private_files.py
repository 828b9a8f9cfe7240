"""A file that only its owner reads, written whole or not at all.

It is written beside its name, fsynced, and renamed: a crash leaves the old file or the new one. Raises OSError.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["write_privately"]


def write_privately(file: Path, octets: bytes) -> None:
    """Write a file with mode 0600, and its folder, with 0700, where there is none."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # which makes it 0600
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(octets)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
