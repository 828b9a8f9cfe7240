"""What a proxy writes in front of a client's octets, so that the server knows who comes: no part of the session.

Both versions of HAProxy's PROXY protocol are passed over. The first is a line, the second has a length. It never
fails: what is no such header is the client's. Source: the PROXY protocol, HAProxy's proxy-protocol.txt, §2.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Foreword"]

_LINE: Final = re.compile(rb"PROXY (?:TCP4|TCP6|UNKNOWN)\b[^\n]{0,100}\n")
_LONGEST_LINE: Final = 108
_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_HEADER_OCTETS: Final = len(_SIGNATURE) + 4


class Foreword:
    """The beginning of what a client sends. A proxy writes its header in one go; what comes in pieces is none."""

    __slots__ = ("_held", "is_over")

    def __init__(self) -> None:
        self._held = b""
        self.is_over = False

    def without(self, octets: bytes) -> bytes:
        """Take the client's next octets. Gives those that are the client's own."""
        held = self._held + octets
        begins_line = held.startswith(b"PROXY ") and len(held) < _LONGEST_LINE and b"\n" not in held
        begins_block = held.startswith(_SIGNATURE)
        if begins_block and len(held) >= _HEADER_OCTETS:
            whole = _HEADER_OCTETS + int.from_bytes(held[_HEADER_OCTETS - 2 : _HEADER_OCTETS], "big")
            begins_block = len(held) < whole
            held = held if begins_block else held[whole:]
        elif (found := _LINE.match(held)) is not None:
            held = held[found.end() :]
        if begins_line or begins_block:
            self._held = held
            return b""
        self._held, self.is_over = b"", True
        return held
