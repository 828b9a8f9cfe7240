r"""Trace header lines: what is put on top of a message when it comes to rest, and what is taken off it. Pure.

A Return-Path that is there already is taken off: RFC 5321 §4.4 wants exactly one, added by the last server, and one
that the sender wrote would be taken for ours by whatever reads the message (Postfix takes it off, too). Text that
a client chose is cleaned to printable ASCII, so that no line end and no control gets into the header, and bounded.
A copy names its own recipient only. Received comes last of the three: a message that begins with a space would
continue the line above it, and so it can but add to a line that is half the client's words anyway.
Sources: RFC 5321 §4.4, RFC 5322 §3.6.7; RFC 3848 (the names behind `with`).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Final

from restante.delivery.envelope import NULL_PATH, parse_address
from restante.ports.events import Door

__all__ = ["Arrival", "cut_from_line", "cut_return_path", "trace_header"]

_CLEAN_OCTETS: Final = 320
"""The longest text of a client's choice on a header line: far below the 998 of RFC 5322 §2.1.1."""

_UNCLEAN: Final = re.compile(r"[^!-~]")
_NOT_A_HOST: Final = re.compile(r"[^A-Za-z0-9._:\[\]-]")
_RETURN_PATH: Final = re.compile(
    rb"^return-path[ \t]*:([^\r]*(?:\r\n[ \t][^\r]*)*)\r\n", re.IGNORECASE | re.MULTILINE
)
_CIPHERSUITES: Final = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "ECDHE-RSA-CHACHA20-POLY1305": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}
"""IANA's names of those of TLS 1.2; those of 1.3 OpenSSL calls by them."""

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How a message came in."""

    door: Door
    session: str | None
    """The session that events name; None for the pipe."""
    message_id: str
    """Names this message in the trace line, so that a log line can be found from it."""
    protocol: str
    """What stands behind `with`: SMTP, ESMTP, LMTP, or `local` for the pipe."""
    peer: str | None = None
    """An IP address, `unix`, or None for the pipe."""
    greeted_as: str = ""
    """What the client called itself; hostile."""
    cipher: str | None = None
    """The ciphersuite of TLS, as OpenSSL names it; None without TLS of our own."""


def trace_header(
    *, reverse_path: str, account: str, address: str, arrival: Arrival, hostname: str, epoch_seconds: float
) -> bytes:
    """Give the three trace lines for one account's copy, canonical."""
    return (
        f"Return-Path: <{_clean_path(reverse_path)}>\r\n"
        f"Delivered-To: {_clean(account)}\r\n"
        f"Received: {_from_clause(arrival)}by {_clean_host(hostname)} with {arrival.protocol}"
        f" id {_clean(arrival.message_id)}\r\n"
        f"\tfor <{_clean_path(address)}>{_tls_clause(arrival)};\r\n"
        f"\t{_date(epoch_seconds)}\r\n"
    ).encode("ascii")


def _from_clause(arrival: Arrival) -> str:
    if arrival.peer is None:
        return ""
    if ":" in arrival.peer:
        peer = f"[IPv6:{_clean_host(arrival.peer)}]"
    elif arrival.peer[:1].isdigit():
        peer = f"[{_clean_host(arrival.peer)}]"
    else:
        peer = _clean_host(arrival.peer)
    return f"from {_clean_host(arrival.greeted_as) or 'unknown'} ({peer})\r\n\t"


def _tls_clause(arrival: Arrival) -> str:
    """Name the ciphersuite as IANA does. Source: RFC 8314 §4.3."""
    if arrival.cipher is None:
        return ""
    return f" tls {_clean_host(_CIPHERSUITES.get(arrival.cipher, arrival.cipher))}"


def _clean(text: str) -> str:
    return _UNCLEAN.sub("?", text[:_CLEAN_OCTETS])


def _clean_host(text: str) -> str:
    return _NOT_A_HOST.sub("?", text[:_CLEAN_OCTETS])


def _clean_path(text: str) -> str:
    """Give an address that was read as it is (a quoted one may hold spaces and brackets), anything else cleaned."""
    if text == NULL_PATH or parse_address(text) is not None:
        return text
    return _clean(text).replace("<", "?").replace(">", "?")


def _date(epoch_seconds: float) -> str:
    # Not strftime: its names of days and months are the locale's.
    at = time.gmtime(epoch_seconds)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday} {_MONTHS[at.tm_mon - 1]} {at.tm_year}"
        f" {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} +0000"
    )


def cut_return_path(octets: bytes) -> tuple[bytes, str | None]:
    """Take all Return-Path lines off the header of a canonical message; give the rest and the first one's address.

    None where there was none, or none that can be read.
    """
    end = octets.find(b"\r\n\r\n")
    header = octets if end < 0 else octets[: end + 2]
    # A plain search first: nearly no message has one, and the expression is slow on long headers.
    if header.startswith(b"\r\n") or b"return-path" not in header.lower():
        return octets, None
    first = _RETURN_PATH.search(header)
    if first is None:
        return octets, None
    return _RETURN_PATH.sub(b"", header) + octets[len(header) :], _bracketed(first[1])


def cut_from_line(octets: bytes) -> tuple[bytes, str | None]:
    """Take the `From sender date` line off the top of a canonical message, as mbox and sendmail put it there.

    Gives the rest and the sender; None where there was no such line, or its sender cannot be read.
    """
    if not octets.startswith(b"From "):
        return octets, None
    line, _, rest = octets.partition(b"\r\n")
    words = line.split()
    sender = words[1] if len(words) > 1 else b""
    if sender.upper() == b"MAILER-DAEMON":  # how bounces are written there
        return rest, NULL_PATH
    return rest, _bracketed(sender)


def _bracketed(value: bytes) -> str | None:
    text = value.decode("latin-1").strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
        if not text:
            return NULL_PATH
    return text if parse_address(text) is not None else None
