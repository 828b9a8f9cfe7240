"""The fields of messages: names, passwords and tokens, read from a hostile client and written by a careful one.

The server's side raises Refusal, which ends the dialogue; the client's raises CredentialUnusable before anything
was sent. No exception here carries what it is about.
Sources: RFC 4616 §2 (PLAIN's rules for names and passwords, which others share), RFC 6750 §2.1 (tokens).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from restante.proto.terms import Secret
from restante.sasl.machine import Refusal
from restante.sasl.prep import NotPreparable, prepared
from restante.sasl.terms import (
    LARGEST_NAME_OCTETS,
    LARGEST_PASSWORD_OCTETS,
    Credentials,
    CredentialUnusable,
    FailureKind,
)

__all__ = [
    "ReadPassword",
    "is_bearer_token",
    "name_from",
    "name_octets",
    "password_from",
    "password_octets",
    "prepared_name",
    "prepared_password",
    "token_octets",
]

_BEARER_TOKEN: Final = re.compile(rb"[A-Za-z0-9._~+/-]+=*")
"""b64token. Source: RFC 6750 §2.1."""


# --- the server reads ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadPassword:
    """A password as it came, and prepared."""

    prepared: Secret
    as_sent: Secret


def name_from(octets: bytes) -> str:
    """Read an authcid or authzid. Raises Refusal."""
    return _prepared_from(octets, LARGEST_NAME_OCTETS, "name")


def password_from(octets: bytes) -> ReadPassword:
    """Read a password. Raises Refusal: where SASLprep fails, so does the login (RFC 4616 §2)."""
    text = _prepared_from(octets, LARGEST_PASSWORD_OCTETS, "password")
    return ReadPassword(Secret(text.encode()), Secret(octets))


def _prepared_from(octets: bytes, limit: int, what: str) -> str:
    if len(octets) > limit:
        raise Refusal(FailureKind.TOO_LONG, f"the {what} is longer than {limit} octets")
    if not octets:
        raise Refusal(FailureKind.MALFORMED, f"the {what} is empty")
    if b"\0" in octets:
        raise Refusal(FailureKind.MALFORMED, f"the {what} holds NUL")
    text = _text(octets)
    if text is None:
        raise Refusal(FailureKind.MALFORMED, f"the {what} is not in UTF-8")
    try:
        return prepared(text)
    except NotPreparable as refused:
        reason = refused.reason
    raise Refusal(FailureKind.WRONG_CREDENTIALS, f"the {what} {reason}")


def is_bearer_token(octets: bytes) -> bool:
    """Tell whether octets may be a bearer token. Source: RFC 6750 §2.1."""
    return _BEARER_TOKEN.fullmatch(octets) is not None


# --- the client writes --------------------------------------------------------------------------------------------


def name_octets(name: str, *, field: str = "name") -> bytes:
    """Give a name as it is sent unprepared: UTF-8 that fits. Raises CredentialUnusable."""
    try:
        octets = name.encode()
    except UnicodeEncodeError:
        octets = None
    if octets is None:
        raise CredentialUnusable(field=field, reason="holds a character that UTF-8 cannot carry")
    if any(octet < 0x20 or octet == 0x7F for octet in octets):
        # Some of them part the fields of one mechanism or another; none belongs into a name.
        raise CredentialUnusable(field=field, reason="holds a control character")
    return _sendable(octets, LARGEST_NAME_OCTETS, field)


def password_octets(credentials: Credentials) -> bytes:
    """Give the password as it is sent unprepared: preparing is the server's part. Raises CredentialUnusable."""
    if credentials.password is None:
        raise CredentialUnusable(field="password", reason="is missing; this mechanism needs one")
    octets = credentials.password.reveal()
    if _text(octets) is None:
        raise CredentialUnusable(field="password", reason="is not in UTF-8")
    return _sendable(octets, LARGEST_PASSWORD_OCTETS, "password")


def prepared_name(name: str, *, field: str = "name") -> bytes:
    """Give a name as SCRAM sends it: prepared. Raises CredentialUnusable."""
    return _prepared(name_octets(name, field=field), field)


def prepared_password(credentials: Credentials) -> Secret:
    """Give the password as SCRAM uses it: prepared. Raises CredentialUnusable."""
    return Secret(_prepared(password_octets(credentials), "password"))


def token_octets(credentials: Credentials) -> bytes:
    """Give the bearer token. Raises CredentialUnusable."""
    if credentials.token is None:
        raise CredentialUnusable(field="token", reason="is missing; this mechanism needs one")
    octets = credentials.token.reveal()
    if not is_bearer_token(octets):
        raise CredentialUnusable(field="token", reason="is not a bearer token; take over the access token whole")
    return octets


def _sendable(octets: bytes, limit: int, field: str) -> bytes:
    if not octets:
        raise CredentialUnusable(field=field, reason="is empty")
    if len(octets) > limit:
        raise CredentialUnusable(field=field, reason=f"is longer than {limit} octets")
    if any(forbidden in octets for forbidden in (b"\0", b"\r", b"\n")):
        raise CredentialUnusable(field=field, reason="holds NUL or a line end")
    return octets


def _prepared(octets: bytes, field: str) -> bytes:
    try:
        return prepared(octets.decode()).encode()
    except NotPreparable as refused:
        reason = refused.reason
    raise CredentialUnusable(field=field, reason=reason)


def _text(octets: bytes) -> str | None:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        # That error carries the octets: it ends here.
        return None
