"""What a line of a client of SMTP or LMTP is, and what of it may be shown.

Credentials are taken out here. Of an address the domain is shown, and its local part if names are. A line that is
no command shows nothing: a client that takes this for another server may send a password.
Sources: RFC 5321 §4.1, RFC 4954 §4, RFC 1870 §5 (SIZE), RFC 2033 §4 (LMTP), RFC 3030 §2 (BDAT), RFC 6152 §2, RFC
6531 §3.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from restante.explain.client_lines import LARGEST_NUMBER_DIGITS, MECHANISMS, foreign_client
from restante.explain.events import Show
from restante.explain.line_events import Foreign
from restante.proto.redact import HIDDEN

__all__ = ["HELLOS", "VERBS", "Command", "read_command"]

HELLOS: Final = frozenset({b"EHLO", b"HELO", b"LHLO"})

VERBS: Final = HELLOS | {
    *(
        b"STARTTLS",
        b"AUTH",
        b"MAIL",
        b"RCPT",
        b"DATA",
        b"BDAT",
        b"RSET",
        b"NOOP",
        b"QUIT",
        b"VRFY",
        b"EXPN",
        b"HELP",
    ),
}
_OPEN_ARGUMENTS: Final = HELLOS | {b"NOOP", b"HELP", b"RSET", b"QUIT", b"DATA", b"STARTTLS"}
"""Whose argument is nobody's secret."""

_PATH: Final = re.compile(
    rb"(?P<head>[A-Za-z]+ +(?:FROM|TO): ?)<(?P<path>[^>]*)>(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_CHUNK: Final = re.compile(rb"([0-9]{1,%d})(?: +(LAST))?" % LARGEST_NUMBER_DIGITS, re.IGNORECASE)
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
_8BIT: Final = re.compile(rb" BODY=(?:8BITMIME|BINARYMIME)\b", re.IGNORECASE)
_UTF8: Final = re.compile(rb" SMTPUTF8\b", re.IGNORECASE)
_POP3: Final = frozenset({b"CAPA", b"STLS", b"APOP"})
_SIZE: Final = re.compile(rb" SIZE=([0-9]{1,%d})(?![0-9])" % LARGEST_NUMBER_DIGITS, re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line, and what is known of it."""

    shown: bytes
    verb: bytes
    argument: bytes = b""
    is_null_path: bool = False
    has_path: bool = True
    has_8bit_path: bool = False
    message_octets: int | None = None
    is_last_chunk: bool = False
    says_8bit: bool = False
    says_utf8: bool = False
    mechanism: str | None = None
    has_initial_response: bool = False
    foreign: Foreign | None = None
    secrets: tuple[bytes, ...] = ()
    """What was hidden, for finding it again in the server's answer."""


def read_command(line: bytes, show: Show) -> Command:
    """Read a command line without its end. It never fails."""
    word, space, rest = line.partition(b" ")
    verb = word.upper()
    if verb not in VERBS:
        shown = line if Show.SECRETS in show else b"(%d octets that are no command)" % len(line)
        foreign = Foreign.POP3 if verb in _POP3 else foreign_client(line, verb)
        return Command(shown=shown, verb=b"", foreign=foreign, secrets=(line,) if shown != line else ())
    if verb == b"BDAT":
        if (chunk := _CHUNK.fullmatch(rest.strip())) is not None:
            return Command(shown=line, verb=verb, message_octets=int(chunk[1]), is_last_chunk=chunk[2] is not None)
        return Command(shown=verb + b" " + HIDDEN, verb=verb, secrets=(rest,))
    if verb == b"AUTH":
        return _auth(line, rest, show)
    if verb in (b"MAIL", b"RCPT"):
        return _addressed(line, verb, show)
    if verb in _OPEN_ARGUMENTS or not space or show & (Show.NAMES | Show.SECRETS):
        return Command(shown=line, verb=verb, argument=rest if verb in HELLOS else b"")
    return Command(shown=word + b" " + HIDDEN, verb=verb, secrets=(rest,))


def _auth(line: bytes, rest: bytes, show: Show) -> Command:
    name, _, response = rest.partition(b" ")
    mechanism = name.decode("ascii", "replace").upper()
    is_known = mechanism in MECHANISMS
    hidden = b"" if Show.SECRETS in show else response if is_known else rest
    shown = line.removesuffix(hidden) + HIDDEN if hidden else line
    return Command(
        shown=shown,
        verb=b"AUTH",
        mechanism=mechanism if is_known else None,
        has_initial_response=bool(response),
        secrets=(hidden,) if hidden else (),
    )


def _addressed(line: bytes, verb: bytes, show: Show) -> Command:
    found = _PATH.fullmatch(line)
    if found is None:
        # No path as RFC 5321 has it: what is in it nobody knows.
        shown = line if show & (Show.NAMES | Show.SECRETS) else verb + b" " + HIDDEN
        secrets = (line[len(verb) :].strip(),) if shown != line else ()
        return Command(shown=shown, verb=verb, has_path=False, secrets=secrets)
    path, rest = found["path"], found["rest"]
    local, at, domain = path.rpartition(b"@")
    is_hidden = bool(at) and not show & (Show.NAMES | Show.SECRETS)
    address = HIDDEN + b"@" + domain if is_hidden else path
    if path and not at and not show & (Show.NAMES | Show.SECRETS):
        local, address = path, HIDDEN
    size = _SIZE.search(rest)
    return Command(
        shown=found["head"] + b"<" + address + b">" + rest,
        verb=verb,
        argument=address,
        is_null_path=not path,
        has_8bit_path=_BEYOND_ASCII.search(path) is not None,
        says_8bit=_8BIT.search(rest) is not None,
        says_utf8=_UTF8.search(rest) is not None,
        message_octets=int(size[1]) if size is not None else None,
        secrets=(local,) if address != path and local else (),
    )
