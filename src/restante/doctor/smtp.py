"""The little SMTP that the doctor speaks at the other door, and how its lines are noted: without credentials.

Sources: RFC 5321 §4.2 (replies), RFC 4954 §4 (AUTH).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from restante.client.server import Login
from restante.doctor.line import ANSWER_SECONDS, Line, NoReply
from restante.explain.wire import Side
from restante.explain.wire_lines import WireLine, printable
from restante.sasl.registry import ClientMaterial, CredentialKind, NoMechanism, choose
from restante.sasl.terms import MechanismError

__all__ = ["NoMechanismHere", "Reply", "SmtpNotes", "ask", "authenticate", "extensions", "greeting", "reply"]

_MOST_LINES: Final = 200
_NAME: Final = b"EHLO doctor.invalid"
_LINE_OCTETS: Final = 512
"""Of a command with its CRLF. Source: RFC 5321 §4.5.3.1.4."""
_MOST_STEPS: Final = 8
CHALLENGE: Final = 334
LOGIN_SECONDS: Final = 25.0


class NoMechanismHere(Exception):
    """There is no mechanism by which this login can be made; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer."""

    code: int
    lines: tuple[bytes, ...]
    """What follows the code in each line."""

    @property
    def ok(self) -> bool:
        """Whether it is good."""
        return 200 <= self.code < 400


class SmtpNotes:
    """Notes a conversation by lines; an observer of the wire."""

    def __init__(self, note: Callable[[WireLine], object]) -> None:
        self._note = note
        self._secured = self._in_auth = False
        self._rest = dict.fromkeys(Side, b"")

    def connected(self, server: str, *, at_seconds: float | None) -> None:
        """See WireObserver."""
        self._note(WireLine("===", f"connected {server}"))

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        """See WireObserver."""
        self._secured = True
        self._note(WireLine("===", f"TLS {description}"))

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        """See WireObserver."""
        *lines, self._rest[side] = (self._rest[side] + octets).split(b"\n")
        for line in lines:
            self._line(side, line.rstrip(b"\r"))

    def _line(self, side: Side, line: bytes) -> None:
        mark = ("~>" if self._secured else "->") if side is Side.CLIENT else ("<~" if self._secured else "<-")
        if side is Side.SERVER:
            self._in_auth = self._in_auth and line.startswith(b"3")
            self._note(WireLine(f"{mark}*" if line[:1] in (b"4", b"5") else mark, printable(line)))
            return
        if self._in_auth:
            line = "…".encode()
        elif line.upper().startswith(b"AUTH "):
            self._in_auth = True
            line = b" ".join(line.split(b" ")[:2]) + " …".encode()
        self._note(WireLine(mark, printable(line)))

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        """See WireObserver."""
        self._note(WireLine("===", f"closed by the {by.name.lower()}" if by is not None else "closed"))


def reply(line: Line, seconds: float = ANSWER_SECONDS) -> Reply:
    """Take an answer. Raises LineFault."""
    lines: list[bytes] = []
    while len(lines) < _MOST_LINES:
        raw = line.raw_line(seconds).rstrip(b"\r\n")
        if not raw[:3].isdigit() or len(raw) < 3:
            raise NoReply("said what is no reply of SMTP")
        lines.append(raw[4:])
        if raw[3:4] != b"-":
            return Reply(code=int(raw[:3]), lines=tuple(lines))
    raise NoReply(f"gave an answer of more than {_MOST_LINES} lines")


def greeting(line: Line) -> Reply:
    """Take the greeting. Raises LineFault."""
    return reply(line, 15.0)


def ask(line: Line, command: bytes, seconds: float = ANSWER_SECONDS) -> Reply:
    """Send a command and take its answer. Raises LineFault."""
    line.send(command + b"\r\n")
    return reply(line, seconds)


def extensions(line: Line) -> dict[str, tuple[str, ...]]:
    """Say EHLO, and give the extensions by keyword. Raises LineFault."""
    found: dict[str, tuple[str, ...]] = {}
    answer = ask(line, _NAME)
    if not answer.ok:
        raise NoReply(f"refused EHLO with {answer.code}")
    for text in answer.lines[1:]:
        keyword, *parameters = text.decode("latin-1").replace("AUTH=", "AUTH ").split() or [""]
        found[keyword.upper()] = tuple(parameters)
    return found


def authenticate(
    line: Line, login: Login, offered: tuple[str, ...], *, host: str, plaintext: bool, entropy: bytes
) -> Reply:
    """Log in by the strongest mechanism that is offered, or by the one that the login names.

    Raises LineFault, and NoMechanismHere where none will do; `plaintext` lets one be that shows the secret.
    """
    have = {CredentialKind.PASSWORD if login.token is None else CredentialKind.TOKEN}
    named = login.mechanism if login.mechanism not in ("USER", "APOP") else None
    chosen = choose(offered, have=have, tls=line.tls is not None, allow_plaintext=plaintext, named=named)
    if isinstance(chosen, NoMechanism):
        raise NoMechanismHere(chosen.sentence)
    try:
        exchange = chosen.client(ClientMaterial(credentials=login.credentials, entropy=entropy, host=host))
        waiting = exchange.start()
        command = b"AUTH " + chosen.name.encode()
        if waiting is not None:
            whole = command + b" " + (base64.b64encode(waiting) or b"=")
            if len(whole) + 2 <= _LINE_OCTETS:
                command, waiting = whole, None
        answer = ask(line, command, LOGIN_SECONDS)
        for _ in range(_MOST_STEPS):
            if answer.code != CHALLENGE:
                return answer
            response = exchange.respond(base64.b64decode(answer.lines[-1])) if waiting is None else waiting
            waiting = None
            answer = ask(line, base64.b64encode(response), LOGIN_SECONDS)
    except (MechanismError, ValueError) as error:
        raise NoReply(f"broke off the login by {chosen.name}: {error}") from None
    raise NoReply(f"goes on and on with the login by {chosen.name}")
