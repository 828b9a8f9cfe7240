r"""Lines: splitting commands, canonical line ends, byte-stuffing, and the one TOP cutter.

Each transformation comes whole (a function, for a message in hand) and in chunks (a class, for a long one); the
two give the same octets however the chunks are cut. All work is linear in octets.
Sources: RFC 1939 §3 (lines, byte-stuffing, the terminating line), §7 (TOP), §11 (octets); RFC 2449 §4 (255).
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "COMMAND_LINE_OCTETS",
    "DOTS_UNKNOWN",
    "TERMINATING_LINE",
    "Canonicalizer",
    "LineSplitter",
    "LineTooLong",
    "Stuffer",
    "TopCutter",
    "canonical",
    "has_bare_line_end",
    "is_canonical",
    "stuffed",
    "top",
]

COMMAND_LINE_OCTETS: Final = 255
"""The longest command line, its CRLF included. Source: RFC 2449 §4."""

TERMINATING_LINE: Final = b".\r\n"
"""Source: RFC 1939 §3."""


DOTS_UNKNOWN: Final = -1
"""In the place of how many lines begin with a dot: each line is looked at."""


class LineTooLong:
    """Stands in the stream of lines where one was longer than the limit."""


_LINE_TOO_LONG: Final = LineTooLong()


class LineSplitter:
    """Parts what a client sends into lines.

    A line ends at LF; a CR before it belongs to the end. So CRLF ends a line as the RFC says, and so does the bare
    LF of a person at netcat and of many an old device, which would wait for ever otherwise. A line longer than
    `limit` octets, its end included, is told once, as soon as that is known; the rest of it is skipped without
    being kept.
    """

    __slots__ = ("_buffer", "_position", "_skipping", "limit", "more")

    limit: int
    """Octets, line end included. May be changed between lines (an AUTH exchange has a larger one)."""
    more: bool
    """Whether octets wait, be it a part of a line only: asked at each command, so it is no call."""

    def __init__(self, limit: int = COMMAND_LINE_OCTETS) -> None:
        self.limit = limit
        self.more = False
        self._buffer = b""
        # Where the next line starts: cutting the buffer at each line would copy a long pipeline over and over.
        self._position = 0
        self._skipping = False

    def receive(self, octets: bytes) -> None:
        """Take octets from the wire. Call `next_line` until it gives None before the next call, or buffers grow."""
        if self._skipping:
            end = octets.find(b"\n")
            if end < 0:
                return
            octets = octets[end + 1 :]
            self._skipping = False
        position = self._position
        if position == len(self._buffer):
            self._buffer = octets
        else:
            self._buffer = self._buffer[position:] + octets
        self._position = 0
        self.more = bool(self._buffer)

    def next_line(self) -> bytes | LineTooLong | None:
        """Give the next line without its end, or the sign that it was too long, or None when more is needed."""
        buffer, start = self._buffer, self._position
        end = buffer.find(b"\n", start)
        if end < 0:
            # A line of `limit` octets whose last one is LF can still come only below this length.
            if len(buffer) - start < self.limit:
                return None
            self._buffer, self._position = b"", 0
            self._skipping, self.more = True, False
            return _LINE_TOO_LONG
        position = self._position = end + 1
        self.more = position < len(buffer)
        if end - start >= self.limit:
            return _LINE_TOO_LONG
        if end > start and buffer[end - 1] == 0x0D:
            end -= 1
        return buffer[start:end]

    @property
    def pending(self) -> int:
        """How many octets wait. After STLS any at all is an attack (CVE-2011-0411)."""
        return len(self._buffer) - self._position


def has_bare_line_end(octets: bytes) -> bool:
    """Tell whether there is a CR or an LF that is not part of a CRLF."""
    # Counting is some twenty times as fast as a regular expression that looks for one.
    pairs = octets.count(b"\r\n")
    return octets.count(b"\n") != pairs or octets.count(b"\r") != pairs


def is_canonical(octets: bytes) -> bool:
    """Tell whether `canonical` would change nothing."""
    return not has_bare_line_end(octets) and (not octets or octets.endswith(b"\n"))


def _with_crlf(octets: bytes) -> bytes:
    if not has_bare_line_end(octets):
        return octets
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def canonical(octets: bytes) -> bytes:
    """Give a message its canonical form: each CRLF, bare CR and bare LF is one CRLF, and the last line is ended.

    No octets stay no octets. Linear, and without a copy when there is nothing to do.
    """
    octets = _with_crlf(octets)
    if octets and not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    return octets


class Canonicalizer:
    """`canonical` in chunks."""

    __slots__ = ("_ended", "_held_cr", "_started")

    def __init__(self) -> None:
        self._held_cr = False
        self._ended = True
        self._started = False

    def feed(self, chunk: bytes) -> bytes:
        """Give the canonical form of a chunk; a CR at its end is held back until it is known what follows."""
        if not chunk:
            return b""
        self._started = True
        if self._held_cr:
            chunk = b"\r" + chunk
        self._held_cr = chunk.endswith(b"\r")
        if self._held_cr:
            chunk = chunk[:-1]
            if not chunk:
                return b""
        chunk = _with_crlf(chunk)
        self._ended = chunk.endswith(b"\n")
        return chunk

    def finish(self) -> bytes:
        """Give what is still owed at the end: a held line end, or one for a last line that had none."""
        owed = b"\r\n" if self._started and (self._held_cr or not self._ended) else b""
        self._held_cr, self._ended = False, True
        return owed


def stuffed(octets: bytes, dots: int = DOTS_UNKNOWN) -> bytes:
    """Byte-stuff canonical octets: each line that starts with a dot gets one more. Source: RFC 1939 §3.

    `dots`: how many such lines there are at most. To look for them takes longer than all else that is done with a
    message, and nobody looks beyond the last.
    """
    if not dots:
        return octets
    if octets[:1] != b".":
        return octets.replace(b"\n.", b"\n..", dots)
    return b"." + octets.replace(b"\n.", b"\n..", dots if dots < 0 else dots - 1)


class Stuffer:
    """`stuffed` in chunks."""

    __slots__ = ("_at_line_start", "_left")

    def __init__(self, dots: int = DOTS_UNKNOWN) -> None:
        """Begin; `dots` is how many lines start with one at most."""
        self._at_line_start = True
        self._left = dots

    def feed(self, chunk: bytes) -> bytes:
        """Byte-stuff the next canonical chunk."""
        if not chunk or not self._left:
            return chunk
        at_line_start, self._at_line_start = self._at_line_start, chunk.endswith(b"\n")
        # What does not start a line is looked at from its second octet on.
        part = stuffed(chunk, self._left) if at_line_start else chunk.replace(b"\n.", b"\n..", self._left)
        if self._left > 0:
            self._left -= len(part) - len(chunk)
        return part


class TopCutter:
    """Cuts a canonical message for TOP: the headers, the empty line, then `lines` lines of the body.

    `feed` gives what belongs to the answer; `done` tells that nothing more will. A message without an empty line
    is all headers. Source: RFC 1939 §7.
    """

    __slots__ = ("_in_body", "_left", "_tail", "done")

    def __init__(self, lines: int) -> None:
        self._left = lines
        self._in_body = False
        # The last octets seen of the headers; a message that starts with an empty line has no headers at all.
        self._tail = b"\r\n"
        self.done = False

    def feed(self, chunk: bytes) -> bytes:
        """Give the part of a chunk that belongs to the answer."""
        if self.done or not chunk:
            return b""
        start = 0
        if not self._in_body:
            seam = self._tail + chunk
            found = seam.find(b"\r\n\r\n")
            if found < 0:
                self._tail = seam[-3:]
                return chunk
            self._in_body = True
            start = found + 4 - len(self._tail)
        end = start
        while self._left:
            found = chunk.find(b"\n", end)
            if found < 0:
                return chunk
            end = found + 1
            self._left -= 1
        self.done = True
        return chunk[:end]


def top(octets: bytes, lines: int) -> bytes:
    """Give what TOP sends of a whole canonical message, not yet byte-stuffed."""
    return TopCutter(lines).feed(octets)
