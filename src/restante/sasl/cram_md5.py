"""CRAM-MD5: a digest over a challenge and a shared secret. Off by default, and never a client's own choice.

MD5, no salt, no proof of the server, and the server has to keep the password itself: so a client uses it only where
a person told it to. It is here for old devices that know nothing else.

    challenge = "<" unique "@" host ">"
    response  = authcid SP 32 lower-case hexadecimal digits

Source: RFC 2195 §2.
"""

from __future__ import annotations

import hmac
import re
from typing import Final

from restante.proto.terms import Secret
from restante.sasl.fields import name_from, name_octets, password_octets
from restante.sasl.machine import Dialogue, Refusal, ServerMechanism, answered, response_to
from restante.sasl.terms import (
    Challenge,
    Credentials,
    CredentialUnusable,
    Done,
    FailureKind,
    FoundSecret,
    NeedSharedSecret,
    PeerMisbehaved,
)

__all__ = ["NAME", "CramMd5Client", "cram_md5_server"]

NAME: Final = "CRAM-MD5"

_DIGEST: Final = re.compile(rb"[0-9a-f]{32}")

_CHALLENGE: Final = re.compile(rb"<[!-;=?A-~]{1,128}@[!-;=?A-~]{1,255}>")
"""Letters that a msg-id may hold, and nothing by which a hostile server could steer MD5 (CVE-2007-1558)."""

_NOBODY: Final = Secret(b"nobody has this secret")


def cram_md5_server(challenge: bytes) -> ServerMechanism:
    """Give the server's side. Asks NeedSharedSecret.

    The challenge is `<unique@host>`, another one each time. Raises ValueError for one that is not of that form.
    """
    if _CHALLENGE.fullmatch(challenge) is None:
        raise ValueError("a challenge of CRAM-MD5 is <unique@host>; make the unique part from random octets")
    return ServerMechanism(NAME, _dialogue(challenge), server_first=True)


def _dialogue(challenge: bytes) -> Dialogue:
    response = yield from response_to(Challenge(octets=challenge))
    # A name may hold spaces, a digest does not.
    name, _, digest = response.rpartition(b" ")
    if _DIGEST.fullmatch(digest) is None:
        raise Refusal(FailureKind.MALFORMED, "the response does not end with a space and 32 hexadecimal digits")
    authcid = name_from(name)
    found = yield from answered(NeedSharedSecret(authcid=authcid), FoundSecret)
    # The same work for a name that is not there.
    fits = hmac.compare_digest(_digest(found.secret or _NOBODY, challenge), digest)
    if not (fits and found.secret is not None and found.may_log_in):
        raise Refusal(FailureKind.WRONG_CREDENTIALS, "the credentials are wrong")
    return Done(authcid=authcid, authzid=None)


def _digest(secret: Secret, challenge: bytes) -> bytes:
    return hmac.digest(secret.reveal(), challenge, "md5").hex().encode()


class CramMd5Client:
    """The client's side. Raises CredentialUnusable for a name or password that it cannot carry."""

    __slots__ = ("_answered", "_authcid", "_secret")

    name: Final = NAME

    def __init__(self, credentials: Credentials) -> None:
        if credentials.authzid:
            raise CredentialUnusable(field="authzid", reason="has no place in CRAM-MD5; use SCRAM or PLAIN")
        self._authcid = name_octets(credentials.authcid)
        self._secret = Secret(password_octets(credentials))
        self._answered = False

    def start(self) -> None:
        """Give no initial response: the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """Give name and digest. Raises PeerMisbehaved for a challenge that is not one, or a second one."""
        if self._answered:
            raise PeerMisbehaved(mechanism=NAME, reason="sent a second challenge")
        if _CHALLENGE.fullmatch(challenge) is None:
            raise PeerMisbehaved(mechanism=NAME, reason="sent a challenge that is no <unique@host>")
        self._answered = True
        return self._authcid + b" " + _digest(self._secret, challenge)

    def finished(self) -> None:
        """Hear that the server said yes. Raises PeerMisbehaved if it did so unasked."""
        if not self._answered:
            raise PeerMisbehaved(mechanism=NAME, reason="said yes before it was told anything")

    def refused(self) -> None:
        """Hear that the server said no."""
