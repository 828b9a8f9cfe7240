"""The closed union of what can happen: sessions and deliveries tell it, logs and explainers read it.

An event is made once, where the thing happens; there the secret is taken out, too. It carries no clock: whoever
listens notes the time. Wire events (`CommandReceived`, `ReplySent`) are made only when a listener wants them.
Nobody changes an event. The three that each session tells are not frozen all the same, and say themselves how they
are made: a frozen one takes more than twice as long, and one whose `__init__` is `dataclass`'s is made by the
interpreter in the compiled build, too. What else each session makes is made so as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias

from restante.ports.accounts import RefusalReason

__all__ = [
    "CertificatesRead",
    "CommandReceived",
    "ConnectionOpened",
    "ConnectionRefused",
    "DeliveryDeferred",
    "DeliveryRefused",
    "Door",
    "Event",
    "FaultMet",
    "Listener",
    "Listening",
    "LoginAccepted",
    "LoginDeferred",
    "LoginRefused",
    "MailSessionEnded",
    "MaildropBusy",
    "MessageDelivered",
    "Outcome",
    "ReplySent",
    "SenderLoggedIn",
    "ServerStopping",
    "SessionEnded",
    "TlsFailed",
    "UpdateFailed",
]


class Door(Enum):
    """Through which door a connection or a message came."""

    POP3 = "pop3"
    SMTP = "smtp"
    LMTP = "lmtp"
    PIPE = "pipe"
    METRICS = "metrics"
    """Where numbers are asked for."""

    # An Enum hashes by name, in Python, and each event is counted by its members; so below.
    __hash__ = object.__hash__


class Outcome(Enum):
    """How a session ended."""

    QUIT = "quit"
    """QUIT and, after a login, UPDATE done."""
    UPDATE_FAILED = "update failed"
    DISCONNECTED = "connection lost"
    """The client went away without QUIT: nothing was removed."""
    AUTOLOGOUT = "autologout"
    TOO_MANY_BAD_COMMANDS = "too many bad commands"
    MESSAGE_GONE = "message gone"
    """A message vanished or changed during the session, and the connection was broken off."""
    SHUTDOWN = "shutdown"
    ENDED = "ended by the administrator"
    TLS_FAILED = "TLS handshake failed"
    TOO_EARLY_FOR_TLS = "commands behind STLS"
    """Octets stood behind STLS or STARTTLS: the mark of an attack, or of a client that does not wait."""
    FAULT = "fault"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A listener takes connections."""

    door: Door
    address: str
    """`host:port` or `unix:path`, as one would type it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStopping:
    """The server was told to stop and takes no more connections."""

    sessions: int
    """How many are under way."""


@dataclass(init=False, slots=True, kw_only=True, unsafe_hash=True)
class ConnectionOpened:
    """A client connected."""

    session: str
    door: Door
    peer: str
    secured: bool
    """Whether TLS stood before the greeting."""

    def __init__(self, *, session: str, door: Door, peer: str, secured: bool = False) -> None:
        self.session = session
        self.door = door
        self.peer = peer
        self.secured = secured


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRefused:
    """A client was turned away before its session began."""

    door: Door
    peer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReceived:
    """A command line came; made only when a listener wants the wire."""

    session: str
    line: bytes
    """Without its line end, and without any credential: those are replaced by `…`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySent:
    """A reply went out; made only when a listener wants the wire."""

    session: str
    line: bytes
    """The first line, without its line end."""
    octets: int
    """Of the whole reply, on the wire; of a long message, of its first part."""


@dataclass(init=False, slots=True, kw_only=True, unsafe_hash=True)
class LoginAccepted:
    """The credentials proved right and the lock was taken."""

    session: str
    peer: str
    account: str
    mechanism: str
    messages: int
    octets: int

    def __init__(
        self,
        *,
        session: str,
        peer: str,
        account: str,
        mechanism: str,
        messages: int,
        octets: int,
    ) -> None:
        self.session = session
        self.peer = peer
        self.account = account
        self.mechanism = mechanism
        self.messages = messages
        self.octets = octets


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderLoggedIn:
    """A client that brings mail has logged in."""

    session: str
    door: Door
    peer: str
    account: str
    mechanism: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRefused:
    """The credentials were at fault."""

    session: str
    peer: str
    name: str
    """As the client sent it; hostile."""
    mechanism: str
    reason: RefusalReason
    door: Door = Door.POP3


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginDeferred:
    """The system could not judge the credentials, or could not open the maildrop."""

    session: str
    peer: str
    name: str
    mechanism: str
    reason: str
    door: Door = Door.POP3


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildropBusy:
    """The credentials were right, but another session holds the lock."""

    session: str
    peer: str
    account: str
    held_by: str | None
    held_since_epoch_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFailed:
    """A TLS handshake did not end well."""

    session: str | None
    """None where TLS begins with the first octet: there was no session yet."""
    door: Door
    peer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatesRead:
    """The certificates were read anew and are served from here on; or they cannot be, and the old ones stay."""

    problem: str | None
    """Why they cannot be, one sentence; None when all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFailed:
    """UPDATE could not be made durable: the client was told -ERR."""

    session: str
    account: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultMet:
    """The world or we ourselves failed in the middle of something."""

    session: str | None
    what: str
    error: str


@dataclass(init=False, slots=True, kw_only=True, unsafe_hash=True)
class SessionEnded:
    """A POP3 session is over: the one line that sums it up."""

    session: str
    peer: str
    account: str | None
    """None when nobody logged in."""
    outcome: Outcome
    seconds: float
    commands: int
    retrieved: int
    retrieved_octets: int
    peeked: int
    """Messages looked at with TOP."""
    removed: int
    removed_octets: int
    left: int
    left_octets: int
    unique_ids_changed: int
    """Messages that have another unique-id than in the last session: clients will download them again."""

    def __init__(
        self,
        *,
        session: str,
        peer: str,
        account: str | None,
        outcome: Outcome,
        seconds: float,
        commands: int,
        retrieved: int,
        retrieved_octets: int,
        peeked: int,
        removed: int,
        removed_octets: int,
        left: int,
        left_octets: int,
        unique_ids_changed: int,
    ) -> None:
        self.session = session
        self.peer = peer
        self.account = account
        self.outcome = outcome
        self.seconds = seconds
        self.commands = commands
        self.retrieved = retrieved
        self.retrieved_octets = retrieved_octets
        self.peeked = peeked
        self.removed = removed
        self.removed_octets = removed_octets
        self.left = left
        self.left_octets = left_octets
        self.unique_ids_changed = unique_ids_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSessionEnded:
    """A session that brought mail, or was to bring some, is over."""

    session: str
    door: Door
    peer: str
    account: str | None
    """None when nobody logged in."""
    outcome: Outcome
    seconds: float
    commands: int
    messages: int
    """Those that were taken."""
    secured: bool
    """Whether it was under TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDelivered:
    """A message is durable in a maildrop."""

    session: str | None
    door: Door
    account: str
    octets: int
    reverse_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRefused:
    """A message or a recipient was refused for good."""

    session: str | None
    door: Door
    recipient: str
    """As the client sent it; hostile. Empty when the message itself was refused."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDeferred:
    """A message could not be taken now; the sender will try again."""

    session: str | None
    door: Door
    recipient: str
    reason: str


Event: TypeAlias = (
    Listening
    | ServerStopping
    | ConnectionOpened
    | ConnectionRefused
    | CommandReceived
    | ReplySent
    | LoginAccepted
    | SenderLoggedIn
    | LoginRefused
    | LoginDeferred
    | MaildropBusy
    | TlsFailed
    | CertificatesRead
    | UpdateFailed
    | FaultMet
    | SessionEnded
    | MailSessionEnded
    | MessageDelivered
    | DeliveryRefused
    | DeliveryDeferred
)


class Listener(Protocol):
    """Reads events. Must not raise and must not wait."""

    @property
    def wants_wire(self) -> bool:
        """Whether `CommandReceived` and `ReplySent` are to be made."""
        ...

    def __call__(self, event: Event, /) -> None:
        """Take an event."""
        ...
