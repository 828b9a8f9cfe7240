"""What is known of one session: the link, what the server can do, its listing, and whose turn it is on the line.

A long answer that is handed out piece by piece holds the turn. When another command has to go out meanwhile, the
one who holds it settles first: takes in what the server still owes, so that each reply meets its own command.
Sources: RFC 1939 §4 (message numbers), RFC 2449 §4 (the length of a command line), §8 (response codes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from restante.client.faults import (
    CommandRefused,
    InUse,
    LoginDelayed,
    PermanentFault,
    RefusedFault,
    TemporaryFault,
    UnusableArgument,
    shown,
)
from restante.client.link import Link
from restante.client.wants import Operation
from restante.proto.client import Status
from restante.proto.lines import COMMAND_LINE_OCTETS
from restante.proto.listings import Capabilities
from restante.proto.terms import MessageNumber, Octets, State, UniqueId

__all__ = ["Listed", "Session", "Turn", "command", "refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A message as the server listed it."""

    unique_id: UniqueId
    """What names it in every session. Where the server has none that can be used, one is made: `sha256:…`."""
    octets: Octets
    """As the server tells them; 0 where it does not, and not to be relied on."""
    number: MessageNumber
    """Good in this session only."""


class Turn(Protocol):
    """Who waits for replies that have not all come."""

    @property
    def loses_by_settling(self) -> bool:
        """Whether what is taken in is lost to whoever reads."""
        ...

    def settle(self) -> Operation[None]:
        """Take in what the server owes."""
        ...


class Session:
    """One session of a client. Operations work on it; the faces hold it."""

    __slots__ = ("capabilities", "greeting", "link", "listing", "marked", "state", "top_works", "turn", "utf8")

    def __init__(self, link: Link) -> None:
        self.link = link
        self.state = State.AUTHORIZATION
        self.capabilities = Capabilities(told=False)
        self.greeting: Status | None = None
        self.listing: tuple[Listed, ...] | None = None
        """Taken once: message numbers do not move within a session."""
        self.marked: set[MessageNumber] = set()
        self.turn: Turn | None = None
        self.utf8 = False
        self.top_works: bool | None = None
        """Whether TOP was good once; None: not tried."""

    def settled(self) -> Operation[None]:
        """Let whoever holds the turn take in what is owed. Every operation begins with this."""
        turn, self.turn = self.turn, None
        if turn is not None:
            yield from turn.settle()

    def ask(self, line: bytes, *, seconds: float | None = None) -> Operation[Status]:
        """Send a command and give its status line, whether good or bad."""
        yield from self.settled()
        return (yield from self.link.ask(line, seconds=seconds))

    def ask_for_ok(self, line: bytes, *, seconds: float | None = None) -> Operation[Status]:
        """Send a command and give its good status line. Raises RefusedFault for a bad one."""
        status = yield from self.ask(line, seconds=seconds)
        if not status.ok:
            raise refusal(self.link, status, doing=line.split(b" ", 1)[0].decode("ascii", "replace"))
        return status

    def may_try(self, capability: str) -> bool:
        """Tell whether a command is worth a try: it is announced, or the server announces nothing."""
        return not self.capabilities.told or capability in self.capabilities

    @property
    def pipelines(self) -> bool:
        """Whether commands go out ahead of their answers: it is announced, and not switched off by the limits."""
        return "PIPELINING" in self.capabilities and self.link.server.limits.window_messages > 1

    def set_marks(self, marked: set[MessageNumber]) -> None:
        """Hear which messages bear deletion marks."""
        self.marked = marked
        self.link.marks = len(marked)


def command(keyword: bytes, *arguments: bytes) -> bytes:
    """Make a command line, without its end. Raises UnusableArgument for what cannot stand in one.

    Nothing of ours may end the line and begin another (CVE-2025-15367).
    """
    line = b" ".join((keyword, *arguments))
    if any(octet in line for octet in (b"\r", b"\n", b"\0")):
        raise UnusableArgument(f"an argument of {keyword.decode('ascii', 'replace')} may not hold CR, LF or NUL")
    if len(line) > COMMAND_LINE_OCTETS - 2:
        raise UnusableArgument(
            f"{keyword.decode('ascii', 'replace')} with that argument is longer than the {COMMAND_LINE_OCTETS} "
            "octets that a command may have"
        )
    return line


def refusal(link: Link, status: Status, *, doing: str, kind: type[RefusedFault] = CommandRefused) -> RefusedFault:
    """Make the fault of a `-ERR`: by its response code, else of the given kind."""
    code = (status.code or b"").upper()
    address = link.server.address
    said = shown(status.text) or "no reason"
    advice = ""
    match code:
        case b"IN-USE":
            # It comes only after credentials that proved right: nobody has to change a password (RFC 2449 §8.1.2).
            kind = InUse
            advice = "the login is right, but another session has the maildrop: end that one, or try again later"
        case b"LOGIN-DELAY":
            kind, advice = LoginDelayed, "the last login was too short a time ago: wait, and log in less often"
        case b"AUTH":
            advice = "check the name, and the password or token"
        case _ if code.split(b"/")[:2] == [b"SYS", b"PERM"]:
            kind, advice = PermanentFault, "the server needs repair: tell who runs it"
        case _ if code.split(b"/")[:1] == [b"SYS"]:
            kind, advice = TemporaryFault, "the server has trouble: try again later"
        case _:
            if kind is not CommandRefused:
                advice = "check the name, and the password or token"
    return kind(
        f"{address} refused {doing}: {said}" + (f" ({advice})" if advice else ""),
        server=address,
        phase=link.phase,
        reply=status.line,
        code=code or None,
        marks_lost=0,
    )
