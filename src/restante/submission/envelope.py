"""Who a message is from and for, and the check of every address before it comes near a command.

An address that holds CR, LF, NUL, or what would end it on the wire, is refused here, before an octet is sent.
Sources: RFC 5321 §4.1.2 (paths), §4.5.3.1.3 (256 octets), RFC 6531 §3.3 (UTF-8 in them).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from restante.submission.faults import MessageFault

__all__ = ["LARGEST_PATH_OCTETS", "MOST_RECIPIENTS", "Outgoing", "checked_address"]

LARGEST_PATH_OCTETS: Final = 254
"""256 with the angle brackets. Source: RFC 5321 §4.5.3.1.3."""

MOST_RECIPIENTS: Final = 1000
"""Of one message. RFC 5321 §4.5.3.1.8 lets servers stop at 100; what they put off goes later."""

_UNFIT: Final = re.compile(r"[\x00-\x20\x7f<>,;:\\()\[\]\"]")
"""Blanks, controls, and what only a quoted local part or an address literal may hold."""

_QUOTED: Final = re.compile(r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e\x80-\U0010ffff]|\\[\x20-\x7e])*"')
_LITERAL: Final = re.compile(r"\[[A-Za-z0-9:.]+\]")


def checked_address(address: str) -> str:
    """Give an address back if it may stand in an envelope. Raises MessageFault."""
    local, at, domain = address.rpartition("@")
    fit = (
        bool(at and local and domain)
        and len(address.encode("utf-8", "surrogatepass")) <= LARGEST_PATH_OCTETS
        and (not _UNFIT.search(local) or _QUOTED.fullmatch(local) is not None)
        and (not _UNFIT.search(domain) or _LITERAL.fullmatch(domain) is not None)
        and not any("\ud800" <= sign <= "\udfff" or "\x80" <= sign <= "\xa0" for sign in address)
    )
    if not fit:
        shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in address[:80])
        raise MessageFault(f"'{shown}' is no address that mail can be sent to: write it as ted@example.org")
    return address


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message on its way out, complete: canonical octets, who it is from, for whom it still is."""

    sender: str
    """The reverse-path, where bounces go. Empty: none are to be made."""
    recipients: tuple[str, ...]
    octets: bytes

    def __post_init__(self) -> None:
        """Raise MessageFault for an address that may not stand in a command, or none."""
        if self.sender:
            checked_address(self.sender)
        if not self.recipients:
            raise MessageFault("the message has no recipient: name one with --to, or in its To, Cc or Bcc")
        if len(self.recipients) > MOST_RECIPIENTS:
            raise MessageFault(f"the message has more than {MOST_RECIPIENTS} recipients: send it in parts")
        for recipient in self.recipients:
            checked_address(recipient)

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 may have it: an address or a header field is in UTF-8."""
        header = self.octets.partition(b"\r\n\r\n")[0]
        return not (self.sender.isascii() and header.isascii() and all(each.isascii() for each in self.recipients))

    @property
    def needs_eight_bits(self) -> bool:
        """Whether only a server with 8BITMIME may have it."""
        return not self.octets.isascii()
