"""What stands behind MAIL and RCPT: a path and parameters. Pure; what cannot be read gets a reply, nothing raises.

Sources: RFC 5321 §4.1.1.2, §4.1.1.3, §4.1.1.11; RFC 1870 §3 (SIZE), RFC 6152 §2 (BODY), RFC 4954 §5 (AUTH=),
RFC 6531 §3.4 (SMTPUTF8, which is refused).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from restante.delivery.envelope import cut_path

__all__ = ["MailArgument", "RcptArgument", "Unreadable", "read_mail", "read_rcpt"]

_SIZE: Final = re.compile(r"\d{1,20}")
_PARAMETER: Final = re.compile(r"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]*)(?:=(?P<value>[!-<>-~]+))?")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The argument cannot be read."""

    reply: str
    """What the client is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailArgument:
    """What MAIL says."""

    reverse_path: str
    """NULL_PATH for a bounce."""
    declared_octets: int = 0
    """As SIZE has it; 0 without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RcptArgument:
    """What RCPT says."""

    address: str
    """NULL_PATH for `<>`, which leads to nobody."""


def read_mail(argument: str, *, extended: bool, logins: bool) -> MailArgument | Unreadable:
    """Read the argument of MAIL. `extended`: parameters may stand there; `logins`: AUTH is announced."""
    found = _cut(argument, "FROM:", extended=extended)
    if isinstance(found, Unreadable):
        return found
    address, parameters = found
    declared = 0
    for keyword, value in parameters.items():
        match keyword:
            case "SIZE" if value is not None and _SIZE.fullmatch(value):
                declared = int(value)
            case "BODY" if value is not None and value.upper() in ("7BIT", "8BITMIME"):
                pass
            case "AUTH" if logins and value is not None:
                pass  # who sent it first is of no use to a server that does not relay
            case "SIZE" | "BODY":
                return Unreadable("501 5.5.4 SIZE takes a number, BODY one of 7BIT and 8BITMIME")
            case "SMTPUTF8":
                return Unreadable("555 5.6.7 SMTPUTF8 is not offered here")
            case _:
                return Unreadable("555 5.5.4 A parameter of MAIL that is not known here")
    return MailArgument(reverse_path=address, declared_octets=declared)


def read_rcpt(argument: str, *, extended: bool) -> RcptArgument | Unreadable:
    """Read the argument of RCPT."""
    found = _cut(argument, "TO:", extended=extended)
    if isinstance(found, Unreadable):
        return found
    address, parameters = found
    if parameters:
        return Unreadable("555 5.5.4 A parameter of RCPT that is not known here")
    return RcptArgument(address=address)


def _cut(argument: str, word: str, *, extended: bool) -> tuple[str, dict[str, str | None]] | Unreadable:
    bad = Unreadable(f"501 5.5.4 Write {'MAIL' if word == 'FROM:' else 'RCPT'} {word}<address>")
    if argument[: len(word)].upper() != word or not argument[len(word) :].strip():
        return bad
    path = cut_path(argument[len(word) :])
    if path is None:
        return Unreadable("553 5.1.3 Not an address this server can read; write <name@domain>")
    parameters: dict[str, str | None] = {}
    for text in path.rest.split():
        found = _PARAMETER.fullmatch(text)
        if found is None or not extended:
            return bad
        parameters[found["keyword"].upper()] = found["value"]
    return path.address, parameters
