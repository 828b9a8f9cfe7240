"""What happened in a session, as a closed union of typed events: what the reader makes and all explainers read.

Nothing in an event is a secret unless the reader was asked to show it: credentials are replaced by `…` where the
event is made. Texts of the server and names are octets as they came: hostile, to be escaped by whoever shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import Final, TypeAlias

from restante.explain.line_events import (
    Connected,
    Disturbed,
    Ended,
    Foreign,
    Happened,
    Joined,
    Lost,
    Sealed,
    SealedKind,
    Secured,
    StrayLine,
)
from restante.proto.parser import MisuseKind
from restante.proto.spec import CommandSpec
from restante.proto.terms import State

__all__ = [
    "AuthResponseSent",
    "BodyEnd",
    "BodyReceived",
    "Challenged",
    "Closed",
    "CommandSent",
    "Connected",
    "Disturbed",
    "Foreign",
    "Greeted",
    "Joined",
    "LineEnd",
    "Lost",
    "Replied",
    "ResponseKind",
    "Sealed",
    "SealedKind",
    "Secured",
    "Show",
    "StrayLine",
    "WireEvent",
]


LINES_WITHOUT_END: Final = 1_000_000
"""No message has as many."""


class Show(Flag):
    """What a reader lets through that it hides otherwise."""

    NOTHING = 0
    NAMES = auto()
    """The names of USER and APOP. People type passwords there."""
    MESSAGES = auto()
    """The first octets of messages."""
    SECRETS = auto()
    """Passwords, digests and the lines of AUTH, with the names."""


class LineEnd(Enum):
    """How a line ended."""

    CRLF = "CRLF"
    LF = "bare LF"
    NONE = "no end"
    """The line broke off."""


class ResponseKind(Enum):
    """What a client's line within an AUTH exchange is."""

    DATA = "data"
    EMPTY = "empty"
    CANCEL = "cancel"
    BAD_BASE64 = "bad base64"


class BodyEnd(Enum):
    """How what follows a status line ended."""

    COMPLETE = "complete"
    """By its terminating line."""
    CUT = "cut short"
    """The session went on or ended without one."""
    UNFINISHED = "not all recorded"
    """The record ends before it does."""
    NOT_SHOWN = "not shown"
    """The source tells nothing of it, or only its octets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told(Happened):
    """What all events of POP3 alone have."""

    state: State
    """The state of the session, as its replies show it, before this event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSent(_Told):
    """A command line of the client's."""

    sequence: int
    """Its place among the commands of the session, from 1."""
    line: bytes
    """Without its end, and without credentials."""
    keyword: bytes
    """In upper case; empty for what is no known keyword of any mail protocol."""
    spec: CommandSpec | None
    number: int | None
    """The message number, where one was named."""
    lines: int | None
    """How many lines TOP asks for."""
    name: bytes | None
    """The name of USER and APOP, if names are shown."""
    account: bytes
    """A digest of whose maildrop is asked for, to tell whether two sessions ask for the same; empty if unknown."""
    mechanism: str | None
    """Of AUTH, if it is a registered one."""
    has_argument: bool
    """Whether anything followed the keyword."""
    has_initial_response: bool
    misuse: MisuseKind | None
    """What is wrong with the line's form; None when all is well. States are no affair of a line."""
    foreign: Foreign | None
    octets: int
    """Of the line, its end included."""
    line_end: LineEnd

    @property
    def asks_for_all(self) -> bool:
        """Whether a whole message is asked for: by RETR, or (fetchmail) by TOP with more lines than any has."""
        return self.keyword == b"RETR" or (self.keyword == b"TOP" and (self.lines or 0) >= LINES_WITHOUT_END)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthResponseSent(_Told):
    """A line of the client's within an AUTH exchange."""

    to: CommandSent
    kind: ResponseKind
    line: bytes
    """`…`, or what holds no secret: an empty line and `*`."""
    octets: int
    line_end: LineEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeted(_Told):
    """The first line of the server."""

    good: bool
    """+OK or -ERR."""
    code: bytes | None
    """The response code, in upper case, without its brackets."""
    text: bytes
    """What follows the status indicator and the code."""
    timestamp: bytes | None
    """APOP's, with its angle brackets."""
    octets: int
    line_end: LineEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(_Told):
    """A status line of the server's."""

    to: CommandSent | None
    """The command that it answers; None when nothing was asked."""
    good: bool
    code: bytes | None
    text: bytes
    octets: int
    line_end: LineEnd
    new_state: State
    """The state from here on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenged(_Told):
    """A challenge of an AUTH exchange."""

    to: CommandSent
    text: bytes
    """Decoded, where it is for people or harmless (an OAuth error, a prompt); otherwise empty."""
    is_base64: bool
    octets: int
    line_end: LineEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyReceived(_Told):
    """What followed a good status line: a listing or a message."""

    to: CommandSent
    end: BodyEnd
    is_message: bool
    octets: int | None
    """Canonical, without stuffed dots and the terminating line (RFC 1939 §11); None when not shown."""
    wire_octets: int | None
    """As they came, the terminating line included; None when nobody knows."""
    line_count: int | None
    lines: tuple[bytes, ...]
    """The first lines of a listing, unstuffed, without their ends; of a message only if messages are shown."""
    stuffed: int
    """Lines that began with a stuffed dot."""
    unstuffed: int
    """Lines that began with a dot that was not stuffed."""
    bare_line_ends: int
    """Lines that ended in a bare LF."""
    longest_line_octets: int
    has_empty_line: bool
    """Whether there was an empty line: where a message's headers end."""
    lines_below_headers: int
    """How many lines came behind the first empty one: those that TOP's second argument counts."""
    is_exact: bool
    """Whether the octets are those of the wire; a log may show them unstuffed, cut, or broken anew."""
    digest: bytes
    """Of the octets, to tell whether two bodies are the same; empty when not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Ended):
    """The connection ended, or the record of it."""

    state: State
    unanswered: tuple[CommandSent, ...]
    """Commands to which no reply came; the first ones, if there are many."""


WireEvent: TypeAlias = (
    Connected
    | Joined
    | Secured
    | Sealed
    | CommandSent
    | AuthResponseSent
    | Greeted
    | Replied
    | Challenged
    | BodyReceived
    | StrayLine
    | Lost
    | Disturbed
    | Closed
)
