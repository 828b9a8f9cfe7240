"""What a session did, counted for its last line in the log."""

from __future__ import annotations

from dataclasses import dataclass

from restante.maildrop.transaction import Transaction
from restante.ports.events import Outcome, SessionEnded

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """The counts of one session."""

    commands: int = 0
    bad_commands: int = 0
    retrieved: int = 0
    retrieved_octets: int = 0
    peeked: int = 0
    removed: int = 0
    removed_octets: int = 0

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
