"""The SMTP door: mail for the accounts that live here, and no relay.

One answer for a message, whatever the number of its recipients: all of them have it, or none.
Sources: RFC 5321; RFC 4954 (AUTH); wire rule M1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from restante.delivery.connection import Verb
from restante.delivery.door import MailDoor
from restante.delivery.receive import RecipientOutcome
from restante.delivery.replies import Rejection
from restante.delivery.services import LoginRequired
from restante.delivery.session import MailSession
from restante.ports.events import Door
from restante.sasl.exchange import LINE_OCTETS

__all__ = ["SmtpDoor"]


class SmtpSession(MailSession):
    """One connection by SMTP."""

    door = Door.SMTP
    greeting = "ESMTP Restante"
    hello = "EHLO"

    def verbs(self) -> dict[str, Verb]:
        """Add the greetings of SMTP, and AUTH."""
        verbs = super().verbs() | {"HELO": self.answer_helo, "EHLO": self.answer_hello}
        if self._services.authenticator is not None:
            verbs["AUTH"] = self.answer_auth
        return verbs

    @property
    def longest_line(self) -> int:
        """Leave room for AUTH, whose initial response may be longer than any command."""
        return LINE_OCTETS if self.has_verb("AUTH") else super().longest_line

    def line_limit(self, verb: str) -> int:
        """Let AUTH be as long as its initial response needs it."""
        return LINE_OCTETS if verb == "AUTH" else super().line_limit(verb)

    @property
    def protocol_name(self) -> str:
        """SMTP after HELO; after EHLO ESMTP, and S for TLS, and A for a login."""
        if not self._is_extended:
            return "SMTP"
        return f"ESMTP{'S' if self.secured else ''}{'A' if self.account is not None else ''}"

    def replies_for(self, outcomes: Sequence[RecipientOutcome], message_id: str) -> list[str]:
        """Give the one answer: the receiver has made the outcomes all alike."""
        for outcome in outcomes:
            if isinstance(outcome, Rejection):
                return [outcome.reply]
        return [f"250 2.0.0 Kept as {message_id}"]


class SmtpDoor(MailDoor):
    """Makes sessions that speak SMTP."""

    session = SmtpSession

    def requires_login(self, *, under_tls: bool) -> bool:
        """Tell it by the setting."""
        match self._services.login_required:
            case LoginRequired.NEVER:
                return False
            case LoginRequired.SMTPS:
                return under_tls
            case LoginRequired.ALWAYS:
                return True
            case _:
                assert_never(self._services.login_required)
