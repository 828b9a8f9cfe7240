"""What all sessions of a process share: the ports, the limits, the names, the clocks."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from restante.maildrop.policies import MaildropPolicies
from restante.ports.accounts import Authenticator
from restante.ports.events import Listener
from restante.ports.stores import Store
from restante.proto.terms import Secret
from restante.server.limits import Limits
from restante.server.security import Security

__all__ = ["LoginThrottle", "Services"]


class LoginThrottle(Protocol):
    """Slows down an address from which logins fail."""

    def delay_for(self, peer: str) -> float:
        """Give the seconds for which a login from there waits before it is judged; mostly none."""
        ...

    def wait(self, peer: str) -> AbstractContextManager[None] | None:
        """Take a place to wait in, or None when too many wait already."""
        ...

    def fingerprint(self, name: str, password: Secret) -> bytes:
        """Give what tells the same wrong credentials, tried again, from other ones."""
        ...

    def failed(self, peer: str, name: str, fingerprint: bytes | None = None) -> None:
        """Note that credentials proved wrong; the name is hostile."""
        ...

    def succeeded(self, peer: str, name: str) -> None:
        """Forget the failures of that name from there."""
        ...


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
