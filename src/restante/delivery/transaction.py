"""MAIL, RCPT, DATA, RSET: one message after the other, from its envelope to the answer for it.

Where the client stands before that (its greeting, TLS, a login) is `session`'s affair.
Sources: RFC 5321 §3.3, §4.1.1.2 to §4.1.1.5; RFC 1870 (SIZE).
"""

from __future__ import annotations

from collections.abc import Sequence

from restante.delivery.arguments import Unreadable, read_mail, read_rcpt
from restante.delivery.connection import NEVER, MailConnection
from restante.delivery.envelope import Envelope, Recipient
from restante.delivery.intake import MessageData
from restante.delivery.receive import RecipientOutcome
from restante.delivery.replies import Cause, Rejection
from restante.delivery.services import Services
from restante.delivery.stream import Stream
from restante.delivery.trace import Arrival
from restante.doors.gate import Entry
from restante.doors.sessions import MailState

__all__ = ["MailTransactions"]


class MailTransactions(MailConnection):
    """One connection, and the message that it is at."""

    hello: str
    """With which command a client has to greet."""

    def __init__(self, services: Services, *, stream: Stream, peer: str, entry: Entry, secured: bool) -> None:
        super().__init__(services, stream=stream, peer=peer, entry=entry, secured=secured)
        self._messages = 0
        self._state = MailState.READY
        self._greeted_as = ""
        self._is_extended = False
        self._reverse_path: str | None = None
        self._recipients: list[Recipient] = []

    def replies_for(self, outcomes: Sequence[RecipientOutcome], message_id: str) -> list[str]:
        """Give the replies to a message: one, or one for each recipient."""
        raise NotImplementedError

    @property
    def protocol_name(self) -> str:
        """What stands behind `with` in the trace line. Source: RFC 3848."""
        raise NotImplementedError

    async def is_greeted(self) -> bool:
        """Tell whether the client has greeted; say so where it has not."""
        if not self._greeted_as:
            await self.push(f"503 5.5.1 Greet first: {self.hello} and your name")
        return bool(self._greeted_as)

    async def may_send(self) -> bool:
        """Tell whether the client may send mail; say so where it may not."""
        return await self.is_greeted()

    def forget_message(self) -> None:
        """Be as before MAIL."""
        self._reverse_path = None
        self._recipients = []

    async def answer_mail(self, argument: str) -> None:
        """Begin a transaction."""
        if not await self.may_send():
            return
        if self._reverse_path is not None:
            await self.push("503 5.5.1 MAIL came already: RSET begins anew")
            return
        found = read_mail(argument, extended=self._is_extended, logins=self.has_verb("AUTH"))
        if isinstance(found, Unreadable):
            await self.push(found.reply)
        elif found.declared_octets > self._services.limits.message_octets:
            await self.push(Rejection(cause=Cause.TOO_LONG).reply)
        elif not self._services.receiver.room.has_room_for(found.declared_octets):
            await self.push(Rejection(cause=Cause.TOO_MUCH_HELD).reply)
        else:
            self._reverse_path = found.reverse_path
            await self.push("250 2.1.0 Sender taken")

    async def answer_rcpt(self, argument: str) -> None:
        """Add a recipient to the transaction."""
        if not await self.is_greeted():
            return
        if self._reverse_path is None:
            await self.push("503 5.5.1 No sender yet: MAIL comes first")
            return
        found = read_rcpt(argument, extended=self._is_extended)
        if isinstance(found, Unreadable):
            await self.push(found.reply)
            return
        if len(self._recipients) >= self._services.limits.recipients:
            await self.push("452 4.5.3 Too many recipients; send the message again for the others")
            return
        receiver = self._services.receiver
        account = await receiver.resolve(found.address)
        if isinstance(account, Rejection):
            receiver.tell_rejection(account, found.address or "<>", session=self.id, door=self.door)
            await self.push(account.reply)
            return
        self._recipients.append(Recipient(address=found.address, account=account))
        await self.push("250 2.1.5 Recipient taken")

    async def answer_data(self, argument: str) -> None:
        """Take a message and deliver it. Source: RFC 5321 §4.1.1.4."""
        if not await self.is_greeted():
            return
        if argument:
            await self.push("501 5.5.4 DATA takes no argument")
            return
        if not self._recipients:
            await self.push("503 5.5.1 No recipient yet: RCPT comes first")
            return
        limits = self._services.limits
        self._is_busy = True
        data = MessageData(limit=limits.message_octets, room=self._services.receiver.room)
        try:
            self._state = MailState.DATA
            self._message_deadline = self.loop.time() + limits.message_seconds
            self.gather("354 Send the message, then a line with a dot alone: CRLF . CRLF")
            while not self._intake.fill(data):
                if not await self.more():
                    return
                self._reset_timeout()
            self._state = MailState.DELIVERY
            self._deadline = NEVER  # the client waits for us now
            replies = await self._deliver(data)
        finally:
            data.give_back()
            self._state = MailState.READY
            self._message_deadline = NEVER
            self._reset_timeout()
        self.forget_message()
        for reply in replies:
            await self.push(reply)
        self._is_busy = False

    async def _deliver(self, data: MessageData) -> list[str]:
        self._messages += 1
        envelope = Envelope(reverse_path=self._reverse_path or "", recipients=tuple(self._recipients))
        tls = self._stream.tls_object
        cipher = tls.cipher() if tls is not None else None
        arrival = Arrival(
            door=self.door,
            session=self.id,
            message_id=f"{self.id}.{self._messages}",
            protocol=self.protocol_name,
            peer=self.peer,
            greeted_as=self._greeted_as,
            cipher=cipher[0] if cipher is not None else None,
        )
        services = self._services
        if data.problem is not None:
            self.tell_command(b"(a message that was not taken)")
            outcomes = services.receiver.refuse(envelope, Rejection(cause=data.problem), arrival)
        else:
            message = data.message()
            self.tell_command(b"(message, %d octets)" % len(message))
            outcomes = await services.receiver.deliver(
                envelope, message, arrival, bare_line_ends=services.bare_line_ends
            )
        if any(not isinstance(outcome, Rejection) for outcome in outcomes):
            self._taken += 1
            self._errors = self._fruitless = 0
        return self.replies_for(outcomes, arrival.message_id)

    async def answer_rset(self, argument: str) -> None:
        """Forget the transaction."""
        if argument:
            await self.push("501 5.5.4 RSET takes no argument")
            return
        self.forget_message()
        await self.push("250 2.0.0 Forgotten")
