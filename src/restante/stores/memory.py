"""The store in memory: the reference that every other store is held against.

It is small enough to be obviously right, and nothing else: it does not outlive its process, is not bounded, and is
not meant to be fast. It never fails by itself; `lose` makes a message vanish, as another program would.
Sources: RFC 1939 §4 (lock, numbers), §6 (UPDATE), §7 (unique-ids).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from restante.maildrop.snapshot import Snapshot
from restante.maildrop.transaction import UpdatePlan
from restante.ports.accounts import Account, AccountId
from restante.ports.soon import Soon
from restante.ports.stores import Holder, LongMessage, MaildropInUse, MessageGone
from restante.proto.lines import canonical
from restante.proto.terms import MessageNumber, UniqueId, is_legal_unique_id

__all__ = ["MemoryStore"]

CHUNK_OCTETS = 64 * 1024
"""Messages up to this length are given whole, longer ones in chunks of it: the contract's own bound."""


@dataclass(slots=True)
class _Maildrop:
    messages: dict[bytes, bytes] = field(default_factory=dict)
    """Unique-id to octets, in the order of delivery."""
    promised: set[bytes] = field(default_factory=set)
    """Unique-ids of messages that are staged."""
    holder: Holder | None = None


class MemoryStore:
    """Keeps maildrops for the life of the object."""

    def __init__(self) -> None:
        self._maildrops: dict[AccountId, _Maildrop] = {}
        self._named = 0

    def open(self, account: Account, holder: Holder) -> OpenMemory:
        """Take the lock and number the messages. Raises MaildropInUse."""
        maildrop = self._maildrop(account)
        if maildrop.holder is not None:
            raise MaildropInUse(maildrop.holder)
        maildrop.holder = holder
        return OpenMemory(maildrop)

    async def stage(
        self, account: Account, parts: Sequence[bytes], *, unique_id: UniqueId | None = None
    ) -> StagedInMemory:
        """Keep a message out of sight. Raises ValueError for a unique-id that is illegal or there already."""
        maildrop = self._maildrop(account)
        if unique_id is None:
            self._named += 1
            unique_id = UniqueId(b"memory-%d" % self._named)
        if not is_legal_unique_id(unique_id):
            raise ValueError(f"not a legal unique-id: {unique_id!r}")
        if unique_id in maildrop.messages or unique_id in maildrop.promised:
            raise ValueError(f"the unique-id is there already: {unique_id!r}")
        maildrop.promised.add(unique_id)
        return StagedInMemory(maildrop, unique_id, canonical(b"".join(parts)))

    async def close(self) -> None:
        """Let go of nothing: there is nothing but memory."""

    def lose(self, account: Account, unique_id: bytes) -> None:
        """Make a message vanish, as another program would. Raises KeyError when it is not there."""
        del self._maildrop(account).messages[unique_id]

    def _maildrop(self, account: Account) -> _Maildrop:
        return self._maildrops.setdefault(account.id, _Maildrop())


class OpenMemory:
    """A maildrop in memory under its lock."""

    def __init__(self, maildrop: _Maildrop) -> None:
        self._maildrop = maildrop
        self._released = False
        self.snapshot = Snapshot(
            octets=[len(octets) for octets in maildrop.messages.values()], unique_ids=tuple(maildrop.messages)
        )
        self.unique_ids_changed = 0

    def retrieve(self, number: MessageNumber) -> Soon[bytes | LongMessage]:
        """Give a message. Raises MessageGone."""
        octets = self._maildrop.messages.get(self.snapshot.unique_id(number))
        if octets is None:
            raise MessageGone(f"message {number} vanished from memory: open the maildrop again")
        return octets if len(octets) <= CHUNK_OCTETS else LongInMemory(octets)

    def update(self, plan: UpdatePlan) -> None:
        """Remove what the plan names."""
        for number in plan.removals:
            self._maildrop.messages.pop(self.snapshot.unique_id(number), None)

    def release(self) -> None:
        """Let go of the lock; a second call does nothing, whoever holds it by then."""
        if not self._released:
            self._released = True
            self._maildrop.holder = None


class LongInMemory:
    """A long message in memory, in chunks."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._position = 0

    def next_chunk(self) -> Soon[bytes]:
        """Give the next octets, or none at the end."""
        start = self._position
        self._position += CHUNK_OCTETS
        return self._octets[start : self._position]

    def close(self) -> None:
        """Let go of the octets."""
        self._octets = b""


class StagedInMemory:
    """A message that is not yet in its maildrop."""

    def __init__(self, maildrop: _Maildrop, unique_id: bytes, octets: bytes) -> None:
        self._maildrop = maildrop
        self._unique_id = unique_id
        self._octets = octets

    async def publish(self) -> None:
        """Put it into the maildrop."""
        self._maildrop.promised.discard(self._unique_id)
        self._maildrop.messages[self._unique_id] = self._octets

    async def discard(self) -> None:
        """Forget it."""
        self._maildrop.promised.discard(self._unique_id)
