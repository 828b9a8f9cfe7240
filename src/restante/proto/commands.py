"""The commands of a client, as values.

Each is a row of `spec.py` and a class here; `Command` is their closed union, so that the type checker names each
place that has to know a new one. Parsing is in `parser.py`.
Sources: RFC 1939 §5–7; RFC 2449 §5 (CAPA); RFC 2595 §4 (STLS); RFC 5034 (AUTH); RFC 6856 (UTF8, LANG).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from restante.proto.terms import MessageNumber, Secret

__all__ = [
    "Apop",
    "Auth",
    "AuthResponse",
    "Capa",
    "Command",
    "Dele",
    "Lang",
    "List",
    "Noop",
    "Pass",
    "Quit",
    "Retr",
    "Rset",
    "Stat",
    "Stls",
    "Top",
    "Uidl",
    "User",
    "Utf8",
]


@dataclass(init=False, slots=True, unsafe_hash=True)
class User:
    """USER name."""

    name: bytes

    def __init__(self, name: bytes) -> None:
        self.name = name


@dataclass(init=False, slots=True, unsafe_hash=True)
class Pass:
    """PASS string: all that follows the one space, spaces included."""

    password: Secret

    def __init__(self, password: Secret) -> None:
        self.password = password


@dataclass(frozen=True, slots=True)
class Apop:
    """APOP name digest."""

    name: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Stat:
    """STAT: the drop listing."""


@dataclass(frozen=True, slots=True)
class List:
    """LIST [msg]: the scan listing, of one message or (None) of all."""

    number: MessageNumber | None


@dataclass(frozen=True, slots=True)
class Retr:
    """RETR msg."""

    number: MessageNumber


@dataclass(frozen=True, slots=True)
class Dele:
    """DELE msg."""

    number: MessageNumber


@dataclass(frozen=True, slots=True)
class Noop:
    """NOOP."""


@dataclass(frozen=True, slots=True)
class Rset:
    """RSET."""


@dataclass(frozen=True, slots=True)
class Top:
    """TOP msg n: the headers and the first n lines of the body."""

    number: MessageNumber
    lines: int


@dataclass(frozen=True, slots=True)
class Uidl:
    """UIDL [msg]: the unique-id listing, of one message or (None) of all."""

    number: MessageNumber | None


@dataclass(frozen=True, slots=True)
class Capa:
    """CAPA."""


@dataclass(frozen=True, slots=True)
class Lang:
    """LANG [language]: speak another language, or (None) list them."""

    language_range: bytes | None
    """As it came; whether it is one, and known, `server.languages` says."""


@dataclass(frozen=True, slots=True)
class Utf8:
    """UTF8: headers in UTF-8 from here on."""


@dataclass(frozen=True, slots=True)
class Stls:
    """STLS: begin TLS."""


@dataclass(frozen=True, slots=True)
class Auth:
    """AUTH mechanism [initial-response]."""

    mechanism: bytes
    """In upper case."""
    initial_response: Secret | None
    """Still in base64; None when there was none."""


@dataclass(frozen=True, slots=True)
class AuthResponse:
    """A line of the client's within an AUTH exchange: no command, but what comes in place of one."""

    line: Secret
    """In base64, or `*` to cancel."""


@dataclass(frozen=True, slots=True)
class Quit:
    """QUIT."""


Command: TypeAlias = (
    User
    | Pass
    | Apop
    | Auth
    | AuthResponse
    | Stls
    | Utf8
    | Stat
    | List
    | Retr
    | Dele
    | Noop
    | Rset
    | Top
    | Uidl
    | Capa
    | Lang
    | Quit
)
