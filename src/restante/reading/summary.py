"""What one line of a list tells of a message: from whom, when, and about what; from its headers alone.

Never fails: what a header does not tell, or tells wrong, is empty or None. Sources: RFC 5322 §3.3 (dates), §3.4
(addresses), §3.6.7 (Received, which is when the mail came; Date is what its sender says).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from restante.reading.mime import parsed
from restante.reading.showing import one_line
from restante.reading.words import words_decoded

__all__ = ["Summary", "date_of", "person", "summary"]

MOST_CHARACTERS: Final = 500
_ANGLE: Final = re.compile(rb"^(.*?)<([^<>]*)>")
_COMMENT: Final = re.compile(rb"^\s*([^\s()]+)\s*\(([^()]*)\)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One line's worth of a message; texts are fit for a terminal."""

    sender: str
    """Their name, else their address."""
    subject: str
    date: datetime | None
    """As the sender says, with a time zone."""
    arrived: datetime | None
    """When the last server took it in; the date where none says."""


def summary(headers: bytes) -> Summary:
    """Read headers, as TOP gives them. Never raises."""
    fields = parsed(headers).fields
    date = date_of(fields.first("Date"))
    received = fields.first("Received")
    arrived = date_of(received.rpartition(b";")[2]) if received else None
    return Summary(
        sender=person(fields.first("From") or fields.first("Sender") or b""),
        subject=one_line(fields.text("Subject"))[:MOST_CHARACTERS],
        date=date,
        arrived=arrived or date,
    )


def person(value: bytes) -> str:
    """Give the name of the first address in a field, else the address."""
    value = value[:4000]
    if found := _ANGLE.match(value):
        name = words_decoded(found[1].strip().strip(b'"').replace(b"\\", b"")).strip().strip('"')
        return one_line(name or words_decoded(found[2]))[:MOST_CHARACTERS]
    if found := _COMMENT.match(value):
        return one_line(words_decoded(found[2]) or words_decoded(found[1]))[:MOST_CHARACTERS]
    return one_line(words_decoded(value.partition(b",")[0]))[:MOST_CHARACTERS]


def date_of(value: bytes | None) -> datetime | None:
    """Read a date; None where it is none."""
    from email.utils import parsedate_to_datetime

    if not value:
        return None
    try:
        date = parsedate_to_datetime(value[:200].decode("ascii", "replace"))
        if date.tzinfo is None:  # -0000: the time zone is not told
            date = date.replace(tzinfo=UTC)
        date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return date
