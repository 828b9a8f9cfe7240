"""OAUTHBEARER: a token of an OAuth issuer instead of a password.

    message = gs2-header %x01 *(key "=" value %x01) %x01

A token that is refused gets a challenge in JSON that says why; the client answers with one octet 0x01 (or anything
else), and then the login fails. An empty `auth` asks for that challenge, to learn where tokens are had.
Source: RFC 7628 §3.
"""

from __future__ import annotations

import re
from typing import Final

from restante.sasl.bearer import (
    BearerClient,
    error_json,
    read_pairs,
    token_from,
    token_judged,
    token_refused,
)
from restante.sasl.fields import name_octets, token_octets
from restante.sasl.gs2 import BindingFlag, gs2_header, read_gs2_header
from restante.sasl.machine import Dialogue, Refusal, ServerMechanism, response_to
from restante.sasl.terms import (
    Credentials,
    CredentialUnusable,
    Done,
    FailureKind,
    JudgeToken,
    TokenDenied,
)

__all__ = ["NAME", "OAuthBearerClient", "oauthbearer_server"]

NAME: Final = "OAUTHBEARER"

_HOST: Final = re.compile(rb"[!-~]{1,255}")
_PORT: Final = re.compile(rb"[0-9]{1,5}")
_LARGEST_PORT: Final = 65535


def oauthbearer_server(discovery: TokenDenied | None = None) -> ServerMechanism:
    """Give the server's side. Asks JudgeToken. `discovery` is what a client without a token is told."""
    return ServerMechanism(NAME, _dialogue(discovery or TokenDenied()))


def _dialogue(discovery: TokenDenied) -> Dialogue:
    header, rest = read_gs2_header((yield from response_to()))
    if header.flag is BindingFlag.USED:
        raise Refusal(FailureKind.UNSUPPORTED, "OAUTHBEARER has no channel binding")
    if not rest.startswith(b"\1"):
        raise Refusal(FailureKind.MALFORMED, "no separator follows the GS2 header")
    pairs = read_pairs(rest[1:])
    token = token_from(pairs)
    denied = discovery
    if token is not None:
        request = JudgeToken(authzid=header.authzid, token=token, host=_host(pairs), port=_port(pairs))
        judged = yield from token_judged(request)
        if isinstance(judged, Done):
            return judged
        denied = judged
    error = error_json(status=denied.status, scope=denied.scope, openid_configuration=denied.openid_configuration)
    return (yield from token_refused(error))


def _host(pairs: dict[bytes, bytes]) -> str | None:
    host = pairs.get(b"host")
    if not host:
        return None
    if _HOST.fullmatch(host) is None:
        raise Refusal(FailureKind.MALFORMED, "host is no name of a host")
    return host.decode("ascii")


def _port(pairs: dict[bytes, bytes]) -> int | None:
    port = pairs.get(b"port")
    if not port:
        return None
    if _PORT.fullmatch(port) is None or int(port) > _LARGEST_PORT:
        raise Refusal(FailureKind.MALFORMED, "port is no number of a port")
    return int(port)


class OAuthBearerClient(BearerClient):
    """The client's side. Raises CredentialUnusable for a name, host or token that it cannot carry.

    `host` and `port` are those that it connected to; None leaves them out.
    """

    __slots__ = ()

    def __init__(self, credentials: Credentials, *, host: str | None = None, port: int | None = None) -> None:
        # The account is asked for by its name, since a token may be good for more than one.
        name = credentials.authzid or credentials.authcid
        header = gs2_header(BindingFlag.UNSUPPORTED, binding_type=None, authzid=name_octets(name) if name else None)
        pairs = [b"auth=Bearer " + token_octets(credentials)]
        if port is not None:
            pairs.insert(0, b"port=%d" % port)
        if host is not None:
            octets = host.encode("ascii", "replace")
            if not host.isascii() or _HOST.fullmatch(octets) is None:
                raise CredentialUnusable(field="host", reason="is not a name in ASCII; give its A-labels")
            pairs.insert(0, b"host=" + octets)
        super().__init__(NAME, b"\1".join((header, *pairs, b"\1")), answer=b"\1")
