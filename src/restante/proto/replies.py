"""Replies as octets: the two kinds of answer there are, and what may follow them.

Rendering stands here once, so that the rules hold everywhere: the status indicator in upper case, a response code
right after it, no text that looks like one, at most 512 octets in the first line, CRLF line ends only.
Sources: RFC 1939 §3, RFC 2449 §4 and §8.
"""

from __future__ import annotations

from typing import Final

from restante.proto.lines import TERMINATING_LINE, stuffed
from restante.proto.terms import ResponseCode

__all__ = ["FIRST_LINE_OCTETS", "err", "listing", "message_reply", "ok"]

FIRST_LINE_OCTETS: Final = 512
"""The longest first line of a reply, CRLF included. Source: RFC 1939 §3, RFC 2449 §4."""


def ok(text: bytes = b"") -> bytes:
    """Render a good answer of one line."""
    return _line(b"+OK", text, None)


def err(text: bytes, code: ResponseCode | None = None) -> bytes:
    """Render a bad answer, with its response code if it has one."""
    return _line(b"-ERR", text, code)


def listing(text: bytes, lines: bytes) -> bytes:
    """Render a listing. `lines` end in CRLF each and are stuffed here; none at all is a legal listing."""
    return b"".join((_line(b"+OK", text, None), stuffed(lines), TERMINATING_LINE))


def message_reply(octets: bytes) -> bytes:
    """Render the answer to RETR for a message in hand, canonical octets."""
    return b"".join((b"+OK %d octets\r\n" % len(octets), stuffed(octets), TERMINATING_LINE))


def _line(status: bytes, text: bytes, code: ResponseCode | None) -> bytes:
    if code is None and text[:1] == b"[":
        text = b"(" + text
    # A text may quote what a peer or a disk said, so it is made harmless here and nowhere else.
    if not text.isascii() or not text.decode("ascii").isprintable():
        text = bytes(octet if 0x20 <= octet < 0x7F else 0x3F for octet in text)
    parts = [status] if code is None else [status, b"[%s]" % code.value]
    if text:
        parts.append(text)
    return b" ".join(parts)[: FIRST_LINE_OCTETS - 2] + b"\r\n"
