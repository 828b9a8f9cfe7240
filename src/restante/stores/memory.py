"""The store in memory: the reference that every other store is held against.

It is small enough to be obviously right, and nothing else: it does not outlive its process, is not bounded, and is
not meant to be fast. It enforces a site's policies but for the trash: what is removed is gone. It never fails by
itself; `lose` makes a message vanish, as another program would.
Sources: RFC 1939 §4 (lock, numbers), §6 (UPDATE), §7 (unique-ids).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from restante.maildrop.downgrade import downgraded, needs_utf8
from restante.maildrop.policies import MaildropPolicies, RetentionPolicy, Usage
from restante.maildrop.snapshot import Snapshot
from restante.maildrop.transaction import UpdatePlan
from restante.ports.accounts import Account, AccountId
from restante.ports.soon import Soon
from restante.ports.stores import (
    Holder,
    LongMessage,
    MaildropInUse,
    MessageGone,
    OverQuota,
    QuotaOf,
    TooSoon,
    no_quota,
)
from restante.proto.lines import canonical, stuffed
from restante.proto.terms import MessageNumber, UniqueId, is_legal_unique_id

__all__ = ["MemoryStore"]

CHUNK_OCTETS = 64 * 1024
"""Messages up to this length are given whole, longer ones in chunks of it: the contract's own bound."""


@dataclass(slots=True)
class _Maildrop:
    messages: dict[bytes, bytes] = field(default_factory=dict)
    """Unique-id to octets, in the order of delivery."""
    promised: dict[bytes, int] = field(default_factory=dict)
    """Unique-ids of messages that are staged, to their octets."""
    received: dict[bytes, float] = field(default_factory=dict)
    """Unique-id to seconds since the epoch."""
    retrieved: dict[bytes, float] = field(default_factory=dict)
    """When first, of those that were."""
    holder: Holder | None = None
    last_login: float | None = None
    numbered: tuple[Snapshot, Snapshot] | None = None
    """As they are, and in ASCII; None once the messages have changed."""

    def put(self, unique_id: bytes, octets: bytes) -> None:
        """Add a message at the end."""
        self.messages[unique_id] = octets
        self.numbered = None

    def take(self, unique_id: bytes) -> bytes | None:
        """Take a message out; None where it is not there."""
        self.numbered = None
        return self.messages.pop(unique_id, None)

    def snapshots(self) -> tuple[Snapshot, Snapshot]:
        """Give the messages numbered; they are numbered anew only when they have changed."""
        if self.numbered is None:
            held = self.messages.values()
            snapshot = Snapshot(
                octets=[len(octets) for octets in held],
                unique_ids=tuple(self.messages),
                dots=[len(stuffed(octets)) - len(octets) for octets in held],
            )
            in_ascii = snapshot
            if any(map(needs_utf8, held)):
                in_ascii = Snapshot(
                    octets=[len(downgraded(octets)) for octets in held], unique_ids=snapshot.unique_ids
                )
            self.numbered = snapshot, in_ascii
        return self.numbered

    def usage(self) -> Usage:
        """Say what is there, and what is staged."""
        octets = [*map(len, self.messages.values()), *self.promised.values()]
        return Usage(messages=len(octets), octets=sum(octets))


class MemoryStore:
    """Keeps maildrops for the life of the object."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        policies: MaildropPolicies | None = None,
        quota_of: QuotaOf = no_quota,
    ) -> None:
        self._clock = clock
        self._policies = policies or MaildropPolicies()
        self._quota_of = quota_of
        self._maildrops: dict[AccountId, _Maildrop] = {}
        self._named = 0

    def open(self, account: Account, holder: Holder) -> OpenMemory:
        """Take the lock and number the messages. Raises MaildropInUse, TooSoon."""
        maildrop = self._maildrop(account)
        if maildrop.holder is not None:
            raise MaildropInUse(maildrop.holder)
        now = self._clock()
        wait_seconds = self._policies.login_delay.wait_seconds(last=maildrop.last_login, now=now)
        if wait_seconds:
            raise TooSoon(wait_seconds)
        maildrop.holder, maildrop.last_login = holder, now
        return OpenMemory(maildrop, self._policies.retention, self._clock)

    async def stage(
        self, account: Account, parts: Sequence[bytes], *, unique_id: UniqueId | None = None
    ) -> StagedInMemory:
        """Keep a message out of sight.

        Raises OverQuota, and ValueError for a unique-id that is illegal or there already.
        """
        maildrop = self._maildrop(account)
        octets, quota = canonical(b"".join(parts)), self._quota_of(account)
        if quota is not None and not quota.has_room(usage := maildrop.usage(), len(octets)):
            raise OverQuota(quota, usage)
        if unique_id is None:
            self._named += 1
            unique_id = UniqueId(b"memory-%d" % self._named)
        if not is_legal_unique_id(unique_id):
            raise ValueError(f"not a legal unique-id: {unique_id!r}")
        if unique_id in maildrop.messages or unique_id in maildrop.promised:
            raise ValueError(f"the unique-id is there already: {unique_id!r}")
        maildrop.promised[unique_id] = len(octets)
        return StagedInMemory(maildrop, unique_id, octets, received=self._clock())

    async def close(self) -> None:
        """Let go of nothing: there is nothing but memory."""

    def lose(self, account: Account, unique_id: bytes) -> None:
        """Make a message vanish, as another program would. Raises KeyError when it is not there."""
        if self._maildrop(account).take(unique_id) is None:
            raise KeyError(unique_id)

    def _maildrop(self, account: Account) -> _Maildrop:
        return self._maildrops.setdefault(account.id, _Maildrop())


class OpenMemory:
    """A maildrop in memory under its lock."""

    def __init__(self, maildrop: _Maildrop, retention: RetentionPolicy, clock: Callable[[], float]) -> None:
        self._maildrop = maildrop
        self._retention = retention
        self._clock = clock
        self._retrieved: set[bytes] = set()
        self._released = False
        self.expired = self.expired_octets = 0
        self.unique_ids_changed = 0
        self.snapshot, self.ascii_snapshot = maildrop.snapshots()

    def retrieve(self, number: MessageNumber) -> Soon[bytes | LongMessage]:
        """Give a message. Raises MessageGone."""
        octets = self._maildrop.messages.get(self.snapshot.unique_id(number))
        if octets is None:
            raise MessageGone(f"message {number} vanished from memory: open the maildrop again")
        return octets if len(octets) <= CHUNK_OCTETS else LongInMemory(octets)

    def note_retrieved(self, number: MessageNumber) -> None:
        """Hear that a message went out by RETR."""
        self._retrieved.add(self.snapshot.unique_id(number))

    def update(self, plan: UpdatePlan) -> None:
        """Remove what the plan names, and what is due."""
        maildrop, now = self._maildrop, self._clock()
        for number in plan.removals:
            maildrop.take(self.snapshot.unique_id(number))
        for unique_id in self._retrieved:
            maildrop.retrieved.setdefault(unique_id, now)
        for unique_id in self.snapshot.unique_ids:
            received, retrieved = maildrop.received[unique_id], maildrop.retrieved.get(unique_id)
            if now >= self._retention.due_at(received=received, retrieved=retrieved):
                octets = maildrop.take(unique_id)
                if octets is not None:
                    self.expired += 1
                    self.expired_octets += len(octets)

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

    def __init__(self, maildrop: _Maildrop, unique_id: bytes, octets: bytes, *, received: float) -> None:
        self._maildrop = maildrop
        self._unique_id = unique_id
        self._octets = octets
        self._received = received

    async def publish(self) -> None:
        """Put it into the maildrop."""
        self._maildrop.promised.pop(self._unique_id, None)
        self._maildrop.put(self._unique_id, self._octets)
        self._maildrop.received[self._unique_id] = self._received

    async def discard(self) -> None:
        """Forget it."""
        self._maildrop.promised.pop(self._unique_id, None)
