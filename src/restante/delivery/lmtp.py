"""The LMTP door: mail from a server that queues, which gets an answer for each recipient.

One answer for each accepted RCPT, in their order, also where the whole message is refused. There is no AUTH here:
who may deliver is a matter of the address, a socket in the file system or one on loopback.
Sources: RFC 2033 §4.1 (LHLO), §4.2 (the answers); wire rule M2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from restante.delivery.connection import Verb
from restante.delivery.door import MailDoor
from restante.delivery.receive import Delivered, RecipientOutcome
from restante.delivery.replies import Rejection
from restante.delivery.session import MailSession
from restante.ports.events import Door

__all__ = ["LmtpDoor"]


class LmtpSession(MailSession):
    """One connection by LMTP."""

    door = Door.LMTP
    greeting = "LMTP Restante"
    hello = "LHLO"

    def verbs(self) -> dict[str, Verb]:
        """Add the greeting of LMTP. HELO and EHLO are refused (RFC 2033 §4.1), as unknown commands are."""
        return super().verbs() | {"LHLO": self.answer_hello}

    @property
    def protocol_name(self) -> str:
        """LMTP, and S for TLS."""
        return "LMTPS" if self.secured else "LMTP"

    def is_error(self, reply: str) -> bool:
        """Refused recipients do not count: a queue brings all its mail over one connection."""
        return super().is_error(reply) and self._verb not in ("RCPT", "DATA")

    def replies_for(self, outcomes: Sequence[RecipientOutcome], message_id: str) -> list[str]:
        """Give an answer for each recipient."""
        return [_reply(outcome, message_id) for outcome in outcomes]


def _reply(outcome: RecipientOutcome, message_id: str) -> str:
    match outcome:
        case Delivered():
            return f"250 2.1.5 Kept as {message_id}"
        case Rejection():
            return outcome.reply
        case _:
            assert_never(outcome)


class LmtpDoor(MailDoor):
    """Makes sessions that speak LMTP."""

    session = LmtpSession
