"""Messages as objects of the standard library, in a way that no message can break.

The parser of the email package takes any octets; its modern headers though are parsed when they are looked at, and
some malformed ones raise there. Here such a header is text as it stands. Sources: RFC 5322, RFC 6532 (UTF-8 in
headers).
"""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any

from restante.client.retrieving import peek, read
from restante.client.session import Listed, Session
from restante.client.wants import Operation

__all__ = ["LENIENT", "email", "headers", "parsed"]


class _Lenient(EmailPolicy):
    """The default policy, but that a header which cannot be parsed is given as unstructured text."""

    def header_fetch_parse(self, name: str, value: Any) -> Any:  # Any: as typeshed has it
        try:
            return super().header_fetch_parse(name, value)
        except Exception:  # whatever the parser of one header trips over
            return str(value).replace("\r", "").replace("\n", "")


LENIENT: EmailPolicy = _Lenient(utf8=True)


def parsed(octets: bytes) -> EmailMessage:
    """Parse a message, or its headers alone. Never raises, and neither does looking at a header."""
    message = message_from_bytes(octets, policy=LENIENT)
    assert isinstance(message, EmailMessage)
    return message


def headers(session: Session, message: Listed) -> Operation[EmailMessage]:
    """Give a message's headers, by TOP: an EmailMessage without a body. `(await message.headers())["Subject"]`."""
    return parsed((yield from peek(session, message, 0)))


def email(session: Session, message: Listed) -> Operation[EmailMessage]:
    """Retrieve a message and give it parsed. It is held in memory twice for a while."""
    return parsed((yield from read(session, message)))
