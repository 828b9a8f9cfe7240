"""A pseudo-terminal, and what a program writes to it: for programs that people use on a screen."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.e2e.bed import WAIT_SECONDS

__all__ = ["Terminal", "terminal"]


class Terminal:
    """A program at a pseudo-terminal, and what stands on its screen."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master: int | None = master
        self.process = process
        self.screen = b""

    def type(self, text: str) -> None:
        """Press keys."""
        assert self._master is not None
        os.write(self._master, text.encode())

    def read(self) -> bool:
        """Read what is written next, for at most a second; False when the program has closed its end."""
        assert self._master is not None
        if not select.select([self._master], [], [], 1)[0]:
            return True
        with suppress(OSError):  # Linux says EIO where the other end has closed
            octets = os.read(self._master, 4096)
            if b"\x1b[6n" in octets:
                self.type("\x1b[1;1R")  # where the cursor is, for who asks
            self.screen += octets
            return bool(octets)
        return False

    def close(self) -> None:
        """Close the window, of which nobody tells the program: it leads no session of this terminal."""
        if self._master is not None:
            os.close(self._master)
            self._master = None

    def see(self, text: str) -> None:
        """Wait for words on the screen."""
        end = time.monotonic() + WAIT_SECONDS
        while text.encode() not in self.screen:
            assert time.monotonic() < end, self.screen
            assert self.read(), self.screen


@contextmanager
def terminal(
    home: Path, *argv: str | Path, term: str = "xterm", env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Run a program at a terminal of 80 columns and 24 rows, and kill it at the end if it still runs."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    environment = {**os.environ, "TERM": term, "LC_ALL": "C.UTF-8", "XDG_STATE_HOME": str(home), "NO_COLOR": "1"}
    environment |= env or {}
    process = subprocess.Popen([*map(str, argv)], stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    window = Terminal(master, process)
    try:
        yield window
    finally:
        process.kill()
        process.wait(WAIT_SECONDS)
        window.close()
