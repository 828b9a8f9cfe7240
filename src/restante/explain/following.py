"""What follows from a line: which state, whether lines come behind it, what of it must not be repeated.

The table in `proto.spec` says it; here stands how an observer reads it, who takes real servers and clients as they
are. Sources: RFC 1939 §3-6, RFC 5034 §4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from restante.explain.client_lines import ClientLine
from restante.explain.events import CommandSent
from restante.proto.redact import HIDDEN
from restante.proto.spec import ArgumentForm, ReplyShape
from restante.proto.terms import State

__all__ = ["has_body", "is_plainly_a_command", "state_after", "without"]

_LOGINS: Final = frozenset({b"PASS", b"APOP", b"AUTH"})


def is_plainly_a_command(read: ClientLine) -> bool:
    """Tell whether a line behind AUTH, with no challenge to answer, can only be a command."""
    return read.spec is not None and not read.spec.secret and read.misuse is None


def has_body(sent: CommandSent) -> bool:
    """Tell whether lines follow the good answer to a command."""
    if sent.spec is None:
        return False
    match sent.spec.reply:
        case ReplyShape.LISTING | ReplyShape.MESSAGE:
            return True
        case ReplyShape.LISTING_UNLESS_NUMBER | ReplyShape.LISTING_UNLESS_LANGUAGE:
            return not sent.has_argument
        case ReplyShape.EXCHANGE:
            # AUTH alone is no command of RFC 5034, but many a server answers with its mechanisms.
            return not sent.has_argument
        case ReplyShape.LINE:
            return False


def state_after(sent: CommandSent | None, state: State, *, good: bool) -> State:
    """Give the state after the answer to a command."""
    if sent is None or sent.spec is None:
        return state
    if sent.keyword == b"QUIT":
        return State.AUTHORIZATION if state is State.AUTHORIZATION else State.UPDATE
    if not good:
        return state
    if sent.keyword in _LOGINS and (sent.has_argument or sent.spec.arguments is not ArgumentForm.MECHANISM):
        return State.TRANSACTION
    # A record that begins in the middle: what the server accepts tells where it is.
    if state not in sent.spec.states and state is not State.UPDATE:
        return State.TRANSACTION if State.TRANSACTION in sent.spec.states else State.AUTHORIZATION
    return state


def without(secrets: Sequence[bytes], text: bytes) -> bytes:
    """Give a server's text without the secrets that it repeats: whole, or a word of them."""
    for secret in secrets:
        words = [word for word in secret.split() if len(word) > 2]
        for part in (secret, *words):
            text = re.sub(rb"(?<![^\W_])" + re.escape(part) + rb"(?![^\W_])", HIDDEN, text, flags=re.IGNORECASE)
    return text
