"""What a link tells while it carries a session: octets as they went, and what happened to the line itself.

The client, a tap between two programs, and a reader of captures tell the same; so there is one way from octets to
sentences, and one place, the reader, where secrets are taken out. Octets here are raw: whoever gets them shows none
of them before the reader has.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Protocol

__all__ = ["Reason", "Side", "WireObserver"]


class Side(Enum):
    """Who said it. The values are the marks of a transcript."""

    CLIENT = "C"
    SERVER = "S"


class Reason(StrEnum):
    """Why a connection ended, where this program is the one that knows: it is told in the reader's language.

    The values are what stands on the wire's side of a telling. More may follow behind a colon, in English.
    """

    CLOSED = "closed"
    TIME_OUT = "time-out"
    ENDED_IN_THE_MIDDLE = "ended in the middle"
    AFTER_QUIT = "after QUIT"
    WITHOUT_QUIT = "without QUIT"
    EARLY_OCTETS = "octets before the handshake"
    NO_TLS = "no TLS"
    OTHER_CERTIFICATE = "another certificate"
    CLIENT_TLS_FAILED = "TLS failed"
    OVER_A_LIMIT = "over a limit"
    NOT_POP3 = "not POP3"
    LOGIN_ENDED_BADLY = "login ended badly"
    NO_SESSION = "no session"
    HUNG_UP = "hung up"
    RESET = "the connection was reset"
    BROKE = "the connection broke"
    SILENCE = "nothing was said for too long"
    PROXY_STOPPED = "the proxy was stopped"
    NO_SERVER = "no connection to the server"
    TLS_BROKE = "TLS broke"
    LOST = "connection lost"
    AUTOLOGOUT = "autologout"
    TOO_MANY_BAD_COMMANDS = "too many bad commands"
    MESSAGE_GONE = "message gone"
    SHUTDOWN = "shutdown"
    ENDED = "ended by the administrator"
    TLS_FAILED = "TLS handshake failed"
    TOO_EARLY_FOR_TLS = "commands behind STLS"
    UPDATE_FAILED = "update failed"
    FAULT = "fault"
    SERVER_GONE = "the server's process ended"


class WireObserver(Protocol):
    """Hears of one connection, in the order of what happens. Must not raise and must not wait.

    `at_seconds` is the time since some fixed point, never going back; None where nobody knows it.
    """

    def connected(self, server: str, *, at_seconds: float | None) -> None:
        """Hear that the connection stands. `server` is `host:port` as the user would type it."""
        ...

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        """Hear that TLS stands from here on: its version, cipher and the name checked, in a few words."""
        ...

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        """Hear octets, after TLS was taken off, in whatever pieces they came; secrets are in them."""
        ...

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        """Hear that the connection ended: by whom, None where that is not known, and why.

        `reason` is a `Reason`, or a few words of somebody else's; empty where nothing is known.
        """
        ...
