"""Which protocol a session speaks: known by its port, or by what is said first.

What is plain of one protocol only counts: QUIT and AUTH are words of both.
Sources: RFC 1939 §3 and RFC 8314 §3.2 (110, 995); RFC 5321 §4.2, RFC 6409 §3.1 (587), RFC 8314 §3.3 (465); RFC 2033
§5 (LMTP has a port of its own, mostly 24).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from restante.explain.server_lines import read_status
from restante.explain.smtp.commands import HELLOS
from restante.explain.wire import Side
from restante.proto.spec import SPECS

__all__ = ["PORTS", "MailProtocol", "protocol_at", "protocol_of"]


class MailProtocol(StrEnum):
    """A protocol that is explained."""

    POP3 = "pop3"
    SMTP = "smtp"
    """LMTP too."""


PORTS: Final[Mapping[int, MailProtocol]] = MappingProxyType(
    {
        **dict.fromkeys((110, 995), MailProtocol.POP3),
        **dict.fromkeys((24, 25, 465, 587), MailProtocol.SMTP),
    }
)
"""By the server's port."""

_GREETING: Final = re.compile(rb"(?:220|421|521|554)(?:[ -]|$)")
_PORT: Final = re.compile(r"(?:^|\]|[^:\]]):([0-9]{1,5})$")
_POP3_ALONE: Final = frozenset(SPECS) - {
    *(b"QUIT", b"NOOP", b"RSET", b"AUTH", b"LIST", b"STAT", b"USER", b"PASS"),
}
"""Words that no other protocol has: FTP logs in with USER and PASS, too."""
_SMTP_ALONE: Final = HELLOS | {b"MAIL", b"RCPT"}


def protocol_at(server: str) -> MailProtocol | None:
    """Give the protocol that belongs to the port of `host:port`; None for a port that tells nothing."""
    found = _PORT.search(server)
    return PORTS.get(int(found[1])) if found is not None else None


def protocol_of(side: Side, line: bytes) -> MailProtocol | None:
    """Give the protocol of which a line is plain; None where it might be of several, or of none here."""
    match side:
        case Side.SERVER if read_status(line) is not None:
            return MailProtocol.POP3
        case Side.SERVER:
            return MailProtocol.SMTP if _GREETING.match(line) else None
        case Side.CLIENT:
            word = line.partition(b" ")[0].upper()
            if word in _SMTP_ALONE:
                return MailProtocol.SMTP
            return MailProtocol.POP3 if word in _POP3_ALONE else None
