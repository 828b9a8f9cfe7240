"""Slows down whoever tries passwords: failed logins make the next login from there wait, before it is judged.

Only counting: no sleeping, no sockets. Who asks for a judgement first asks `delay_for`, waits that long under a
`wait`, and then lets the credentials be judged, so that a login that waits holds no hash slot. The wait is the same
for right and for wrong credentials, and tells nothing. No account is ever locked: the right password from elsewhere
is served at once, and from a slowed address after its wait.

What is slowed is the address (an IPv6 /64), never the name: else anybody could keep an owner out. Each failure is
forgotten some minutes after it happened. A success forgives the failures with that name from that address and no
others, so that an attacker's own account buys no further tries. The same wrong password of the same name counts
once: it is a client that was not told of a change, and learns nothing by it. Each number is for one process.

How it fails: it does not. Tables and waits are bounded: beyond the one the addresses that failed longest ago are
forgiven, beyond the other a login is not judged, and the answer is `-ERR [SYS/TEMP]`: to let it pass would turn the
throttle off for whoever fills the room, and to queue it would be without bound. Addresses that are not slowed
are never turned away here.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from restante.proto.terms import Secret

__all__ = ["DELAYS_SECONDS", "Throttle", "ThrottleLimits", "Wait"]

DELAYS_SECONDS: Final = (2.0, 4.0, 8.0, 15.0)
"""After one failure, two, three, and more. The longest leaves time for some logins in the minute before a login."""

_KEY_OCTETS: Final = 8
"""Of the keyed hashes of names and credentials: two that meet by chance count once, which harms nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleLimits:
    """How long what is remembered, and how much of it, in each process."""

    delays_seconds: tuple[float, ...] = DELAYS_SECONDS
    """In the order of the failures; the last is for all that follow. Empty turns the throttle off."""
    forget_seconds: float = 300
    """After which a failure is forgotten."""
    failures: int = 8
    """Remembered of one address: more than there are delays, so that a pause does not make up for all."""
    addresses: int = 10_000
    """Remembered at the same time: some 15 MB if each has all its failures."""
    waiting: int = 1000
    """Logins that may wait at the same time."""
    waiting_each: int = 10
    """Of them from one address: with the longest delay that is 40 tries a minute, however many connections."""


@dataclass(frozen=True, slots=True)
class _Failure:
    at_seconds: float
    name: bytes
    fingerprint: bytes | None


class Wait:
    """The place of a login that waits; to be used in a `with`, around the wait and not around the judgement."""

    __slots__ = ("_place", "_throttle")

    def __init__(self, throttle: Throttle, place: Hashable) -> None:
        self._throttle = throttle
        self._place = place

    def __enter__(self) -> None:
        """Begin to wait; it was counted when the place was given out."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Count the login out, however its wait ended."""
        self._throttle.count_out(self._place)


class Throttle:
    """Remembers the failed logins of one process. For one thread."""

    __slots__ = ("_clock", "_failures", "_key", "_limits", "_place_of", "_waiting", "_waits")

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        place_of: Callable[[str], Hashable | None],
        limits: ThrottleLimits | None = None,
    ) -> None:
        """Begin with nobody slowed.

        `clock` gives monotonic seconds. `place_of` tells for whom the address of a peer stands, or None for whom
        is never slowed: a socket in the file system, a web mailer that the administrator trusts.
        """
        self._clock = clock
        self._place_of = place_of
        self._limits = limits or ThrottleLimits()
        self._key = secrets.token_bytes(32)
        # In the order of the last failure.
        self._failures: OrderedDict[Hashable, list[_Failure]] = OrderedDict()
        self._waits: dict[Hashable, int] = {}
        self._waiting = 0

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._failures)

    @property
    def waiting(self) -> int:
        """How many logins wait."""
        return self._waiting

    def delay_for(self, peer: str) -> float:
        """Give the seconds for which a login from there is to wait before it is judged; mostly none."""
        if not self._failures:
            return 0.0
        delays = self._limits.delays_seconds
        count = len(self._remembered(self._place_of(peer)))
        return delays[min(count, len(delays)) - 1] if count and delays else 0.0

    def wait(self, peer: str) -> Wait | None:
        """Take a place to wait in, or None when too many wait already: from there, or in all."""
        place = self._place_of(peer)
        here = self._waits.get(place, 0)
        if self._waiting >= self._limits.waiting or here >= self._limits.waiting_each:
            return None
        self._waiting += 1
        self._waits[place] = here + 1
        return Wait(self, place)

    def fingerprint(self, name: str, password: Secret) -> bytes:
        """Give what `failed` takes to know the same credentials again: a hash under this process's own key."""
        octets = _octets(name)
        # The length keeps ("ab", "c") and ("a", "bc") apart.
        return self._hashed(b"%d %b%b" % (len(octets), octets, password.reveal()))

    def failed(self, peer: str, name: str, fingerprint: bytes | None = None) -> None:
        """Note that credentials proved wrong. `name` is hostile; None: nothing is known of what was tried."""
        place = self._place_of(peer)
        if place is None:
            return
        remembered = self._remembered(place)
        if fingerprint is not None and any(each.fingerprint == fingerprint for each in remembered):
            return
        failure = _Failure(self._clock(), self._hashed(_octets(name)), fingerprint)
        self._failures[place] = [*remembered, failure][-self._limits.failures :]
        self._failures.move_to_end(place)
        self._forgive()

    def succeeded(self, peer: str, name: str) -> None:
        """Forget the failures of that name from there."""
        if not self._failures:
            return
        place = self._place_of(peer)
        remembered = self._remembered(place)
        if not remembered:
            return
        hashed = self._hashed(_octets(name))
        self._keep(place, [each for each in remembered if each.name != hashed])

    def count_out(self, place: Hashable) -> None:
        """End a wait; for `Wait` only."""
        self._waiting -= 1
        left = self._waits[place] - 1
        if left:
            self._waits[place] = left
        else:
            del self._waits[place]

    def _remembered(self, place: Hashable | None) -> list[_Failure]:
        """Give what is not forgotten yet of a place."""
        known = self._failures.get(place)
        if not known:
            return []
        since = self._clock() - self._limits.forget_seconds
        return self._keep(place, [each for each in known if each.at_seconds > since])

    def _keep(self, place: Hashable, failures: list[_Failure]) -> list[_Failure]:
        if failures:
            self._failures[place] = failures
        else:
            self._failures.pop(place, None)
        return failures

    def _forgive(self) -> None:
        """Let go of those that failed longest ago: all that are forgotten, and what is beyond the bound."""
        since = self._clock() - self._limits.forget_seconds
        while self._failures:
            place, failures = next(iter(self._failures.items()))
            if len(self._failures) <= self._limits.addresses and failures[-1].at_seconds > since:
                return
            del self._failures[place]

    def _hashed(self, octets: bytes) -> bytes:
        return hashlib.blake2b(octets, key=self._key, digest_size=_KEY_OCTETS).digest()


def _octets(name: str) -> bytes:
    """Give a name as octets, in lower case: a name is the same in any case."""
    return name.lower().encode("utf-8", "surrogatepass")
