"""What becomes of the line under a session, whichever protocol it is: it stands, is under TLS, has gaps, ends.

Texts of the server and names are octets as they came: hostile, to be escaped by whoever shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from restante.explain.smtp.phase import Phase
from restante.explain.wire import Side
from restante.proto.terms import State

__all__ = [
    "Connected",
    "Disturbed",
    "Ended",
    "Foreign",
    "Happened",
    "Joined",
    "LineEvent",
    "Lost",
    "Sealed",
    "SealedKind",
    "Secured",
    "StrayLine",
]


class Foreign(Enum):
    """Another protocol that was spoken where this one was expected."""

    HTTP = "HTTP"
    POP3 = "POP3"
    SMTP = "SMTP"
    IMAP = "IMAP"
    SSH = "SSH"


class SealedKind(Enum):
    """The first TLS record that came from a side."""

    HELLO = "hello"
    ALERT = "alert"
    DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What all events have."""

    at_seconds: float | None
    """As the observer was told; None where nobody knows it."""
    state: State | Phase
    """How far the session was, as its replies show it, before this event: of POP3 a state, of SMTP a phase."""
    secured: bool
    """Whether TLS was under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected(Happened):
    """The connection stands."""

    server: str
    """`host:port`; empty where nobody knows it."""
    client: str = ""
    """The address from which it comes; empty where that is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Happened):
    """The session was under way before; from here on it is told."""

    for_seconds: int | None
    """How long it had gone on; None where nobody knows, as after a gap."""
    commands: int | None
    """How many commands had come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured(Happened):
    """TLS stands from here on, and what is under it is told."""

    description: str
    by_stls: bool
    """Whether STLS or STARTTLS began it; otherwise TLS came first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed(Happened):
    """From here on a side's octets are TLS records that nobody can look into."""

    side: Side
    kind: SealedKind
    by_stls: bool
    """Whether STLS or STARTTLS had been agreed on."""
    version: str
    """The newest that a hello names: `TLS 1.3`; empty where it names none."""
    server_name: bytes
    """Whom the client asked for (SNI); empty without."""
    alert: str
    """What an alert says, in the words of RFC 8446 §6; empty without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayLine(Happened):
    """A line of the server's that is no reply and belongs to none."""

    line: bytes
    """Shown only where it is no part of a message that came out of step: otherwise empty."""
    foreign: Foreign | None
    octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost(Happened):
    """Octets that went by without being recorded: a capture has a gap."""

    side: Side
    octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbed(Happened):
    """How the octets travelled, told before the end where not all went smoothly."""

    resent: int
    """Segments that were sent again."""
    disordered: int
    """Segments that came before others which belong in front of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Happened):
    """The connection ended, or the record of it; each protocol says besides what was not answered."""

    by: Side | None
    reason: str


LineEvent: TypeAlias = Connected | Joined | Secured | Sealed | StrayLine | Lost | Disturbed
