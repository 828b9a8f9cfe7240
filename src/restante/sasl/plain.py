"""PLAIN: name and password in one message, in the clear. Under TLS every server has it.

    message = [authzid] NUL authcid NUL passwd

The client sends name and password as typed; preparing them is the server's part. Source: RFC 4616.
"""

from __future__ import annotations

from typing import Final

from restante.sasl.fields import name_from, name_octets, password_from, password_octets
from restante.sasl.machine import Dialogue, Refusal, ServerMechanism, granted, response_to
from restante.sasl.terms import Credentials, FailureKind, JudgePassword, PeerMisbehaved

__all__ = ["NAME", "PlainClient", "plain_server"]

NAME: Final = "PLAIN"


def plain_server() -> ServerMechanism:
    """Give the server's side. Asks JudgePassword."""
    return ServerMechanism(NAME, _dialogue())


def _dialogue() -> Dialogue:
    message = yield from response_to()
    parts = message.split(b"\0")
    if len(parts) != 3:
        raise Refusal(FailureKind.MALFORMED, "the message is not three fields parted by NUL")
    authzid = name_from(parts[0]) if parts[0] else None
    authcid = name_from(parts[1])
    password = password_from(parts[2])
    request = JudgePassword(
        authzid=authzid, authcid=authcid, password=password.prepared, password_as_sent=password.as_sent
    )
    return (yield from granted(request, authzid=authzid))


class PlainClient:
    """The client's side. Raises CredentialUnusable for a name or password that it cannot carry."""

    __slots__ = ("_message",)

    name: Final = NAME

    def __init__(self, credentials: Credentials) -> None:
        authzid = name_octets(credentials.authzid, field="authzid") if credentials.authzid else b""
        self._message = b"\0".join((authzid, name_octets(credentials.authcid), password_octets(credentials)))

    def start(self) -> bytes:
        """Give the one message."""
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        """Raise PeerMisbehaved: there is nothing more to say."""
        raise PeerMisbehaved(mechanism=NAME, reason="asks for more than there is")

    def finished(self) -> None:
        """Hear that the server said yes."""

    def refused(self) -> None:
        """Hear that the server said no."""
