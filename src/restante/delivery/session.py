"""A session in which a client brings mail: greeting, STARTTLS, AUTH, and what SMTP and LMTP share beside messages.

STARTTLS: whatever was said before is forgotten, and octets that stand behind it in the clear are never run; they
end the session (wire rule T2; the family of CVE-2011-0411).
Nothing that a client said comes back in a reply.
Sources: RFC 5321; RFC 3207 (STARTTLS), RFC 4954 (AUTH, in `login`).
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final, assert_never

from restante.delivery.connection import NEVER, Verb
from restante.delivery.intake import Intake, LineFault
from restante.delivery.login import LoginExchange, offered, refuse_mechanism
from restante.delivery.services import Services
from restante.delivery.stream import Stream
from restante.delivery.transaction import MailTransactions
from restante.doors.channel import channel_of
from restante.doors.gate import Entry, GateClosed
from restante.doors.sasl_login import GivenUp, Move
from restante.doors.sessions import MailState, SessionInfo
from restante.doors.tls import handshake_reason
from restante.ports.accounts import Accepted, Refused, Unavailable
from restante.ports.events import Outcome, TlsFailed
from restante.proto.redact import HIDDEN
from restante.proto.terms import Secret
from restante.sasl.exchange import LINE_OCTETS, SendLine
from restante.sasl.registry import Mechanism

__all__ = ["MailSession"]

_LOGIN_HIDDEN: Final = "334 …"


class MailSession(MailTransactions):
    """One connection. A subclass adds the greetings there are, and how it answers for a message."""

    def __init__(
        self,
        services: Services,
        *,
        stream: Stream,
        peer: str,
        entry: Entry,
        secured: bool,
        login_required: bool = False,
    ) -> None:
        super().__init__(services, stream=stream, peer=peer, entry=entry, secured=secured)
        self._login_required = login_required
        self._channel = channel_of(stream.tls_object)

    def verbs(self) -> dict[str, Verb]:
        """Give the commands that both protocols have."""
        verbs: dict[str, Verb] = {
            "MAIL": self.answer_mail,
            "RCPT": self.answer_rcpt,
            "DATA": self.answer_data,
            "RSET": self.answer_rset,
            "NOOP": self.answer_noop,
            "VRFY": self.answer_vrfy,
            "EXPN": self.answer_expn,
            "HELP": self.answer_help,
            "QUIT": self.answer_quit,
        }
        if self._services.security.tls is not None:
            verbs["STARTTLS"] = self.answer_starttls
        return verbs

    def info(self) -> SessionInfo:
        """Tell of the session."""
        state = self._state
        if state is MailState.READY:
            if not self._greeted_as:
                state = MailState.GREETING
            elif self._reverse_path is not None:
                state = MailState.ENVELOPE
        return SessionInfo(
            id=self.id,
            door=self.door,
            peer=self.peer,
            account=self.account,
            state=state,
            since_epoch_seconds=self.since_epoch_seconds,
            commands=self.commands,
            secured=self.secured,
        )

    # --- greetings -----------------------------------------------------------------------------------------------

    async def answer_hello(self, argument: str) -> None:
        """Answer the greeting that asks for extensions: EHLO, or LHLO."""
        if not await self._greet(argument, extended=True):
            return
        lines = [
            self._services.hostname,
            f"SIZE {self._services.limits.message_octets}",
            "8BITMIME",
            "PIPELINING",
            "ENHANCEDSTATUSCODES",
        ]
        if self._services.security.tls is not None and not self.secured:
            lines.append("STARTTLS")
        if self.has_verb("AUTH") and (names := [each.name for each in self._mechanisms]):
            lines.append(f"AUTH {' '.join(names)}")
        self.gather(*(f"250-{line}" for line in lines), "250 HELP")

    async def answer_helo(self, argument: str) -> None:
        """Answer the greeting of old."""
        if await self._greet(argument, extended=False):
            self.gather(f"250 {self._services.hostname}")

    async def _greet(self, argument: str, *, extended: bool) -> bool:
        if not argument:
            await self.push(f"501 5.5.4 {self.hello} wants your name")
            return False
        self.forget_message()
        self._greeted_as, self._is_extended = argument, extended
        return True

    # --- TLS -----------------------------------------------------------------------------------------------------

    async def answer_starttls(self, argument: str) -> None:
        """Begin TLS. Source: RFC 3207 §4."""
        context = self._services.security.tls
        assert context is not None, "the command is there only with a certificate"
        if argument:
            await self.push("501 5.5.4 STARTTLS takes no argument")
            return
        if self.secured:
            await self.push("503 5.5.1 TLS is spoken already")
            return
        if self._intake.has_unread or self._stream.has_unread:
            self.leave(
                Outcome.TOO_EARLY_FOR_TLS, "421 4.7.0 Nothing may stand behind STARTTLS; wait for the answer to it"
            )
            return
        self.gather("220 2.0.0 Begin TLS")
        self._flush()
        self._is_busy = True
        self._deadline = NEVER
        error = await self._stream.begin_tls(context, seconds=self._services.security.tls_handshake_seconds)
        self._is_busy = False
        if error is not None:
            reason = handshake_reason(error)
            self._services.tell(TlsFailed(session=self.id, door=self.door, peer=self.peer, reason=reason))
            self.leave(Outcome.TLS_FAILED, None)
            return
        self.secured = True
        self._channel = channel_of(self._stream.tls_object)
        self._intake = Intake()
        self.forget_message()
        self._greeted_as, self._is_extended, self.account = "", False, None
        self._reset_timeout()

    # --- logins --------------------------------------------------------------------------------------------------

    @property
    def _mechanisms(self) -> tuple[Mechanism, ...]:
        return offered(self._services, self.peer, secured=self.secured, channel=self._channel)

    async def answer_auth(self, argument: str) -> None:
        """Let a client log in. Source: RFC 4954 §4."""
        if not await self.is_greeted():
            return
        if self.account is not None or self._reverse_path is not None:
            await self.push("503 5.5.1 Log in once, and before MAIL")
            return
        name, _, initial = argument.partition(" ")
        name = name.upper()
        mechanisms = self._mechanisms
        mechanism = next((each for each in mechanisms if each.name == name), None)
        if mechanism is None:
            await self.push(refuse_mechanism(self._services, name, self.peer, secured=self.secured))
            return
        exchange = LoginExchange(
            self._services,
            mechanism,
            session=self.id,
            peer=self.peer,
            channel=self._channel,
            binds=any(each.binds for each in mechanisms),
        )
        self._state = MailState.LOGIN
        try:
            await self._log_in(exchange, Secret(initial.strip().encode()) if initial else None)
        finally:
            self._state = MailState.READY

    async def _log_in(self, exchange: LoginExchange, initial: Secret | None) -> None:
        move = await self._judged(exchange.begin(initial))
        while isinstance(move, SendLine):
            self.gather(move.octets.decode("ascii").removesuffix("\r\n"), shown=_LOGIN_HIDDEN)
            line = await self.next_line(LINE_OCTETS)
            if line is None:
                exchange.left()
                return
            self.tell_command(HIDDEN)
            if isinstance(line, LineFault):
                move = exchange.line_too_long()
            else:
                octets = line.removesuffix(b"\n").removesuffix(b"\r")
                move = await self._judged(exchange.receive(Secret(octets)))
        match move:
            case Accepted():
                exchange.note(move)
                closed = self._entry.claim_account(str(move.account.id))
                if isinstance(closed, GateClosed):
                    await self.push(exchange.deferred(closed.reason.value))
                    return
                self.account = move.account.name
                await self.push(exchange.accepted(move))
            case Refused():
                exchange.note(move)
                await self.push(exchange.refused(move))
            case Unavailable(reason=reason):
                await self.push(exchange.deferred(reason))
            case GivenUp():
                await self.push(exchange.given_up(move))
            case _:
                assert_never(move)

    async def may_send(self) -> bool:
        """Tell whether the client has greeted and, where that is asked for, logged in."""
        if not await self.is_greeted():
            return False
        if self._login_required and self.account is None:
            first = "log in with AUTH" if self._mechanisms else "begin TLS, then log in with AUTH"
            await self.push(f"530 5.7.0 No mail is taken here from who has not logged in: {first}")
            return False
        return True

    async def _judged(self, move: Coroutine[Any, Any, Move]) -> Move:  # Any: as asyncio types coroutines
        """Wait for a verdict as long as it takes: the client waits for us."""
        self._flush()
        self._is_busy = True
        self._deadline = NEVER
        try:
            return await move
        finally:
            self._is_busy = False
            self._reset_timeout()

    # --- the others ----------------------------------------------------------------------------------------------

    async def answer_noop(self, argument: str) -> None:
        """Do nothing."""
        await self.push("250 2.0.0 Done nothing")

    async def answer_vrfy(self, argument: str) -> None:
        """Tell nothing about who is here. Source: RFC 5321 §3.5.3, §7.3."""
        await self.push("252 2.0.0 Not told here; send the message and see" if argument else "501 5.5.4 VRFY whom?")

    async def answer_expn(self, argument: str) -> None:
        """Say that there are no lists."""
        await self.push("502 5.5.1 There are no lists here")

    async def answer_help(self, argument: str) -> None:
        """Name the commands."""
        await self.push(f"214 2.0.0 Commands: {' '.join(sorted(self._verbs))}")

    async def answer_quit(self, argument: str) -> None:
        """End the session."""
        if argument:
            await self.push("501 5.5.4 QUIT takes no argument")
        else:
            self.leave(Outcome.QUIT, "221 2.0.0 Good-bye")
