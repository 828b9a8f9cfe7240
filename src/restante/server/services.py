"""What all sessions of a process share: the ports, the limits, the names, the clocks."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from restante.doors.security import Security
from restante.doors.slow_logins import LoginThrottle
from restante.maildrop.policies import MaildropPolicies
from restante.ports.accounts import Authenticator
from restante.ports.events import Listener
from restante.ports.stores import Store
from restante.server.limits import Limits

__all__ = ["Services"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What all sessions of a process share."""

    store: Store
    authenticator: Authenticator
    tell: Listener
    limits: Limits
    security: Security
    hostname: str
    """For the greeting and the APOP timestamp."""
    implementation: str
    """For CAPA."""
    wall_clock: Callable[[], float] = time.time
    """Seconds since the epoch."""
    clock: Callable[[], float] = time.monotonic
    """Seconds, for durations."""
    policies: MaildropPolicies = field(default_factory=MaildropPolicies)
    """What the store holds to, for CAPA to say."""
    throttle: LoginThrottle | None = None
    """None: failed logins slow nobody down."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Wait for so many seconds."""
    random: Callable[[int], bytes] = secrets.token_bytes
    """So many octets that nobody can guess."""
