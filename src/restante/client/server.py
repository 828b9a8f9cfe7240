"""What a client has to be told: where the server is, how it is to be secured, who logs in, and how much is too
much.

Sources: RFC 8314 §3 (implicit TLS on 995; STLS on 110), RFC 2595 §2.4 (the name that is checked).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final, Self

from restante.proto.terms import Secret
from restante.sasl.terms import Credentials

__all__ = ["DEFAULT_PORTS", "Limits", "Login", "Security", "Server", "Timeouts"]


class Security(Enum):
    """How a connection is secured."""

    TLS = "TLS from the first octet"
    STLS = "TLS begun by STLS, or nothing"
    PLAIN = "no TLS"
    """Anybody on the way can read the mail, and the password too where the mechanism shows it. By a person's word
    only: for loopback, or a tunnel."""


_PROXY: Final = re.compile(r"socks5://(?:[^\s@/]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s@/:\[\]]+):[0-9]{1,5}")

DEFAULT_PORTS: Final = {Security.TLS: 995, Security.STLS: 110, Security.PLAIN: 110}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait, in seconds."""

    connect_seconds: float = 30.0
    """For the name to be looked up and the connection to stand, through a proxy too."""
    tls_seconds: float = 30.0
    """For the handshake."""
    command_seconds: float = 60.0
    """For the next octet of a reply, and for a whole one as far as it is short."""
    login_seconds: float = 120.0
    """For the answer to a login: servers build listings then, and delay those who guess."""
    update_seconds: float = 300.0
    """For the answer to QUIT: many messages may have to be removed first."""
    slowest_octets_per_second: int = 256
    """What a long reply must keep up with, on the whole, so that an octet a second comes to an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a server is too much."""

    messages: int = 100_000
    """In a listing. Each takes some 300 octets of memory."""
    listing_octets: int = 16 * 1024 * 1024
    """Of one listing."""
    held_octets: int = 48 * 1024 * 1024
    """Of one message that is held whole in memory; larger ones are for `stream`."""
    message_octets: int = 4 * 1024 * 1024 * 1024
    """Of one message in a stream. No message may be more than some four times what the server told of it."""
    session_octets: int = 64 * 1024 * 1024 * 1024
    """Of all together, on one connection."""
    window_messages: int = 256
    """How many are asked for ahead where the server announces PIPELINING. 1: nothing at all goes out ahead."""
    window_octets: int = 4 * 1024 * 1024
    """How many octets, by what the server told of them, are asked for ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server, and how to come to it.

    `host` is the name that its certificate is checked against. The port is 995 for TLS and 110 otherwise, unless
    given.
    """

    host: str
    port: int | None = None
    security: Security = Security.TLS
    fingerprint: str | None = None
    """SHA-256 of the server's certificate in hex, with colons or without: then this certificate is trusted, whoever
    signed it and whatever its dates and names, and no other is."""
    authorities: Path | None = None
    """A file of certificates in PEM that are trusted instead of the system's."""
    client_certificate: Path | None = None
    """A certificate in PEM that we show, with its key in the same file unless `client_key` is given."""
    client_key: Path | None = None
    proxy: str | None = field(default=None, repr=False)
    """`socks5://[name:password@]host:port`. The proxy looks the server's name up."""
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        """Raise ValueError for a host or fingerprint that cannot be one."""
        try:
            ascii_host = self.host.encode("idna")
        except UnicodeError:
            ascii_host = b""
        if not ascii_host or not self.host.isprintable() or " " in self.host:
            raise ValueError("host is the server's name or address, such as pop.example.org")
        if self.port is not None and not 1 <= self.port <= 65535:
            raise ValueError("port is a number from 1 to 65535; leave it out for the usual one")
        if self.proxy is not None and not _PROXY.fullmatch(self.proxy):
            raise ValueError("proxy is socks5://[name:password@]host:port")
        if self.fingerprint is not None and len(self.pinned or b"") != 32:
            raise ValueError("fingerprint is the SHA-256 of a certificate: 64 hex digits, with colons or without")
        if self.fingerprint is not None and self.security is Security.PLAIN:
            raise ValueError("a fingerprint is for a connection with TLS; choose TLS or STLS")

    @property
    def real_port(self) -> int:
        """The port to connect to."""
        return DEFAULT_PORTS[self.security] if self.port is None else self.port

    @property
    def address(self) -> str:
        """`host:port`, as a person would write it."""
        return f"[{self.host}]:{self.real_port}" if ":" in self.host else f"{self.host}:{self.real_port}"

    @property
    def pinned(self) -> bytes | None:
        """The fingerprint as octets, or None without one or when it is not hex."""
        try:
            return None if self.fingerprint is None else bytes.fromhex(self.fingerprint.replace(":", ""))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who logs in, and what they have to show.

    With nothing but a name, the client certificate of the server's settings is what is shown.
    """

    name: str
    password: Secret | None = None
    """UTF-8."""
    token: Secret | None = None
    """A bearer token for OAUTHBEARER and XOAUTH2."""
    act_as: str | None = None
    """Whose maildrop, where it is not one's own: an authzid."""
    mechanism: str | None = None
    """None: the strongest that is offered. Else a mechanism's name, or `USER` for USER and PASS, or `APOP`."""

    @classmethod
    def by_password(cls, name: str, password: str, *, mechanism: str | None = None) -> Self:
        """Log in by a password as people type it."""
        return cls(name=name, password=Secret(password.encode()), mechanism=mechanism)

    @classmethod
    def by_token(cls, name: str, token: str) -> Self:
        """Log in by a bearer token."""
        return cls(name=name, token=Secret(token.encode()))

    @property
    def credentials(self) -> Credentials:
        """What the mechanisms take."""
        return Credentials(authcid=self.name, authzid=self.act_as, password=self.password, token=self.token)
