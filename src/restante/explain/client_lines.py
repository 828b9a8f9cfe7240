"""What a client's line is, and what of it may be shown.

The secret is taken out here: a command that may carry a credential shows its keyword only, and a line that is no
command shows nothing, since it may be a password that came out of step. Sources: RFC 1939 §7, RFC 5034 §4.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from restante.explain.events import CommandSent, Foreign, ResponseKind, Show
from restante.explain.line_reader import Line
from restante.proto.parser import Misuse, MisuseKind, parse
from restante.proto.redact import HIDDEN, redacted
from restante.proto.spec import ArgumentForm, CommandSpec
from restante.proto.terms import State

__all__ = [
    "LARGEST_NUMBER_DIGITS",
    "MECHANISMS",
    "ClientLine",
    "account_of",
    "decoded",
    "foreign_client",
    "read_client_line",
    "response_kind",
    "sent_command",
]

MECHANISMS: Final = frozenset(
    {
        *("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "GSSAPI", "EXTERNAL", "ANONYMOUS", "KERBEROS_V4"),
        *("OAUTHBEARER", "XOAUTH2", "GS2-KRB5", "ECDSA-NIST256P-CHALLENGE", "MSN", "GSS-SPNEGO", "SKEY", "OTP"),
        *(f"SCRAM-SHA-{size}{plus}" for size in ("1", "256", "512", "3-512") for plus in ("", "-PLUS")),
    }
)
"""Names that AUTH may show; any other word there may be a secret in the wrong place."""

LARGEST_NUMBER_DIGITS: Final = 18

_FOREIGN_KEYWORDS: Final = {
    b"HELO": Foreign.SMTP,
    b"EHLO": Foreign.SMTP,
    b"LHLO": Foreign.SMTP,
    b"MAIL": Foreign.SMTP,
    b"RCPT": Foreign.SMTP,
    b"GET": Foreign.HTTP,
    b"POST": Foreign.HTTP,
    b"HEAD": Foreign.HTTP,
    b"OPTIONS": Foreign.HTTP,
    b"CONNECT": Foreign.HTTP,
    b"PRI": Foreign.HTTP,
}
_IMAP: Final = re.compile(
    rb"[A-Za-z0-9.]{1,12} (CAPABILITY|LOGIN|AUTHENTICATE|SELECT|NOOP|LOGOUT|ID|STARTTLS|ENABLE)\b", re.IGNORECASE
)
_HTTP_VERSION: Final = re.compile(rb"HTTP/[0-9]")
_HIDDEN_ALREADY: Final = re.compile(rb"\([0-9]{1,9} octets that are no command\)")
"""As `redacted` writes it: a log of ours was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLine:
    """A command line, and what is known of it."""

    shown: bytes
    keyword: bytes
    spec: CommandSpec | None
    number: int | None
    lines: int | None
    name: bytes | None
    account: bytes
    mechanism: str | None
    has_argument: bool
    has_initial_response: bool
    misuse: MisuseKind | None
    foreign: Foreign | None
    secret: bytes
    """What was hidden. For finding it again in the server's answer, for nothing else."""


def read_client_line(line: bytes, show: Show) -> ClientLine:
    """Read a command line without its end. It never fails."""
    spec, command = parse(line)
    keyword, _, rest = line.partition(b" ")
    keyword = keyword.upper()
    foreign = None if spec else foreign_client(line, keyword)
    mechanism = _mechanism(spec, rest)
    numbers = _numbers(spec, rest)
    return ClientLine(
        shown=_shown(line, spec, mechanism, show),
        keyword=keyword if spec or foreign else b"",
        spec=spec,
        number=numbers[0],
        lines=numbers[1],
        name=_name(spec, rest) if show & (Show.NAMES | Show.SECRETS) else None,
        account=account_of(_name(spec, rest) or _name_in_plain(mechanism, rest)),
        mechanism=mechanism,
        has_argument=bool(rest),
        has_initial_response=mechanism is not None and b" " in rest.rstrip(b" "),
        misuse=command.kind if isinstance(command, Misuse) else None,
        foreign=foreign,
        secret=_secret(line, rest, spec, show),
    )


def sent_command(
    read: ClientLine, line: Line, sequence: int, *, at_seconds: float | None, state: State, secured: bool
) -> CommandSent:
    """Make the event of a command line."""
    return CommandSent(
        at_seconds=at_seconds,
        state=state,
        secured=secured,
        sequence=sequence,
        line=read.shown,
        keyword=read.keyword,
        spec=read.spec,
        number=read.number,
        lines=read.lines,
        name=read.name,
        account=read.account,
        mechanism=read.mechanism,
        has_argument=read.has_argument,
        has_initial_response=read.has_initial_response,
        misuse=read.misuse,
        foreign=read.foreign,
        octets=line.octets,
        line_end=line.end,
    )


def response_kind(line: bytes) -> ResponseKind:
    """Tell what a line within an AUTH exchange is. Source: RFC 5034 §4."""
    if line == b"*":
        return ResponseKind.CANCEL
    if line in (b"", b"="):
        return ResponseKind.EMPTY
    if line in (HIDDEN, b"..."):
        return ResponseKind.DATA
    return ResponseKind.BAD_BASE64 if decoded(line) is None else ResponseKind.DATA


def decoded(line: bytes) -> bytes | None:
    """Give what stands in base64, or None where that is none."""
    try:
        return a2b_base64(line, strict_mode=True)
    except (Error, ValueError):
        return None


def foreign_client(line: bytes, keyword: bytes) -> Foreign | None:
    """Tell which other protocol a client's line belongs to; `keyword` is its first word in upper case."""
    if (known := _FOREIGN_KEYWORDS.get(keyword)) is not None:
        if known is Foreign.HTTP and not _HTTP_VERSION.search(line):
            return None
        return known
    if line.startswith(b"SSH-"):
        return Foreign.SSH
    return Foreign.IMAP if _IMAP.match(line) else None


def _shown(line: bytes, spec: CommandSpec | None, mechanism: str | None, show: Show) -> bytes:
    if Show.SECRETS in show or _HIDDEN_ALREADY.fullmatch(line):
        return line
    keyword, _, rest = line.partition(b" ")
    if spec is not None and Show.NAMES in show and spec.arguments in _NAMED:
        name, space, _ = rest.partition(b" ")
        return keyword + b" " + name + (b" " + HIDDEN if space else b"")
    if mechanism is not None:
        first, space, response = rest.partition(b" ")
        return keyword + b" " + first + (b" " + HIDDEN if space and response else b"")
    return redacted(line)


_NAMED: Final = frozenset({ArgumentForm.NAME, ArgumentForm.NAME_AND_DIGEST})


def _name(spec: CommandSpec | None, rest: bytes) -> bytes | None:
    if spec is None or spec.arguments not in _NAMED:
        return None
    return rest.partition(b" ")[0] or None


def account_of(name: bytes | None) -> bytes:
    """Give a digest by which the sessions of one account are known; empty for no name, and for one left out."""
    if not name or name.strip(b".*") == b"" or name == HIDDEN:
        return b""
    return blake2b(name.lower(), digest_size=12).digest()


def _name_in_plain(mechanism: str | None, rest: bytes) -> bytes | None:
    """Give the name in PLAIN's initial response. Source: RFC 4616 §2."""
    if mechanism != "PLAIN":
        return None
    parts = (decoded(rest.partition(b" ")[2]) or b"").split(b"\0")
    return parts[1] if len(parts) == 3 else None


def _mechanism(spec: CommandSpec | None, rest: bytes) -> str | None:
    if spec is None or spec.arguments is not ArgumentForm.MECHANISM:
        return None
    name = rest.partition(b" ")[0].decode("ascii", "replace").upper()
    return name if name in MECHANISMS else None


def _numbers(spec: CommandSpec | None, rest: bytes) -> tuple[int | None, int | None]:
    if spec is None or spec.secret:
        return None, None
    words = [int(word) if _is_number(word) else None for word in rest.split(b" ")[:2]]
    return words[0], words[1] if len(words) > 1 else None


def _is_number(word: bytes) -> bool:
    return word.isdigit() and len(word) <= LARGEST_NUMBER_DIGITS


def _secret(line: bytes, rest: bytes, spec: CommandSpec | None, show: Show) -> bytes:
    if Show.SECRETS in show:
        return b""
    if spec is None:
        return line
    if Show.NAMES in show and spec.arguments in _NAMED:
        return rest.partition(b" ")[2]
    if spec.arguments is ArgumentForm.MECHANISM:
        mechanism, _, response = rest.partition(b" ")
        return response if mechanism.upper().decode("ascii", "replace") in MECHANISMS else rest
    return rest if spec.secret else b""
