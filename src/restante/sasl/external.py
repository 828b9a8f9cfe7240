"""EXTERNAL: who the client is was settled below, by its TLS certificate; it only says as whom it wants to act.

The message is an authzid in UTF-8, or empty for the account that the certificate names.
Source: RFC 4422 appendix A.
"""

from __future__ import annotations

from typing import Final

from restante.sasl.fields import name_from, name_octets
from restante.sasl.machine import Dialogue, ServerMechanism, granted, response_to
from restante.sasl.terms import Credentials, JudgeCertificate, PeerMisbehaved

__all__ = ["NAME", "ExternalClient", "external_server"]

NAME: Final = "EXTERNAL"


def external_server(certificate: bytes | None) -> ServerMechanism:
    """Give the server's side. Asks JudgeCertificate.

    `certificate` is the client's, in DER, as TLS verified it. Raises ValueError where there is none: then EXTERNAL
    is not to be offered.
    """
    if certificate is None:
        raise ValueError("EXTERNAL needs a certificate that TLS verified; offer it where there is one")
    return ServerMechanism(NAME, _dialogue(certificate))


def _dialogue(certificate: bytes) -> Dialogue:
    message = yield from response_to()
    authzid = name_from(message) if message else None
    return (yield from granted(JudgeCertificate(authzid=authzid, certificate=certificate), authzid=authzid))


class ExternalClient:
    """The client's side. Sends the authzid alone; the name plays no part."""

    __slots__ = ("_message",)

    name: Final = NAME

    def __init__(self, credentials: Credentials) -> None:
        self._message = name_octets(credentials.authzid, field="authzid") if credentials.authzid else b""

    def start(self) -> bytes:
        """Give the authzid; empty is a message, too."""
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        """Raise PeerMisbehaved: there is nothing more to say."""
        raise PeerMisbehaved(mechanism=NAME, reason="asks for more than there is")

    def finished(self) -> None:
        """Hear that the server said yes."""

    def refused(self) -> None:
        """Hear that the server said no."""
