"""What a door tells of the sessions that go on in it, and how one is ended from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from restante.ports.events import Door
from restante.proto.terms import State

__all__ = ["MailState", "SessionInfo", "SessionRegistry"]


class MailState(Enum):
    """Where a session that brings mail stands."""

    GREETING = "GREETING"
    """The client has not said who it is."""
    LOGIN = "LOGIN"
    """An exchange of AUTH is under way."""
    READY = "READY"
    """Between two messages."""
    ENVELOPE = "ENVELOPE"
    """MAIL came, and perhaps recipients."""
    DATA = "DATA"
    """The octets of a message come in."""
    DELIVERY = "DELIVERY"
    """The message is all here and is being put into the maildrops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo:
    """What can be told of a session that goes on."""

    id: str
    door: Door
    peer: str
    account: str | None
    """None while nobody has logged in."""
    state: State | MailState
    since_epoch_seconds: float
    """When the connection began."""
    commands: int
    secured: bool = False
    """Whether TLS is under it."""


class SessionRegistry(Protocol):
    """What the control socket needs of a door."""

    def sessions(self) -> Iterator[SessionInfo]:
        """Go through the sessions that there are now. It is gone through in turns, while sessions come and go."""
        ...

    def end(self, session_id: str) -> bool:
        """End a session as a shutdown would: an answer under way goes out, nothing is removed. False: no such."""
        ...
