"""A maildrop of our own as a destination, through the store's contract: `restante:NAME`.

The unique-id is kept where it can be: the maildrop has not got it yet, and RFC 1939 §7 allows it. A message that a
kill left in hand is looked for by its octets and their digest. Two phases, as for every delivery: durable and out
of sight, then in its place; the second for some messages together, which then share the store's wait for the disk.
Fails as `contract` says.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from restante.fetch.groups import GROUP_MESSAGES
from restante.fetch.plan import SeenMessage
from restante.fetch.sinks.contract import Kept, Letter, NotNow, Outcome, SinkFault
from restante.ports.accounts import Account
from restante.ports.soon import Later
from restante.ports.stores import (
    Holder,
    MaildropInUse,
    OpenMaildrop,
    OverQuota,
    StagedMessage,
    Store,
    StoreFault,
    TooSoon,
)
from restante.proto.terms import MessageNumber, UniqueId, is_legal_unique_id

__all__ = ["StoreSink", "digest_of", "open_maildrop"]


PLACED_AT_ONCE: Final = 32
"""How many messages are put into their places together: the store may hold a file open for each until then."""


class StoreSink:
    """Delivers to one account."""

    takes_at_once: Final = GROUP_MESSAGES

    def __init__(self, store: Store, account: Account, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._account = account
        self._clock = clock
        self._taken: set[UniqueId] = set()
        """Of ours, those that were found to be a message that was in hand."""
        self.label = f"restante:{account.name}"

    async def open(self) -> None:
        """Nothing to get ready: a maildrop is made by its first message."""

    async def intend(self, letters: Sequence[Letter]) -> Sequence[str]:
        """Give the unique-ids, in hex, where they can be kept."""
        return [_place_of(letter) for letter in letters]

    async def store_group(self, letters: Sequence[Letter]) -> Sequence[Outcome]:
        """Deliver: one after the other until all are durable out of sight, then all into their places together.

        A full quota puts a letter off; a session that hinders the look for those that were in hand, all of them.
        """
        were_there: frozenset[int] = frozenset()
        if any(letter.may_be_there for letter in letters):
            try:
                were_there = await self._found(letters)
            except NotNow as reason:
                return [reason] * len(letters)
            except StoreFault as error:
                return [SinkFault(str(error))] * len(letters)
        outcomes: list[Outcome] = []
        for start in range(0, len(letters), PLACED_AT_ONCE):
            places = range(start, min(start + PLACED_AT_ONCE, len(letters)))
            outcomes += await self._deliver([(letters[place], place in were_there) for place in places])
            for place, outcome in enumerate(outcomes):
                if isinstance(outcome, SinkFault):
                    return [*outcomes[:place], *[outcome] * (len(letters) - place)]
        return outcomes

    async def _deliver(self, letters: Sequence[tuple[Letter, bool]]) -> list[Outcome]:
        """Deliver those that are not there, up to the first that the store fails on."""
        outcomes: list[Outcome] = []
        staged: list[tuple[int, StagedMessage]] = []
        for letter, was_there in letters:
            if was_there:
                outcomes.append(Kept(place=_place_of(letter), was_there=True))
                continue
            try:
                message, place = await self._stage(letter)
            except OverQuota as error:
                outcomes.append(NotNow(str(error)))
            except StoreFault as error:
                outcomes.append(SinkFault(str(error)))
                break
            else:
                staged.append((len(outcomes), message))
                outcomes.append(Kept(place=place))
        faults = await asyncio.gather(*(_published(message) for _, message in staged))
        for (number, _), fault in zip(staged, faults, strict=True):
            if fault is not None:
                outcomes[number] = SinkFault(str(fault))
        return outcomes

    async def _stage(self, letter: Letter) -> tuple[StagedMessage, str]:
        """Stage a letter; give also the unique-id that it will have, in hex, or nothing where the store chooses."""
        place = _place_of(letter)
        if place:
            try:
                unique_id = UniqueId(bytes.fromhex(place))
                return await self._store.stage(self._account, [letter.octets], unique_id=unique_id), place
            except ValueError:
                # It is there already, and another message's.
                pass
        return await self._store.stage(self._account, [letter.octets]), ""

    async def _found(self, letters: Sequence[Letter]) -> frozenset[int]:
        """Give the places of the letters that are there. No message of ours stands for two of them."""
        maildrop = await self._opened("looking for messages that were in hand")
        found: set[int] = set()
        try:
            snapshot = maildrop.snapshot
            by_octets: dict[int, list[tuple[UniqueId, MessageNumber]]] = {}
            for number, unique_id in enumerate(map(UniqueId, snapshot.unique_ids), 1):
                of_length = by_octets.setdefault(snapshot.octets(MessageNumber(number)), [])
                of_length.append((unique_id, MessageNumber(number)))
            for place, letter in enumerate(letters):
                digest = sha256(letter.octets).digest()
                for unique_id, number in by_octets.get(len(letter.octets), ()):
                    if unique_id not in self._taken and await digest_of(maildrop, number) == digest:
                        self._taken.add(unique_id)
                        found.add(place)
                        break
        finally:
            maildrop.release()
        return frozenset(found)

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


async def _published(message: StagedMessage) -> StoreFault | None:
    try:
        await message.publish()
    except StoreFault as fault:
        await message.discard()
        return fault
    return None


def _place_of(letter: Letter) -> str:
    return letter.unique_id.hex() if is_legal_unique_id(letter.unique_id) and not letter.headers_only else ""


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
