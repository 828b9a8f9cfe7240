"""What tells whether two retrieved messages are the same one: a digest of what servers do not change.

Some servers write into the headers of a message that was looked at (Status, X-Status, X-UIDL). With these fields in
the digest a message that was left at the server would look like a new one each time. Pure.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

__all__ = ["content_digest"]

_CHANGING: Final = re.compile(rb"^(?:status|x-status|x-uidl):[^\n]*\n(?:[ \t][^\n]*\n)*", re.I | re.M)
_SEARCHED_OCTETS: Final = 256 * 1024


def content_digest(octets: bytes) -> bytes:
    """Give the SHA-256 of a canonical message without the header fields that servers change."""
    end = octets.find(b"\r\n\r\n", 0, _SEARCHED_OCTETS)
    # The last field's line end belongs to it.
    head = octets[: end + 2] if end >= 0 else octets[:_SEARCHED_OCTETS]
    digest = sha256(_CHANGING.sub(b"", head))
    digest.update(memoryview(octets)[len(head) :])
    return digest.digest()
