"""The limits of a POP3 connection, each with a name, a safe default, and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from restante.proto.lines import COMMAND_LINE_OCTETS

__all__ = ["GATHERED_OCTETS", "READ_BUFFER_OCTETS", "TURN_OCTETS", "WRITE_BUFFER_OCTETS", "Limits"]

READ_BUFFER_OCTETS: Final = 16 * 1024
"""What one read takes from a connection: bounds what a client can pipeline ahead of the answers."""

WRITE_BUFFER_OCTETS: Final = 64 * 1024
"""What may wait for a client to read it before its commands are worked off no further."""

GATHERED_OCTETS: Final = 64 * 1024
"""Replies of pipelined commands are gathered into one write until they reach this."""

TURN_OCTETS: Final = 1024 * 1024
"""What one connection may send before the others have their turn, however fast its client reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a client may use up."""

    command_line_octets: int = COMMAND_LINE_OCTETS
    """RFC 2449 §4."""
    bad_commands: int = 10
    """Bad commands and refused logins in a session before it ends."""
    login_seconds: float = 60
    """From the connection to the login. RFC 1939 §3 asks ten minutes of the time after login only."""
    autologout_seconds: float = 600
    """Without a command, after login: RFC 1939 §3 allows no less than ten minutes."""
    write_stall_seconds: float = 300
    """How long a client may take nothing of what is sent to it."""
