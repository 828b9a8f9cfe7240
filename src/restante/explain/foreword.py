"""What a proxy writes in front of a client's octets, so that the server knows who comes: no part of the session.

Both versions of HAProxy's PROXY protocol are passed over. The first is a line, the second has a length. It never
fails: what is no such header is the client's. Source: the PROXY protocol, HAProxy's proxy-protocol.txt, §2.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Foreword"]

_LINE: Final = re.compile(rb"PROXY (?:TCP4|TCP6|UNKNOWN)\b[^\n]*\n")
_LINE_BEGINS: Final = b"PROXY "
_LONGEST_LINE: Final = 107
"""Source: §2.1."""

_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_HEADER_OCTETS: Final = len(_SIGNATURE) + 4


class Foreword:
    """The beginning of what a client sends, held back until it is known whether a proxy wrote it.

    The server waits for it, so that its first octet is the end of it.
    """

    __slots__ = ("_held", "is_over")

    def __init__(self) -> None:
        self._held = b""
        self.is_over = False

    def without(self, octets: bytes) -> bytes:
        """Take the client's next octets. Gives those that are the client's own."""
        held = self._held + octets
        own = _behind_line(held) if held.startswith(_LINE_BEGINS[: len(held)]) else None
        if own is None and held.startswith(_SIGNATURE[: len(held)]):
            own = _behind_block(held)
        elif own is None and not held.startswith(_LINE_BEGINS[: len(held)]):
            own = held
        if own is None:
            self._held = held
            return b""
        self._held, self.is_over = b"", True
        return own

    def rest(self) -> bytes:
        """Give what is held back, since it is known now that it is the client's own."""
        held, self._held, self.is_over = self._held, b"", True
        return held


def _behind_line(held: bytes) -> bytes | None:
    """Give what is behind a header of version 1, all of it if there is none; None if that cannot be told yet."""
    end = held.find(b"\n", 0, _LONGEST_LINE) + 1
    if not end and len(held) < _LONGEST_LINE:
        return None
    return held[end:] if end and _LINE.match(held) else held


def _behind_block(held: bytes) -> bytes | None:
    """Give what is behind a header of version 2; None if it is not whole yet."""
    if len(held) < _HEADER_OCTETS:
        return None
    whole = _HEADER_OCTETS + int.from_bytes(held[_HEADER_OCTETS - 2 : _HEADER_OCTETS], "big")
    return held[whole:] if len(held) >= whole else None
