"""The TRANSACTION state's own facts: which messages carry a deletion mark, and what UPDATE is to remove.

A transaction exists only after login. Nothing here removes anything: `plan` says what UPDATE should do, a store
does it. The rule that a number must be in range and not marked has this one owner, `live`.
Sources: RFC 1939 §5, §6.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from restante.maildrop.snapshot import Snapshot
from restante.proto.terms import MessageNumber, Octets, UniqueId

__all__ = ["MarkedMessage", "NoSuchMessage", "Transaction", "UpdatePlan"]


_NO_MARKS: Final[frozenset[int]] = frozenset()
"""One for all sessions without marks: a set of its own would be 216 octets of each session that only looks."""


class NoSuchMessage(Exception):
    """A client named a message that is past the end of the maildrop."""

    def __init__(self, number: int, count: int) -> None:
        super().__init__(f"message {number} of {count}")
        self.number = number
        self.count = count


class MarkedMessage(Exception):
    """A client named a message that carries a deletion mark."""

    def __init__(self, number: int) -> None:
        super().__init__(f"message {number} is marked as deleted")
        self.number = number


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePlan:
    """What UPDATE is to do: remove these messages, and nothing else."""

    removals: tuple[MessageNumber, ...]
    """In ascending order."""


_NO_REMOVALS: Final = UpdatePlan(removals=())
"""Of most sessions."""


class Transaction:
    """A session's view of a snapshot, with its deletion marks."""

    __slots__ = ("_marked", "count", "octets", "snapshot")

    count: int
    """How many messages carry no mark."""
    octets: Octets
    """The octets of the messages that carry no mark."""
    _marked: AbstractSet[int]

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.reset()

    def live(self, number: MessageNumber) -> MessageNumber:
        """Give the number back if it names a message that is there and not marked.

        Raises NoSuchMessage past the end, MarkedMessage where a deletion mark is.
        """
        if number > self.snapshot.count:
            raise NoSuchMessage(number, self.snapshot.count)
        if number in self._marked:
            raise MarkedMessage(number)
        return number

    def mark_deleted(self, number: MessageNumber) -> None:
        """Set the deletion mark. Raises as `live` does: a second mark is an error (RFC 1939 §5, DELE)."""
        self.live(number)
        if not isinstance(self._marked, set):
            self._marked = set()
        self._marked.add(number)
        self.count -= 1
        self.octets = Octets(self.octets - self.snapshot.octets(number))

    def reset(self) -> None:
        """Take all deletion marks off."""
        self._marked = _NO_MARKS
        self.count, self.octets = len(self.snapshot), self.snapshot.total_octets

    def scan_listing(self) -> bytes:
        """Give the lines of LIST for the messages that carry no mark."""
        if not self._marked:
            return self.snapshot.scan_listing
        octets = self.snapshot.octets
        return b"".join([b"%d %d\r\n" % (n, octets(n)) for n in self._unmarked()])

    def unique_id_listing(self) -> bytes:
        """Give the lines of UIDL for the messages that carry no mark."""
        if not self._marked:
            return self.snapshot.unique_id_listing
        unique_id = self.snapshot.unique_id
        return b"".join([b"%d %s\r\n" % (n, unique_id(n)) for n in self._unmarked()])

    def plan(self) -> UpdatePlan:
        """Say what UPDATE is to remove."""
        if not self._marked:
            return _NO_REMOVALS
        return UpdatePlan(removals=tuple(MessageNumber(n) for n in sorted(self._marked)))

    def octets_of(self, number: MessageNumber) -> Octets:
        """Give the octets of a live message. Raises as `live` does."""
        return self.snapshot.octets(self.live(number))

    def unique_id_of(self, number: MessageNumber) -> UniqueId:
        """Give the unique-id of a live message. Raises as `live` does."""
        return self.snapshot.unique_id(self.live(number))

    def _unmarked(self) -> list[MessageNumber]:
        return [MessageNumber(n) for n in range(1, len(self.snapshot) + 1) if n not in self._marked]
