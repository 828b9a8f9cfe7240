"""What happened in a session that brings mail, as a closed union of typed events.

As in `explain.events`, nothing here is a secret unless the reader was asked to show it: credentials are `…`, of an
address only the domain is there, and of a message its octets. Texts of the server are octets as they came: hostile,
to be escaped by whoever shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from restante.explain.events import ResponseKind
from restante.explain.wire import Side

__all__ = [
    "AuthResponseSent",
    "Closed",
    "CommandSent",
    "Connected",
    "Joined",
    "MessageSent",
    "Phase",
    "Replied",
    "Secured",
    "SmtpEvent",
    "StrayLine",
]


class Phase(Enum):
    """How far a session is, as its commands and replies show it."""

    GREETING = "GREETING"
    """EHLO, STARTTLS and AUTH."""
    ENVELOPE = "ENVELOPE"
    """From MAIL on."""
    DATA = "DATA"
    """From the server's leave to send the message to its answer for it."""
    QUIT = "QUIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What all events have."""

    at_seconds: float | None
    """As the observer was told; None where nobody knows it."""
    state: Phase
    """Before this event."""
    secured: bool
    """Whether TLS was under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected(_Told):
    """The connection stands."""

    server: str
    """`host:port`; empty where nobody knows it."""
    client: str
    """The address from which it comes; empty where that is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(_Told):
    """The session was under way before; from here on it is told."""

    for_seconds: int | None
    commands: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured(_Told):
    """TLS stands from here on."""

    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSent(_Told):
    """A command line of the client's."""

    line: bytes
    """Without its end, and without what is hidden."""
    verb: bytes
    """In upper case; empty for what is no known command."""
    argument: bytes
    """What EHLO calls the client, or the address of MAIL and RCPT as far as it is shown; else empty."""
    is_null_path: bool
    """Whether MAIL names nobody: `<>`."""
    message_octets: int | None
    """What MAIL says of the message (SIZE)."""
    mechanism: str | None
    """Of AUTH, if it is a registered one."""
    has_initial_response: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthResponseSent(_Told):
    """A line of the client's within an AUTH exchange."""

    kind: ResponseKind
    line: bytes
    """`…`, or what holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(_Told):
    """The message, between the server's leave and the line with a dot alone."""

    octets: int | None
    """Canonical, without stuffed dots and the terminating line; None where the source shows none of it."""
    lines: int | None
    """None where nobody counted them."""
    is_complete: bool
    """Whether its terminating line came."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayLine(_Told):
    """A line of the server's that is no reply."""

    octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(_Told):
    """The connection ended, or the record of it."""

    by: Side | None
    reason: str


SmtpEvent: TypeAlias = (
    Connected | Joined | Secured | CommandSent | AuthResponseSent | MessageSent | Replied | StrayLine | Closed
)
