"""What the log holds of an event: its level, its name, and its fields.

The names here are what people's dashboards and filters rely on: they are documented in `docs/reference/log.md`, do
not change, and are written out, so that renaming a field of an event does not rename one of the log. Not in the
log: the wire (`CommandReceived`, `ReplySent`), connections that only begin (`ConnectionOpened`: their end has a
line), and `Listening` (told on standard output, to whoever started the server).

No argument of USER, PASS, APOP or AUTH is ever here. A name that nobody has may be a password that somebody typed
in the wrong field, so a refused login names the account only where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final, TypeAlias, assert_never

from restante.ports.accounts import RefusalReason
from restante.ports.events import (
    CertificatesRead,
    CommandReceived,
    ConnectionOpened,
    ConnectionRefused,
    DeliveryDeferred,
    DeliveryRefused,
    Event,
    FaultMet,
    Listening,
    LoginAccepted,
    LoginDeferred,
    LoginRefused,
    MaildropBusy,
    MailSessionEnded,
    MessageDelivered,
    Outcome,
    ReplySent,
    SenderLoggedIn,
    ServerStopping,
    SessionEnded,
    TlsFailed,
    UpdateFailed,
)

__all__ = ["Entry", "Field", "Level", "entry_of", "utc"]

Field: TypeAlias = str | int | float | None


class Level(Enum):
    """How much an entry matters to whoever runs the server."""

    INFO = "info"
    WARNING = "warning"
    """Somebody may have to look: a login refused, mail not taken, clients that will download everything again."""
    ERROR = "error"
    """Somebody has to look: the disk, the accounts, or the program itself failed."""

    # An Enum hashes by name, in Python, and each line looks its level up.
    __hash__ = object.__hash__


@dataclass(init=False, slots=True)
class Entry:
    """What one line of the log says."""

    level: Level
    name: str
    """The event's name in the log: words with underscores."""
    fields: Mapping[str, Field]
    """In the order in which they are written. Text from outside is still as it came."""

    def __init__(self, level: Level, name: str, fields: Mapping[str, Field]) -> None:
        self.level = level
        self.name = name
        self.fields = fields


_OUTCOMES: Final = {outcome: outcome.value for outcome in Outcome}
"""An Enum's value is asked for by a function in Python."""

_OF_AN_ACCOUNT: Final = frozenset(
    {RefusalReason.WRONG_PASSWORD, RefusalReason.LOCKED, RefusalReason.NO_APOP, RefusalReason.NO_KEYS}
)
"""Reasons that mean that there is an account of that name. With any other one the name stays out of the log."""

_UNREMARKABLE: Final = frozenset(
    {Outcome.QUIT, Outcome.DISCONNECTED, Outcome.AUTOLOGOUT, Outcome.SHUTDOWN, Outcome.TLS_FAILED}
)


def utc(epoch_seconds: float) -> str:
    """Write a point in time: `2026-11-23T22:14:12Z`."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def entry_of(event: Event) -> Entry | None:
    """Give what the log holds of an event, or None for an event that is not in the log."""
    # The most frequent first.
    match event:
        case ConnectionOpened():
            return None
        case SessionEnded():
            return Entry(
                _level_of_end(event),
                "session_ended",
                {
                    "session": event.session,
                    "peer": event.peer,
                    "account": event.account,
                    "outcome": _OUTCOMES[event.outcome],
                    "seconds": event.seconds,
                    "commands": event.commands,
                    "peeked": event.peeked,
                    "retrieved": event.retrieved,
                    "retrieved_octets": event.retrieved_octets,
                    "removed": event.removed,
                    "removed_octets": event.removed_octets,
                    "left": event.left,
                    "left_octets": event.left_octets,
                    "unique_ids_changed": event.unique_ids_changed,
                },
            )
        case LoginAccepted():
            return Entry(
                Level.INFO,
                "login_accepted",
                {
                    "session": event.session,
                    "peer": event.peer,
                    "account": event.account,
                    "mechanism": event.mechanism,
                    "messages": event.messages,
                    "octets": event.octets,
                },
            )
        case MailSessionEnded():
            return Entry(
                Level.INFO if event.outcome in _UNREMARKABLE else Level.WARNING,
                "mail_session_ended",
                {
                    "session": event.session,
                    "door": event.door.value,
                    "peer": event.peer,
                    "account": event.account,
                    "outcome": event.outcome.value,
                    "seconds": event.seconds,
                    "commands": event.commands,
                    "messages": event.messages,
                    "tls": "yes" if event.secured else "no",
                },
            )
        case SenderLoggedIn():
            return Entry(
                Level.INFO,
                "sender_logged_in",
                {
                    "session": event.session,
                    "door": event.door.value,
                    "peer": event.peer,
                    "account": event.account,
                    "mechanism": event.mechanism,
                },
            )
        case MessageDelivered():
            return Entry(
                Level.INFO,
                "message_delivered",
                {
                    "session": event.session,
                    "door": event.door.value,
                    "account": event.account,
                    "octets": event.octets,
                    "reverse_path": event.reverse_path,
                },
            )
        case LoginRefused():
            return Entry(
                Level.WARNING,
                "login_refused",
                {
                    "session": event.session,
                    "door": event.door.value,
                    "peer": event.peer,
                    "account": event.name if event.reason in _OF_AN_ACCOUNT else None,
                    "mechanism": event.mechanism,
                    "reason": event.reason.value,
                },
            )
        case LoginDeferred():
            # Whether there is an account of that name is not known here, so the name is not told.
            return Entry(
                Level.ERROR,
                "login_deferred",
                {
                    "session": event.session,
                    "door": event.door.value,
                    "peer": event.peer,
                    "mechanism": event.mechanism,
                    "reason": event.reason,
                },
            )
        case MaildropBusy(held_since_epoch_seconds=since):
            return Entry(
                Level.INFO,
                "maildrop_busy",
                {
                    "session": event.session,
                    "peer": event.peer,
                    "account": event.account,
                    "held_by": event.held_by,
                    "held_since": None if since is None else utc(since),
                },
            )
        case DeliveryRefused() | DeliveryDeferred():
            return Entry(
                Level.WARNING,
                "delivery_refused" if isinstance(event, DeliveryRefused) else "delivery_deferred",
                {
                    "session": event.session,
                    "door": event.door.value,
                    "recipient": event.recipient,
                    "reason": event.reason,
                },
            )
        case UpdateFailed():
            return Entry(
                Level.ERROR,
                "update_failed",
                {"session": event.session, "account": event.account, "error": event.error},
            )
        case FaultMet():
            return Entry(
                Level.ERROR, "fault_met", {"session": event.session, "what": event.what, "error": event.error}
            )
        case TlsFailed():
            # Mostly scanners: nothing that somebody who runs the server could mend.
            return Entry(
                Level.INFO,
                "tls_failed",
                {
                    "session": event.session,
                    "door": event.door.value,
                    "peer": event.peer,
                    "reason": event.reason,
                },
            )
        case CertificatesRead(problem=None):
            return Entry(Level.INFO, "certificates_read", {})
        case CertificatesRead():
            return Entry(Level.ERROR, "certificates_not_read", {"problem": event.problem})
        case ConnectionRefused():
            return Entry(
                Level.WARNING,
                "connection_refused",
                {"door": event.door.value, "peer": event.peer, "reason": event.reason},
            )
        case ServerStopping():
            return Entry(Level.INFO, "server_stopping", {"sessions": event.sessions})
        case CommandReceived():
            return Entry(Level.INFO, "command_received", {"session": event.session, "line": _text(event.line)})
        case ReplySent():
            return Entry(
                Level.INFO,
                "reply_sent",
                {"session": event.session, "line": _text(event.line), "octets": event.octets},
            )
        case Listening():
            return None
        case _:
            assert_never(event)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")


def _level_of_end(event: SessionEnded) -> Level:
    if event.unique_ids_changed or event.outcome not in _UNREMARKABLE:
        return Level.WARNING
    return Level.INFO
