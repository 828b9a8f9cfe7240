"""A maildrop of our own as a destination, through the store's contract: `restante:NAME`.

The unique-id is kept where it can be: the maildrop has not got it yet, and RFC 1939 §7 allows it. A message that a
kill left in hand is looked for by its octets and their digest. Two phases, as for every delivery: durable and out
of sight, then in its place. Fails as `contract` says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from hashlib import sha256

from restante.fetch.plan import SeenMessage
from restante.fetch.sinks.contract import Kept, Letter, NotNow, SinkFault
from restante.ports.accounts import Account
from restante.ports.soon import Later
from restante.ports.stores import Holder, MaildropInUse, OpenMaildrop, OverQuota, Store, StoreFault, TooSoon
from restante.proto.terms import MessageNumber, UniqueId, is_legal_unique_id

__all__ = ["StoreSink", "digest_of", "open_maildrop"]


class StoreSink:
    """Delivers to one account."""

    def __init__(self, store: Store, account: Account, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._account = account
        self._clock = clock
        self.label = f"restante:{account.name}"

    async def open(self) -> None:
        """Nothing to get ready: a maildrop is made by its first message."""

    async def intend(self, letter: Letter) -> str:
        """Give the unique-id, in hex, where it can be kept."""
        return letter.unique_id.hex() if is_legal_unique_id(letter.unique_id) and not letter.headers_only else ""

    async def store(self, letter: Letter) -> Kept:
        """Deliver. Raises NotNow while a session hinders the look, and for a full quota; SinkFault."""
        place = await self.intend(letter)
        try:
            if letter.may_be_there and await self._has(letter):
                return Kept(place=place, was_there=True)
            try:
                unique_id = UniqueId(bytes.fromhex(place)) if place else None
                staged = await self._store.stage(self._account, [letter.octets], unique_id=unique_id)
            except ValueError:
                place = ""
                staged = await self._store.stage(self._account, [letter.octets])
            try:
                await staged.publish()
            except StoreFault:
                await staged.discard()
                raise
        except OverQuota as error:
            raise NotNow(str(error)) from error
        except StoreFault as error:
            raise SinkFault(str(error)) from error
        return Kept(place=place)

    async def _has(self, letter: Letter) -> bool:
        maildrop = await self._opened("looking for a message that was in hand")
        try:
            snapshot = maildrop.snapshot
            for place, _ in enumerate(snapshot.unique_ids, 1):
                number = MessageNumber(place)
                if snapshot.octets(number) != len(letter.octets):
                    continue
                if await digest_of(maildrop, number) == sha256(letter.octets).digest():
                    return True
        finally:
            maildrop.release()
        return False

    async def _opened(self, why: str) -> OpenMaildrop:
        holder = Holder(peer=f"restante fetch, {why}", since_epoch_seconds=self._clock())
        try:
            return await open_maildrop(self._store, self._account, holder)
        except (MaildropInUse, TooSoon) as error:
            raise NotNow(f"the maildrop of {self._account.name}: {error}") from error

    async def removed(self, messages: Sequence[SeenMessage]) -> frozenset[SeenMessage] | None:
        """Say which kept their unique-id and are there no more. None while a session hinders the look."""
        try:
            maildrop = await self._opened("looking for what was removed")
        except NotNow:
            return None
        except StoreFault as error:
            raise SinkFault(str(error)) from error
        there = {unique_id.hex() for unique_id in maildrop.snapshot.unique_ids}
        maildrop.release()
        return frozenset(message for message in messages if message.place and message.place not in there)

    async def close(self) -> None:
        """Let go of nothing: the store is somebody else's."""


async def open_maildrop(store: Store, account: Account, holder: Holder) -> OpenMaildrop:
    """Take the exclusive-access lock. Raises as the store does."""
    answer = store.open(account, holder)
    return await answer if isinstance(answer, Later) else answer


async def digest_of(maildrop: OpenMaildrop, number: MessageNumber) -> bytes:
    """Give the SHA-256 of a message of ours. Raises StoreFault."""
    answer = maildrop.retrieve(number)
    message = await answer if isinstance(answer, Later) else answer
    digest = sha256()
    if isinstance(message, bytes):
        digest.update(message)
        return digest.digest()
    try:
        while True:
            coming = message.next_chunk()
            chunk = await coming if isinstance(coming, Later) else coming
            if not chunk:
                return digest.digest()
            digest.update(chunk)
    finally:
        message.close()
