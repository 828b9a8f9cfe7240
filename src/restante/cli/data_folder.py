"""The data folder: made once, for its owner alone, and used by nobody else.

Without the command-line toolkit, since `restante deliver` asks here too. Fails with CommandFailed.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Final

from restante.cli.outcome import CommandFailed

__all__ = ["existing_data_folder", "make_data_folder"]

_FOLDER_MODE: Final = 0o700
"""Nobody but the owner: the folder holds mail, password hashes and the sealing key."""


def make_data_folder(folder: Path) -> None:
    """Make the data folder if it is not there, for its owner alone. Raises CommandFailed.

    A crash leaves the folder, empty, or nothing; both are fine for the next try.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise CommandFailed(
            f"{folder}: the data folder cannot be made ({_reason(error)}): "
            "make it as root for the user who runs restante, or name another with --data"
        ) from None
    _check_access(folder)


def existing_data_folder(folder: Path) -> None:
    """Check that the data folder is there and can be used. Raises CommandFailed."""
    try:
        there = folder.is_dir()
    except OSError as error:
        raise CommandFailed(
            f"{folder}: the data folder cannot be reached ({_reason(error)}): "
            "run the command as the user who owns it"
        ) from None
    if not there:
        raise CommandFailed(
            f"{folder}: there is no data folder yet: 'restante account add' makes one, or name another with --data"
        )
    _check_access(folder)


def _check_access(folder: Path) -> None:
    owner = folder.stat().st_uid
    # Root may do all, but what root makes here the owner, as whom the server runs, could not read.
    if os.access(folder, os.R_OK | os.W_OK | os.X_OK) and (os.geteuid() != 0 or owner == 0):
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"#{owner}"
    raise CommandFailed(
        f"{folder}: the data folder belongs to {name}: run the command as that user (sudo -u {name} restante …), "
        "or name another folder with --data"
    )


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
