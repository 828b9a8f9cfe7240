r"""The client's half of the wire: octets in, replies out.

A `ReplyReader` gives status lines and the chunks of what follows them, un-stuffed; whoever sent the command knows
which replies are multi-line. A multi-line reply ends at CRLF `.` CRLF and nowhere else: not at `\n.\n`, and not at
a dot where a read happened to end. However the octets are cut, the same comes out. Work is linear in octets, and no
more than one line, or the last few octets of a body, is kept back.

It takes servers as they are: status indicators in any case, a status line ended by LF alone, blank lines before
one. What cannot be a reply raises `BadReply`, and what is longer than `line_octets` raises `ReplyLineTooLong`;
after either the reader is of no use, since it cannot tell where the next reply begins. Sources: RFC 1939 §3
(replies, byte-stuffing, the terminating line), RFC 2449 §4 and §8 (lengths, response codes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = [
    "MOST_BLANK_LINES",
    "REPLY_LINE_OCTETS",
    "BadReply",
    "ReplyLineTooLong",
    "ReplyReader",
    "Status",
    "status_of",
]

REPLY_LINE_OCTETS: Final = 16 * 1024 + 4
"""The longest line of a server outside a body, its end included. RFC 2449 §4 says 512, and servers that say more in
a greeting or an error are many; a challenge of AUTH may take 16 KiB after its prefix (RFC 5034 §4)."""

MOST_BLANK_LINES: Final = 8
"""How many empty lines are passed over before a status line."""

_TERMINATOR: Final = b"\r\n.\r\n"
_LINE_END: Final = b"\r\n"
_STUFFED: Final = b"\r\n."
_STATUS: Final = re.compile(rb"(\+OK|-ERR)(?![A-Za-z])[ \t]*(?:\[([^\[\]\r\n]{1,64})\])?", re.I)


class BadReply(Exception):
    """Theirs: a line that is no reply stands where one belongs."""

    def __init__(self, line: bytes) -> None:
        super().__init__("the server sent a line that is no POP3 reply")
        self.line = line
        """Without its end; hostile."""


class ReplyLineTooLong(Exception):
    """Theirs: a line of a reply has no end within the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the server sent a line of more than {limit} octets")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Status:
    """The first line of a reply."""

    ok: bool
    code: bytes | None
    """What stands in brackets, in upper case; None where nothing does. Source: RFC 2449 §8."""
    line: bytes
    """The whole line without its end; hostile."""

    @property
    def text(self) -> bytes:
        """What follows the status indicator, the response code included."""
        return self.line.lstrip()[3 if self.ok else 4 :].strip()


def status_of(line: bytes) -> Status:
    """Read a status line without its end. Raises BadReply."""
    found = _STATUS.match(line)
    if found is None:
        # Spaces before the indicator are the habit of one old gateway.
        found = _STATUS.match(line.lstrip())
        if found is None:
            raise BadReply(line)
    indicator, code = found.groups()
    return Status(indicator[:1] == b"+", None if code is None else code.upper(), line)


class ReplyReader:
    """Parts what a server sends into replies.

    Give it octets with `receive`; then take, as the commands that are under way demand, status lines with `status`,
    lines of an AUTH exchange with `line`, and after a good answer to a multi-line command `begin_body` once and
    `chunk` until `in_body` is False. Each gives None when more octets are needed.
    """

    __slots__ = ("_blank_lines", "_buffer", "_position", "in_body", "line_octets")

    in_body: bool
    """Whether the reply under way is in its multi-line part."""

    def __init__(self, line_octets: int = REPLY_LINE_OCTETS) -> None:
        self.line_octets = line_octets
        self.in_body = False
        self._buffer = _LINE_END
        # What comes next. Two octets or more always stand before it, so that a body can begin with a seam.
        self._position = len(_LINE_END)
        self._blank_lines = 0

    def receive(self, octets: bytes) -> None:
        """Take octets from the wire."""
        kept = self._position - len(_LINE_END)
        self._buffer = (self._buffer[kept:] if kept else self._buffer) + octets
        self._position = len(_LINE_END)

    @property
    def pending(self) -> int:
        """How many octets wait. After the +OK to STLS any at all is an attack (CVE-2011-0411)."""
        return len(self._buffer) - self._position

    @property
    def unfinished(self) -> bytes:
        """What waits, as it is. For who must say what a server sent instead of a reply; hostile."""
        return self._buffer[self._position :]

    def line(self) -> bytes | None:
        """Give the next line without its end, or None. Raises ReplyLineTooLong."""
        buffer, start = self._buffer, self._position
        end = buffer.find(b"\n", start, start + self.line_octets)
        if end < 0:
            if len(buffer) - start >= self.line_octets:
                raise ReplyLineTooLong(self.line_octets)
            return None
        self._position = end + 1
        return buffer[start : end - 1] if end > start and buffer[end - 1] == 0x0D else buffer[start:end]

    def status(self) -> Status | None:
        """Give the next status line, or None. Raises BadReply and ReplyLineTooLong."""
        while (line := self.line()) is not None:
            if line.strip():
                self._blank_lines = 0
                return status_of(line)
            self._blank_lines += 1
            if self._blank_lines > MOST_BLANK_LINES:
                raise BadReply(line)
        return None

    def begin_body(self) -> None:
        """Hear that what follows the status line just given is multi-line."""
        self.in_body = True
        start = self._position
        if self._buffer[start - 2 : start] != _LINE_END:
            # The status line ended by LF alone; the body's first line begins a line all the same.
            self._buffer = _LINE_END + self._buffer[start:]
            self._position = len(_LINE_END)

    def chunk(self) -> bytes | None:
        """Give what is there of the body, un-stuffed, or None; empty where only its end was left.

        After the terminating line, which is not part of it, `in_body` is False.
        """
        buffer, position = self._buffer, self._position
        # The two octets before the position tell whether it is at the start of a line.
        seam = position - len(_LINE_END)
        found = buffer.find(_TERMINATOR, seam)
        if found >= 0:
            end = found + len(_LINE_END)
            self._position = found + len(_TERMINATOR)
            self.in_body = False
        else:
            # Where the terminator may have begun, nothing is given yet.
            end = len(buffer) - (len(_TERMINATOR) - 1)
            if end <= position:
                return None
            self._position = end
        if buffer.find(_STUFFED, seam, end) < 0:
            return buffer[position:end]
        return buffer[seam:end].replace(_STUFFED, _LINE_END)[len(_LINE_END) :]
