"""Events of SMTP and LMTP as lines of the wire, with the marks of `explain.wire_lines`."""

from __future__ import annotations

from restante.explain.smtp.events import (
    AuthResponseSent,
    Closed,
    CommandSent,
    MessageSent,
    Replied,
    SmtpEvent,
)
from restante.explain.wire_lines import (
    WireLine,
    closed_line,
    line_lines,
    printable,
)

__all__ = ["smtp_lines"]


def smtp_lines(event: SmtpEvent) -> tuple[WireLine, ...]:
    """Give the lines of an event."""
    client, server = ("~>", "<~") if event.secured else ("->", "<-")
    match event:
        case CommandSent() | AuthResponseSent():
            return (WireLine(client, printable(event.line)),)
        case MessageSent():
            what = "" if event.octets is None else f", {event.octets} octets"
            said = WireLine(client, f"(a message, not shown{what})")
            return (said, WireLine(client, ".")) if event.is_complete and not event.is_chunk else (said,)
        case Replied():
            refused = "<~*" if event.secured else "<**"
            return _reply(event, server if event.good else refused)
        case Closed():
            return (closed_line(event.by, event.reason),)
        case _:
            return line_lines(event)


def _reply(event: Replied, mark: str) -> tuple[WireLine, ...]:
    if event.is_challenge:
        text = printable(b" ".join(event.lines))
        return (WireLine(mark, f"334 {f'({text})' if text else '…'}"),)
    status = f"{printable(event.enhanced)} " if event.enhanced else ""
    last = len(event.lines) - 1
    lines = [
        WireLine(mark, f"{event.code}{' ' if at == last else '-'}{status}{printable(line)}".rstrip())
        for at, line in enumerate(event.lines)
    ]
    return (*lines, WireLine(mark, "(more lines)")) if event.is_cut else tuple(lines)
