"""What a server announces by CAPA.

Announced means that it works: a server builds its list from what it was set up with, and a test tries each tag.
Sources: RFC 2449 §5–6, RFC 3206 §6.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["capability_lines"]

_ALWAYS = (b"TOP", b"UIDL", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING", b"EXPIRE NEVER")


def capability_lines(*, user: bool, mechanisms: Iterable[str], stls: bool, implementation: bytes) -> bytes:
    """Render the capability list, each line ended, without the terminating line.

    `user` says whether USER and PASS are taken, `mechanisms` what AUTH takes, `stls` whether STLS would be accepted
    now: that alone may be announced before the login and not after it (RFC 2449 §5, RFC 2595 §4).
    """
    tags = list(_ALWAYS)
    if user:
        tags.append(b"USER")
    if names := " ".join(mechanisms):
        tags.append(b"SASL " + names.encode("ascii"))
    if stls:
        tags.append(b"STLS")
    tags.append(b"IMPLEMENTATION " + implementation)
    return b"".join(tag + b"\r\n" for tag in tags)
