"""From the octets of both sides to events: which reply belongs to which command, and in which state.

It watches and judges nothing: wrong things are told as they are, and what they mean is for `diagnoses`. The table
in `proto.spec` says what follows a good answer. Secrets are taken out here, those that a server repeats in its
answer too. It never raises, whatever comes, and keeps a bounded part of it.
Sources: RFC 1939 §3-6, RFC 2449 §6.6 (pipelining), RFC 2595 §4 (STLS), RFC 5034 §4 (AUTH).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from restante.explain import server_lines
from restante.explain.awaiting import Awaited, Awaiting
from restante.explain.bodies import Body
from restante.explain.client_lines import decoded, read_client_line, response_kind, sent_command
from restante.explain.connection import Connection
from restante.explain.events import (
    AuthResponseSent,
    BodyEnd,
    Challenged,
    Closed,
    Greeted,
    Replied,
    ResponseKind,
    Show,
    StrayLine,
    WireEvent,
)
from restante.explain.following import has_body, is_plainly_a_command, state_after, without
from restante.explain.line_reader import Line
from restante.explain.wire import Side
from restante.proto.redact import HIDDEN
from restante.proto.spec import ReplyShape
from restante.proto.terms import State

__all__ = ["Reader"]

_HARMLESS_RESPONSES: Final = frozenset({ResponseKind.EMPTY, ResponseKind.CANCEL})


class Reader(Connection):
    """Reads one connection; an observer of the wire (`explain.wire.WireObserver`). `tell` takes each event.

    `show` lets secrets through. `excerpt` says that the octets are those of a log or a transcript, which may leave
    out the greeting, the handshake, and what follows a status line.
    """

    __slots__ = ("_awaited", "_body", "_greeted", "_joined", "_sequence", "_show", "_state")

    _tell: Callable[[WireEvent], None]

    def __init__(
        self, tell: Callable[[WireEvent], None], *, show: Show = Show.NOTHING, excerpt: bool = False
    ) -> None:
        super().__init__(tell, excerpt=excerpt)
        self._show = show
        self._state = State.AUTHORIZATION
        self._greeted = self._joined = False
        self._sequence = 0
        self._awaited = Awaiting()
        self._body: Body | None = None

    @property
    def _where(self) -> State:
        return self._state

    @property
    def _server_sends_message(self) -> bool:
        return self._body is not None

    def _forget(self, at_seconds: float | None) -> None:
        del at_seconds
        self._awaited.clear()

    def _take_chunk(self, octets: bytes, at_seconds: float | None) -> None:
        raise AssertionError("POP3 has no chunks")

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        """Hear that the connection ended. What comes after it is not listened to."""
        if self._closed:
            return
        self._finish(at_seconds)
        if self._body is not None:
            ended = BodyEnd.UNFINISHED if by is None and not reason else BodyEnd.CUT
            self._end_body(BodyEnd.NOT_SHOWN if self._left_out_body() else ended, at_seconds)
        self._closed = True
        self._tell(
            Closed(
                at_seconds=at_seconds,
                state=self._state,
                secured=self._secured,
                by=by,
                reason=reason,
                unanswered=self._awaited.unanswered(),
            )
        )

    # --- what a log or a capture tells besides ----------------------------------------------------------------

    @property
    def awaits_body(self) -> bool:
        """Whether lines of a listing or a message are what the server has to send next."""
        return self._body is not None

    @property
    def awaits_message(self) -> bool:
        """Whether lines of a message are what the client has to send next: never, in POP3."""
        return False

    @property
    def is_asked(self) -> bool:
        """Whether a challenge waits for the client's response."""
        exchange = self._awaited.exchange
        return exchange is not None and exchange.challenges > 0

    def joined(
        self,
        *,
        at_seconds: float | None,
        state: State | None = None,
        secured: bool | None = None,
        for_seconds: int | None = None,
        commands: int | None = None,
    ) -> None:
        """Hear that what comes from here on follows upon what was not heard. None: as it was, or nobody knows.

        What the server says up to the next command belongs to what nobody saw.
        """
        self._state = self._state if state is None else state
        self._secured = self._secured if secured is None else secured
        self._greeted = self._joined = True
        self._body = None
        self._join(at_seconds, for_seconds, commands)

    def replied(self, line: bytes, octets: int | None, *, at_seconds: float | None) -> None:
        """Hear a reply of which the first line is known, and the octets of all of it, if they are.

        The rest of a listing or a message went over the wire, but nobody wrote it down.
        """
        self.line(Side.SERVER, line, at_seconds=at_seconds)
        if self._body is not None:
            rest = None if octets is None else max(octets - len(line) - len("\r\n"), 0)
            self._end_body(BodyEnd.NOT_SHOWN, at_seconds, rest)

    # --- lines ------------------------------------------------------------------------------------------------

    def _take_line(self, side: Side, line: Line, at_seconds: float | None) -> None:
        match side:
            case Side.CLIENT:
                self._take_client_line(line, at_seconds)
            case Side.SERVER:
                self._take_server_line(line, at_seconds)

    def _take_client_line(self, line: Line, at_seconds: float | None) -> None:
        if self._excerpt:
            self._greeted = True
            if self._tls_agreed and not self._awaited:
                self.secured("", at_seconds=at_seconds)
            if self._left_out_body():
                self._end_body(BodyEnd.NOT_SHOWN, at_seconds)
        self._joined = False
        read = read_client_line(line.kept, self._show)
        exchange = self._awaited.exchange
        if exchange is not None and (exchange.challenges or not is_plainly_a_command(read)):
            self._tell_response(exchange, line, at_seconds)
            return
        self._sequence += 1
        sent = sent_command(
            read, line, self._sequence, at_seconds=at_seconds, state=self._state, secured=self._secured
        )
        self._awaited.add(sent, read.secret)
        self._tell(sent)

    def _tell_response(self, exchange: Awaited, line: Line, at_seconds: float | None) -> None:
        exchange.challenges = max(0, exchange.challenges - 1)
        kind = response_kind(line.kept)
        harmless = kind in _HARMLESS_RESPONSES or Show.SECRETS in self._show
        if not harmless:
            exchange.hide(line.kept)
        self._tell(
            AuthResponseSent(
                at_seconds=at_seconds,
                state=self._state,
                secured=self._secured,
                to=exchange.sent,
                kind=kind,
                line=line.kept if harmless else HIDDEN,
                octets=line.octets,
                line_end=line.end,
            )
        )

    def _take_server_line(self, line: Line, at_seconds: float | None) -> None:
        if self._joined:
            return
        if self._body is not None and self._take_body_line(line, at_seconds):
            return
        status = server_lines.read_status(line.kept)
        if status is None:
            self._take_other_line(line, at_seconds)
        elif not self._greeted:
            self._greeted = True
            self._tell(
                Greeted(
                    at_seconds=at_seconds,
                    state=self._state,
                    secured=self._secured,
                    good=status.good,
                    code=status.code,
                    text=status.text,
                    timestamp=server_lines.timestamp_in(status.text),
                    octets=line.octets,
                    line_end=line.end,
                )
            )
        else:
            self._take_reply(status, line, at_seconds)

    def _take_other_line(self, line: Line, at_seconds: float | None) -> None:
        awaited = self._awaited.first
        if awaited is not None and awaited.sent.keyword == b"AUTH" and server_lines.is_challenge(line.kept):
            awaited.challenges += 1
            content = line.kept[2:]
            self._tell(
                Challenged(
                    at_seconds=at_seconds,
                    state=self._state,
                    secured=self._secured,
                    to=awaited.sent,
                    text=server_lines.harmless_challenge(content, awaited.sent.mechanism),
                    is_base64=decoded(content) is not None,
                    octets=line.octets,
                    line_end=line.end,
                )
            )
            return
        # After the login it may be a line of a message that came out of step.
        shown = self._state is State.AUTHORIZATION or Show.MESSAGES in self._show
        secrets = awaited.secrets if awaited is not None else []
        self._tell(
            StrayLine(
                at_seconds=at_seconds,
                state=self._state,
                secured=self._secured,
                line=without(secrets, line.kept[: server_lines.SHOWN_OCTETS]) if shown else b"",
                foreign=server_lines.foreign_server(line.kept),
                octets=line.octets,
            )
        )

    def _take_reply(self, status: server_lines.StatusLine, line: Line, at_seconds: float | None) -> None:
        awaited = self._awaited.answered()
        sent = awaited.sent if awaited is not None else None
        new_state = state_after(sent, self._state, good=status.good)
        self._tell(
            Replied(
                at_seconds=at_seconds,
                state=self._state if sent is None or sent.keyword != b"QUIT" else new_state,
                secured=self._secured,
                to=sent,
                good=status.good,
                code=status.code,
                text=without(awaited.secrets, status.text) if awaited is not None else status.text,
                octets=line.octets,
                line_end=line.end,
                new_state=new_state,
            )
        )
        self._state = new_state
        if sent is None or not status.good:
            return
        self._tls_agreed = sent.keyword == b"STLS"
        if has_body(sent):
            is_message = sent.spec is not None and sent.spec.reply is ReplyShape.MESSAGE
            shows = Show.MESSAGES in self._show
            self._body = Body(sent, is_message=is_message, is_exact=not self._excerpt, shows_messages=shows)

    # --- bodies -----------------------------------------------------------------------------------------------

    def _left_out_body(self) -> bool:
        return self._excerpt and self._body is not None and self._body.is_empty

    def _take_body_line(self, line: Line, at_seconds: float | None) -> bool:
        """Take a line of the body, and tell whether it was one."""
        assert self._body is not None
        if self._left_out_body() and self._awaited and server_lines.read_status(line.kept) is not None:
            self._end_body(BodyEnd.NOT_SHOWN, at_seconds)
            return False
        if self._body.take(line):
            self._end_body(BodyEnd.COMPLETE, at_seconds)
        return True

    def _end_body(self, end: BodyEnd, at_seconds: float | None, wire_octets: int | None = None) -> None:
        body, self._body = self._body, None
        assert body is not None
        if end is BodyEnd.NOT_SHOWN:
            event = Body.unseen(
                body.to,
                is_message=body.is_message,
                wire_octets=wire_octets,
                at_seconds=at_seconds,
                state=self._state,
                secured=self._secured,
            )
        else:
            event = body.event(end, at_seconds=at_seconds, state=self._state, secured=self._secured)
        self._tell(event)
