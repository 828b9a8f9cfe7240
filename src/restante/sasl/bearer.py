"""What OAUTHBEARER and XOAUTH2 share: how a token travels, and how its refusal is told and heard.

Not mechanisms themselves: those are `oauthbearer.py` and `xoauth2.py`. A refusal is JSON from the other side, which
a client cuts, cleans and shows to a person; it decides nothing.
Sources: RFC 7628 §3.1 and §3.2, RFC 6750 §2.1.
"""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn

from restante.proto.terms import Secret
from restante.sasl.fields import is_bearer_token
from restante.sasl.machine import Part, Refusal, response_to
from restante.sasl.terms import (
    Challenge,
    Done,
    FailureKind,
    Granted,
    JudgeToken,
    PeerMisbehaved,
    TokenDenied,
    TokenRefused,
    Unavailable,
)

__all__ = [
    "LARGEST_REFUSAL_OCTETS",
    "LONGEST_TOLD",
    "BearerClient",
    "error_json",
    "read_pairs",
    "token_from",
    "token_judged",
    "token_refused",
]

LARGEST_REFUSAL_OCTETS: Final = 4096
"""The JSON of a refusal; a longer one is not read."""

LONGEST_TOLD: Final = 200
"""Characters of each of its fields that a person is shown."""

_MOST_PAIRS: Final = 16
"""Pairs in a client's message; RFC 7628 §3.1 knows seven keys."""

_PAIR: Final = re.compile(rb"([A-Za-z]{1,32})=([\t\n\r -~]*)")
"""kvpair without its separator. Source: RFC 7628 §3.1."""

_SCHEME: Final = re.compile(rb"bearer +", re.IGNORECASE)


# --- the server's side --------------------------------------------------------------------------------------------


def read_pairs(octets: bytes) -> dict[bytes, bytes]:
    r"""Read `*(key "=" value %x01) %x01`. Raises Refusal."""
    if octets == b"\1":
        return {}
    if not octets.endswith(b"\1\1"):
        raise Refusal(FailureKind.MALFORMED, "the message does not end with two separators")
    # One more than allowed is enough to know.
    fields = octets[:-2].split(b"\1", _MOST_PAIRS)
    if len(fields) > _MOST_PAIRS:
        raise Refusal(FailureKind.MALFORMED, f"the message holds more than {_MOST_PAIRS} pairs")
    pairs: dict[bytes, bytes] = {}
    for pair in fields:
        matched = _PAIR.fullmatch(pair)
        if matched is None or matched[1] in pairs:
            raise Refusal(FailureKind.MALFORMED, "the message holds what is no pair, or one pair twice")
        pairs[matched[1]] = matched[2]
    return pairs


def token_from(pairs: dict[bytes, bytes]) -> Secret | None:
    """Give the token in the pair `auth`; None for an empty one, which asks how to get a token. Raises Refusal."""
    auth = pairs.get(b"auth")
    if auth is None:
        raise Refusal(FailureKind.MALFORMED, "the message holds no pair auth")
    if not auth:
        return None
    scheme = _SCHEME.match(auth)
    token = auth[scheme.end() :] if scheme else b""
    if not is_bearer_token(token):
        raise Refusal(FailureKind.MALFORMED, "auth is not Bearer and a token")
    return Secret(token)


def token_judged(request: JudgeToken) -> Part[Done | TokenDenied]:
    """Ask the world about a token, in a dialogue."""
    answer = yield request
    match answer:
        case Granted(authcid=authcid):
            return Done(authcid=authcid, authzid=request.authzid)
        case TokenDenied():
            return answer
        case Unavailable():
            raise Refusal(FailureKind.UNAVAILABLE, "the token could not be judged")
        case _:
            raise TypeError(f"JudgeToken is not answered by {type(answer).__name__}")


def token_refused(error: bytes) -> Part[NoReturn]:
    """Tell the client why, wait for its one answer whatever it is, and end the dialogue. RFC 7628 §3.2.3."""
    yield from response_to(Challenge(octets=error))
    raise Refusal(FailureKind.WRONG_CREDENTIALS, "the token is not good here")


def error_json(**fields: str | None) -> bytes:
    """Write a refusal: the fields that are there, `_` in their names for `-`, in ASCII."""
    present = {name.replace("_", "-"): value for name, value in fields.items() if value is not None}
    return json.dumps(present, separators=(",", ":")).encode()


# --- the client's side --------------------------------------------------------------------------------------------


class BearerClient:
    """A client's side that sends one message, and answers a refusal with the one answer that the mechanism has."""

    __slots__ = ("_answer", "_message", "_told", "name")

    name: str

    def __init__(self, name: str, message: bytes, *, answer: bytes) -> None:
        self.name = name
        self._message = message
        self._answer = answer
        self._told: TokenRefused | None = None

    def start(self) -> bytes:
        """Give the one message."""
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        """Note why the token is refused, and give the answer that ends the exchange. Source: RFC 7628 §3.2.3.

        Raises PeerMisbehaved for a second challenge.
        """
        if self._told is not None:
            raise PeerMisbehaved(mechanism=self.name, reason="goes on after it refused the token")
        self._told = _refusal(challenge)
        return self._answer

    def finished(self) -> None:
        """Hear that the server said yes. Raises PeerMisbehaved if it had refused the token before."""
        if self._told is not None:
            raise PeerMisbehaved(mechanism=self.name, reason="first refused the token and then said yes")

    def refused(self) -> None:
        """Hear that the server said no. Raises TokenRefused with what it told, if it did."""
        if self._told is not None:
            raise self._told


def _refusal(challenge: bytes) -> TokenRefused:
    fields: object = None
    if len(challenge) <= LARGEST_REFUSAL_OCTETS:
        try:
            fields = json.loads(challenge)
        except (ValueError, RecursionError):
            # Not JSON, not UTF-8, numbers or nesting without end: then the server's no is all we know.
            fields = None
    known: dict[str, object] = fields if isinstance(fields, dict) else {}
    return TokenRefused(
        status=_told(known.get("status")),
        scope=_told(known.get("scope")),
        openid_configuration=_told(known.get("openid-configuration")),
    )


def _told(value: object) -> str | None:
    """Give a field as a person may be shown it: printable, and cut."""
    if not isinstance(value, str) or not value:
        return None
    return "".join(c if c.isprintable() else "�" for c in value[:LONGEST_TOLD])
