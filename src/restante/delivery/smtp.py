"""The SMTP door: mail for the accounts that live here, and no relay.

One answer for a message, whatever the number of its recipients: all of them have it, or none.
Sources: RFC 5321; wire rule M1.
"""

from __future__ import annotations

from collections.abc import Sequence

from restante.delivery.connection import Verb
from restante.delivery.door import MailDoor
from restante.delivery.receive import RecipientOutcome
from restante.delivery.replies import Rejection
from restante.delivery.session import MailSession
from restante.ports.events import Door

__all__ = ["SmtpDoor"]


class SmtpSession(MailSession):
    """One connection by SMTP."""

    door = Door.SMTP
    greeting = "ESMTP Restante"
    hello = "EHLO"

    def verbs(self) -> dict[str, Verb]:
        """Add the greetings of SMTP."""
        return super().verbs() | {"HELO": self.smtp_HELO, "EHLO": self.answer_hello}

    @property
    def protocol_name(self) -> str:
        """ESMTP after EHLO, else SMTP."""
        return "ESMTP" if self.session is not None and self.session.extended_smtp else "SMTP"

    def replies_for(self, outcomes: Sequence[RecipientOutcome], message_id: str) -> list[str]:
        """Give the one answer: the receiver has made the outcomes all alike."""
        for outcome in outcomes:
            if isinstance(outcome, Rejection):
                return [outcome.reply]
        return [f"250 2.0.0 Kept as {message_id}"]


class SmtpDoor(MailDoor):
    """Makes sessions that speak SMTP."""

    session = SmtpSession
