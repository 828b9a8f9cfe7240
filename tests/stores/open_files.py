"""Which files this process has open: those of one folder, since others come and go with what other tests left."""

import os
from pathlib import Path

__all__ = ["open_below"]


def open_below(folder: Path) -> list[str]:
    """Give the paths of the open files below a folder, one for each descriptor."""
    paths = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            path = os.readlink(f"/proc/self/fd/{descriptor}")
        except FileNotFoundError:
            continue  # that of the listing itself
        if path.startswith(f"{folder}/"):
            paths.append(path)
    return paths
