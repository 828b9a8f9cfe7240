"""Messages of a remote maildrop in a table: fitted on a terminal, whole in a pipe, or as JSON.

Texts come from `restante.reading`, which makes them fit for a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from restante.cli.outcome import say

if TYPE_CHECKING:
    from restante.client import blocking
    from restante.reading import Handles, Summary

__all__ = ["Row", "counted", "handles_of", "looked_up", "octets_told", "row_json", "show_rows"]

_DATE: Final = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One message in a table."""

    message: blocking.Message
    handle: str
    summary: Summary | None
    """None where the server did not give the headers."""

    @property
    def date(self) -> str:
        """The date as its sender says, in the time of this machine."""
        return _local(self.summary.date if self.summary else None)


def handles_of(maildrop: blocking.Maildrop) -> Handles[blocking.Message]:
    """Give the short names of all messages."""
    from restante.reading import Handles

    return Handles(list(maildrop.messages()))


def looked_up(
    maildrop: blocking.Maildrop, messages: Iterable[blocking.Message], handles: Handles[blocking.Message]
) -> Iterator[Row]:
    """Ask for the headers of messages, many at once where the server lets us, and give their rows in order."""
    from restante.reading import summary

    if not maildrop.session.may_try("TOP"):
        # Retrieving them whole only to look would take as long as reading all.
        for message in messages:
            yield Row(message=message, handle=handles.of(message), summary=None)
        return
    for found in maildrop.peek_many(messages):
        told = None if found.given is None else summary(found.given)
        yield Row(message=found.message, handle=handles.of(found.message), summary=told)


def show_rows(rows: Sequence[Row], *, headings: bool = True) -> None:
    """Write a table to standard output."""
    if sys.stdout.isatty():
        _show_fitted(rows, headings=headings)
    else:
        _show_plain(rows)


def _show_plain(rows: Sequence[Row]) -> None:
    cells = [
        (str(row.message.number), row.handle, str(row.message.octets), row.date, _sender(row), _subject(row))
        for row in rows
    ]
    widths = [max((_width(line[column]) for line in cells), default=0) for column in range(5)]
    for line in cells:
        number, handle, octets, date, sender, subject = line
        padded = (
            number.rjust(widths[0]),
            handle + " " * (widths[1] - _width(handle)),
            octets.rjust(widths[2]),
            date.ljust(widths[3]),
            sender + " " * (widths[4] - _width(sender)),
            subject,
        )
        say("  ".join(padded).rstrip())


def _show_fitted(rows: Sequence[Row], *, headings: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=headings, header_style="bold", expand=False)
    table.add_column("No", justify="right", no_wrap=True)
    table.add_column("Unique-id", no_wrap=True, style="cyan")
    table.add_column("Octets", justify="right", no_wrap=True)
    table.add_column("Date", no_wrap=True, style="dim")
    table.add_column("From", no_wrap=True, overflow="ellipsis", min_width=8, max_width=24)
    table.add_column("Subject", no_wrap=True, overflow="ellipsis", min_width=12, ratio=1)
    for row in rows:
        table.add_row(
            str(row.message.number),
            Text(row.handle),
            octets_told(row.message.octets),
            row.date,
            Text(_sender(row)),
            Text(_subject(row)),
        )
    Console(highlight=False).print(table)


def _sender(row: Row) -> str:
    return row.summary.sender if row.summary else ""


def _subject(row: Row) -> str:
    if row.summary is None:
        return "(the server does not give its headers)"
    return row.summary.subject or "(no subject)"


def _width(text: str) -> int:
    from restante.explain.columns import display_width

    return display_width(text)


def _local(date: datetime | None) -> str:
    if date is None:
        return ""
    try:
        return date.astimezone().strftime(_DATE)
    except (ValueError, OverflowError):
        return ""


def octets_told(octets: int) -> str:
    """Tell octets as a person reads them; exact below ten thousand."""
    if octets < 10_000:
        return f"{octets:,}"
    size = float(octets)
    for unit in ("K", "M", "G"):
        size /= 1024
        if size < 1000 or unit == "G":
            return f"{size:.1f}{unit}" if size < 10 else f"{size:,.0f}{unit}"
    raise AssertionError


def counted(messages: int, octets: int) -> str:
    """Say how many messages there are, and their octets."""
    return f"{messages:,} message{'' if messages == 1 else 's'}, {octets:,} octets"


def row_json(row: Row) -> dict[str, Any]:  # Any: what JSON holds
    """Give the object of a row."""
    told = row.summary
    return {
        "number": row.message.number,
        "unique_id": bytes(row.message.unique_id).decode("ascii", "backslashreplace"),
        "octets": row.message.octets,
        "date": told.date.isoformat() if told and told.date else None,
        "arrived": told.arrived.isoformat() if told and told.arrived else None,
        "from": told.sender if told else None,
        "subject": told.subject if told else None,
    }
