"""A long answer through a pager, as git does it: $PAGER, else less, and none where no terminal reads.

The text that comes here holds no sequences but our own colours, so `less -R` obeys no mail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Final

__all__ = ["paged"]

_LESS: Final = "FRX"
"""What less does unless $LESS says otherwise: end at once where all fits, show colours, leave the screen."""


def paged(text: str) -> None:
    """Write a text to standard output, through the pager where it is longer than the terminal."""
    size = shutil.get_terminal_size()
    pager = os.environ.get("PAGER", "less")
    if not sys.stdout.isatty() or not pager or pager == "cat" or text.count("\n") < size.lines:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    environment = {**os.environ, "LESS": os.environ.get("LESS", _LESS), "LV": os.environ.get("LV", "-c")}
    try:
        # A command line of its owner's, as git takes it.
        process = subprocess.Popen(pager, shell=True, stdin=subprocess.PIPE, env=environment)  # noqa: S602
    except OSError:
        sys.stdout.write(text)
        return
    try:
        process.communicate(text.encode("utf-8", "backslashreplace"))
    except KeyboardInterrupt:
        # For the pager, which goes on until it is left.
        process.wait()
    if process.returncode == 127:
        sys.stdout.write(text)
