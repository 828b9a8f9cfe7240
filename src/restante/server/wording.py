"""The words of the server's answers where more than one command gives them, or where the case decides them.

Each `-ERR` says what is wrong and, where there is something to do, what. The status indicator and the response code
are added where the answer is made.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, assert_never

from restante.maildrop.transaction import MarkedMessage, NoSuchMessage
from restante.ports.stores import Holder
from restante.proto.parser import Misuse, MisuseKind
from restante.proto.terms import State

__all__ = ["NO_PLAINTEXT", "in_use", "messages", "misuse", "not_there"]

NO_PLAINTEXT: Final = b"no password over an open line: begin TLS by STLS, or connect to the POP3S port"


def in_use(holder: Holder | None) -> bytes:
    """Say that the maildrop is in use: since when and from where, and that the password is not at fault."""
    text = "the maildrop is in use by another session"
    if holder:
        since = datetime.fromtimestamp(holder.since_epoch_seconds, UTC)
        text += f" since {since:%Y-%m-%d %H:%M:%S} UTC, from {holder.peer}"
    return f"{text}; the password is right, try again later".encode()


def messages(count: int) -> bytes:
    """Count messages in words."""
    return b"1 message" if count == 1 else b"%d messages" % count


def not_there(error: NoSuchMessage | MarkedMessage) -> bytes:
    """Say why a message number names nothing."""
    match error:
        case NoSuchMessage(number=number, count=0):
            return b"no message %d: the maildrop is empty" % number
        case NoSuchMessage(number=number, count=count):
            return b"no message %d: there are %d" % (number, count)
        case MarkedMessage(number=number):
            return b"message %d is marked as deleted; RSET takes all marks off" % number
        case _:
            assert_never(error)


def misuse(what: Misuse, state: State) -> bytes:
    """Say what is wrong with a command line."""
    syntax = what.spec.syntax.encode() if what.spec else b""
    match what.kind:
        case MisuseKind.LINE_TOO_LONG:
            return b"the command line is too long; it was skipped"
        case MisuseKind.FORBIDDEN_OCTET:
            return b"a command holds no NUL and no bare CR"
        case MisuseKind.UNKNOWN_KEYWORD:
            return b"unknown command; CAPA lists what this server can do"
        case MisuseKind.BAD_ARGUMENTS:
            return b"the command is: " + syntax
        case MisuseKind.NUMBER_ZERO:
            return b"message numbers begin with 1"
        case MisuseKind.PASS_WITHOUT_USER:
            return b"PASS comes right after USER"
        case MisuseKind.WRONG_STATE if state is State.AUTHORIZATION:
            return b"log in first: USER and PASS"
        case MisuseKind.WRONG_STATE:
            return b"you are logged in already"
        case _:
            assert_never(what.kind)
