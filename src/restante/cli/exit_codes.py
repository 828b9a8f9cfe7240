"""What the commands of `restante` end with: one number for each phase in which something can go wrong.

Scripts and timers tell by it whether to try again, to ask a person, or to call for help. `deliver` and `sendmail`
end with the codes of sysexits(3) instead, since mail servers and mail programs read those. Documented in
docs/reference/exit-codes.md, which a test holds to this file.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode", "SysExit"]


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    """Failed in a way that has no number of its own."""
    USAGE = 2
    """The command line or a setting is wrong."""
    CONNECT = 3
    """No connection: the name is not known, nobody listens, the network or the proxy is away."""
    TLS = 4
    """No TLS that may be trusted. No password went out."""
    LOGIN = 5
    """Name, password or token were refused, or there is no safe way to log in."""
    TRANSFER = 6
    """After the login: a command was refused, the connection broke, the server was too slow or broke the rules."""
    STORAGE = 7
    """A file, a folder or a database here could not be read or written. What was on the server is still there."""
    LEFT_OUT = 8
    """Done, but for some messages that were left out and told."""
    CONFIGURATION = 9
    """An account of the mail program, or the place of its secret, is not as it should be."""
    IN_USE = 75
    """The maildrop is in use, or the message waits in the outbox: later the same can succeed. EX_TEMPFAIL."""
    LATER = 75
    INTERRUPTED = 130
    """Ctrl-C; as a shell tells it."""


class SysExit(IntEnum):
    """The codes of sysexits(3) that `deliver` and `sendmail` themselves end with."""

    OK = 0
    USAGE = 64
    DATA = 65
    NO_INPUT = 66
    UNAVAILABLE = 69
    SOFTWARE = 70
    CANNOT_CREATE = 73
    IO = 74
    TEMPORARY = 75
    CONFIGURATION = 78
