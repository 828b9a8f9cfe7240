"""Measures what follows a good status line, as it goes by: octets, lines, dots, line ends; it keeps little.

A listing's lines are kept, up to a limit; a message's are not, unless messages are to be shown. Octets are counted
as RFC 1939 §11 says: each line end is two, stuffed dots and the terminating line do not count. It never fails.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from restante.explain.events import BodyEnd, BodyReceived, CommandSent, LineEnd
from restante.explain.line_reader import Line
from restante.proto.terms import State

__all__ = ["KEPT_LISTING_LINES", "SHOWN_MESSAGE_LINES", "Body"]

KEPT_LISTING_LINES: Final = 20_000
"""Of a listing. A maildrop of more is told of by its numbers, and its first lines."""

SHOWN_MESSAGE_LINES: Final = 1000
"""Of a message, where messages are shown."""

KEPT_OF_A_LINE: Final = 1024
"""Of each line that is kept. A line of UIDL has at most 512 octets."""

_DIGEST_OCTETS: Final = 12


class Body:
    """What has come of one body."""

    __slots__ = (
        "_bare",
        "_below_headers",
        "_digest",
        "_has_empty_line",
        "_is_exact",
        "_keeps",
        "_kept",
        "_line_count",
        "_longest",
        "_octets",
        "_stuffed",
        "_to",
        "_unstuffed",
        "_wire_octets",
        "is_message",
    )

    def __init__(self, to: CommandSent, *, is_message: bool, is_exact: bool, shows_messages: bool) -> None:
        self.is_message = is_message
        self._is_exact = is_exact
        self._to = to
        self._keeps = (SHOWN_MESSAGE_LINES if shows_messages else 0) if is_message else KEPT_LISTING_LINES
        self._kept: list[bytes] = []
        self._octets = self._wire_octets = self._line_count = self._longest = 0
        self._stuffed = self._unstuffed = self._bare = 0
        self._has_empty_line = False
        self._below_headers = 0
        self._digest = blake2b(digest_size=_DIGEST_OCTETS)

    @property
    def to(self) -> CommandSent:
        """The command that it belongs to."""
        return self._to

    @property
    def is_empty(self) -> bool:
        """Whether nothing has come yet."""
        return not self._wire_octets

    def take(self, line: Line) -> bool:
        """Take a line. Gives whether it was the terminating one."""
        kept = line.kept
        self._wire_octets += line.octets
        if kept == b"." and (line.end is LineEnd.CRLF or self._bare == self._line_count):
            # A server that ends all its lines in bare LF ends this one so, too.
            return True
        length = line.length
        self._below_headers += self._has_empty_line
        if kept[:1] == b".":
            if kept[1:2] == b".":
                self._stuffed += 1
            else:
                self._unstuffed += 1
            kept, length = kept[1:], length - 1
        elif not length:
            self._has_empty_line = True
        if line.end is LineEnd.LF:
            self._bare += 1
        self._line_count += 1
        self._longest = max(self._longest, line.octets)
        self._octets += length + (0 if line.end is LineEnd.NONE else 2)
        self._digest.update(kept)
        self._digest.update(b"\n")
        if len(self._kept) < self._keeps:
            self._kept.append(kept[:KEPT_OF_A_LINE])
        return False

    def event(self, end: BodyEnd, *, at_seconds: float | None, state: State, secured: bool) -> BodyReceived:
        """Give what is to be told of it."""
        return BodyReceived(
            at_seconds=at_seconds,
            state=state,
            secured=secured,
            to=self._to,
            end=end,
            is_message=self.is_message,
            octets=self._octets,
            wire_octets=self._wire_octets,
            line_count=self._line_count,
            lines=tuple(self._kept),
            stuffed=self._stuffed,
            unstuffed=self._unstuffed,
            bare_line_ends=self._bare,
            longest_line_octets=self._longest,
            has_empty_line=self._has_empty_line,
            lines_below_headers=self._below_headers,
            is_exact=self._is_exact,
            digest=self._digest.digest(),
        )

    @staticmethod
    def unseen(
        to: CommandSent,
        *,
        is_message: bool,
        wire_octets: int | None,
        at_seconds: float | None,
        state: State,
        secured: bool,
    ) -> BodyReceived:
        """Give what is to be told of a body that the source does not show."""
        return BodyReceived(
            at_seconds=at_seconds,
            state=state,
            secured=secured,
            to=to,
            end=BodyEnd.NOT_SHOWN,
            is_message=is_message,
            octets=None,
            wire_octets=wire_octets,
            line_count=None,
            lines=(),
            stuffed=0,
            unstuffed=0,
            bare_line_ends=0,
            longest_line_octets=0,
            has_empty_line=True,
            lines_below_headers=0,
            is_exact=False,
            digest=b"",
        )
