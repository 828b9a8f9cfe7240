"""Base64 as SASL lines carry it, decoded strictly.

Strict: only the alphabet, padding exactly where it belongs, and no stray bits in the last group, so that each
sequence of octets has one spelling and nothing hides between the groups. The decoder of the standard library skips
over what it does not know unless told otherwise (RFC 4648 §3.3 is about what that lets through).
The two words that are not base64, `=` for an empty initial response and `*` for a cancel, are named here.
Sources: RFC 4648 §3 and §4; RFC 5034 §4.
"""

from __future__ import annotations

import binascii
import re
from typing import Final

__all__ = ["CANCEL", "EMPTY_INITIAL_RESPONSE", "NotBase64", "decode", "decode_initial", "encode", "encode_initial"]

CANCEL: Final = b"*"
"""What a client sends to leave an exchange. Source: RFC 5034 §4."""

EMPTY_INITIAL_RESPONSE: Final = b"="
"""An initial response of no octets; no initial response at all is something else. Source: RFC 5034 §4."""

# The last group of two or three characters must leave the bits that it does not use at zero (RFC 4648 §3.5).
_BASE64: Final = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?")


class NotBase64(ValueError):
    """What came is not base64. The message holds none of it."""

    def __init__(self) -> None:
        super().__init__("not base64; send the octets as RFC 4648 §4 encodes them, without line breaks")


def encode(octets: bytes) -> bytes:
    """Encode octets; none become none."""
    return binascii.b2a_base64(octets, newline=False)


def decode(text: bytes) -> bytes:
    """Decode a line; an empty one is no octets. Linear. Raises NotBase64."""
    if _BASE64.fullmatch(text) is None:
        raise NotBase64
    return binascii.a2b_base64(text)


def encode_initial(octets: bytes) -> bytes:
    """Encode an initial response: `=` when it is empty."""
    return encode(octets) or EMPTY_INITIAL_RESPONSE


def decode_initial(text: bytes) -> bytes:
    """Decode an initial response as it stands on the command line. Raises NotBase64, for an empty word too."""
    if text == EMPTY_INITIAL_RESPONSE:
        return b""
    if not text:
        raise NotBase64
    return decode(text)
