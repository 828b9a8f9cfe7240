"""What a session did, counted for its last line in the log."""

from __future__ import annotations

from restante.maildrop.transaction import Transaction
from restante.ports.events import Outcome, SessionEnded

__all__ = ["Tally"]


class Tally:
    """The counts of one session."""

    __slots__ = (
        "bad_commands",
        "commands",
        "peeked",
        "removed",
        "removed_octets",
        "retrieved",
        "retrieved_octets",
    )

    def __init__(self) -> None:
        self.commands = self.bad_commands = 0
        self.retrieved = self.retrieved_octets = self.peeked = 0
        self.removed = self.removed_octets = 0

    def count_removed(self, transaction: Transaction, *, expired: int, expired_octets: int) -> None:
        """Take what UPDATE removed: all that was marked, and what the retention policy said was due."""
        self.removed = len(transaction.snapshot) - transaction.count + expired
        self.removed_octets = transaction.snapshot.total_octets - transaction.octets + expired_octets

    def sum_up(
        self,
        transaction: Transaction | None,
        *,
        session: str,
        peer: str,
        account: str | None,
        outcome: Outcome,
        seconds: float,
        unique_ids_changed: int,
    ) -> SessionEnded:
        """Make the event of the session's end; without a transaction nobody logged in."""
        return SessionEnded(
            session=session,
            peer=peer,
            account=account,
            outcome=outcome,
            seconds=seconds,
            commands=self.commands,
            retrieved=self.retrieved,
            retrieved_octets=self.retrieved_octets,
            peeked=self.peeked,
            removed=self.removed,
            removed_octets=self.removed_octets,
            left=len(transaction.snapshot) - self.removed if transaction else 0,
            left_octets=transaction.snapshot.total_octets - self.removed_octets if transaction else 0,
            unique_ids_changed=unique_ids_changed,
        )
