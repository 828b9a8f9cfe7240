"""What a server announces by CAPA.

Announced means that it works: a server builds its list from what it was set up with, and a test tries each tag.
Sources: RFC 2449 §5–6, RFC 3206 §6.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ANNOUNCED", "capability_lines"]

ANNOUNCED: Final = (
    b"TOP",
    b"UIDL",
    b"USER",
    b"RESP-CODES",
    b"AUTH-RESP-CODE",
    b"PIPELINING",
    b"EXPIRE NEVER",
)
"""The same before and after login (RFC 2449 §5). IMPLEMENTATION is added by the server."""


def capability_lines(implementation: bytes) -> bytes:
    """Render the capability list, each line ended, without the terminating line."""
    return b"".join(tag + b"\r\n" for tag in (*ANNOUNCED, b"IMPLEMENTATION " + implementation))
