"""Where mail is handed in, and how the way there is secured.

Not a connection: `submit.py` makes one. Whoever is to log in is told by `restante.client.Login`, as for POP3.
Sources: RFC 6409 (submission), RFC 8314 §3.3 (implicit TLS on 465 before STARTTLS on 587).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from restante.client.server import Security, Server

__all__ = ["SUBMISSION_PORTS", "SubmissionSecurity", "SubmissionServer", "SubmissionTimeouts"]


class SubmissionSecurity(Enum):
    """How a connection is secured."""

    TLS = "TLS from the first octet"
    STARTTLS = "TLS begun by STARTTLS, or nothing"
    PLAIN = "no TLS"
    """By a person's word only: for loopback, or a tunnel."""


SUBMISSION_PORTS: Final = {
    SubmissionSecurity.TLS: 465,
    SubmissionSecurity.STARTTLS: 587,
    SubmissionSecurity.PLAIN: 587,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionTimeouts:
    """How long to wait, in seconds. RFC 5321 §4.5.3.2 asks for minutes, since a server may be checking mail."""

    connect_seconds: float = 30.0
    """For the name, the connection, the handshake of TLS and the greeting, each."""
    command_seconds: float = 120.0
    """For the answer to a command."""
    message_seconds: float = 600.0
    """For the answer that the message was taken, besides the time that its octets need."""
    slowest_octets_per_second: int = 4096
    """What the server must at least take of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionServer:
    """A server that takes mail from its own people. `host` is the name that its certificate is checked against."""

    host: str
    port: int | None = None
    """None: 465 for TLS and 587 otherwise."""
    security: SubmissionSecurity = SubmissionSecurity.TLS
    fingerprint: str | None = None
    """As in `restante.client.Server`, and so are the next four."""
    authorities: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    proxy: str | None = field(default=None, repr=False)
    timeouts: SubmissionTimeouts = SubmissionTimeouts()

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be a host, a port or a fingerprint."""
        _ = self.for_tls

    @property
    def real_port(self) -> int:
        """The port to connect to."""
        return SUBMISSION_PORTS[self.security] if self.port is None else self.port

    @property
    def address(self) -> str:
        """`host:port`, as a person would write it."""
        return self.for_tls.address

    @property
    def for_tls(self) -> Server:
        """The same server as the client library's TLS knows one: its checks are the ones used here."""
        plain = self.security is SubmissionSecurity.PLAIN
        return Server(
            host=self.host,
            port=self.real_port,
            security=Security.PLAIN if plain else Security.TLS,
            fingerprint=self.fingerprint,
            authorities=self.authorities,
            client_certificate=self.client_certificate,
            client_key=self.client_key,
            proxy=self.proxy,
        )
