"""Fuzzes the surrogate of a message: its header is in ASCII, its body untouched, the same however it is cut.

An input is one octet that says into how long pieces the rest is cut, then a message.
"""

from __future__ import annotations

from typing import Final

from restante.maildrop.downgrade import Downgrader, downgraded, needs_utf8
from restante.proto.lines import canonical, is_canonical

PIECES: Final = (
    b"\r\n",
    b"\r\n ",
    b"\r\n\r\n",
    "ü".encode(),
    b"\xff",
    b'"',
    b"(",
    b"<",
    b"@",
    b";",
    b"=?utf-8?q?",
    b"\r\nTo: ",
    b"\r\nReceived: for ",
    b"\r\nContent-Type: a/b; name=",
)


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    piece, message = octets[0] + 1 if octets else 1, canonical(octets[1:])
    surrogate = downgraded(message)
    assert not needs_utf8(surrogate)
    assert is_canonical(surrogate)
    assert downgraded(surrogate) is surrogate
    if message.startswith(b"\r\n"):
        assert surrogate == message
    elif b"\r\n\r\n" in message:
        assert surrogate.partition(b"\r\n\r\n")[2] == message.partition(b"\r\n\r\n")[2]
    if surrogate is not message:
        downgrader = Downgrader()
        parts = [downgrader.feed(message[at : at + piece]) for at in range(0, len(message), piece)]
        assert b"".join(parts) + downgrader.finish() == surrogate
