"""The envelope: who sent a message and who gets it, and the addresses in it. Pure.

What an account's name may be is not judged here: the directory does that, and says None to an illegal one.
Reading is lenient where real senders are (dots anywhere in a local part, no angle brackets) and strict where a
header would suffer: nothing but printable ASCII, no line ends, bounded. Nothing here raises.
Sources: RFC 5321 §4.1.2 (syntax), §4.1.1.3 (source routes are dropped), §4.5.3.1 (sizes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from restante.ports.accounts import Account

__all__ = ["ADDRESS_OCTETS", "NULL_PATH", "Address", "Envelope", "Path", "Recipient", "cut_path", "parse_address"]

ADDRESS_OCTETS: Final = 64 + 1 + 255
"""Local part, `@`, domain: RFC 5321 §4.5.3.1. A long local part may use what a short domain leaves (VERP does)."""

NULL_PATH: Final = ""
"""The reverse-path of a bounce, `<>` on the wire."""

_LOCAL: Final = r"""(?:"(?:[ !#-\[\]-~]|\\[ -~])*"|[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+)"""
_DOMAIN: Final = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?|\[[!-Z^-~]+\])"
_ADDRESS: Final = re.compile(rf"(?P<local>{_LOCAL})(?:@(?P<domain>{_DOMAIN}))?")
_PATH: Final = re.compile(
    rf"\s*(?:<(?:@[^:<>\"\s]+:)?(?P<bracketed>(?:{_LOCAL}(?:@{_DOMAIN})?)?)>|(?P<bare>{_LOCAL}(?:@{_DOMAIN})?))"
    r"(?P<rest>(?:[ \t].*)?)"
)
_QUOTED_PAIR: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A mail address that can be read."""

    local: str
    """The local part, quotes taken off."""
    domain: str | None
    """In lower case; None where none was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """What stands after `MAIL FROM:` or `RCPT TO:`."""

    address: str
    """As written, without brackets and source route; NULL_PATH for `<>`."""
    rest: str
    """The parameters behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One accepted RCPT: an address and the account that it leads to."""

    address: str
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the sending program said about a message."""

    reverse_path: str
    """NULL_PATH for a bounce."""
    recipients: tuple[Recipient, ...]
    """In the order of RCPT; several may lead to one account."""


def parse_address(text: str) -> Address | None:
    """Read an address without brackets; None where it is none.

    Source: RFC 5321 §4.1.2, `Mailbox = Local-part "@" ( Domain / address-literal )`; a local part alone will do.
    """
    found = _ADDRESS.fullmatch(text) if len(text) <= ADDRESS_OCTETS else None
    if found is None:
        return None
    local, domain = found["local"], found["domain"]
    if local.startswith('"'):
        local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
    return Address(local=local, domain=domain.lower() if domain else None)


def cut_path(text: str) -> Path | None:
    """Part the argument of MAIL or RCPT into path and parameters; None where the path cannot be read."""
    found = _PATH.fullmatch(text)
    if found is None:
        return None
    address = found["bracketed"] if found["bare"] is None else found["bare"]
    return Path(address=address, rest=found["rest"].strip()) if len(address) <= ADDRESS_OCTETS else None
