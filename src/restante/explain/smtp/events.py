"""What happened in a session that brings mail, as a closed union of typed events.

As in `explain.events`, nothing here is a secret unless the reader was asked to show it: credentials are `…`, of an
address only the domain is there, and of a message its octets. Texts of the server are octets as they came: hostile,
to be escaped by whoever shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from restante.explain.events import LineEnd, ResponseKind
from restante.explain.line_events import (
    Connected,
    Disturbed,
    Ended,
    Foreign,
    Happened,
    Joined,
    Lost,
    Sealed,
    Secured,
    StrayLine,
)
from restante.explain.smtp.phase import Phase

__all__ = [
    "AuthResponseSent",
    "Closed",
    "CommandSent",
    "MessageSent",
    "Replied",
    "SmtpEvent",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told(Happened):
    """What all events of SMTP alone have."""

    state: Phase
    """Before this event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSent(_Told):
    """A command line of the client's."""

    sequence: int
    """Its place among the commands of the session, from 1."""
    line: bytes
    """Without its end, and without what is hidden."""
    verb: bytes
    """In upper case; empty for what is no known command."""
    argument: bytes
    """What EHLO calls the client, or the address of MAIL and RCPT as far as it is shown; else empty."""
    is_null_path: bool
    """Whether MAIL names nobody: `<>`."""
    has_path: bool
    """Whether MAIL or RCPT has an address in the form of RFC 5321; True for all other commands."""
    has_8bit_path: bool
    """Whether its address has octets beyond ASCII."""
    message_octets: int | None
    """What MAIL says of the message (SIZE), or what BDAT announces."""
    says_8bit: bool
    """Whether MAIL says that the message may have octets beyond ASCII (BODY=8BITMIME or BINARYMIME)."""
    says_utf8: bool
    """Whether MAIL says that addresses and headers may be in UTF-8 (SMTPUTF8)."""
    mechanism: str | None
    """Of AUTH, if it is a registered one."""
    has_initial_response: bool
    foreign: Foreign | None
    """Another protocol to which the line belongs."""
    line_end: LineEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthResponseSent(_Told):
    """A line of the client's within an AUTH exchange."""

    to: CommandSent
    kind: ResponseKind
    line: bytes
    """`…`, or what holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(_Told):
    """The message, between the server's leave and the line with a dot alone; or one chunk of it (BDAT)."""

    octets: int | None
    """Canonical, without stuffed dots and the terminating line; None where the source shows none of it."""
    lines: int | None
    """None where nobody counted them."""
    is_complete: bool
    """Whether its terminating line came."""
    is_chunk: bool
    """Whether it is one of BDAT's, which has no terminating line (RFC 3030 §2)."""
    is_exact: bool
    """Whether the octets are those of the wire; a log may show them cut, or in another character set."""
    has_bare_dot: bool
    """Whether a dot stood alone on a line, but not between two CRLF: no end of a message, though some take it."""
    ends_in_bare_dot: bool
    """Whether such a dot was the last that came."""
    bare_line_ends: int
    """Lines that ended in a bare LF."""
    undoubled_dots: int
    """Lines that began with a dot, more behind it, that was not doubled."""
    has_8bit: bool
    """Whether there were octets beyond ASCII."""
    has_8bit_header: bool
    longest_line_octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(_Told):
    """A reply of the server's, all its lines."""

    to: CommandSent | None
    """The command that it answers; None for the greeting, and where nothing was asked."""
    is_greeting: bool
    for_message: bool
    """Whether it answers the message, and not the command DATA."""
    code: int
    enhanced: bytes
    """The status code of RFC 3463, `5.1.1`; empty without."""
    lines: tuple[bytes, ...]
    """The texts, without codes; of a challenge what is for people."""
    is_cut: bool
    """Whether the source shows its first line only."""

    @property
    def good(self) -> bool:
        """Whether it is no refusal (RFC 5321 §4.2.1)."""
        return self.code < 400

    @property
    def is_challenge(self) -> bool:
        """Whether it asks for the next line of an AUTH exchange."""
        return self.code == 334

    @property
    def text(self) -> bytes:
        """All its lines as one."""
        return b" ".join([line for line in self.lines if line])


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Ended):
    """The connection ended, or the record of it."""

    state: Phase
    unanswered: tuple[CommandSent, ...]
    """Commands to which no reply came; the first ones, if there are many. A message that waits for its answer is
    told as its DATA."""


SmtpEvent: TypeAlias = (
    Connected
    | Joined
    | Secured
    | Sealed
    | CommandSent
    | AuthResponseSent
    | MessageSent
    | Replied
    | StrayLine
    | Lost
    | Disturbed
    | Closed
)
