"""The limits of the doors through which mail comes in, each with a name, a safe default, and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CLOSING_SECONDS", "HELD_OCTETS", "READ_OCTETS", "REPLIES_OCTETS", "DoorLimits"]

READ_OCTETS: Final = 16 * 1024
"""What is worked off at a time for one connection, before the others have their turn."""

REPLIES_OCTETS: Final = 16 * 1024
"""Replies to pipelined commands are gathered into one write until they reach this (RFC 2920 §3.2)."""

CLOSING_SECONDS: Final = 10
"""For the last reply to be taken, before the connection is broken off."""

HELD_OCTETS: Final = 256 * 1024 * 1024
"""Octets of messages that all connections of a process hold in memory together; beyond it `452 4.3.1`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLimits:
    """What a client of SMTP or LMTP may use up."""

    message_octets: int = 50 * 1024 * 1024
    """Of a message as it is kept, without stuffed dots; announced by SIZE (RFC 1870)."""
    recipients: int = 100
    """In one message. RFC 5321 §4.5.3.1.8 asks for no less."""
    connections: int = 1_000
    """At one door of one process. Beside its messages each may have some 100 KiB waiting in buffers."""
    connections_per_address: int = 50
    """At one door of one process; an IPv6 address stands for its /64. Precedent: Postfix."""
    connections_per_account: int = 10
    """Those that have logged in as one account, at one door of one process."""
    errors: int = 20
    """Bad commands and refused recipients between two accepted messages, before `421`. Precedent: Postfix."""
    commands: int = 2_000
    """Between two accepted messages, before `421`: room for a list of recipients, not for NOOP without end."""
    idle_seconds: float = 300
    """Without a whole command, or without any octet of a message. RFC 5321 §4.5.3.2.7 asks for five minutes."""
    message_seconds: float = 3_600
    """For the octets of one message, so that nobody holds a connection by sending one octet in a while."""
    command_line_octets: int = 512
    """With its CRLF. Source: RFC 5321 §4.5.3.1.4."""
    mail_line_octets: int = 1_024
    """The same for MAIL and RCPT, which carry parameters: SIZE adds 26, BODY 17, foreign ones more."""
