"""What a connection's TLS gives to a login: what ties a login to it, and the certificate that the client showed.

A session has one, from the moment that TLS is there. Where a proxy ended the TLS it is empty: what the proxy saw of
the client is not told here, and its certificate is not ours.
Not here: the handshake, and who signed what: that is `tls`.
Sources: RFC 5929 §4 (binding), RFC 4422 appendix A (EXTERNAL).
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Final

from restante.doors.tls import channel_binding
from restante.sasl.terms import ChannelBinding

__all__ = ["NO_CHANNEL", "Channel", "channel_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One connection's."""

    bindings: tuple[ChannelBinding, ...] = ()
    """Those that both ends can see; none where there is no TLS, or it gives none."""
    certificate: bytes | None = field(repr=False, default=None)
    """The client's, in DER, if it showed one: its key was proved and its signer is one of ours."""


NO_CHANNEL: Final = Channel()


def channel_of(connection: ssl.SSLObject | None) -> Channel:
    """Tell of a connection whose handshake is done; of None, where another machine did it, nothing.

    A TLS session that goes on by its id has neither: who signed its certificate was looked at when it began, and
    an authority may have been taken away since.
    """
    if connection is None or connection.session_reused:
        return NO_CHANNEL
    binding = channel_binding(connection)
    certificate = connection.getpeercert(binary_form=True)
    if certificate is not None and connection.context.verify_mode is ssl.CERT_NONE:
        certificate = None  # without verification it would be whatever the client likes to say of itself
    return Channel(bindings=() if binding is None else (binding,), certificate=certificate)
