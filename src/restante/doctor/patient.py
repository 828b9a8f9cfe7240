"""Whom the doctor looks at: the server, its doors, the login, and how far the examination may go."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from restante.client.server import Security, Server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restante.client.server import Login
    from restante.submission.server import SubmissionServer

__all__ = ["USUAL_PORTS", "Door", "Patient"]


class Door(Enum):
    """A way in."""

    POP3 = "pop3"
    """In the clear, with STLS."""
    POP3S = "pop3s"
    """TLS from the first octet."""
    SUBMISSION = "submission"
    """In the clear, with STARTTLS."""
    SUBMISSIONS = "submissions"
    """TLS from the first octet."""

    @property
    def is_tls(self) -> bool:
        """Whether TLS comes first."""
        return self in (Door.POP3S, Door.SUBMISSIONS)

    @property
    def is_pop3(self) -> bool:
        """Whether mail is called for there."""
        return self in (Door.POP3, Door.POP3S)


USUAL_PORTS: Final[Mapping[Door, int]] = MappingProxyType(
    {Door.POP3: 110, Door.POP3S: 995, Door.SUBMISSION: 587, Door.SUBMISSIONS: 465}
)
"""By IANA."""

_LOCAL: Final = (".localhost", ".local", ".test", ".invalid", ".example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A server, and what may be done with it."""

    host: str
    ports: Mapping[Door, int] = field(default_factory=lambda: USUAL_PORTS)
    """The doors to look at; one that is missing is not looked at."""
    login: Login | None = None
    plaintext: bool = False
    """Whether the password may go over a line without TLS, or with a certificate that is not to be trusted."""
    authorities: Path | None = None
    """Certificates in PEM that are trusted instead of the system's."""
    fingerprint: str | None = None
    """SHA-256 of the host's certificate in hex: then that one is trusted, and no other."""
    client_certificate: Path | None = None
    """A certificate in PEM that we show, with its key in the same file unless `client_key` is given."""
    client_key: Path | None = None
    sending: SubmissionServer | None = None
    """Where mail is handed in; None: at the same host, if it is there at all. Its port is not heeded."""
    sending_login: Login | None = None
    """Who logs in there, where it is another login."""
    disposable: bool = False
    """Whether the maildrop may be changed, and mail be sent to it."""
    idle: bool = False
    """Whether there is time for the checks that wait."""
    address: str | None = None
    """Where mail for the maildrop goes; None: the name of the login, at the server's domain where it has none."""

    def server_at(self, door: Door) -> Server:
        """Give the server of a door as a client has it that trusts nobody blindly."""
        security = Security.TLS if door.is_tls else Security.STLS
        if self.sending is not None and not door.is_pop3:
            return replace(self.sending.for_tls, port=self.ports[door], security=security)
        return Server(
            host=self.host,
            port=self.ports[door],
            security=security,
            fingerprint=self.fingerprint,
            authorities=self.authorities,
            client_certificate=self.client_certificate,
            client_key=self.client_key,
        )

    def is_loopback_at(self, door: Door) -> bool:
        """Whether nothing leaves this machine on the way to a door."""
        return _is_loopback(self.server_at(door).host)

    @property
    def is_named(self) -> bool:
        """Whether the server has a name that the DNS can know."""
        host = self.host.rstrip(".").lower()
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return "." in host and not f".{host}".endswith(_LOCAL)
        return False

    @property
    def is_this_machine(self) -> bool:
        """Whether nothing leaves this machine on the way to its POP3."""
        return _is_loopback(self.host)

    @property
    def domain(self) -> str:
        """The domain that the mail is for: of the address or login, else the host without its first label."""
        name = self.address or (self.login.name if self.login is not None else "")
        if "@" in name:
            return name.rpartition("@")[2].lower()
        head, _, rest = self.host.rstrip(".").lower().partition(".")
        return rest if "." in rest else f"{head}.{rest}".rstrip(".")

    @property
    def mail_address(self) -> str:
        """Where mail for the maildrop goes."""
        if self.address is not None:
            return self.address
        name = "" if self.login is None else self.login.name
        return name if "@" in name else f"{name}@{self.domain if self.is_named else self.host}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"
