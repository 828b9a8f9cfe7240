"""A session led by hand, a line at a time: for who types commands, and not for programs, which have `Maildrop`.

Any line may be said, known to the table or not. What is done for the person is what nobody can do by typing: TLS
begins after a good answer to STLS, challenges of AUTH are told from answers, and what follows a status line is read
by the table's shape of reply and not kept, since the observer hears it. Deletion marks and the phase are followed
as far as the answers tell, so that a lost connection says what was lost with it. Fails with ClientFault; whoever
began a conversation closes it.

It knows no second line in the answer to a command that the table does not have: such lines are heard, and dropped
before the next command. Sources: RFC 1939 §3 to §6, RFC 2595 §4, RFC 5034 §4.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from restante.client.blocking import Pump
from restante.client.faults import Phase, TemporaryFault, TlsFault, TlsProblem
from restante.client.link import Link
from restante.client.server import Security, Server
from restante.client.session import refusal
from restante.client.wants import Operation
from restante.explain.wire import Reason, WireObserver
from restante.proto.client import BadReply, ReplyReader, Status, status_of
from restante.proto.spec import SPECS, ReplyShape
from restante.proto.terms import State

__all__ = ["Conversation", "Heard"]

_LOGINS = frozenset({b"PASS", b"APOP", b"AUTH"})


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

    def __init__(self, server: Server, *, observe: WireObserver | None = None) -> None:
        self.state = State.AUTHORIZATION
        self.login_refused = False
        """Whether the last login was refused."""
        self._link = Link(server, clock=time.monotonic, observe=observe)
        self._pump = Pump()

    @property
    def stands(self) -> bool:
        """Whether more can be said."""
        return self._link.stands

    @property
    def is_secured(self) -> bool:
        """Whether TLS stands."""
        return self._link.tls is not None

    def begin(self) -> None:
        """Connect, hear the greeting, and begin TLS as the server's settings want it. Raises ClientFault."""
        self._pump.run(self._begun())

    def say(self, line: bytes) -> Heard:
        """Say a line, without its end. Raises ClientFault."""
        return self._pump.run(self._said(line))

    def respond(self, line: bytes) -> Heard:
        """Answer a challenge; `*` gives the exchange up. Raises ClientFault."""
        return self._pump.run(self._exchanged(line, is_login=True))

    def close(self, reason: Reason = Reason.CLOSED) -> None:
        """End the connection without QUIT."""
        self._pump.run(self._link.close(reason))

    # --- how -----------------------------------------------------------------------------------------------------

    def _begun(self) -> Operation[None]:
        link = self._link
        yield from link.open()
        if link.server.security is Security.TLS:
            yield from link.start_tls()
            link.phase = Phase.CONNECT
        link.wait_anew()
        greeting = yield from link.status()
        if not greeting.ok:
            raise refusal(link, greeting, doing="the connection", kind=TemporaryFault)
        link.phase = Phase.LOGIN
        if link.server.security is Security.STLS:
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
        if link.reader.pending:
            link.reader = ReplyReader()
        spec = SPECS.get(keyword)
        if spec is not None and spec.reply is ReplyShape.EXCHANGE:
            heard = yield from self._exchanged(line, is_login=bool(arguments))
            if heard.ok and not arguments:
                yield from self._body_passed()  # the mechanisms, as servers before RFC 2449 list them
            return heard
        seconds = None
        if keyword in _LOGINS:
            seconds = link.server.timeouts.login_seconds
        elif keyword == b"QUIT":
            # From here on the marks are the server's affair.
            link.marks, seconds = 0, link.server.timeouts.update_seconds
        status = yield from link.ask(line, seconds=seconds)
        if status.ok and spec is not None and _has_body(spec.reply, arguments):
            yield from self._body_passed()
        yield from self._followed(keyword, ok=status.ok)
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
            yield from self._followed(b"AUTH", ok=status.ok)
        return Heard(status=status)

    def _body_passed(self) -> Operation[None]:
        reader = self._link.reader
        reader.begin_body()
        while True:
            if reader.chunk() is None:
                yield from self._link.more()
            if not reader.in_body:
                return

    def _followed(self, keyword: bytes, *, ok: bool) -> Operation[None]:
        link = self._link
        if keyword in _LOGINS:
            self.login_refused = not ok
        if keyword == b"QUIT":
            yield from link.close(Reason.AFTER_QUIT)
        elif ok and keyword in _LOGINS:
            self.state, link.phase = State.TRANSACTION, Phase.TRANSFER
        elif ok and keyword == b"STLS" and link.tls is None:
            yield from link.start_tls()
            link.phase = Phase.LOGIN
        elif ok and keyword == b"DELE":
            link.marks += 1
        elif ok and keyword == b"RSET":
            link.marks = 0


def _has_body(shape: ReplyShape, arguments: list[bytes]) -> bool:
    if shape in (ReplyShape.LISTING_UNLESS_NUMBER, ReplyShape.LISTING_UNLESS_LANGUAGE):
        return not arguments
    return shape in (ReplyShape.LISTING, ReplyShape.MESSAGE)
