"""A message on its way by SMTP, measured as it goes by; nothing of it is kept.

It ends where RFC 5321 §4.5.2 says: at a dot alone between two CRLF. A dot between other line ends ends it for some
servers and not for others (RFC 5321 §2.3.8), so it is told, and what the server says next decides.
"""

from __future__ import annotations

import re
from typing import Final

from restante.explain.events import LineEnd
from restante.explain.line_reader import Line
from restante.explain.smtp.events import MessageSent
from restante.explain.smtp.phase import Phase

__all__ = ["Message"]

_MEASURED: Final = re.compile(rb"\(message, ([0-9]{1,18}) octets\)")
"""As a server of ours tells of a message."""

_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")


class Message:
    """Measures one message, or one chunk of it."""

    __slots__ = (
        *("_bare_line_ends", "_behind_crlf", "_ends_in_bare_dot", "_has_8bit", "_has_8bit_header", "_has_bare_dot"),
        *("_in_headers", "_is_chunk", "_is_exact", "_longest", "_undoubled", "lines", "octets"),
    )

    def __init__(self, *, is_exact: bool, is_chunk: bool = False) -> None:
        self.octets: int | None = 0
        self.lines: int | None = 0
        self._is_exact = is_exact
        self._is_chunk = is_chunk
        self._bare_line_ends = self._undoubled = self._longest = 0
        self._has_8bit = self._has_8bit_header = self._has_bare_dot = self._ends_in_bare_dot = False
        self._in_headers = self._behind_crlf = True

    @property
    def ends_in_bare_dot(self) -> bool:
        """Whether the last line is a dot alone that does not stand between two CRLF."""
        return self._ends_in_bare_dot

    def leave_out(self) -> None:
        """Hear that the source shows nothing, or not all, of the message."""
        self.octets = self.lines = None

    def take(self, line: Line) -> bool:
        """Take a line. Gives whether it ended the message."""
        if not self._is_exact and not self.lines and (measured := _MEASURED.fullmatch(line.kept)):
            self.octets, self.lines = int(measured[1]), None
            return True
        self._ends_in_bare_dot = False
        is_dot = line.kept == b"." and line.length == 1 and line.end is not LineEnd.NONE
        if is_dot and self._behind_crlf and line.end is LineEnd.CRLF:
            return True
        if is_dot:
            self._has_bare_dot = self._ends_in_bare_dot = True
        self._behind_crlf = line.end is LineEnd.CRLF
        self._measure(line)
        return False

    def take_octets(self, count: int) -> None:
        """Take octets of a chunk, which has no lines."""
        self.octets, self.lines = (self.octets or 0) + count, None

    def _measure(self, line: Line) -> None:
        begins_with_dot = line.kept[:1] == b"."
        self.lines = (self.lines or 0) + 1
        self.octets = (self.octets or 0) + line.octets - begins_with_dot
        self._bare_line_ends += line.end is LineEnd.LF
        self._undoubled += begins_with_dot and line.kept[1:2] not in (b"", b".")
        self._longest = max(self._longest, line.octets - begins_with_dot)
        if _BEYOND_ASCII.search(line.kept):
            self._has_8bit = True
            self._has_8bit_header = self._has_8bit_header or self._in_headers
        self._in_headers = self._in_headers and bool(line.kept)

    def event(self, *, at_seconds: float | None, state: Phase, secured: bool, is_complete: bool) -> MessageSent:
        """Give what there is to tell."""
        return MessageSent(
            at_seconds=at_seconds,
            state=state,
            secured=secured,
            octets=self.octets,
            lines=self.lines,
            is_complete=is_complete,
            is_chunk=self._is_chunk,
            is_exact=self._is_exact,
            has_bare_dot=self._has_bare_dot,
            ends_in_bare_dot=self._ends_in_bare_dot,
            bare_line_ends=self._bare_line_ends,
            undoubled_dots=self._undoubled,
            has_8bit=self._has_8bit,
            has_8bit_header=self._has_8bit_header,
            longest_line_octets=self._longest,
        )
