"""The maildrop as a session sees it: a snapshot numbered once, and the deletion marks on it. No I/O."""

from restante.maildrop.snapshot import Snapshot
from restante.maildrop.transaction import MarkedMessage, NoSuchMessage, Transaction, UpdatePlan

__all__ = ["MarkedMessage", "NoSuchMessage", "Snapshot", "Transaction", "UpdatePlan"]
