"""The commands by which a client brings mail: what SMTP and LMTP share.

The syntax of HELO, MAIL, RCPT, RSET and NOOP is aiosmtpd's, and so is the transaction's state.
Ours are, and why:
- addresses: theirs are read by the `email` package, whose parser is slow on hostile ones;
- EHLO: theirs lengthens the limit of MAIL with each EHLO, for all connections;
- DATA: the message comes from the intake, within limits, and goes to the receiver;
- VRFY, EXPN, HELP, QUIT: they repeat what the client said, or cancel the session. There is no AUTH, no STARTTLS.
Sources: RFC 5321; RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8, which is refused).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import aiosmtpd.smtp

from restante.delivery.connection import MailConnection, Services, Verb
from restante.delivery.envelope import NULL_PATH, Envelope, Recipient, cut_path
from restante.delivery.intake import MessageData
from restante.delivery.receive import RecipientOutcome
from restante.delivery.replies import Cause, Rejection
from restante.delivery.trace import Arrival

__all__ = ["MailSession"]

_SMTPUTF8: Final = re.compile(r"\sSMTPUTF8(?:\s|$)", re.IGNORECASE)
_SIZE: Final = re.compile(r"SIZE=(\d+)")
_NEVER: Final = float("inf")
_NULL_SENDER: Final = "<>"
"""How aiosmtpd's transaction holds NULL_PATH: to it an empty string means that no MAIL came."""


class _Transaction(aiosmtpd.smtp.Envelope):
    """What a client said about a message, so far."""

    def __init__(self) -> None:
        super().__init__()
        self.recipients: list[Recipient] = []


class _Hooks:
    """Where aiosmtpd asks for the answers to commands whose syntax it found good."""

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, session: MailSession, _: object, transaction: _Transaction, address: str, options: list[str]
    ) -> str:
        return session.begin(transaction, address, options)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, session: MailSession, _: object, transaction: _Transaction, address: str, __: list[str]
    ) -> str:
        return await session.add_recipient(transaction, address)


class MailSession(MailConnection):
    """One connection. A subclass adds the greetings there are, and how it answers for a message."""

    hello: str
    """With which command a client has to greet."""

    def __init__(self, services: Services) -> None:
        super().__init__(services, _Hooks())
        self._messages = 0

    def verbs(self) -> dict[str, Verb]:
        """Give the commands that both protocols have."""
        return {
            "MAIL": self.answer_mail,
            "RCPT": self.smtp_RCPT,
            "DATA": self.answer_data,
            "RSET": self.smtp_RSET,
            "NOOP": self.smtp_NOOP,
            "VRFY": self.answer_vrfy,
            "EXPN": self.answer_expn,
            "HELP": self.answer_help,
            "QUIT": self.answer_quit,
        }

    def replies_for(self, outcomes: Sequence[RecipientOutcome], message_id: str) -> list[str]:
        """Give the replies to a message: one, or one for each recipient."""
        raise NotImplementedError

    @property
    def protocol_name(self) -> str:
        """What stands behind `with` in the trace line. Source: RFC 3848."""
        raise NotImplementedError

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        path = cut_path(arg)
        if path is None:
            return None, None
        return path.address or _NULL_SENDER, path.rest

    def _create_envelope(self) -> _Transaction:
        return _Transaction()

    def _transaction(self) -> _Transaction:
        # No property: aiosmtpd asks for all attributes of a session while it is being made.
        transaction = self.envelope
        if not isinstance(transaction, _Transaction):
            raise TypeError("the transaction is made by _create_envelope")
        return transaction

    async def check_helo_needed(self, helo: str = "") -> bool:
        """Answer a command that came before the greeting."""
        if self.session is not None and self.session.host_name:
            return False
        await self.push(f"503 5.5.1 Greet first: {helo or self.hello} and your name")
        return True

    async def answer_hello(self, name: str | None) -> None:
        """Answer the greeting that asks for extensions: EHLO, or LHLO."""
        if not name:
            await self.push(f"501 5.5.4 {self.hello} wants your name")
            return
        self.envelope = self._create_envelope()
        session = self.session
        if session is None:
            raise TypeError("the session is made with the connection")
        session.host_name, session.extended_smtp = name, True
        self._gather(
            f"250-{self.hostname}",
            f"250-SIZE {self._services.limits.message_octets}",
            "250-8BITMIME",
            "250-PIPELINING",
            "250-ENHANCEDSTATUSCODES",
            "250 HELP",
        )

    async def answer_mail(self, arg: str | None) -> None:
        """Begin a transaction."""
        if arg is not None and _SMTPUTF8.search(arg):
            await self.push("555 5.6.7 SMTPUTF8 is not offered here")
            return
        await self.smtp_MAIL(arg)

    def begin(self, transaction: _Transaction, address: str, options: list[str]) -> str:
        """Answer a MAIL whose syntax and size are good."""
        declared = next((int(found[1]) for option in options if (found := _SIZE.fullmatch(option))), 0)
        if not self._services.receiver.room.has_room_for(declared):
            return Rejection(cause=Cause.TOO_MUCH_HELD).reply
        transaction.mail_from = address
        return "250 2.1.0 Sender taken"

    async def add_recipient(self, transaction: _Transaction, address: str) -> str:
        """Answer a RCPT whose syntax is good."""
        if len(transaction.recipients) >= self._services.limits.recipients:
            return "452 4.5.3 Too many recipients; send the message again for the others"
        receiver = self._services.receiver
        found = await receiver.resolve("" if address == _NULL_SENDER else address)
        if isinstance(found, Rejection):
            receiver.tell_rejection(found, address, session=self.id, door=self.door)
            return found.reply
        transaction.recipients.append(Recipient(address=address, account=found))
        return "250 2.1.5 Recipient taken"

    async def answer_data(self, arg: str | None) -> None:
        """Take a message and deliver it. Source: RFC 5321 §4.1.1.4."""
        if await self.check_helo_needed():
            return
        if arg:
            await self.push("501 5.5.4 DATA takes no argument")
            return
        if not self._transaction().recipients:
            await self.push("503 5.5.1 No recipient yet: RCPT comes first")
            return
        limits = self._services.limits
        self._is_busy = True
        data = MessageData(limit=limits.message_octets, room=self._services.receiver.room)
        try:
            self._message_deadline = self.loop.time() + limits.message_seconds
            self._gather("354 Send the message, then a line with a dot alone: CRLF . CRLF")
            while not self._intake.fill(data):
                if not await self._more():
                    return
                self._reset_timeout()
            self._deadline = _NEVER  # the client waits for us now
            replies = await self._deliver(data)
        finally:
            data.give_back()
            self._message_deadline = _NEVER
            self._reset_timeout()
        self.envelope = self._create_envelope()
        for reply in replies:
            await self.push(reply)
        self._is_busy = False

    async def _deliver(self, data: MessageData) -> list[str]:
        self._messages += 1
        transaction = self._transaction()
        sender = transaction.mail_from
        envelope = Envelope(
            reverse_path=NULL_PATH if sender is None or sender == _NULL_SENDER else sender,
            recipients=tuple(transaction.recipients),
        )
        arrival = Arrival(
            door=self.door,
            session=self.id,
            message_id=f"{self.id}.{self._messages}",
            protocol=self.protocol_name,
            peer=self._peer,
            greeted_as=(self.session.host_name if self.session is not None else None) or "",
        )
        services = self._services
        if data.problem is not None:
            self._tell_command(b"(a message that was not taken)")
            outcomes = services.receiver.refuse(envelope, Rejection(cause=data.problem), arrival)
        else:
            message = data.message()
            self._tell_command(b"(message, %d octets)" % len(message))
            outcomes = await services.receiver.deliver(
                envelope, message, arrival, bare_line_ends=services.bare_line_ends
            )
        if any(not isinstance(outcome, Rejection) for outcome in outcomes):
            self._errors = 0
        return self.replies_for(outcomes, arrival.message_id)

    async def answer_vrfy(self, arg: str | None) -> None:
        """Tell nothing about who is here. Source: RFC 5321 §3.5.3, §7.3."""
        await self.push("252 2.0.0 Not told here; send the message and see" if arg else "501 5.5.4 VRFY whom?")

    async def answer_expn(self, arg: str | None) -> None:
        """Say that there are no lists."""
        await self.push("502 5.5.1 There are no lists here")

    async def answer_help(self, arg: str | None) -> None:
        """Name the commands."""
        await self.push(f"214 2.0.0 Commands: {' '.join(sorted(self._verbs))}")

    async def answer_quit(self, arg: str | None) -> None:
        """End the session."""
        if arg:
            await self.push("501 5.5.4 QUIT takes no argument")
        else:
            self._leave("221 2.0.0 Good-bye")
