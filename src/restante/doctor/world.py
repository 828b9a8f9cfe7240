"""What the doctor needs of the world, as ports: connections, names, a clock. No sockets are here.

`sockets` is the real one; a test brings its own, so that each check is tried on a server in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from restante.doctor.patient import Door
from restante.sasl.terms import ChannelBinding

__all__ = ["DialFault", "DialProblem", "Record", "TlsFacts", "TlsOffer", "Wire", "World"]


class DialProblem(Enum):
    """Why there is no connection."""

    NO_NAME = "the name is not known"
    REFUSED = "nobody listens there"
    NO_ANSWER = "nothing answers"
    NO_ROUTE = "there is no way there from here"
    NO_TLS = "there is no TLS"
    ENDED = "the connection was ended"


class DialFault(Exception):
    """No connection, or no TLS on it. Its text is for people."""

    def __init__(self, problem: DialProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


class TlsOffer(Enum):
    """Which versions of TLS we put up with."""

    TODAY = "TLS 1.2 and 1.3"
    ONLY_1_3 = "TLS 1.3 alone"
    OLD = "TLS 1.0 and 1.1 alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """A handshake that was done without asking who the other is, and what asking would have said."""

    version: str
    """As OpenSSL calls it: TLSv1.3."""
    trusted: bool
    """Whether chain and name hold."""
    trouble: str = ""
    """Why not, in one line."""
    name_matches: bool = True
    names: tuple[str, ...] = ()
    days_left: float = 0.0
    """Until the certificate ends; below 0 since it has."""
    key: str = ""
    """RSA 2048, EC 256, Ed25519."""
    key_is_strong: bool = True
    signature: str = ""
    """The hash of its signature: sha256."""
    fingerprint: str = ""
    pinned: bool = False
    """Whether it was the fingerprint alone that was asked about: it is the one that was given."""
    binding: ChannelBinding | None = None
    """What ties a login to this channel; None where the certificate has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An answer of the DNS, for SRV with port and target."""

    value: str
    port: int = 0


class Wire(Protocol):
    """One connection, as octets."""

    address: str
    """The other end, numeric."""
    tls: TlsFacts | None

    def send(self, octets: bytes) -> None:
        """Send, as one segment where that can be had. Raises OSError."""
        ...

    def receive(self, seconds: float) -> bytes:
        """Give what came; nothing is the end. Raises TimeoutError, and OSError for a connection that broke."""
        ...

    def start_tls(self, offer: TlsOffer = TlsOffer.TODAY) -> TlsFacts:
        """Begin TLS. Raises DialFault."""
        ...

    def ended_cleanly(self) -> bool:
        """Tell whether the end came as close_notify; always True without TLS."""
        ...

    def close(self) -> None:
        """End the connection at once."""
        ...


class World(Protocol):
    """Connections, names, time."""

    def dial(self, door: Door, *, address: str | None = None) -> Wire:
        """Connect, without TLS. `address` takes one of the host's addresses. Raises DialFault."""
        ...

    def addresses(self) -> tuple[str, ...]:
        """Give the host's addresses of both families."""
        ...

    def services(self, service: str) -> tuple[Record, ...]:
        """Give the SRV records of `_pop3s._tcp` and the like at the domain. Raises DialFault when nobody knows."""
        ...

    def is_alias(self, name: str) -> bool:
        """Tell whether a name has a CNAME."""
        ...

    def autoconfig(self) -> bytes | None:
        """Give the file that mail programs look for, or None."""
        ...

    def clock(self) -> float:
        """Seconds since some fixed point."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait."""
        ...

    def entropy(self, octets: int) -> bytes:
        """Give random octets."""
        ...
