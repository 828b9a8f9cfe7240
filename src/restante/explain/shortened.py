"""Replies of which only the first line and the octets are known: what a server tells of its own sessions.

The rest of a listing or a message went over the wire, but nobody wrote it down.
"""

from __future__ import annotations

from restante.explain.reader import Reader
from restante.explain.wire import Side

__all__ = ["hear_reply"]

_LINE_END_OCTETS = 2


def hear_reply(reader: Reader, line: bytes, octets: int | None, *, at_seconds: float | None) -> None:
    """Tell a reader a reply: its first line, without its end, and the octets of all of it, if they are known."""
    reader.line(Side.SERVER, line, at_seconds=at_seconds)
    if reader.awaits_body:
        rest = None if octets is None else max(octets - len(line) - _LINE_END_OCTETS, 0)
        reader.body_left_out(rest, at_seconds=at_seconds)
