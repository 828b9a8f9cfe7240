"""Events as lines of the wire, each with a mark for its direction and for TLS.

    ->  a client's line in the clear       ~>  the same under TLS
    <-  a server's line in the clear       <~  the same under TLS
    <** and <~* refuse: -ERR               === is no line, but what happened

The marks are those that users of swaks know from SMTP. Octets from outside are written out as printable text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from restante.explain.events import (
    AuthResponseSent,
    BodyEnd,
    BodyReceived,
    Challenged,
    Closed,
    CommandSent,
    Greeted,
    Replied,
    WireEvent,
)
from restante.explain.line_events import (
    Connected,
    Disturbed,
    Joined,
    LineEvent,
    Lost,
    Sealed,
    Secured,
    StrayLine,
)
from restante.explain.wire import Side

__all__ = [
    "SHOWN_CHARACTERS",
    "SHOWN_LISTING_LINES",
    "WireLine",
    "closed_line",
    "line_lines",
    "printable",
    "printable_text",
    "wire_lines",
]

SHOWN_CHARACTERS: Final = 600
"""Of one line. A status line has at most 512 octets."""

SHOWN_LISTING_LINES: Final = 20
"""Of a listing, where not everything is asked for: a maildrop of 20,000 messages is not told line by line."""


@dataclass(frozen=True, slots=True)
class WireLine:
    """A line as it is shown."""

    mark: str
    text: str


def printable(octets: bytes) -> str:
    r"""Give octets as printable text on one line: UTF-8 where it is that, the rest as `\xNN`."""
    text = octets[: SHOWN_CHARACTERS * 4].decode("utf-8", "backslashreplace")
    if len(text) > SHOWN_CHARACTERS:
        text = text[: SHOWN_CHARACTERS - 1] + "…"
    return "".join([c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text])


def printable_text(text: str) -> str:
    r"""Give a text from outside as `printable` does; what no UTF-8 can hold (lone surrogates) as `\uNNNN`."""
    return printable(text.encode("utf-8", "backslashreplace"))


def wire_lines(event: WireEvent, *, all_lines: bool = False) -> tuple[WireLine, ...]:
    """Give the lines of an event. `all_lines` gives long listings in full."""
    client, server = ("~>", "<~") if event.secured else ("->", "<-")
    refused = "<~*" if event.secured else "<**"
    match event:
        case CommandSent():
            return (WireLine(client, printable(event.line)),)
        case AuthResponseSent():
            return (WireLine(client, printable(event.line)),)
        case Greeted() | Replied():
            return (WireLine(server if event.good else refused, _status(event)),)
        case Challenged():
            return (WireLine(server, f"+ {_challenge(event)}".rstrip()),)
        case BodyReceived():
            return _body(event, server, all_lines=all_lines)
        case Closed():
            return (closed_line(event.by, event.reason),)
        case _:
            return line_lines(event)


def line_lines(event: LineEvent) -> tuple[WireLine, ...]:
    """Give the lines of an event that is the same for all protocols."""
    match event:
        case Connected():
            come = f" from {printable_text(event.client)}" if event.client else ""
            text = f"connected {printable_text(event.server)}".rstrip() + come
        case Joined():
            text = "joined midway"
            if event.for_seconds is not None and event.commands is not None:
                text += f": after {event.for_seconds} s, commands so far: {event.commands}"
        case Secured():
            text = f"TLS {printable_text(event.description)}".rstrip()
        case Sealed():
            return (WireLine("~>" if event.side is Side.CLIENT else "<~", _sealed(event)),)
        case StrayLine():
            text = printable(event.line) if event.line else f"({event.octets} octets)"
            return (WireLine("<~" if event.secured else "<-", text),)
        case Lost():
            text = f"{event.octets} octets of the {event.side.name.lower()} were not recorded"
        case Disturbed():
            text = f"segments sent again: {event.resent}, out of order: {event.disordered}"
        case _:
            assert_never(event)
    return (WireLine("===", text),)


def closed_line(by: Side | None, reason: str) -> WireLine:
    """Give the line of an end."""
    who = f" by the {by.name.lower()}" if by else ""
    return WireLine("===", f"closed{who} {printable_text(reason)}".rstrip())


def _sealed(event: Sealed) -> str:
    what = [event.kind.value, event.version, printable(event.server_name), event.alert]
    return f"(TLS: {', '.join([word for word in what if word])})"


def _status(event: Greeted | Replied) -> str:
    code = f"[{printable(event.code)}]" if event.code else ""
    words = ["+OK" if event.good else "-ERR", code, printable(event.text)]
    return " ".join([word for word in words if word])


def _challenge(event: Challenged) -> str:
    if event.text:
        return f"({printable(event.text)})"
    # An empty challenge is a plus sign, a space and the line's end.
    return "" if event.octets <= len("+ \r\n") else "…"


def _body(event: BodyReceived, mark: str, *, all_lines: bool) -> tuple[WireLine, ...]:
    if event.end is BodyEnd.NOT_SHOWN:
        octets = "" if event.wire_octets is None else f", {event.wire_octets} octets on the wire"
        return (WireLine(mark, f"(not shown{octets})"),)
    shown = event.lines if all_lines or event.is_message else event.lines[:SHOWN_LISTING_LINES]
    lines = [WireLine(mark, printable(line)) for line in shown]
    left = (event.line_count or 0) - len(shown)
    if left:
        what = "more lines" if shown else "lines"
        octets = f", {event.octets} octets" if not shown else ""
        lines.append(WireLine(mark, f"({left} {what}{octets})"))
    if event.end is BodyEnd.COMPLETE:
        lines.append(WireLine(mark, "."))
    return tuple(lines)
