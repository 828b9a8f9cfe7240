"""What a server asks of a connection before it takes a password, and what it offers: TLS and mechanisms.

Sources: RFC 2595 §2.3 and RFC 8314 §3 (no password in the clear), RFC 5034 §4 (PLAIN), RFC 2595 §4 (STLS).
"""

from __future__ import annotations

import secrets
import ssl
from dataclasses import dataclass, field
from enum import Enum

from restante.doors.channel import Channel
from restante.proto.capabilities import CAPABILITIES
from restante.proto.terms import Secret
from restante.sasl.registry import Mechanism, offer
from restante.sasl.scram_keys import ScramDecoy
from restante.sasl.terms import TokenDenied

__all__ = ["Plaintext", "Security"]


class Plaintext(Enum):
    """Where a password may cross an open line."""

    TLS = "tls"
    """Nowhere: only under TLS."""
    LOOPBACK = "loopback"
    """From this machine, over loopback or a socket in the file system."""
    ALWAYS = "always"
    """Everywhere: the administrator's word that the network is trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """What is the same for all connections of a server. Raises ValueError for a capability that there is not."""

    plaintext: Plaintext = Plaintext.LOOPBACK
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    """Those that are enabled, by their registered names."""
    decoy: ScramDecoy = field(default_factory=lambda: ScramDecoy(key=Secret(secrets.token_bytes(32))))
    """For names without SCRAM keys. Its key should outlast the process, or restarts tell names apart."""
    tls: ssl.SSLContext | None = None
    """For STLS; None: not offered."""
    tls_handshake_seconds: float = 10
    disabled_capabilities: frozenset[str] = frozenset()
    """Tags that are not announced, and whose commands and response codes are refused and left out."""
    discovery: TokenDenied | None = None
    """What a client hears that asks by OAUTHBEARER how to get a token; None: that it needs one."""
    downgrade: bool = True
    """Whether a client without UTF8 gets a surrogate of a message that needs it; False: `-ERR [UTF8]`."""

    def __post_init__(self) -> None:
        unknown = self.disabled_capabilities - CAPABILITIES
        if unknown:
            raise ValueError(
                f"no capability of POP3: {', '.join(sorted(unknown))}; there are {', '.join(sorted(CAPABILITIES))}"
            )

    @property
    def downgrades(self) -> bool:
        """Whether a surrogate is sent: always where the client cannot say UTF8."""
        return self.downgrade or "UTF8" in self.disabled_capabilities

    def allows_plaintext(self, *, secured: bool, local: bool) -> bool:
        """Tell whether a connection may carry a password as it is."""
        return secured or self.plaintext is Plaintext.ALWAYS or (local and self.plaintext is Plaintext.LOOPBACK)

    def offered(self, *, secured: bool, local: bool, channel: Channel) -> tuple[Mechanism, ...]:
        """Give the mechanisms that a connection may use as it is."""
        return offer(
            self.mechanisms,
            tls=secured,
            allow_plaintext=self.allows_plaintext(secured=secured, local=local),
            binding=bool(channel.bindings),
            certificate=channel.certificate is not None,
        )
