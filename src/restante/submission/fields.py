"""Header fields as octets, and addresses out of them. Reads what people and programs write; nothing is sent here.

Fails with MessageFault. Sources: RFC 5322 §2.2 (fields), §3.4 (addresses), §3.6.3 (destination fields).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from restante.submission.envelope import checked_address
from restante.submission.faults import MessageFault

__all__ = ["LARGEST_FIELD_CHARACTERS", "Field", "Mailbox", "mailboxes", "part_header"]

LARGEST_FIELD_CHARACTERS: Final = 131_072
"""Of one field with addresses: a thousand of them, with names."""

_NAME: Final = re.compile(rb"([!-9;-~]+)[ \t]*:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One header field."""

    name: bytes
    """In lower case."""
    octets: bytes
    """The whole field as it stands, with its CRLF."""

    @property
    def text(self) -> str:
        """Its value, unfolded."""
        value = self.octets.partition(b":")[2].replace(b"\r\n", b"").strip()
        return value.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A display name, which may be empty, and an address."""

    display_name: str
    address: str


def part_header(octets: bytes) -> tuple[list[Field], bytes]:
    """Part canonical octets into fields and body; what is no field ends the header, and belongs to the body."""
    fields: list[Field] = []
    place = 0
    while place < len(octets):
        end = octets.find(b"\r\n", place)
        end = len(octets) if end < 0 else end + 2
        line = octets[place:end]
        if line == b"\r\n":
            return fields, octets[end:]
        found = _NAME.match(line)
        if found is not None:
            fields.append(Field(name=found[1].lower(), octets=line))
        elif line[:1] in b" \t" and fields:
            fields[-1] = Field(name=fields[-1].name, octets=fields[-1].octets + line)
        else:
            return fields, octets[place:]
        place = end
    return fields, b""


def mailboxes(texts: Sequence[str]) -> list[Mailbox]:
    """Read fields of addresses, groups among them. Raises MessageFault for what is no address."""
    from email.policy import SMTPUTF8

    found: list[Mailbox] = []
    for text in texts:
        if len(text) > LARGEST_FIELD_CHARACTERS:
            raise MessageFault(f"a field of addresses has more than {LARGEST_FIELD_CHARACTERS} characters: part it")
        if any(sign in text for sign in "\r\n\0"):
            raise MessageFault("an address holds a line end or a NUL: write it on one line")
        if not text.strip():
            continue
        try:
            addresses = SMTPUTF8.header_factory("To", text).addresses
        except Exception:  # the parser has many ways to fail over what is no address
            raise MessageFault(f"'{_shown(text)}' holds no address: write it as ted@example.org") from None
        # `a b@example.org` would be read as `"a b"@example.org`, which nobody means.
        guessed = '"' not in text and any('"' in each.addr_spec for each in addresses)
        if guessed or (not addresses and ":" not in text):
            raise MessageFault(f"'{_shown(text)}' holds no address: write it as ted@example.org")
        found += [
            Mailbox(display_name=each.display_name or "", address=checked_address(each.addr_spec))
            for each in addresses
        ]
    return found


def _shown(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text[:80])
