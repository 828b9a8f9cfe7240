"""How far a session of SMTP or LMTP is."""

from __future__ import annotations

from enum import Enum

__all__ = ["Phase"]


class Phase(Enum):
    """How far a session is, as its commands and replies show it."""

    GREETING = "GREETING"
    """EHLO, STARTTLS and AUTH."""
    ENVELOPE = "ENVELOPE"
    """From MAIL on."""
    DATA = "DATA"
    """From the server's leave to send the message to its answer for it."""
    QUIT = "QUIT"
