"""Reads Dovecot's rawlogs: what the client said in one file, what the server said in another, each line with its
time.

They begin behind the login, unless they are those of the login process. Lines without a time are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from heapq import merge
from typing import Final

from restante.explain.sources.source import OpenSession
from restante.explain.wire import Side

__all__ = ["LARGEST_RAWLOG_OCTETS", "looks_like_a_rawlog", "read_rawlogs"]

LARGEST_RAWLOG_OCTETS: Final = 64 * 1024 * 1024
"""Of each of the two, which have to be held together."""

_LINE: Final = re.compile(rb"([0-9]{9,11}\.[0-9]{6}) (.*)", re.DOTALL)


def looks_like_a_rawlog(head: bytes) -> bool:
    """Tell whether a file begins as one."""
    return _LINE.match(head) is not None


def read_rawlogs(client: bytes, server: bytes, open_session: OpenSession) -> None:
    """Tell the session of two rawlogs. What it holds cannot make it fail."""
    reader = open_session(excerpt=True)
    now: float | None = None
    # Of two lines at the same time the client's comes first: it is asked before it is answered.
    for now, is_server, octets in merge(_lines(client, 0), _lines(server, 1)):
        reader.octets(Side.SERVER if is_server else Side.CLIENT, octets, at_seconds=now)
    reader.closed(None, "", at_seconds=now)


def _lines(octets: bytes, is_server: int) -> Iterator[tuple[float, int, bytes]]:
    last = 0.0
    place = 0
    while place < len(octets):
        end = octets.find(b"\n", place) + 1 or len(octets)
        found = _LINE.match(octets[place:end])
        place = end
        if found is not None:
            # Clocks are set back at times; the order of one side's lines is what counts.
            last = max(last, float(found[1]))
            yield last, is_server, found[2]
