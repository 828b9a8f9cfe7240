"""What a server's line is: a status line, a challenge, or the tongue of another protocol.

Status indicators are taken in any case, as real servers send them. Sources: RFC 1939 §3 and §7 (APOP's timestamp),
RFC 2449 §8 (response codes), RFC 5034 §4 (challenges), RFC 7628 §3.2.3 (errors of OAuth).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from restante.explain.client_lines import decoded
from restante.explain.events import Foreign

__all__ = [
    "SHOWN_OCTETS",
    "StatusLine",
    "foreign_server",
    "harmless_challenge",
    "is_challenge",
    "read_status",
    "timestamp_in",
]

SHOWN_OCTETS: Final = 2048
"""Of one line's text: four times what a status line may have."""

_STATUS: Final = re.compile(
    rb"(\+OK|-ERR)(?![a-z0-9])[ \t]*(?:\[([!-Z^-~]{1,64})(?: [^\]]{0,200})?\] ?)?(.*)", re.IGNORECASE | re.DOTALL
)
_TIMESTAMP: Final = re.compile(rb"<[^<>@\s]+@[^<>@\s]*>")
_FOREIGN: Final = (
    (re.compile(rb"HTTP/[0-9]"), Foreign.HTTP),
    (re.compile(rb"SSH-[0-9]"), Foreign.SSH),
    (re.compile(rb"\* (OK|PREAUTH|BYE|BAD)\b", re.IGNORECASE), Foreign.IMAP),
    (re.compile(rb"[245][0-9]{2}([ -]|$)"), Foreign.SMTP),
    (re.compile(rb"(\+OK|-ERR)(?![a-z0-9])", re.IGNORECASE), Foreign.POP3),
)
_FOR_PEOPLE: Final = frozenset({"XOAUTH2", "OAUTHBEARER", "LOGIN", "CRAM-MD5"})
"""Mechanisms whose challenges hold nothing that helps to find a password without the client's answer."""


@dataclass(frozen=True, slots=True)
class StatusLine:
    """The first line of a reply."""

    good: bool
    code: bytes | None
    text: bytes


def read_status(line: bytes) -> StatusLine | None:
    """Read a status line; None for any other."""
    found = _STATUS.match(line)
    if found is None:
        return None
    indicator, code, text = found.groups()
    return StatusLine(indicator[:1] == b"+", code.upper() if code else None, text[:SHOWN_OCTETS])


def is_challenge(line: bytes) -> bool:
    """Tell whether a line is a challenge: a plus sign and a space; some servers leave the space out."""
    return line[:2] == b"+ " or line == b"+"


def timestamp_in(text: bytes) -> bytes | None:
    """Give APOP's timestamp, if a greeting has one."""
    found = _TIMESTAMP.search(text)
    return found.group() if found else None


def harmless_challenge(content: bytes, mechanism: str | None) -> bytes:
    """Give what a challenge says, where that may be shown and can be read; otherwise nothing."""
    text = decoded(content) if mechanism in _FOR_PEOPLE else None
    if not text or not all(0x20 <= octet < 0x7F for octet in text):
        return b""
    return text[:SHOWN_OCTETS]


def foreign_server(line: bytes) -> Foreign | None:
    """Tell which other protocol a server's line belongs to."""
    for pattern, protocol in _FOREIGN:
        if pattern.match(line):
            return protocol
    return None
