"""From the octets of both sides of SMTP or LMTP to events: which reply is to which command, where a message is.

It watches and judges nothing, never raises, whatever comes, and keeps a bounded part of it. Secrets are taken out
here, those that a server repeats in its answer too.
Sources: RFC 5321 §3.3, §4.1-4.2, §4.5.2 (dots); RFC 2920 (pipelining); RFC 3207; RFC 4954; RFC 2033 §4.2 (LMTP).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Final

from restante.explain import server_lines
from restante.explain.client_lines import decoded, response_kind
from restante.explain.events import ResponseKind, Show
from restante.explain.following import without
from restante.explain.line_reader import Line, LineReader
from restante.explain.smtp.commands import HELLOS, read_command
from restante.explain.smtp.events import (
    AuthResponseSent,
    Closed,
    CommandSent,
    Connected,
    Joined,
    MessageSent,
    Phase,
    Replied,
    Secured,
    SmtpEvent,
    StrayLine,
)
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
_MEASURED: Final = re.compile(rb"\(message, ([0-9]{1,18}) octets\)")
"""As a server of ours tells of a message."""

_HARMLESS: Final = frozenset({ResponseKind.EMPTY, ResponseKind.CANCEL})


class SmtpReader:
    """Reads one connection; an observer of the wire (`explain.wire.WireObserver`). `tell` takes each event.

    `show` lets through what is hidden otherwise.
    """

    __slots__ = (
        "_accepted",
        "_awaited",
        "_challenged",
        "_closed",
        "_exchange",
        "_greeted",
        "_is_lmtp",
        "_lines",
        "_message",
        "_message_replies",
        "_phase",
        "_reply",
        "_secrets",
        "_secured",
        "_show",
        "_tell",
        "_tls_agreed",
    )

    def __init__(self, tell: Callable[[SmtpEvent], None], *, show: Show = Show.NOTHING) -> None:
        self._tell = tell
        self._show = show
        self._phase = Phase.GREETING
        self._secured = self._greeted = self._closed = self._is_lmtp = self._tls_agreed = False
        self._awaited: deque[CommandSent] = deque()
        self._exchange: CommandSent | None = None
        """An AUTH whose exchange is under way."""
        self._challenged = False
        """Whether the next line of the client answers a challenge."""
        self._accepted = 0
        """Recipients of this transaction: LMTP answers for each of them."""
        self._message: _Message | None = None
        self._message_replies: deque[CommandSent] = deque()
        """For each reply to a message that is to come, the DATA that it belongs to."""
        self._secrets: deque[bytes] = deque(maxlen=_MOST_SECRETS)
        self._reply: list[bytes] = []
        self._lines = {side: LineReader() for side in Side}

    # --- what a link tells ------------------------------------------------------------------------------------

    def connected(self, server: str, *, at_seconds: float | None, client: str = "") -> None:
        """Hear that the connection stands."""
        self._tell(
            Connected(at_seconds=at_seconds, state=self._phase, secured=self._secured, server=server, client=client)
        )

    def joined(
        self,
        *,
        at_seconds: float | None,
        secured: bool | None = None,
        for_seconds: int | None = None,
        commands: int | None = None,
    ) -> None:
        """Hear that what comes from here on follows upon what was not heard."""
        self._secured = self._secured if secured is None else secured
        self._greeted, self._exchange, self._message = True, None, None
        self._awaited.clear()
        self._message_replies.clear()
        self._reply.clear()
        self._tell(
            Joined(
                at_seconds=at_seconds,
                state=self._phase,
                secured=self._secured,
                for_seconds=for_seconds,
                commands=commands,
            )
        )

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        """Hear that TLS stands. What was said before it counts no more (RFC 3207 §4.2)."""
        self._tell(
            Secured(at_seconds=at_seconds, state=self._phase, secured=self._secured, description=description)
        )
        self._secured, self._tls_agreed = True, False
        self._awaited.clear()
        self._reply.clear()

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        """Hear octets of a side, in whatever pieces."""
        if self._closed:
            return
        lines, start = self._lines[side], 0
        while start < len(octets):
            line, start = lines.take(octets, start)
            if line is not None:
                self._take(side, line, at_seconds)

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        """Hear that the connection ended. What comes after it is not listened to."""
        if self._closed:
            return
        for side, lines in self._lines.items():
            if (line := lines.finish()) is not None:
                self._take(side, line, at_seconds)
        if self._message is not None:
            self._end_message(at_seconds, is_complete=False)
        self._closed = True
        self._tell(Closed(at_seconds=at_seconds, state=self._phase, secured=self._secured, by=by, reason=reason))

    # --- what a server tells of its own sessions --------------------------------------------------------------

    def line(self, side: Side, line: bytes, *, at_seconds: float | None) -> None:
        """Hear one line, given without its end, from a source that tells neither line ends nor handshakes."""
        if self._tls_agreed and side is Side.CLIENT:
            self.secured("", at_seconds=at_seconds)
        if self._message is not None and side is Side.CLIENT:
            self._message.tell_octets(_MEASURED.fullmatch(line))
            self._end_message(at_seconds, is_complete=True)
        else:
            self.octets(side, line + b"\r\n", at_seconds=at_seconds)

    def replied(self, line: bytes, octets: int, *, at_seconds: float | None) -> None:
        """Hear a reply of which the first line is known, and the octets of all of it."""
        found = _REPLY.fullmatch(line)
        if self._message is not None and found is not None:
            # The message went by, and nobody wrote it down.
            self._message.tell_octets(None)
            self._end_message(at_seconds, is_complete=True)
        if found is not None:
            is_cut = octets > len(line) + 2
            self._take_reply(int(found[1]), [found[3]], at_seconds, is_cut=is_cut)
        else:
            self.line(Side.SERVER, line, at_seconds=at_seconds)

    # --- lines ------------------------------------------------------------------------------------------------

    def _take(self, side: Side, line: Line, at_seconds: float | None) -> None:
        match side:
            case Side.CLIENT if self._message is not None:
                if self._message.take(line):
                    self._end_message(at_seconds, is_complete=True)
            case Side.CLIENT if self._exchange is not None and self._challenged:
                self._take_response(line, at_seconds)
            case Side.CLIENT:
                self._take_command(line, at_seconds)
            case Side.SERVER:
                self._take_server_line(line, at_seconds)

    def _take_command(self, line: Line, at_seconds: float | None) -> None:
        read = read_command(line.kept, self._show)
        self._secrets.extend(read.secrets)
        if read.verb == b"AUTH":
            self._hide_credentials(*read.secrets)
        if read.verb == b"MAIL":
            self._phase, self._accepted = Phase.ENVELOPE, 0
        elif read.verb == b"QUIT":
            self._phase = Phase.QUIT
        elif read.verb == b"LHLO":
            self._is_lmtp = True
        sent = CommandSent(
            at_seconds=at_seconds,
            state=self._phase,
            secured=self._secured,
            line=read.shown,
            verb=read.verb,
            argument=read.argument,
            is_null_path=read.is_null_path,
            message_octets=read.message_octets,
            mechanism=read.mechanism,
            has_initial_response=read.has_initial_response,
        )
        if read.verb == b"AUTH":
            self._exchange, self._challenged = sent, False
        if len(self._awaited) < MOST_AWAITED:
            self._awaited.append(sent)
        self._tell(sent)

    def _hide_credentials(self, *responses: bytes) -> None:
        """Take note of what a line of AUTH holds: servers like to greet by name."""
        for response in responses:
            self._secrets.append(response)
            self._secrets.extend(part for part in re.split(rb"[\0\1]", decoded(response) or b"") if len(part) > 1)

    def _take_response(self, line: Line, at_seconds: float | None) -> None:
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
                kind=kind,
                line=line.kept if harmless else HIDDEN,
            )
        )

    def _take_server_line(self, line: Line, at_seconds: float | None) -> None:
        found = _REPLY.fullmatch(line.kept)
        if found is None:
            self._tell(
                StrayLine(at_seconds=at_seconds, state=self._phase, secured=self._secured, octets=line.octets)
            )
            return
        if len(self._reply) < MOST_REPLY_LINES:
            self._reply.append(found[3][: server_lines.SHOWN_OCTETS])
        if found[2] != b"-":
            lines, self._reply = self._reply, []
            self._take_reply(int(found[1]), lines, at_seconds, is_cut=False)

    def _take_reply(self, code: int, lines: list[bytes], at_seconds: float | None, *, is_cut: bool) -> None:
        is_greeting = not self._greeted and not self._awaited
        self._greeted = True
        if code == 334 and self._exchange is not None:
            self._challenged = True
            self._tell_reply(code, self._harmless(lines), at_seconds, to=self._exchange)
            return
        for_message = bool(self._message_replies)
        to = None
        if for_message:
            to = self._message_replies.popleft()
        elif self._awaited:
            to = self._awaited.popleft()
        if to is not None and to.verb == b"AUTH":
            self._exchange = None
        self._tls_agreed = to is not None and to.verb == b"STARTTLS" and code < 300
        if to is not None and to.verb == b"RCPT" and code < 300:
            self._accepted += 1
        if to is not None and to.verb == b"DATA" and code == 354 and not for_message:
            self._phase = Phase.DATA
            self._message = _Message()
            count = max(1, self._accepted) if self._is_lmtp else 1
            self._message_replies.extend([to] * min(count, MOST_AWAITED))
        before = Phase.GREETING if to is not None and to.verb in HELLOS else None
        self._tell_reply(
            code, lines, at_seconds, to=to, for_message=for_message, is_greeting=is_greeting, is_cut=is_cut
        )
        self._phase = before or self._phase
        if for_message and not self._message_replies:
            self._accepted = 0
            self._secrets.clear()

    def _harmless(self, lines: list[bytes]) -> list[bytes]:
        assert self._exchange is not None
        return [server_lines.harmless_challenge(line, self._exchange.mechanism) for line in lines[:1]]

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
        if to is not None and to.verb not in HELLOS and (found := _ENHANCED.match(lines[0])) is not None:
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

    def _end_message(self, at_seconds: float | None, *, is_complete: bool) -> None:
        message, self._message = self._message, None
        assert message is not None
        self._tell(
            MessageSent(
                at_seconds=at_seconds,
                state=self._phase,
                secured=self._secured,
                octets=message.octets,
                lines=message.lines,
                is_complete=is_complete,
            )
        )


class _Message:
    """Measures a message as it goes by; nothing of it is kept."""

    __slots__ = ("lines", "octets")

    def __init__(self) -> None:
        self.octets: int | None = 0
        self.lines: int | None = 0

    def tell_octets(self, found: re.Match[bytes] | None) -> None:
        """Hear what a server says of the message, of which it shows nothing."""
        self.octets = int(found[1]) if found is not None else None
        self.lines = None

    def take(self, line: Line) -> bool:
        """Take a line. Gives whether it was the terminating one."""
        if line.kept == b"." and line.length == 1:
            return True
        self.lines = (self.lines or 0) + 1
        self.octets = (self.octets or 0) + line.octets - (1 if line.kept[:1] == b"." else 0)
        return False
