"""Reads what `curl --trace` and `--trace-ascii` write: each piece that went over the wire, with its direction.

    21:58:20.731402 <= Recv header, 54 bytes (0x36)
    0000: +OK ready

In the ASCII form a line ends where CR LF stood, which the numbers at its start tell; octets that do not print are
dots. What belongs to TLS itself is passed over.
"""

from __future__ import annotations

import re
from typing import Final

from restante.explain.line_reader import LineReader
from restante.explain.sources.source import OpenSession
from restante.explain.sources.times import Clock
from restante.explain.undecided import SessionReader
from restante.explain.wire import Side

__all__ = ["CurlTraceSource", "looks_like_a_curl_trace"]

_PIECE: Final = re.compile(
    r"(?:(?P<time>[0-9:.]{8,15}) )?(?:=>|<=) (?P<way>Send|Recv) (?P<kind>header|data|SSL data), "
    r"(?P<octets>[0-9]{1,9}) byte"
)
_INFO: Final = re.compile(r"(?:(?P<time>[0-9:.]{8,15}) )?== Info: *(?:\[[^\]]*\] )?(?P<text>.*)$")
_CONNECTED: Final = re.compile(r"(?:Connected|Established connection) to (\S{1,255}) \(.{0,80}?port ([0-9]{1,5})")
_SECURED: Final = re.compile(r"SSL connection using (.{1,100})$")
_CLOSED: Final = re.compile(r"(?:Closing connection|shutting down connection|.*[Tt]imed out|.*reset by peer)")
_DUMP: Final = re.compile(rb"([0-9a-f]{4,8}): ?(.*)$", re.DOTALL)
_HEX: Final = re.compile(rb"((?:[0-9a-f]{2} ){1,16})")


def looks_like_a_curl_trace(head: bytes) -> bool:
    """Tell whether a file is such a trace."""
    return (
        re.search(rb"^(?:[0-9:.]{8,15} )?(?:=>|<=) (?:Send|Recv) (?:header|data)", head, re.MULTILINE) is not None
    )


class CurlTraceSource:
    """Reads one file."""

    def __init__(self, open_session: OpenSession) -> None:
        self._open = open_session
        self._lines = LineReader()
        self._clock = Clock()
        self._reader: SessionReader | None = None
        self._side: Side | None = None
        self._left = 0
        # A line of the ASCII form, of which the next one tells how it ended.
        self._held: tuple[int, bytes] | None = None
        self._piece_octets = 0

    def feed(self, octets: bytes) -> None:
        """Take the next octets."""
        start = 0
        while start < len(octets):
            line, start = self._lines.take(octets, start)
            if line is not None:
                self._take(line.kept)

    def finish(self) -> None:
        """Take note that there are no more."""
        line = self._lines.finish()
        if line is not None:
            self._take(line.kept)
        self._end_piece()
        self._close("")

    def _take(self, line: bytes) -> None:
        dump = _DUMP.match(line)
        if dump is not None:
            if self._side is not None:
                self._dump(int(dump[1], 16), dump[2])
            return
        self._end_piece()
        text = line.decode("utf-8", "replace")
        if (piece := _PIECE.match(text)) is not None:
            self._clock.read(piece["time"])
            if piece["kind"] != "SSL data":
                self._side = Side.CLIENT if piece["way"] == "Send" else Side.SERVER
                self._piece_octets = int(piece["octets"])
        elif (info := _INFO.match(text)) is not None:
            self._clock.read(info["time"])
            self._note(info["text"])

    def _dump(self, offset: int, text: bytes) -> None:
        if (octets := _HEX.match(text)) is not None and _is_hex_form(text, octets[1]):
            self._say(bytes.fromhex(octets[1].decode("ascii")))
            return
        self._say_held(offset)
        self._held = (offset, text)

    def _say_held(self, next_offset: int) -> None:
        if self._held is None:
            return
        offset, text = self._held
        self._held = None
        gap = next_offset - offset - len(text)
        # Either CR LF stood there, which is not shown, or the line was too long for one row.
        self._say(text + (b"\r\n" if gap >= len(b"\r\n") else b""))

    def _end_piece(self) -> None:
        self._say_held(self._piece_octets)
        self._side = None

    def _say(self, octets: bytes) -> None:
        if self._side is not None:
            self._session().octets(self._side, octets, at_seconds=self._clock.now)

    def _note(self, text: str) -> None:
        if (found := _CONNECTED.match(text)) is not None:
            self._close("")
            self._session(f"{found[1]}:{found[2]}")
        elif (found := _SECURED.match(text)) is not None:
            self._session().secured(found[1], at_seconds=self._clock.now)
        elif _CLOSED.match(text):
            self._close(text[:200])

    def _session(self, server: str = "") -> SessionReader:
        if self._reader is None:
            self._reader = self._open(excerpt=True)
            self._reader.connected(server, at_seconds=self._clock.now)
        return self._reader

    def _close(self, reason: str) -> None:
        if self._reader is not None:
            self._reader.closed(None, reason, at_seconds=self._clock.now)
        self._reader = None


def _is_hex_form(text: bytes, octets: bytes) -> bool:
    """Tell the form of --trace, which has its octets in a column of fixed width, from text that looks like it."""
    return len(text) > 48 and len(octets.rstrip()) // 3 + 1 == len(text) - 48
