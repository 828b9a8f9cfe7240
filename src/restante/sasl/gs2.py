"""The GS2 header, with which the messages of SCRAM and OAUTHBEARER begin, and the escapes of names in it.

    gs2-header = ("p=" cb-name / "n" / "y") "," ["a=" saslname] ","

It says what the client thinks of channel binding, and as whom it wants to act. Judging that is the mechanism's
part.
Sources: RFC 5801 §4, RFC 5802 §5.1 and §7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from restante.sasl.fields import name_from
from restante.sasl.machine import Refusal
from restante.sasl.terms import FailureKind

__all__ = ["BindingFlag", "Gs2Header", "escaped", "gs2_header", "name_unescaped", "read_gs2_header"]

_HEADER: Final = re.compile(rb"(?:(n|y)|p=([A-Za-z0-9.-]{1,64})),(?:a=([^,]*))?,")

_BAD_ESCAPE: Final = re.compile(rb"=(?!2C|3D)")
"""The two escapes are in upper case. Source: RFC 5802 §5.1."""


class BindingFlag(Enum):
    """What the client says of channel binding. Source: RFC 5802 §5.1, gs2-cbind-flag."""

    UNSUPPORTED = b"n"
    """It cannot, or does not want to."""
    UNSEEN = b"y"
    """It could, but the server did not offer it."""
    USED = b"p"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gs2Header:
    """A header as read."""

    flag: BindingFlag
    binding_type: str | None
    """As the client names it; None unless it is used."""
    authzid: str | None
    """Prepared."""
    octets: bytes
    """The header itself, commas included: it is part of what SCRAM's proof covers."""


def read_gs2_header(message: bytes) -> tuple[Gs2Header, bytes]:
    """Read the header; gives it and the rest of the message. Raises Refusal."""
    matched = _HEADER.match(message)
    if matched is None:
        raise Refusal(FailureKind.MALFORMED, "the message does not begin with a GS2 header")
    flag, binding_type, authzid = matched.groups()
    header = Gs2Header(
        flag=BindingFlag(flag) if flag else BindingFlag.USED,
        binding_type=binding_type.decode() if binding_type else None,
        authzid=None if authzid is None else name_unescaped(authzid),
        octets=matched[0],
    )
    return header, message[matched.end() :]


def gs2_header(flag: BindingFlag, *, binding_type: str | None, authzid: bytes | None) -> bytes:
    """Write the header; the authzid is not escaped yet."""
    used = b"p=" + binding_type.encode() if binding_type else flag.value
    return b"%s,%s," % (used, b"a=" + escaped(authzid) if authzid else b"")


def escaped(name: bytes) -> bytes:
    """Escape a name: `=` and `,` cannot stand for themselves."""
    return name.replace(b"=", b"=3D").replace(b",", b"=2C")


def name_unescaped(octets: bytes) -> str:
    """Read an escaped name. Raises Refusal, as RFC 5802 §5.1 asks for any other `=`."""
    if _BAD_ESCAPE.search(octets):
        raise Refusal(FailureKind.MALFORMED, "a name holds = that is neither =2C nor =3D")
    return name_from(octets.replace(b"=2C", b",").replace(b"=3D", b"="))
