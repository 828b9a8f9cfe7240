"""XOAUTH2: the older way to send a token, which Google and Microsoft still speak.

    message = "user=" name %x01 "auth=Bearer " token %x01 %x01

A token that is refused gets a challenge in JSON; the client answers with nothing, and then the login fails. A long
token does not fit into the line of AUTH and goes in a second step; `exchange.py` sees to that.
Source: developers.google.com/workspace/gmail/imap/xoauth2-protocol (no RFC).
"""

from __future__ import annotations

from typing import Final

from restante.sasl.bearer import BearerClient, error_json, read_pairs, token_from, token_judged, token_refused
from restante.sasl.fields import name_from, name_octets, token_octets
from restante.sasl.machine import Dialogue, Refusal, ServerMechanism, response_to
from restante.sasl.terms import Credentials, Done, FailureKind, JudgeToken

__all__ = ["NAME", "XOAuth2Client", "xoauth2_server"]

NAME: Final = "XOAUTH2"

_USER: Final = b"user="


def xoauth2_server() -> ServerMechanism:
    """Give the server's side. Asks JudgeToken."""
    return ServerMechanism(NAME, _dialogue())


def _dialogue() -> Dialogue:
    message = yield from response_to()
    # A name may be in UTF-8, which the pairs of RFC 7628 may not; so it is parted first.
    user, separator, rest = message.partition(b"\1")
    if not (user.startswith(_USER) and separator):
        raise Refusal(FailureKind.MALFORMED, "the message does not begin with user=")
    authzid = name_from(user.removeprefix(_USER))
    token = token_from(read_pairs(rest))
    if token is None:
        raise Refusal(FailureKind.MALFORMED, "auth is empty")
    judged = yield from token_judged(JudgeToken(authzid=authzid, token=token, host=None, port=None))
    if isinstance(judged, Done):
        return judged
    # A number for the status, as clients of this mechanism expect it.
    return (yield from token_refused(error_json(status="401", schemes="bearer", scope=judged.scope)))


class XOAuth2Client(BearerClient):
    """The client's side. Raises CredentialUnusable for a name or token that it cannot carry."""

    __slots__ = ()

    def __init__(self, credentials: Credentials) -> None:
        user = name_octets(credentials.authzid or credentials.authcid)
        token = token_octets(credentials)
        super().__init__(NAME, _USER + user + b"\1auth=Bearer " + token + b"\1\1", answer=b"")
