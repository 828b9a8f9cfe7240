"""LOGIN: what PLAIN does, in two steps and without a standard. For clients and servers that know nothing better.

The server speaks first, in words that differ between servers; only their order counts. There is no authzid.
Source: draft-murchison-sasl-login-00 §2, which describes what was there.
"""

from __future__ import annotations

from typing import Final

from restante.sasl.fields import name_from, name_octets, password_from, password_octets
from restante.sasl.machine import Dialogue, ServerMechanism, granted, response_to
from restante.sasl.terms import Challenge, Credentials, CredentialUnusable, JudgePassword, PeerMisbehaved

__all__ = ["NAME", "LoginClient", "login_server"]

NAME: Final = "LOGIN"

_ASK_NAME: Final = Challenge(octets=b"Username:")
"""These words and no others: some clients compare them, whatever the draft says."""
_ASK_PASSWORD: Final = Challenge(octets=b"Password:")


def login_server() -> ServerMechanism:
    """Give the server's side. Asks JudgePassword."""
    return ServerMechanism(NAME, _dialogue(), server_first=True)


def _dialogue() -> Dialogue:
    authcid = name_from((yield from response_to(_ASK_NAME)))
    password = password_from((yield from response_to(_ASK_PASSWORD)))
    request = JudgePassword(
        authzid=None, authcid=authcid, password=password.prepared, password_as_sent=password.as_sent
    )
    return (yield from granted(request, authzid=None))


class LoginClient:
    """The client's side. Raises CredentialUnusable for a name or password that it cannot carry."""

    __slots__ = ("_left",)

    name: Final = NAME

    def __init__(self, credentials: Credentials) -> None:
        if credentials.authzid:
            raise CredentialUnusable(field="authzid", reason="has no place in LOGIN; use PLAIN")
        self._left = [password_octets(credentials), name_octets(credentials.authcid)]

    def start(self) -> None:
        """Give no initial response: the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """Give the name, then the password. Raises PeerMisbehaved for a third challenge."""
        if not self._left:
            raise PeerMisbehaved(mechanism=NAME, reason="asks for more than a name and a password")
        return self._left.pop()

    def finished(self) -> None:
        """Hear that the server said yes. Raises PeerMisbehaved if it did so before it had the password."""
        if self._left:
            raise PeerMisbehaved(mechanism=NAME, reason="said yes before it was told the password")

    def refused(self) -> None:
        """Hear that the server said no."""
