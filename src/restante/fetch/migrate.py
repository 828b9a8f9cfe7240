"""A whole maildrop of another server into one of ours: with its unique-ids and its order, again and again.

Each run brings what is new. What was brought and then removed here is not brought back; what was removed there
since is told, and stays. The steps for each message, and what a crash after each leaves: staged (`check` sweeps),
published (the next run finds it under its unique-id, compares it, and records it), recorded (done). Nothing is
ever removed at the other server.

A run ends with a proof: both sides hold the same unique-ids, in the same order, with the same octets and digests.
Those of the other server are taken as they came when a message was brought, or all anew (`verify`).
Sources: RFC 1939 §7 (unique-ids), §4 (order). Fails with ClientFault, StoreFault, MaildropInUse, StateFault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from hashlib import sha256
from typing import Final, Generic, TypeVar

from restante.fetch.plan import MADE_NAME, Errand, Listed, Plan, SeenMessage, SeenStatus, Why
from restante.fetch.remote import Given, RemoteMaildrop, RemoteMessage
from restante.fetch.sinks.own_store import digest_of, open_maildrop
from restante.fetch.state import State
from restante.fetch.telling import Compared, LeftOut, Listing, Stored, Tell
from restante.ports.accounts import Account
from restante.ports.stores import Holder, OpenMaildrop, OverQuota, Store, StoreFault
from restante.proto.lines import canonical
from restante.proto.terms import MessageNumber, UniqueId, is_legal_unique_id

__all__ = ["Difference", "DifferenceKind", "Migration", "MigrationReport", "id_here"]

T = TypeVar("T")
M = TypeVar("M", bound=RemoteMessage)

_ID_OF_ILLEGAL: Final = b"sha256-of-id:"


class DifferenceKind(Enum):
    """What differs between the two sides, as a sentence about one message."""

    MISSING = "is there and not here"
    DIGEST = "is on both sides, with other octets here"
    ORDER = "stands in another place here"
    LISTED_OCTETS = "is the same here, but the other server lists more or fewer octets than it sends"
    REMOVED_THERE = "was brought, and has been removed there since; it is still here"
    REMOVED_HERE = "was brought, and has been removed here since; it is not brought again"
    ONLY_HERE = "came here by another way"
    UNREAD = "could not be compared"


BREAKS_THE_PROOF: Final = frozenset(
    {DifferenceKind.MISSING, DifferenceKind.DIGEST, DifferenceKind.ORDER, DifferenceKind.UNREAD}
)
"""The others are to know, and no fault of the move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not the same on both sides."""

    kind: DifferenceKind
    unique_id: bytes
    """There, or here where there it is not. Hostile."""
    words: str = ""


@dataclass(slots=True, kw_only=True)
class MigrationReport:
    """What a run did, and what it found at its end."""

    listed: int = 0
    brought: int = 0
    brought_octets: int = 0
    renamed: int = 0
    """Of all that are listed: those whose unique-id RFC 1939 does not allow, or the server has none for."""
    left_out: int = 0
    same: int = 0
    """How many are the same on both sides, in octets and digest."""
    differences: list[Difference] = field(default_factory=list)

    @property
    def proved(self) -> bool:
        """Tell whether the two sides are the same, as far as the move goes."""
        return not self.left_out and not any(each.kind in BREAKS_THE_PROOF for each in self.differences)


def id_here(unique_id: bytes) -> UniqueId:
    """Give the unique-id under which a message is kept here: its own, where RFC 1939 allows it."""
    if is_legal_unique_id(unique_id):
        return UniqueId(unique_id)
    return UniqueId(_ID_OF_ILLEGAL + sha256(unique_id).hexdigest()[:40].encode())


class Migration(Generic[M]):
    """The move of one maildrop. `run` and `verify` are for one session of the other server each."""

    def __init__(
        self,
        *,
        source: str,
        maildrop_name: str,
        store: Store,
        account: Account,
        state: State,
        tell: Tell,
        clock: Callable[[], float],
    ) -> None:
        """`source` is what people call the other account, `maildrop_name` what the state calls it."""
        self._source = source
        self._name = maildrop_name
        self._store = store
        self._account = account
        self._state = state
        self._tell = tell
        self._clock = clock
        # By its id: an account of the same name, made anew, has another maildrop.
        self._destination = f"migrate:{account.id}"
        self.report = MigrationReport()

    async def run(self, remote: RemoteMaildrop[M]) -> MigrationReport:
        """Bring what is new, and compare. After a fault, another session goes on where this one was."""
        messages = await self._listed(remote)
        rows = await self._rows()
        maildrop = await self._opened()
        try:
            here = _Here(maildrop)
            wanted = [message for message in messages if message.unique_id not in rows]
            self._tell_listing(messages, wanted)
            async for given in remote.read_many(wanted):
                await self._bring(given, here, rows)
            await remote.quit()
        finally:
            maildrop.release()
        await self._compare(messages, rows)
        return self.report

    async def verify(self, remote: RemoteMaildrop[M]) -> MigrationReport:
        """Bring nothing; retrieve every message there and compare it with the one here."""
        messages = await self._listed(remote)
        rows = await self._rows()
        self._tell_listing(messages, messages)
        there: dict[bytes, SeenMessage] = {}
        async for given in remote.read_many(messages):
            unique_id = given.message.unique_id
            if given.given is None:
                self._leave_out(given, f"the server would not give it: {given.refusal}")
                continue
            octets = canonical(given.given)
            there[unique_id] = self._row(given.message, octets)
            self._tell(
                Compared(
                    account=self._source,
                    unique_id=unique_id,
                    octets=len(octets),
                    listed_octets=given.message.octets,
                )
            )
        await remote.quit()
        known = {unique_id: row for unique_id, row in rows.items() if unique_id not in there}
        await self._compare(messages, {**known, **there}, brought=frozenset(rows))
        return self.report

    async def _listed(self, remote: RemoteMaildrop[M]) -> list[M]:
        messages = [message async for message in remote.messages()]
        self.report.listed = len(messages)
        self.report.renamed = sum(_is_renamed(message.unique_id) for message in messages)
        self.report.left_out = 0
        return messages

    async def _rows(self) -> dict[bytes, SeenMessage]:
        rows = await self._in_state(self._state.seen, self._destination)
        return {row.unique_id: row for row in rows if row.destination}

    async def _opened(self) -> OpenMaildrop:
        holder = Holder(peer="restante maildrop migrate", since_epoch_seconds=self._clock())
        return await open_maildrop(self._store, self._account, holder)

    async def _bring(self, given: Given[M], here: _Here, rows: dict[bytes, SeenMessage]) -> None:
        message = given.message
        if given.given is None:
            self._leave_out(given, f"the server would not give it: {given.refusal}")
            return
        octets = canonical(given.given)
        row = self._row(message, octets)
        unique_id = id_here(message.unique_id)
        was_there = unique_id in here.numbers
        if was_there:
            # A crash came before it was recorded, or it was imported by other means.
            if await here.digest(unique_id) != row.digest:
                self._leave_out(given, "another message has this unique-id here")
                return
        else:
            try:
                staged = await self._store.stage(self._account, [octets], unique_id=unique_id)
            except (ValueError, OverQuota) as error:
                self._leave_out(given, str(error))
                return
            try:
                await staged.publish()
            except StoreFault:
                await staged.discard()
                raise
            self.report.brought += 1
            self.report.brought_octets += len(octets)
        await self._in_state(self._state.record, row)
        rows[message.unique_id] = row
        self._tell_stored(message, len(octets), was_there=was_there)

    def _row(self, message: M, octets: bytes) -> SeenMessage:
        return SeenMessage(
            unique_id=message.unique_id,
            digest=sha256(octets).digest(),
            octets=message.octets,
            status=SeenStatus.STORED,
            since_epoch_seconds=self._clock(),
            destination=self._destination,
            place=str(len(octets)),
        )

    async def _compare(
        self, messages: list[M], rows: dict[bytes, SeenMessage], *, brought: frozenset[bytes] | None = None
    ) -> None:
        """Hold both sides against each other. `brought` are the unique-ids that runs brought; None: all rows."""
        recorded = frozenset(rows) if brought is None else brought
        report = self.report
        report.same, report.differences = 0, []
        maildrop = await self._opened()
        try:
            here = _Here(maildrop)
            for message in messages:
                await self._compare_one(message, rows, here, recorded)
            self._compare_order(messages, here)
            there = {id_here(message.unique_id) for message in messages}
            once = {id_here(unique_id) for unique_id in recorded}
            for unique_id in here.numbers:
                if unique_id not in there:
                    kind = DifferenceKind.REMOVED_THERE if unique_id in once else DifferenceKind.ONLY_HERE
                    report.differences.append(Difference(kind=kind, unique_id=unique_id))
        finally:
            maildrop.release()

    async def _compare_one(
        self, message: M, rows: dict[bytes, SeenMessage], here: _Here, recorded: frozenset[bytes]
    ) -> None:
        def differs(kind: DifferenceKind, words: str = "") -> None:
            self.report.differences.append(Difference(kind=kind, unique_id=message.unique_id, words=words))

        unique_id, row = id_here(message.unique_id), rows.get(message.unique_id)
        if unique_id not in here.numbers:
            removed = message.unique_id in recorded
            differs(DifferenceKind.REMOVED_HERE if removed else DifferenceKind.MISSING)
        elif row is None:
            differs(DifferenceKind.UNREAD)
        elif await here.digest(unique_id) != row.digest:
            differs(DifferenceKind.DIGEST)
        else:
            self.report.same += 1
            if message.octets != here.octets(unique_id):
                words = f"{message.octets} listed there, {here.octets(unique_id)} sent and listed here"
                differs(DifferenceKind.LISTED_OCTETS, words)

    def _compare_order(self, messages: list[M], here: _Here) -> None:
        common = [id_here(message.unique_id) for message in messages]
        common = [unique_id for unique_id in common if unique_id in here.numbers]
        ranked = sorted(common, key=here.numbers.__getitem__)
        for unique_id, other in zip(common, ranked, strict=True):
            if unique_id != other:
                self.report.differences.append(Difference(kind=DifferenceKind.ORDER, unique_id=unique_id))

    def _tell_listing(self, messages: Iterable[M], wanted: Iterable[M]) -> None:
        listed = list(messages)
        places = {message.unique_id: place for place, message in enumerate(listed)}
        errands = tuple(
            Errand(
                place=places[message.unique_id],
                listed=Listed(unique_id=message.unique_id, octets=message.octets),
                why=Why.NEW,
            )
            for message in wanted
        )
        self._tell(
            Listing(
                account=self._source,
                messages=len(listed),
                octets=sum(message.octets for message in listed),
                plan=Plan(retrieve=errands, remove=(), gone=(), known=len(listed) - len(errands), remarks=()),
                unique_ids=tuple(places),
            )
        )

    def _tell_stored(self, message: M, octets: int, *, was_there: bool) -> None:
        self._tell(
            Stored(
                account=self._source,
                unique_id=message.unique_id,
                octets=octets,
                listed_octets=message.octets,
                destination=self._account.name,
                was_there=was_there,
            )
        )

    def _leave_out(self, given: Given[M], words: str) -> None:
        self.report.left_out += 1
        self._tell(
            LeftOut(
                account=self._source,
                unique_id=given.message.unique_id,
                listed_octets=given.message.octets,
                words=words,
                for_good=False,
            )
        )

    async def _in_state(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.to_thread(partial(work, self._name, *arguments))


class _Here:
    """Our maildrop, by unique-id."""

    def __init__(self, maildrop: OpenMaildrop) -> None:
        self._maildrop = maildrop
        self.numbers = {
            unique_id: MessageNumber(place) for place, unique_id in enumerate(maildrop.snapshot.unique_ids, 1)
        }

    def octets(self, unique_id: UniqueId) -> int:
        """Give what LIST tells."""
        return self._maildrop.snapshot.octets(self.numbers[unique_id])

    async def digest(self, unique_id: UniqueId) -> bytes:
        """Give the digest of what is kept. Raises StoreFault."""
        return await digest_of(self._maildrop, self.numbers[unique_id])


def _is_renamed(unique_id: bytes) -> bool:
    return unique_id.startswith(MADE_NAME) or not is_legal_unique_id(unique_id)
