"""Who may come in: how many connections at once from one address, for one account, and in all.

Only counting; no sockets, no clock, no waiting. Each number is for one process: with several workers an address can
have as many in each of them, as the kernel deals connections out. A counter is there only while somebody is counted
in it, so that the memory is bounded by the connections that are open, however many addresses come and go.

An IPv6 address stands for its /64, which is what one customer gets at the least (RFC 6177 §2, RFC 7421).
How it fails: it does not; who is turned away gets a `GateClosed`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from restante.doors.peers import LOCAL_PEER, REMEMBERED_PEERS, address_of

__all__ = ["ClosedBy", "Entry", "Gate", "GateClosed", "GateLimits", "Network", "Place", "Places"]

_IPV6_PLACE_OCTETS: Final = 8
"""A /64."""

_NOWHERE: Final = b""
"""The place of whoever has no address that can be read: they share one counter."""

Place: TypeAlias = bytes | None
"""Whom an address stands for, as a key; None: nobody in particular, and not to be counted."""

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Places:
    """Tells of the address of a peer for whom it stands: `places(peer)`.

    Sockets in the file system are counted for nobody, and neither are the networks of `exempt`: a web mailer, or a
    proxy that does not say whom it speaks for, speaks for many.
    """

    __slots__ = ("_exempt", "_known")

    def __init__(self, *, exempt: tuple[Network, ...] = ()) -> None:
        self._exempt = exempt
        self._known: dict[str, Place] = {}

    def __call__(self, peer: str) -> Place:
        """Give the place of a peer: an address, with or without a zone, or `unix`."""
        known = self._known
        if peer in known:
            return known[peer]
        if len(known) >= REMEMBERED_PEERS:
            known.clear()
        place = known[peer] = self._find(peer)
        return place

    def _find(self, peer: str) -> Place:
        if peer == LOCAL_PEER:
            return None
        address = address_of(peer)
        if address is None:
            return _NOWHERE
        # An address is in no network of the other family.
        if any(address in network for network in self._exempt):
            return None
        return address.packed if address.version == 4 else address.packed[:_IPV6_PLACE_OCTETS]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLimits:
    """How many connections there may be at the same time, in each process."""

    in_all: int = 20_000
    """At most 80 MB of idle sessions."""
    each_address: int = 100
    """Sessions last a second or two: that many at once are an office of thousands, or one attacker."""
    each_account: int = 10
    """One of them has the maildrop; the others find it in use and try again."""


class ClosedBy(Enum):
    """What keeps the gate closed. The values are the words of the log."""

    ALL = "too many connections"
    ADDRESS = "too many connections from the address"
    ACCOUNT = "too many connections of the account"


@dataclass(frozen=True, slots=True)
class GateClosed:
    """The connection, or the login, is one too many: `-ERR [SYS/TEMP]`."""

    reason: ClosedBy


class Entry:
    """A connection that was let in. `leave` it when the connection is lost; twice does no harm."""

    __slots__ = ("_account", "_gate", "_inside", "_place")

    def __init__(self, gate: Gate, place: Place) -> None:
        self._gate = gate
        self._place = place
        self._account: str | None = None
        self._inside = True

    def claim_account(self, account_id: str) -> GateClosed | None:
        """Count the connection for an account whose credentials proved right, before its maildrop is opened.

        It stays counted until `leave`, so that a client that finds the maildrop in use and stays is counted, too.
        To claim the same account again changes nothing; to claim another gives up the first. None: it may go on.
        """
        if not self._inside:
            raise ValueError("the connection has left: claim before leave")
        if account_id == self._account:
            return None
        if self._account is not None:
            self._give_up_account()
        if not self._gate.accounts.count_in(account_id):
            return GateClosed(ClosedBy.ACCOUNT)
        self._account = account_id
        return None

    def leave(self) -> None:
        """Count the connection out."""
        if not self._inside:
            return
        self._inside = False
        self._give_up_account()
        self._gate.count_out(self._place)

    def _give_up_account(self) -> None:
        if self._account is not None:
            self._gate.accounts.count_out(self._account)
            self._account = None


class _Counters:
    """Counts each key up to a bound. A key whose count is zero takes no room."""

    __slots__ = ("_counts", "_most")

    def __init__(self, most: int) -> None:
        self._counts: dict[bytes | str, int] = {}
        self._most = most

    def __len__(self) -> int:
        return len(self._counts)

    def count_in(self, key: bytes | str) -> bool:
        count = self._counts.get(key, 0)
        if count >= self._most:
            return False
        self._counts[key] = count + 1
        return True

    def count_out(self, key: bytes | str) -> None:
        count = self._counts[key] - 1
        if count:
            self._counts[key] = count
        else:
            del self._counts[key]


class Gate:
    """Counts the connections of one process."""

    __slots__ = ("_addresses", "_in_all", "_inside", "_place_of", "accounts")

    def __init__(self, limits: GateLimits | None = None, *, place_of: Callable[[str], Place] | None = None) -> None:
        """Begin with nobody inside. `place_of` tells whom a peer stands for; None: `Places()`."""
        limits = limits or GateLimits()
        self._in_all = limits.in_all
        self._inside = 0
        self._place_of = place_of or Places()
        self._addresses = _Counters(limits.each_address)
        self.accounts = _Counters(limits.each_account)
        """For `Entry` only."""

    def __len__(self) -> int:
        """Count the connections that are inside."""
        return self._inside

    @property
    def keys(self) -> int:
        """How many counters there are: what the memory of the gate follows."""
        return len(self._addresses) + len(self.accounts)

    def enter(self, peer: str) -> Entry | GateClosed:
        """Let a connection in, or say why not."""
        if self._inside >= self._in_all:
            return GateClosed(ClosedBy.ALL)
        place = self._place_of(peer)
        if place is not None and not self._addresses.count_in(place):
            return GateClosed(ClosedBy.ADDRESS)
        self._inside += 1
        return Entry(self, place)

    def count_out(self, place: Place) -> None:
        """Count a connection out; for `Entry` only."""
        self._inside -= 1
        if place is not None:
            self._addresses.count_out(place)
