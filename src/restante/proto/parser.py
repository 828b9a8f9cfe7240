"""From a command line to a command: one line in, a `Command` or a `Misuse` out. It never raises.

It judges form alone; whether the state allows the command is `server.py`'s affair, and whether the message is there
is the transaction's.

    command = keyword [SP argument [SP argument]] CRLF

Keywords are case-insensitive, arguments are parted by exactly one space. Trailing spaces after a command without a
free argument are let pass: they change nothing, and some clients send them. Sources: RFC 1939 §3, RFC 2449 §4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from restante.proto.commands import (
    Apop,
    Auth,
    Capa,
    Command,
    Dele,
    Lang,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Stls,
    Top,
    Uidl,
    User,
    Utf8,
)
from restante.proto.spec import SPECS, ArgumentForm, CommandSpec
from restante.proto.terms import MessageNumber, Secret

__all__ = ["Misuse", "MisuseKind", "parse"]


class MisuseKind(Enum):
    """What is wrong with a command line."""

    LINE_TOO_LONG = "line too long"
    FORBIDDEN_OCTET = "NUL or bare CR"
    UNKNOWN_KEYWORD = "unknown keyword"
    BAD_ARGUMENTS = "bad arguments"
    NUMBER_ZERO = "message number zero"
    WRONG_STATE = "wrong state"
    PASS_WITHOUT_USER = "PASS without USER"  # noqa: S105 - words for people
    SWITCHED_OFF = "switched off by the administrator"


@dataclass(frozen=True, slots=True)
class Misuse:
    """A command line that is not to be obeyed: the answer is `-ERR`."""

    kind: MisuseKind
    spec: CommandSpec | None = None
    """The row of the command that was meant, where that is known."""


_Parse = Callable[[bytes], Command | None]

# As numbers: to look for octets in octets, Python first tries whether they are one, and makes an error each time.
_NUL: Final = 0x00
_CR: Final = 0x0D
_SPACE: Final = 0x20


def _nothing(command: Command) -> _Parse:
    return lambda rest: None if rest.strip(b" ") else command


def _user(rest: bytes) -> Command | None:
    # One argument; the RFC knows no space in it.
    name = rest.rstrip(b" ")
    return User(name) if name and _SPACE not in name else None


def _pass(rest: bytes) -> Command | None:
    return Pass(Secret(rest)) if rest else None


def _apop(rest: bytes) -> Command | None:
    name, _, digest = rest.rstrip(b" ").partition(b" ")
    return Apop(name, digest) if name and digest and _SPACE not in digest else None


def _auth(rest: bytes) -> Command | None:
    mechanism, space, response = rest.rstrip(b" ").partition(b" ")
    if not mechanism or _SPACE in response:
        return None
    return Auth(mechanism.upper(), Secret(response) if space else None)


def _lang(rest: bytes) -> Command | None:
    language_range = rest.rstrip(b" ")
    return None if _SPACE in language_range else Lang(language_range or None)


def _number(rest: bytes) -> int | None:
    """1*DIGIT, nothing else: no sign, no blank. The line's limit bounds the digits."""
    return int(rest) if rest.isdigit() else None


def _numbered(make: Callable[[MessageNumber], Command]) -> _Parse:
    def parse_number(rest: bytes) -> Command | None:
        number = _number(rest.rstrip(b" "))
        return None if number is None else make(MessageNumber(number))

    return parse_number


def _listing(make: Callable[[MessageNumber | None], Command]) -> _Parse:
    whole, one = make(None), _numbered(make)
    return lambda rest: one(rest) if rest.rstrip(b" ") else whole


def _top(rest: bytes) -> Command | None:
    first, _, second = rest.rstrip(b" ").partition(b" ")
    number, lines = _number(first), _number(second)
    return None if number is None or lines is None else Top(MessageNumber(number), lines)


_PARSERS: Final[Mapping[bytes, _Parse]] = MappingProxyType(
    {
        b"USER": _user,
        b"PASS": _pass,
        b"APOP": _apop,
        b"AUTH": _auth,
        b"STLS": _nothing(Stls()),
        b"UTF8": _nothing(Utf8()),
        b"STAT": _nothing(Stat()),
        b"LIST": _listing(List),
        b"RETR": _numbered(Retr),
        b"DELE": _numbered(Dele),
        b"NOOP": _nothing(Noop()),
        b"RSET": _nothing(Rset()),
        b"TOP": _top,
        b"UIDL": _listing(Uidl),
        b"CAPA": _nothing(Capa()),
        b"LANG": _lang,
        b"QUIT": _nothing(Quit()),
    }
)

# As typed by most clients, in either case, so that the common line needs no folding.
_BY_KEYWORD: Final = {
    spelling: (SPECS[keyword], parse_rest)
    for keyword, parse_rest in _PARSERS.items()
    for spelling in (keyword, keyword.lower())
}

_NUMBERED_FORMS: Final = frozenset(
    {ArgumentForm.NUMBER, ArgumentForm.OPTIONAL_NUMBER, ArgumentForm.NUMBER_AND_LINES}
)


REMEMBERED_LINES: Final = 4096
"""Each takes some 300 octets. Clients send the same few lines over and over: `RETR 1` and its kin, `QUIT`."""

_REMEMBERED: Final[dict[bytes, tuple[CommandSpec, Command]]] = {}
"""What good lines gave, but for those that may hold a credential."""


def parse(line: bytes) -> tuple[CommandSpec | None, Command | Misuse]:
    """Parse a line without its end. Gives its keyword's row, if any, and the command or what is wrong."""
    remembered = _REMEMBERED.get(line)
    if remembered is not None:
        return remembered
    spec, command = _parse(line)
    if spec is not None and not spec.secret and not isinstance(command, Misuse):
        if len(_REMEMBERED) >= REMEMBERED_LINES:
            _REMEMBERED.clear()
        _REMEMBERED[line] = spec, command
    return spec, command


def _parse(line: bytes) -> tuple[CommandSpec | None, Command | Misuse]:
    keyword, _, rest = line.partition(b" ")
    row = _BY_KEYWORD.get(keyword) or _BY_KEYWORD.get(keyword.upper())
    if row is None:
        return None, Misuse(MisuseKind.UNKNOWN_KEYWORD)
    spec, parse_rest = row
    if _NUL in rest or _CR in rest:
        return spec, Misuse(MisuseKind.FORBIDDEN_OCTET, spec)
    command = parse_rest(rest)
    if command is None:
        return spec, Misuse(MisuseKind.BAD_ARGUMENTS, spec)
    if spec.arguments in _NUMBERED_FORMS and getattr(command, "number", None) == 0:
        return spec, Misuse(MisuseKind.NUMBER_ZERO, spec)
    return spec, command
