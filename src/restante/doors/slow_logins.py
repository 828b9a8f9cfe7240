"""Logins from where others failed are judged after a while: the wait that all doors share.

Who has to wait, and how long, the throttle decides; a wait holds no place among the password hashes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from restante.ports.accounts import Accepted, Refused, Unavailable, Verdict
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret

__all__ = ["LoginThrottle", "note_verdict", "slowly"]

T = TypeVar("T")


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


def slowly(
    throttle: LoginThrottle | None,
    peer: str,
    ask: Callable[[], Soon[T]],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Soon[T | Unavailable]:
    """Ask at once, or where logins failed from this address, after a while."""
    seconds = throttle.delay_for(peer) if throttle is not None else 0
    if throttle is None or not seconds:
        return ask()
    return Later(_after(throttle, peer, seconds, ask, sleep))


async def _after(
    throttle: LoginThrottle,
    peer: str,
    seconds: float,
    ask: Callable[[], Soon[T]],
    sleep: Callable[[float], Awaitable[None]],
) -> T | Unavailable:
    place = throttle.wait(peer)
    if place is None:
        return Unavailable(reason="too many logins wait out the delay that failed ones cost")
    with place:
        await sleep(seconds)
    answer = ask()
    return await answer if isinstance(answer, Later) else answer


def note_verdict(
    throttle: LoginThrottle | None, peer: str, verdict: Verdict, name: str, password: Secret | None = None
) -> None:
    """Let the throttle know how a login ended."""
    if throttle is None:
        return
    if isinstance(verdict, Accepted):
        throttle.succeeded(peer, name)
    elif isinstance(verdict, Refused):
        known = None if password is None else throttle.fingerprint(name, password)
        throttle.failed(peer, name, known)
