"""What the sessions of a door through which mail comes in work with."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum

from restante.delivery.limits import DoorLimits
from restante.delivery.receive import Receiver
from restante.delivery.replies import BareLineEnds
from restante.doors.security import Security
from restante.doors.slow_logins import LoginThrottle
from restante.ports.accounts import Authenticator
from restante.ports.events import Listener

__all__ = ["LoginRequired", "Services", "new_session_id"]


class LoginRequired(Enum):
    """Where a client of SMTP has to log in before it may send."""

    NEVER = "never"
    """Nowhere: anybody may send to the accounts here."""
    SMTPS = "smtps"
    """Where TLS begins with the first octet: the address for devices and programs that have an account."""
    ALWAYS = "always"
    """At each address of SMTP: no mail comes in from other servers there."""


def new_session_id() -> str:
    """Give an id that no session had before."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What all sessions of a door share."""

    receiver: Receiver
    tell: Listener
    limits: DoorLimits
    hostname: str
    bare_line_ends: BareLineEnds
    new_session_id: Callable[[], str] = new_session_id
    security: Security = field(default_factory=lambda: Security(mechanisms=()))
    """TLS for STARTTLS, and what AUTH offers."""
    authenticator: Authenticator | None = None
    """None: AUTH is not offered."""
    throttle: LoginThrottle | None = None
    """None: failed logins slow nobody down."""
    login_required: LoginRequired = LoginRequired.NEVER
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Wait for so many seconds."""
    random: Callable[[int], bytes] = secrets.token_bytes
    """So many octets that nobody can guess."""
    wall_clock: Callable[[], float] = time.time
    """Seconds since the epoch."""
