"""How a command ends: exit codes, the one way to fail, and what is said to people.

Answers go to standard output, everything else to standard error, one line each, after `restante: `. What came from
outside (a name, a path, an address) is escaped before it is shown.
"""

from __future__ import annotations

import sys
from enum import IntEnum

__all__ = ["CommandFailed", "ExitCode", "complain", "say", "shown"]


class ExitCode(IntEnum):
    """What the commands of `restante` end with. `deliver` ends with the codes of sysexits(3) instead."""

    OK = 0
    FAILED = 1
    USAGE = 2
    """The command line or a setting is wrong."""
    CONNECT = 3
    """No connection to the other server. This one and the next are of the commands that talk to other servers."""
    TLS = 4
    """No TLS there that may be used."""
    LOGIN = 5
    """The login was refused."""
    TRANSFER = 6
    """The session broke off, or the other server refused a command."""
    STORAGE = 7
    """What was fetched, or that it was fetched, cannot be written here."""
    LEFT_OUT = 8
    """Done, but for some messages that were left out and told."""
    IN_USE = 75
    """The maildrop is in use: the same command can succeed later. EX_TEMPFAIL of sysexits(3)."""
    INTERRUPTED = 130
    """Ctrl-C; as a shell tells it."""


class CommandFailed(Exception):
    """A command cannot do what it was asked. Its text is one line that ends with what to do next."""

    def __init__(self, message: str, *, exit_code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def shown(text: object) -> str:
    """Escape what a terminal would act upon: control characters, and what cannot be printed."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))


def say(line: str) -> None:
    """Give a line of the answer."""
    sys.stdout.write(line + "\n")


def complain(line: str) -> None:
    """Tell what went wrong, or what to know."""
    sys.stdout.flush()
    sys.stderr.write(f"restante: {shown(line)}\n")
