"""Replies as octets: the two kinds of answer there are, and what may follow them.

Rendering stands here once, so that the rules hold everywhere: the status indicator in upper case, a response code
right after it, no text that looks like one, at most 512 octets in the first line, CRLF line ends only.
Sources: RFC 1939 §3, RFC 2449 §4 and §8.
"""

from __future__ import annotations

from typing import Final

from restante.proto.lines import DOTS_UNKNOWN, TERMINATING_LINE, stuffed
from restante.proto.terms import ResponseCode

__all__ = ["FIRST_LINE_OCTETS", "err", "listing", "message_reply", "ok"]

FIRST_LINE_OCTETS: Final = 512
"""The longest first line of a reply, CRLF included. Source: RFC 1939 §3, RFC 2449 §4."""


def ok(text: bytes = b"", *, utf8: bool = False) -> bytes:
    """Render a good answer of one line. `utf8`: the client asked for a language beyond ASCII (RFC 6856 §3.2)."""
    return _line(b"+OK", text, None, utf8)


def err(text: bytes, code: ResponseCode | None = None, *, utf8: bool = False) -> bytes:
    """Render a bad answer, with its response code if it has one."""
    return _line(b"-ERR", text, code, utf8)


def listing(text: bytes, lines: bytes, *, utf8: bool = False) -> bytes:
    """Render a listing. `lines` end in CRLF each and are stuffed here; none at all is a legal listing."""
    return b"".join((_line(b"+OK", text, None, utf8), stuffed(lines), TERMINATING_LINE))


def message_reply(octets: bytes, dots: int = DOTS_UNKNOWN) -> bytes:
    """Render the answer to RETR for a message in hand, canonical octets.

    `dots`: how many lines begin with one, so that nobody has to look at the others.
    """
    return b"+OK %d octets\r\n%b%b" % (len(octets), stuffed(octets, dots) if dots else octets, TERMINATING_LINE)


def _line(status: bytes, text: bytes, code: ResponseCode | None, utf8: bool) -> bytes:
    if code is None and text[:1] == b"[":
        text = b"(" + text
    # A text may quote what a peer or a disk said, so it is made harmless here and nowhere else.
    if not text.isascii() or not text.decode("ascii").isprintable():
        text = _harmless_utf8(text) if utf8 else bytes(octet if 0x20 <= octet < 0x7F else 0x3F for octet in text)
    parts = [status] if code is None else [status, b"[%s]" % code.value]
    if text:
        parts.append(text)
    line = b" ".join(parts)
    if len(line) > FIRST_LINE_OCTETS - 2:
        # Never through the middle of a character.
        line = line[: FIRST_LINE_OCTETS - 2].decode("utf-8", "ignore").encode()
    return line + b"\r\n"


def _harmless_utf8(text: bytes) -> bytes:
    """Leave characters that print; controls, and those that turn the direction of writing, are none of these."""
    return "".join([c if c.isprintable() else "?" for c in text.decode("utf-8", "replace")]).encode()
