"""Sessions as scripts of a few lines, and what a reader tells of them.

    C: RETR 1
    S: +OK

A line that starts with `|` is octets as they stand, with escapes and no line end added: `C| RETR 1\n`.
"""

from __future__ import annotations

from collections.abc import Iterator

from restante.explain.events import Show, WireEvent
from restante.explain.reader import Reader
from restante.explain.wire import Side

TUTORIAL = """
S: +OK POP3 Server ready
C: USER Ted
S: +OK
C: PASS SECRET
S: +OK Ted has 1 messages (120 octets)
C: RETR 1
S: +OK (120 octets)
C: DELE 1
S: +OK message 1 deleted
C: QUIT
S: +OK POP3 Server signing off
"""
"""The transcript of the tutorial of 1999, in which the message itself is left out."""


def pieces(script: str) -> Iterator[tuple[Side, bytes]]:
    for line in script.splitlines():
        if not line:
            continue
        side, mark, text = Side(line[0]), line[1], line[3:]
        if mark == "|":
            yield side, text.encode().decode("unicode_escape").encode("latin-1")
        else:
            yield side, text.encode() + b"\r\n"


def told(
    script: str, *, show: Show = Show.NOTHING, excerpt: bool = False, cut: int | None = None, end: bool = True
) -> list[WireEvent]:
    """Give the events of a script. `cut` gives each side's octets in pieces of that many."""
    events: list[WireEvent] = []
    reader = Reader(events.append, show=show, excerpt=excerpt)
    reader.connected("pop.example.org:110", at_seconds=None)
    for side, octets in pieces(script):
        step = cut or len(octets) or 1
        for start in range(0, len(octets), step):
            reader.octets(side, octets[start : start + step], at_seconds=None)
    if end:
        reader.closed(None, "", at_seconds=None)
    return events
