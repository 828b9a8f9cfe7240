"""A session led by hand, a line at a time: for who types commands, and not for programs, which have `Maildrop`.

Any line may be said, known to the table or not. What is done for the person is what nobody can do by typing: TLS
begins after a good answer to STLS, challenges of AUTH are told from answers, a login by any mechanism is made if it
is asked for, and what follows a status line is read by the table's shape of reply, since the observer hears it.
What is remembered of answers is what can be offered to a person: capabilities, how far message numbers go, and the
deletion marks, so that a lost connection says what was lost with it. Fails with ClientFault, and UnusableArgument
for what no line can hold; whoever began a conversation closes it.

It knows no second line in the answer to a command that the table does not have: such lines are heard, by `overhear`
or with the next answer, and dropped. Sources: RFC 1939 §3 to §6, RFC 2449 §5, RFC 2595 §4, RFC 5034 §4.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from restante.client.blocking import Pump
from restante.client.faults import (
    ConnectionLost,
    Phase,
    TemporaryFault,
    TimedOut,
    TlsFault,
    TlsProblem,
    UnusableArgument,
)
from restante.client.link import Link
from restante.client.logging_in import logged_in
from restante.client.opening import ask_capabilities
from restante.client.server import Login, Security, Server
from restante.client.session import Session, refusal
from restante.client.wants import Operation
from restante.explain.wire import Reason, WireObserver
from restante.proto.client import BadReply, ReplyReader, Status, status_of
from restante.proto.listings import Capabilities, drop_listing, scan_listing_line, unique_id_line
from restante.proto.spec import SPECS, ReplyShape
from restante.proto.terms import State

__all__ = ["Conversation", "Drives", "Heard"]

T = TypeVar("T")

_LOGINS: Final = frozenset({b"PASS", b"APOP", b"AUTH"})
_LISTINGS: Final = {b"LIST": scan_listing_line, b"UIDL": unique_id_line}

_KEPT_OCTETS: Final = 1024 * 1024
"""Of a listing, to look for what can be offered. Longer ones are heard by the observer, and not kept."""


class Drives(Protocol):
    """What drives operations: the blocking pump, or a replay."""

    @property
    def descriptor(self) -> int | None:
        """The socket's number, None where there is none."""
        ...

    def run(self, operation: Operation[T]) -> T:
        """Run an operation to its end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the server said to a line."""

    status: Status | None
    """None where it asks for a line of an AUTH exchange: `respond` gives it."""

    @property
    def ok(self) -> bool:
        """Whether it was a good answer."""
        return self.status is not None and self.status.ok


class Conversation:
    """A connection and what is known of its session."""

    def __init__(self, server: Server, *, observe: WireObserver | None = None, pump: Drives | None = None) -> None:
        self.capabilities: Capabilities | None = None
        """What the last answer to CAPA said, with `told` False where that was refused; None before CAPA was said,
        and again after STLS (RFC 2595 §4)."""
        self.highest_number = 0
        """The highest message number that an answer told of."""
        self.marked: set[int] = set()
        """The numbers of the messages that bear deletion marks."""
        self.login_refused = False
        """Whether the last login was refused."""
        self._link = Link(server, clock=time.monotonic, observe=observe)
        self._session = Session(self._link)
        self._greeting = b""
        self._pump = Pump() if pump is None else pump

    @property
    def state(self) -> State:
        """The state, as far as the answers tell."""
        return self._session.state

    @property
    def stands(self) -> bool:
        """Whether more can be said."""
        return self._link.stands

    @property
    def is_secured(self) -> bool:
        """Whether TLS stands."""
        return self._link.tls is not None

    @property
    def descriptor(self) -> int | None:
        """What becomes readable when `overhear` has something to hear; None where the connection has ended."""
        return self._pump.descriptor if self.stands else None

    def begin(self, *, in_plain: bool = False) -> None:
        """Connect, hear the greeting, and begin TLS as the server's settings want it. Raises ClientFault.

        `in_plain` leaves STLS to be said later.
        """
        self._pump.run(self._begun(in_plain=in_plain))

    def say(self, line: bytes) -> Heard:
        """Say a line, without its end. Raises ClientFault, and UnusableArgument where it is more than one."""
        _check(line)
        return self._pump.run(self._said(line))

    def respond(self, line: bytes) -> Heard:
        """Answer a challenge; `*` gives the exchange up. Raises ClientFault and UnusableArgument."""
        _check(line)
        return self._pump.run(self._exchanged(line, is_login=True))

    def log_in(self, login: Login) -> None:
        """Log in, by the way that the login names or the strongest that the server has.

        Raises ClientFault, after which the conversation may still stand, and UnusableArgument.
        """
        self._pump.run(self._logged_in(login))

    def overhear(self) -> None:
        """Hear what the server says unasked, when the descriptor is readable. Raises ClientFault at its end."""
        self._pump.run(self._overheard())

    def close(self, reason: Reason = Reason.CLOSED) -> None:
        """End the connection without QUIT."""
        self._pump.run(self._link.close(reason))

    # --- how -----------------------------------------------------------------------------------------------------

    def _begun(self, *, in_plain: bool) -> Operation[None]:
        link = self._link
        yield from link.open()
        if link.server.security is Security.TLS:
            yield from link.start_tls()
            link.phase = Phase.CONNECT
        link.wait_anew()
        greeting = yield from link.status()
        if not greeting.ok:
            raise refusal(link, greeting, doing="the connection", kind=TemporaryFault)
        self._greeting = greeting.line
        link.phase = Phase.LOGIN
        if link.server.security is Security.STLS and not in_plain:
            heard = yield from self._said(b"STLS")
            if not heard.ok:
                raise TlsFault(
                    f"{link.server.address} refuses STLS, and nothing secret was sent; try TLS on port 995",
                    server=link.server.address,
                    problem=TlsProblem.NOT_OFFERED,
                )

    def _said(self, line: bytes) -> Operation[Heard]:
        link = self._link
        keyword, *arguments = line.upper().split()[:3] or [b""]
        self._pass_over()
        spec = SPECS.get(keyword)
        if spec is not None and spec.reply is ReplyShape.EXCHANGE:
            heard = yield from self._exchanged(line, is_login=bool(arguments))
            if heard.ok and not arguments:
                yield from self._body()  # the mechanisms, as servers before RFC 2449 list them
            return heard
        if keyword == b"QUIT":
            return (yield from self._left(line))
        seconds = link.server.timeouts.login_seconds if keyword in _LOGINS else None
        status = yield from link.ask(line, seconds=seconds)
        body = b""
        if status.ok and spec is not None and _has_body(spec.reply, arguments):
            body = yield from self._body()
        self._learn(keyword, arguments, status, body)
        yield from self._followed(keyword, arguments, ok=status.ok)
        return Heard(status=status)

    def _left(self, line: bytes) -> Operation[Heard]:
        link = self._link
        # From here on the marks are the server's affair.
        in_doubt, link.marks = link.marks, 0
        try:
            status = yield from link.ask(line, seconds=link.server.timeouts.update_seconds)
        except (ConnectionLost, TimedOut) as fault:
            # Some close right after a last line that they do not end.
            try:
                status = status_of(link.reader.unfinished)
            except BadReply:
                fault.marks_in_doubt = in_doubt
                raise fault from None
        yield from link.close(Reason.AFTER_QUIT)
        return Heard(status=status)

    def _exchanged(self, line: bytes, *, is_login: bool) -> Operation[Heard]:
        link = self._link
        yield from link.send(line + b"\r\n", seconds=link.server.timeouts.login_seconds)
        said = yield from link.line()
        if said[:2] == b"+ " or said == b"+":
            return Heard(status=None)
        try:
            status = status_of(said)
        except BadReply:
            yield from link.misspoken(
                f"{link.server.address} sent no POP3 reply to AUTH; see what it said above", said
            )
        if is_login:
            yield from self._followed(b"AUTH", [], ok=status.ok)
        return Heard(status=status)

    def _logged_in(self, login: Login) -> Operation[None]:
        session = self._session
        self._pass_over()
        if self.capabilities is None:
            self.capabilities = yield from ask_capabilities(session)
        self.login_refused = True
        yield from logged_in(session, login, greeting=self._greeting, entropy=secrets.token_bytes(32))
        yield from self._followed(b"AUTH", [], ok=True)

    def _overheard(self) -> Operation[None]:
        link = self._link
        link.wait_anew()
        yield from link.more()
        while link.reader.line() is not None:
            pass  # the observer heard it
        if link.tls is not None and link.tls.ended:
            yield from link.more()

    def _pass_over(self) -> None:
        """Forget what came unasked: it is no answer to what is said now."""
        if self._link.reader.pending:
            self._link.reader = ReplyReader()

    def _body(self) -> Operation[bytes]:
        """Wait for what follows a status line, and give the beginning of it."""
        reader = self._link.reader
        reader.begin_body()
        kept = bytearray()
        while True:
            chunk = reader.chunk()
            if chunk is None:
                yield from self._link.more()
            elif len(kept) < _KEPT_OCTETS:
                kept += chunk[: _KEPT_OCTETS - len(kept)]
            if not reader.in_body:
                return bytes(kept)

    def _learn(self, keyword: bytes, arguments: list[bytes], status: Status, body: bytes) -> None:
        """Remember what can be offered to who types."""
        if keyword == b"CAPA":
            if status.ok or self.state is State.AUTHORIZATION:
                self._session.capabilities = Capabilities(body.split(b"\r\n"), told=status.ok)
                self.capabilities = self._session.capabilities
        elif keyword == b"STAT" and status.ok:
            listing = drop_listing(status.text)
            if listing is not None:
                # Marked messages are not counted, and numbers do not move.
                self.highest_number = max(self.highest_number, listing.messages + len(self.marked))
        elif keyword in _LISTINGS and status.ok:
            lines = [status.text] if arguments else body.split(b"\r\n")
            told = [found[0] for line in lines if (found := _LISTINGS[keyword](line)) is not None]
            self.highest_number = max(self.highest_number, *told, 0)

    def _followed(self, keyword: bytes, arguments: list[bytes], *, ok: bool) -> Operation[None]:
        link = self._link
        if keyword in _LOGINS:
            self.login_refused = not ok
        if ok and keyword in _LOGINS:
            self._session.state, link.phase = State.TRANSACTION, Phase.TRANSFER
        elif ok and keyword == b"STLS" and link.tls is None:
            self.capabilities = None
            self._session.capabilities = Capabilities(told=False)
            yield from link.start_tls()
            link.phase = Phase.LOGIN
        elif ok and keyword == b"DELE":
            number = arguments[0] if arguments else b""
            # A mark is a mark, whatever the server took for a number.
            self.marked.add(int(number) if number.isdigit() and len(number) < 12 else -link.marks - 1)
            link.marks = len(self.marked)
        elif ok and keyword == b"RSET":
            self.marked.clear()
            link.marks = 0


def _has_body(shape: ReplyShape, arguments: list[bytes]) -> bool:
    if shape in (ReplyShape.LISTING_UNLESS_NUMBER, ReplyShape.LISTING_UNLESS_LANGUAGE):
        return not arguments
    return shape in (ReplyShape.LISTING, ReplyShape.MESSAGE)


def _check(line: bytes) -> None:
    if any(octet in line for octet in (b"\r", b"\n", b"\0")):
        raise UnusableArgument("a line for a server holds no CR, LF or NUL: leave them out")
