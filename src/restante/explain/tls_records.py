"""What can be read of TLS without its keys: that it is TLS, its hellos, and alerts that come before it is sealed.

Bounded and never failing: what cannot be read is told as nothing. Sources: RFC 8446 §4.1, §5.1, §6; RFC 6066 §3
(the name that is asked for).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from restante.explain.line_events import SealedKind

__all__ = ["HEAD_OCTETS", "RECORD_HEADER_OCTETS", "FirstRecord", "alert_in", "first_record", "looks_like_tls"]

HEAD_OCTETS: Final = 5 + 2**14
"""The longest record that is looked into, its header included. RFC 8446 §5.1."""

RECORD_HEADER_OCTETS: Final = 5

_ALERT_OCTETS: Final = 2
_SEALED_ALERT_OCTETS: Final = _ALERT_OCTETS + 1 + 16
"""An alert under TLS 1.3: its kind goes with it, and all its ciphers add 16 octets. RFC 8446 §5.2, §5.5."""

_FATAL: Final = 2

_KINDS: Final = {
    0x14: SealedKind.DATA,
    0x15: SealedKind.ALERT,
    0x16: SealedKind.HELLO,
    0x17: SealedKind.DATA,
}
_VERSIONS: Final = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
_ALERTS: Final = {
    0: "close notify",
    10: "unexpected message",
    20: "bad record mac",
    40: "handshake failure",
    42: "bad certificate",
    43: "unsupported certificate",
    44: "certificate revoked",
    45: "certificate expired",
    46: "certificate unknown",
    47: "illegal parameter",
    48: "unknown CA",
    49: "access denied",
    50: "decode error",
    51: "decrypt error",
    70: "protocol version",
    71: "insufficient security",
    80: "internal error",
    86: "inappropriate fallback",
    90: "user canceled",
    109: "missing extension",
    110: "unsupported extension",
    112: "unrecognized name",
    116: "certificate required",
    120: "no application protocol",
}
_SERVER_NAME: Final = 0
_SUPPORTED_VERSIONS: Final = 43


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRecord:
    """What a side's first record says."""

    kind: SealedKind
    version: str = ""
    server_name: bytes = b""
    alert: str = ""


def looks_like_tls(head: bytes) -> bool:
    """Tell whether the octets at the start of a line begin a TLS record: a content type, then a version."""
    return len(head) >= 3 and head[0] in _KINDS and head[1] == 0x03 and head[2] <= 0x04


def first_record(head: bytes) -> FirstRecord:
    """Read the first record of a side, as much of it as there is."""
    kind = _KINDS.get(head[0], SealedKind.DATA) if head else SealedKind.DATA
    try:
        if kind is SealedKind.HELLO:
            return _hello(_Octets(head[5:]))
        if kind is SealedKind.ALERT and int.from_bytes(head[3:5], "big") == 2 and len(head) >= 7:
            return FirstRecord(kind=kind, alert=_ALERTS.get(head[6], f"alert {head[6]}"))
    except _TooShort:
        pass
    return FirstRecord(kind=kind)


def alert_in(header: bytes, fragment: bytes) -> str | None:
    """Give the fatal alert in a record behind a side's first: its name, or empty where TLS 1.3 hides which it is.

    None for any other record. `fragment` is as much of the record as is kept. A client's sealed record of just that
    length, right behind the server's certificate, can be nothing else: its Finished is longer.
    """
    octets = int.from_bytes(header[3:5], "big")
    kind = _KINDS.get(header[0])
    if kind is SealedKind.ALERT and octets == _ALERT_OCTETS and fragment[:1] == bytes([_FATAL]):
        return _ALERTS.get(fragment[1], f"alert {fragment[1]}") if len(fragment) > 1 else None
    return "" if header[0] == 0x17 and octets == _SEALED_ALERT_OCTETS else None


class _TooShort(Exception):
    """There are not as many octets as the length before them says."""


class _Octets:
    """Octets that are read from the front."""

    __slots__ = ("_at", "_octets")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._octets[self._at : self._at + count]
        if len(taken) < count:
            raise _TooShort
        self._at += count
        return taken

    def number(self, octets: int) -> int:
        return int.from_bytes(self.take(octets), "big")

    @property
    def is_empty(self) -> bool:
        return self._at >= len(self._octets)


def _hello(octets: _Octets) -> FirstRecord:
    is_client = octets.number(1) == 1
    octets.take(3)
    newest = octets.number(2)
    octets.take(32)
    octets.take(octets.number(1))
    if is_client:
        octets.take(octets.number(2))
        octets.take(octets.number(1))
    else:
        octets.take(3)
    name = b""
    try:
        extensions = _Octets(octets.take(octets.number(2)))
        while not extensions.is_empty:
            kind, content = extensions.number(2), _Octets(extensions.take(extensions.number(2)))
            if kind == _SERVER_NAME and is_client:
                content.take(3)
                name = content.take(content.number(2))
            elif kind == _SUPPORTED_VERSIONS:
                newest = _newest(content, newest, is_client=is_client)
    except _TooShort:
        pass
    return FirstRecord(kind=SealedKind.HELLO, version=_VERSIONS.get(newest, ""), server_name=name)


def _newest(content: _Octets, newest: int, *, is_client: bool) -> int:
    if is_client:
        content.take(1)
    while not content.is_empty:
        version = content.number(2)
        # Clients name versions that do not exist, so that servers learn to pass over them (RFC 8701).
        if version in _VERSIONS:
            newest = max(newest, version)
    return newest
