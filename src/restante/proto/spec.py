"""THE TABLE: each command's keyword, legal states, arguments, shape of reply, capability and source.

The parser, the state machines, CAPA, redaction and the reference page read it; nothing about a command stands
anywhere else but its class in `commands.py` and what the session answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from restante.proto.terms import State

__all__ = ["ARGUMENT_SYNTAX", "SPECS", "ArgumentForm", "CommandSpec", "ReplyShape"]


class ArgumentForm(Enum):
    """What may follow a keyword."""

    # An Enum hashes by name, in Python, and this is looked up for each line that is parsed.
    __hash__ = object.__hash__

    NOTHING = "nothing"
    NAME = "name"
    PASSWORD = "password"  # noqa: S105 - the name of a form
    """All that follows the one space."""
    NAME_AND_DIGEST = "name and digest"
    NUMBER = "number"
    OPTIONAL_NUMBER = "optional number"
    NUMBER_AND_LINES = "number and lines"
    MECHANISM = "mechanism and initial response"
    OPTIONAL_LANGUAGE = "optional language range"


ARGUMENT_SYNTAX: Final[Mapping[ArgumentForm, str]] = MappingProxyType(
    {
        ArgumentForm.NOTHING: "",
        ArgumentForm.NAME: "name",
        ArgumentForm.PASSWORD: "password",
        ArgumentForm.NAME_AND_DIGEST: "name digest",
        ArgumentForm.NUMBER: "msg",
        ArgumentForm.OPTIONAL_NUMBER: "[msg]",
        ArgumentForm.NUMBER_AND_LINES: "msg n",
        ArgumentForm.MECHANISM: "mechanism [initial-response]",
        ArgumentForm.OPTIONAL_LANGUAGE: "[language]",
    }
)
"""How each form is written for people."""


class ReplyShape(Enum):
    """What follows the status line of a good answer."""

    LINE = "one line"
    LISTING = "status line, lines, terminating line"
    MESSAGE = "status line, message, terminating line"
    LISTING_UNLESS_NUMBER = "a listing, or one line when a message is named"
    LISTING_UNLESS_LANGUAGE = "a listing, or one line when a language is named"
    EXCHANGE = "challenges, then one line"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """A row."""

    keyword: bytes
    """Upper case."""
    states: frozenset[State]
    """Where the command is legal."""
    arguments: ArgumentForm
    reply: ReplyShape
    capability: bytes | None
    """The tag by which CAPA announces the command; None where RFC 1939 requires it."""
    source: str
    summary: str
    """What it does, in one sentence for people."""
    secret: bool = False
    """Whether an argument may be a credential, so that no argument is ever shown."""

    @property
    def syntax(self) -> str:
        """The command as one types it."""
        return f"{self.keyword.decode('ascii')} {ARGUMENT_SYNTAX[self.arguments]}".rstrip()


_AUTHORIZATION: Final = frozenset({State.AUTHORIZATION})
_TRANSACTION: Final = frozenset({State.TRANSACTION})
_BOTH: Final = _AUTHORIZATION | _TRANSACTION

_ROWS: Final = (
    CommandSpec(
        keyword=b"USER",
        states=_AUTHORIZATION,
        arguments=ArgumentForm.NAME,
        reply=ReplyShape.LINE,
        capability=b"USER",
        source="RFC 1939 §7",
        summary="Says whose mail is called for; PASS has to follow.",
        secret=True,
    ),
    CommandSpec(
        keyword=b"PASS",
        states=_AUTHORIZATION,
        arguments=ArgumentForm.PASSWORD,
        reply=ReplyShape.LINE,
        capability=b"USER",
        source="RFC 1939 §7",
        summary="Gives the password, right after USER, and opens the maildrop.",
        secret=True,
    ),
    CommandSpec(
        keyword=b"APOP",
        states=_AUTHORIZATION,
        arguments=ArgumentForm.NAME_AND_DIGEST,
        reply=ReplyShape.LINE,
        capability=None,
        source="RFC 1939 §7",
        summary="Proves the password by an MD5 digest over the greeting's timestamp, and opens the maildrop.",
        secret=True,
    ),
    CommandSpec(
        keyword=b"AUTH",
        states=_AUTHORIZATION,
        arguments=ArgumentForm.MECHANISM,
        reply=ReplyShape.EXCHANGE,
        capability=b"SASL",
        source="RFC 5034 §4",
        summary="Logs in by a SASL mechanism, and opens the maildrop.",
        secret=True,
    ),
    CommandSpec(
        keyword=b"STLS",
        states=_AUTHORIZATION,
        arguments=ArgumentForm.NOTHING,
        reply=ReplyShape.LINE,
        capability=b"STLS",
        source="RFC 2595 §4",
        summary="Begins TLS on this connection.",
    ),
    CommandSpec(
        keyword=b"UTF8",
        states=_AUTHORIZATION,
        arguments=ArgumentForm.NOTHING,
        reply=ReplyShape.LINE,
        capability=b"UTF8",
        source="RFC 6856 §2.1",
        summary="Says that the client takes messages with UTF-8 in their headers as they are.",
    ),
    CommandSpec(
        keyword=b"STAT",
        states=_TRANSACTION,
        arguments=ArgumentForm.NOTHING,
        reply=ReplyShape.LINE,
        capability=None,
        source="RFC 1939 §5",
        summary="Tells how many messages there are, and their octets: the drop listing.",
    ),
    CommandSpec(
        keyword=b"LIST",
        states=_TRANSACTION,
        arguments=ArgumentForm.OPTIONAL_NUMBER,
        reply=ReplyShape.LISTING_UNLESS_NUMBER,
        capability=None,
        source="RFC 1939 §5",
        summary="Tells the octets of one message or of all: the scan listing.",
    ),
    CommandSpec(
        keyword=b"RETR",
        states=_TRANSACTION,
        arguments=ArgumentForm.NUMBER,
        reply=ReplyShape.MESSAGE,
        capability=None,
        source="RFC 1939 §5",
        summary="Sends a message.",
    ),
    CommandSpec(
        keyword=b"DELE",
        states=_TRANSACTION,
        arguments=ArgumentForm.NUMBER,
        reply=ReplyShape.LINE,
        capability=None,
        source="RFC 1939 §5",
        summary="Sets a message's deletion mark; QUIT removes what is marked.",
    ),
    CommandSpec(
        keyword=b"NOOP",
        states=_TRANSACTION,
        arguments=ArgumentForm.NOTHING,
        reply=ReplyShape.LINE,
        capability=None,
        source="RFC 1939 §5",
        summary="Does nothing, and keeps the session from ending of idleness.",
    ),
    CommandSpec(
        keyword=b"RSET",
        states=_TRANSACTION,
        arguments=ArgumentForm.NOTHING,
        reply=ReplyShape.LINE,
        capability=None,
        source="RFC 1939 §5",
        summary="Takes all deletion marks off.",
    ),
    CommandSpec(
        keyword=b"TOP",
        states=_TRANSACTION,
        arguments=ArgumentForm.NUMBER_AND_LINES,
        reply=ReplyShape.MESSAGE,
        capability=b"TOP",
        source="RFC 1939 §7",
        summary="Sends a message's headers and the first n lines of its body.",
    ),
    CommandSpec(
        keyword=b"UIDL",
        states=_TRANSACTION,
        arguments=ArgumentForm.OPTIONAL_NUMBER,
        reply=ReplyShape.LISTING_UNLESS_NUMBER,
        capability=b"UIDL",
        source="RFC 1939 §7",
        summary="Tells the unique-id of one message or of all: the unique-id listing.",
    ),
    CommandSpec(
        keyword=b"CAPA",
        states=_BOTH,
        arguments=ArgumentForm.NOTHING,
        reply=ReplyShape.LISTING,
        capability=None,
        source="RFC 2449 §5",
        summary="Lists what the server can do.",
    ),
    CommandSpec(
        keyword=b"LANG",
        states=_BOTH,
        arguments=ArgumentForm.OPTIONAL_LANGUAGE,
        reply=ReplyShape.LISTING_UNLESS_LANGUAGE,
        capability=b"LANG",
        source="RFC 6856 §3",
        summary="Asks for the server's words in another language, or lists the languages.",
    ),
    CommandSpec(
        keyword=b"QUIT",
        states=_BOTH,
        arguments=ArgumentForm.NOTHING,
        reply=ReplyShape.LINE,
        capability=None,
        source="RFC 1939 §5, §6",
        summary="Ends the session; after a login it first removes what is marked, which is the UPDATE state.",
    ),
)

SPECS: Final[Mapping[bytes, CommandSpec]] = MappingProxyType({spec.keyword: spec for spec in _ROWS})
"""Keyword, in upper case, to row."""
