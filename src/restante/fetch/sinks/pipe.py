"""A command as a destination: each message to its standard input, as procmail, maildrop and spamc take it.

The command is run as it is, without a shell, so that nothing in a message or an account's name is ever run. Lines
end in LF. What it ends with is read after sysexits(3): 0, the message is stored; what speaks about the message (65,
69), refused for good; everything else, 75 first of all, not now: a mistake in the set-up refuses no mail.
A command that cannot be run at all ends the session. Fails as `contract` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
from typing import Final

from restante.fetch.sinks.contract import (
    Kept,
    Letter,
    NotNow,
    OneByOne,
    RefusedForGood,
    SinkFault,
    WithoutPlaces,
    reverse_path_of,
)

__all__ = ["PipeSink"]

COMMAND_SECONDS: Final = 600.0
"""How long a command may take over one message."""

_REFUSES: Final = {65: "the data is not right", 69: "refused"}
_SAID_OCTETS: Final = 64 * 1024


class PipeSink(OneByOne, WithoutPlaces):
    """Runs one command for each message."""

    def __init__(self, command: str, *, seconds: float = COMMAND_SECONDS) -> None:
        """Take a command line. Raises ValueError for one that no shell could read either."""
        self._argv = shlex.split(command)
        if not self._argv:
            raise ValueError("pipe: needs a command")
        self._seconds = seconds
        self.label = f"pipe:{command}"

    async def store(self, letter: Letter) -> Kept:
        """Run the command to its end. Raises NotNow, RefusedForGood, SinkFault."""
        environment = {**os.environ, "SENDER": reverse_path_of(letter.octets).decode("ascii", "replace")}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise SinkFault(
                f"{self._argv[0]}: {(error.strerror or str(error)).lower()}: mend the command"
            ) from error
        try:
            async with asyncio.timeout(self._seconds):
                _, said = await process.communicate(letter.octets.replace(b"\r\n", b"\n"))
        except TimeoutError:
            raise NotNow(f"{self._argv[0]} did not end within {self._seconds:.0f} seconds") from None
        finally:
            if process.returncode is None:
                # It may have children that hold the pipe open.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        code = process.returncode
        if code == 0:
            return Kept()
        last = said[-_SAID_OCTETS:].decode("utf-8", "backslashreplace").strip().rpartition("\n")[2]
        words = f"{self._argv[0]} ended with {code}" + (f": {last}" if last else "")
        if code in _REFUSES:
            raise RefusedForGood(f"{words} ({_REFUSES[code]})")
        raise NotNow(words)
