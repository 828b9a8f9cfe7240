"""From the octets of both sides of SMTP or LMTP to events: which reply is to which command, where a message is.

It watches and judges nothing, never raises, whatever comes, and keeps a bounded part of it. Secrets are taken out
here, those that a server repeats in its answer too.
Sources: RFC 5321 §3.3, §4.1-4.2, §4.5.2 (dots); RFC 2920 (pipelining); RFC 3207; RFC 3030 (BDAT); RFC 4954; RFC
2033 §4.2 (LMTP).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Final

from restante.explain import server_lines
from restante.explain.awaiting import TOLD_UNANSWERED
from restante.explain.client_lines import decoded, response_kind
from restante.explain.connection import Connection
from restante.explain.events import ResponseKind, Show
from restante.explain.following import without
from restante.explain.line_events import StrayLine
from restante.explain.line_reader import Line
from restante.explain.smtp.commands import HELLOS, Command, read_command
from restante.explain.smtp.events import AuthResponseSent, Closed, CommandSent, Replied, SmtpEvent
from restante.explain.smtp.message import Message
from restante.explain.smtp.phase import Phase
from restante.explain.wire import Side
from restante.proto.redact import HIDDEN

__all__ = ["MOST_AWAITED", "MOST_REPLY_LINES", "SmtpReader"]

MOST_AWAITED: Final = 1000
"""Commands that wait for their reply. Beyond it they are told, and their replies stand for themselves."""

MOST_REPLY_LINES: Final = 100
"""Of one reply; EHLO's has some twenty. Further ones are not kept."""

_MOST_SECRETS: Final = 200
"""Of one transaction: an address for each recipient, and the lines of AUTH."""

_REPLY: Final = re.compile(rb"([2-5][0-9]{2})([ -]|$)(.*)", re.DOTALL)
_ENHANCED: Final = re.compile(rb"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")

_HARMLESS: Final = frozenset({ResponseKind.EMPTY, ResponseKind.CANCEL})


class SmtpReader(Connection):
    """Reads one connection; an observer of the wire (`explain.wire.WireObserver`). `tell` takes each event.

    `show` lets through what is hidden otherwise. `excerpt` says that the octets are those of a log or a transcript,
    or what a server tells of its own sessions: the handshake, and the message, may be left out.
    """

    __slots__ = (
        *("_accepted", "_awaited", "_challenged", "_exchange", "_greeted", "_is_lmtp", "_joined"),
        *("_message", "_phase", "_reply", "_reply_code", "_secrets", "_sequence", "_show"),
    )

    _tell: Callable[[SmtpEvent], None]

    def __init__(
        self, tell: Callable[[SmtpEvent], None], *, show: Show = Show.NOTHING, excerpt: bool = False
    ) -> None:
        super().__init__(tell, excerpt=excerpt)
        self._show = show
        self._phase = Phase.GREETING
        self._greeted = self._is_lmtp = self._joined = False
        self._sequence = 0
        self._awaited: deque[tuple[CommandSent, bool]] = deque()
        """Commands in the order of their replies, and whether it is the one to their message."""
        self._exchange: CommandSent | None = None
        """An AUTH whose exchange is under way."""
        self._challenged = False
        """Whether the next line of the client answers a challenge."""
        self._accepted = 0
        """Recipients of this transaction: LMTP answers for each of them."""
        self._message: Message | None = None
        self._secrets: deque[bytes] = deque(maxlen=_MOST_SECRETS)
        self._reply: list[bytes] = []
        self._reply_code = 0

    @property
    def _where(self) -> Phase:
        return self._phase

    @property
    def _server_sends_message(self) -> bool:
        return False

    def _forget(self, at_seconds: float | None) -> None:
        del at_seconds
        # What was said before TLS counts no more (RFC 3207 §4.2).
        self._awaited.clear()
        self._reply.clear()
        self._exchange, self._challenged = None, False

    # --- what a link tells ------------------------------------------------------------------------------------

    def joined(
        self,
        *,
        at_seconds: float | None,
        secured: bool | None = None,
        for_seconds: int | None = None,
        commands: int | None = None,
    ) -> None:
        """Hear that what comes from here on follows upon what was not heard; None: as it was, or nobody knows.

        What the server says up to the next command belongs to what nobody saw.
        """
        self._secured = self._secured if secured is None else secured
        self._greeted, self._message, self._chunk_octets = True, None, 0
        self._joined = True
        self._join(at_seconds, for_seconds, commands)

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        """Hear that the connection ended. What comes after it is not listened to."""
        if self._closed:
            return
        self._finish(at_seconds)
        if self._message is not None:
            self._end_message(at_seconds, is_complete=False)
        self._closed = True
        self._tell(
            Closed(
                at_seconds=at_seconds,
                state=self._phase,
                secured=self._secured,
                by=by,
                reason=reason,
                unanswered=tuple([sent for sent, _ in self._awaited][:TOLD_UNANSWERED]),
            )
        )

    # --- what a log or a server tells -------------------------------------------------------------------------

    @property
    def awaits_body(self) -> bool:
        """Whether lines of a message are what the server has to send next: never, in SMTP."""
        return False

    @property
    def awaits_message(self) -> bool:
        """Whether lines of the message are what the client has to send next."""
        return self._message is not None

    @property
    def is_asked(self) -> bool:
        """Whether a challenge waits for the client's response."""
        return self._challenged

    def replied(self, line: bytes, octets: int | None, *, at_seconds: float | None) -> None:
        """Hear a reply of which the first line is known, and the octets of all of it, if they are."""
        found = _REPLY.fullmatch(line)
        if found is not None and octets is not None and not self._joined:
            self._take_reply(int(found[1]), [found[3]], at_seconds, is_cut=octets > len(line) + 2)
        else:
            self.line(Side.SERVER, line, at_seconds=at_seconds)

    # --- lines ------------------------------------------------------------------------------------------------

    def _take_line(self, side: Side, line: Line, at_seconds: float | None) -> None:
        match side:
            case Side.CLIENT if self._message is not None:
                if self._message.take(line):
                    self._end_message(at_seconds, is_complete=True)
            case Side.CLIENT if self._exchange is not None and self._challenged:
                self._take_response(self._exchange, line, at_seconds)
            case Side.CLIENT:
                if self._excerpt and self._tls_agreed and not self._awaited:
                    self.secured("", at_seconds=at_seconds)
                self._take_command(line, at_seconds)
            case Side.SERVER:
                self._take_server_line(line, at_seconds)

    def _take_command(self, line: Line, at_seconds: float | None) -> None:
        self._joined = False
        read = read_command(line.kept, self._show)
        self._secrets.extend([secret for secret in read.secrets if secret])
        if read.verb == b"AUTH":
            self._hide_credentials(*read.secrets)
        if read.verb == b"MAIL":
            self._phase, self._accepted = Phase.ENVELOPE, 0
        elif read.verb == b"QUIT":
            self._phase = Phase.QUIT
        elif read.verb == b"LHLO":
            self._is_lmtp = True
        self._sequence += 1
        sent = self._sent(read, line, at_seconds)
        if read.verb == b"AUTH":
            self._exchange, self._challenged = sent, False
        if len(self._awaited) < MOST_AWAITED and not read.is_last_chunk:
            self._awaited.append((sent, False))
        self._tell(sent)
        if read.verb == b"BDAT" and read.message_octets is not None:
            self._begin_chunk(sent, read, at_seconds)

    def _sent(self, read: Command, line: Line, at_seconds: float | None) -> CommandSent:
        return CommandSent(
            at_seconds=at_seconds,
            state=self._phase,
            secured=self._secured,
            sequence=self._sequence,
            line=read.shown,
            verb=read.verb,
            argument=read.argument,
            is_null_path=read.is_null_path,
            has_path=read.has_path,
            has_8bit_path=read.has_8bit_path,
            message_octets=read.message_octets,
            says_8bit=read.says_8bit,
            says_utf8=read.says_utf8,
            mechanism=read.mechanism,
            has_initial_response=read.has_initial_response,
            foreign=read.foreign,
            line_end=line.end,
        )

    def _hide_credentials(self, *responses: bytes) -> None:
        """Take note of what a line of AUTH holds: servers like to greet by name."""
        for response in filter(None, responses):
            self._secrets.append(response)
            self._secrets.extend(part for part in re.split(rb"[\0\1]", decoded(response) or b"") if len(part) > 1)

    def _take_response(self, exchange: CommandSent, line: Line, at_seconds: float | None) -> None:
        self._challenged = False
        kind = response_kind(line.kept)
        harmless = kind in _HARMLESS or Show.SECRETS in self._show
        if not harmless:
            self._hide_credentials(line.kept)
        self._tell(
            AuthResponseSent(
                at_seconds=at_seconds,
                state=self._phase,
                secured=self._secured,
                to=exchange,
                kind=kind,
                line=line.kept if harmless else HIDDEN,
            )
        )

    def _take_server_line(self, line: Line, at_seconds: float | None) -> None:
        if self._joined:
            return
        found = _REPLY.fullmatch(line.kept)
        if found is None:
            # Before the greeting it can be nothing of the client's that comes back.
            shown = b"" if self._greeted or self._awaited else line.kept[: server_lines.SHOWN_OCTETS]
            self._tell(
                StrayLine(
                    at_seconds=at_seconds,
                    state=self._phase,
                    secured=self._secured,
                    line=shown,
                    foreign=server_lines.foreign_server(line.kept),
                    octets=line.octets,
                )
            )
            return
        code = int(found[1])
        if self._reply and code != self._reply_code:
            # Another one follows before its last line: Postfix holds a greeting back so (postscreen).
            lines, self._reply = self._reply, []
            self._take_reply(self._reply_code, lines, at_seconds, is_cut=True)
        self._reply_code = code
        if len(self._reply) < MOST_REPLY_LINES:
            self._reply.append(found[3][: server_lines.SHOWN_OCTETS])
        if found[2] != b"-":
            lines, self._reply = self._reply, []
            self._take_reply(code, lines, at_seconds, is_cut=False)

    def _take_reply(self, code: int, lines: list[bytes], at_seconds: float | None, *, is_cut: bool) -> None:
        if code != 421:
            # A server that closes answers for nothing.
            self._end_message_by_reply(at_seconds)
        is_greeting = not self._greeted and self._can_be_greeting(code)
        self._greeted = True
        if code == 334 and self._exchange is not None:
            self._challenged = True
            self._tell_reply(code, self._harmless(self._exchange, lines), at_seconds, to=self._exchange)
            return
        to, for_message = None, False
        if self._awaited and not is_greeting:
            to, for_message = self._awaited.popleft()
        if to is not None and to.verb == b"AUTH":
            self._exchange, self._challenged = None, False
        self._tls_agreed = to is not None and to.verb == b"STARTTLS" and code < 300
        if to is not None and to.verb == b"RCPT" and code < 300:
            self._accepted += 1
        if to is not None and to.verb == b"DATA" and code == 354 and not for_message:
            self._phase = Phase.DATA
            self._message = Message(is_exact=not self._excerpt)
            # Nothing that was sent before the message ended is answered before it (RFC 2920 §3.1).
            self._awaited.extendleft(self._replies_to_message(to))
        before = Phase.GREETING if to is not None and to.verb in HELLOS else None
        self._tell_reply(
            code, lines, at_seconds, to=to, for_message=for_message, is_greeting=is_greeting, is_cut=is_cut
        )
        self._phase = before or self._phase
        if for_message and not (self._awaited and self._awaited[0][1]):
            self._accepted = 0
            self._secrets.clear()

    def _can_be_greeting(self, code: int) -> bool:
        """Tell whether the first reply is the greeting; a log may have left that out."""
        if not self._awaited or not self._excerpt:
            return True
        return code == 220 and self._awaited[0][0].verb != b"STARTTLS"

    def _harmless(self, exchange: CommandSent, lines: list[bytes]) -> list[bytes]:
        return [server_lines.harmless_challenge(line, exchange.mechanism) for line in lines[:1]]

    def _tell_reply(
        self,
        code: int,
        lines: list[bytes],
        at_seconds: float | None,
        *,
        to: CommandSent | None,
        for_message: bool = False,
        is_greeting: bool = False,
        is_cut: bool = False,
    ) -> None:
        enhanced = b""
        is_list = to is not None and to.verb in HELLOS and code < 400
        if not is_list and (found := _ENHANCED.match(lines[0])) is not None:
            enhanced = found[1]
            lines = [line[len(enhanced) + 1 :] if line.startswith(enhanced) else line for line in lines]
        self._tell(
            Replied(
                at_seconds=at_seconds,
                state=self._phase,
                secured=self._secured,
                to=to,
                is_greeting=is_greeting,
                for_message=for_message,
                code=code,
                enhanced=enhanced,
                lines=tuple([without(tuple(self._secrets), line) for line in lines]),
                is_cut=is_cut,
            )
        )

    # --- messages ---------------------------------------------------------------------------------------------

    def _replies_to_message(self, sent: CommandSent) -> list[tuple[CommandSent, bool]]:
        count = max(1, self._accepted) if self._is_lmtp else 1
        return [(sent, True)] * min(count, MOST_AWAITED)

    def _begin_chunk(self, sent: CommandSent, read: Command, at_seconds: float | None) -> None:
        self._phase = Phase.DATA
        self._message = Message(is_exact=not self._excerpt, is_chunk=True)
        if read.is_last_chunk:
            self._awaited.extend(self._replies_to_message(sent))
        octets = read.message_octets or 0
        if self._excerpt or not octets:
            # A log shows a chunk in no way that could be known beforehand.
            self._message.take_octets(octets)
            self._end_message(at_seconds, is_complete=True)
        else:
            self._chunk_octets = octets

    def _take_chunk(self, octets: bytes, at_seconds: float | None) -> None:
        assert self._message is not None, "chunk octets are counted only where one began"
        self._message.take_octets(len(octets))
        if not self._chunk_octets:
            self._end_message(at_seconds, is_complete=True)

    def _end_message_by_reply(self, at_seconds: float | None) -> None:
        """End the message where the server's reply shows that it took it for ended."""
        if self._message is None or self._chunk_octets:
            return
        if self._message.ends_in_bare_dot:
            self._end_message(at_seconds, is_complete=True)
        elif self._excerpt:
            # The message went by, and nobody wrote all of it down.
            self._message.leave_out()
            self._end_message(at_seconds, is_complete=True)

    def _end_message(self, at_seconds: float | None, *, is_complete: bool) -> None:
        message, self._message = self._message, None
        self._chunk_octets = 0
        assert message is not None
        self._tell(
            message.event(at_seconds=at_seconds, state=self._phase, secured=self._secured, is_complete=is_complete)
        )
