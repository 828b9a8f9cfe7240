"""How a command ends: the one way to fail, and what is said to people.

Answers go to standard output, everything else to standard error, one line each, after `restante: `. What came from
outside (a name, a path, an address) is escaped before it is shown.
"""

from __future__ import annotations

import sys

from restante.cli.exit_codes import ExitCode

__all__ = ["CommandFailed", "ExitCode", "complain", "say", "shown"]


class CommandFailed(Exception):
    """A command cannot do what it was asked. Its text is one line that ends with what to do next."""

    def __init__(self, message: str, *, exit_code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def shown(text: object) -> str:
    """Escape what a terminal would act upon: control characters, and what cannot be printed."""
    whole = str(text)
    if whole.isprintable():
        return whole
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in whole)


def say(line: str) -> None:
    """Give a line of the answer."""
    sys.stdout.write(line + "\n")


def complain(line: str) -> None:
    """Tell what went wrong, or what to know."""
    sys.stdout.flush()
    sys.stderr.write(f"restante: {shown(line)}\n")
