"""What all sessions of a process share: the ports, the limits, the names, the clocks."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from restante.ports.accounts import Authenticator
from restante.ports.events import Listener
from restante.ports.stores import Store
from restante.server.limits import Limits
from restante.server.security import Security

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
    random: Callable[[int], bytes] = secrets.token_bytes
    """So many octets that nobody can guess."""
