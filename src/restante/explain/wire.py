"""What a link tells while it carries a session: octets as they went, and what happened to the line itself.

The client, a tap between two programs, and a reader of captures tell the same; so there is one way from octets to
sentences, and one place, the reader, where secrets are taken out. Octets here are raw: whoever gets them shows none
of them before the reader has.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

__all__ = ["Side", "WireObserver"]


class Side(Enum):
    """Who said it. The values are the marks of a transcript."""

    CLIENT = "C"
    SERVER = "S"


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
        """Hear that the connection ended: by whom, None where that is not known, and why, in a few words."""
        ...
