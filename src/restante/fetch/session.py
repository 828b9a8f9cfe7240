"""One session with one remote maildrop: retrieve, store, record, mark, QUIT, and note what is gone, in this order.

What a crash after each step leaves is told in `state`. What is doubtful stays at the server. A message that the
server or the destination will not have is told, and the others come all the same. The destination is opened only
when there is something to store. A fault of the destination ends the retrieving; what was stored until then is
still marked and removed, and the result says so. Fails with ClientFault and StateFault.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, Generic, TypeVar

from restante.fetch.digest import content_digest
from restante.fetch.plan import (
    Errand,
    Judgement,
    Listed,
    Plan,
    Policy,
    SeenMessage,
    SeenStatus,
    is_due,
    judge,
    make_plan,
)
from restante.fetch.remote import Given, RemoteMaildrop, RemoteMessage
from restante.fetch.sinks.contract import Kept, Letter, NotNow, RefusedForGood, Sink, SinkFault
from restante.fetch.state import State
from restante.fetch.telling import Failure, LeftOut, Listing, Result, Stored, Tell
from restante.proto.lines import canonical

__all__ = ["FetchSession"]

T = TypeVar("T")
M = TypeVar("M", bound=RemoteMessage)

KEEP_ALIVE_SECONDS: Final = 60.0
"""How long a destination may take before the server is told that we are still there."""

MOST_PUT_OFF: Final = 10
"""So many messages in a row that the destination puts off mean that it is not in the mood for any."""


class FetchSession(Generic[M]):
    """One session. `suspect` is the unique-id of the message that was under way, while and after `run`."""

    def __init__(
        self,
        maildrop: RemoteMaildrop[M],
        *,
        account: str,
        maildrop_name: str,
        state: State,
        sink: Sink,
        policy: Policy,
        tell: Tell,
        clock: Callable[[], float],
        stopping: Callable[[], bool] = lambda: False,
        last: frozenset[bytes] = frozenset(),
        skip: Mapping[bytes, str] | None = None,
        dry_run: bool = False,
    ) -> None:
        """Begin.

        `last` are unique-ids to retrieve after all others: a session broke off over them. `skip` are those not to
        retrieve at all, each with the reason.
        """
        self._maildrop = maildrop
        self._account = account
        self._name = maildrop_name
        self._state = state
        self._sink = sink
        self._policy = policy
        self._tell = tell
        self._clock = clock
        self._stopping = stopping
        self._last = last
        self._skip = skip or {}
        self._dry_run = dry_run
        self._seen: dict[bytes, list[SeenMessage]] = {}
        self._due: list[tuple[M, list[SeenMessage]]] = []
        self._put_off = 0
        self.suspect: bytes | None = None
        self.result = Result()

    async def run(self) -> Result:
        """Do it all. Raises ClientFault, StateFault."""
        messages = [message async for message in self._maildrop.messages()]
        for row in await self._in_state(self._state.seen, self._sink.label):
            self._seen.setdefault(row.unique_id, []).append(row)
        plan = await self._planned(messages)
        self.result.listed = self.result.left = len(messages)
        self._tell(
            Listing(
                account=self._account,
                messages=len(messages),
                octets=sum(message.octets for message in messages),
                plan=plan,
                unique_ids=tuple(message.unique_id for message in messages),
                dry_run=self._dry_run,
            )
        )
        if self._dry_run:
            await self._maildrop.close()
            return self.result
        if plan.gone:
            await self._in_state(self._state.mark_gone, plan.gone, now_epoch_seconds=self._clock())
        for place in plan.remove:
            self._due.append((messages[place], self._seen[messages[place].unique_id]))
        try:
            if plan.retrieve:
                await self._sink.open()
                await self._retrieve(plan, messages)
        except SinkFault as error:
            self._fail(Failure.STORAGE, str(error))
        self.suspect = None
        await self._remove()
        if self.result.left_out and self.result.failure is None:
            self._fail(Failure.LEFT_OUT, f"{self.result.left_out} left out; they are still at the server")
        return self.result

    async def _planned(self, messages: list[M]) -> Plan:
        seen = [row for rows in self._seen.values() for row in rows]
        removed: frozenset[SeenMessage] | None = None
        if self._policy.delete_when_removed:
            here = [row for row in seen if row.status is SeenStatus.STORED and row.destination == self._sink.label]
            try:
                await self._sink.open()
                removed = await self._sink.removed(here)
            except SinkFault as error:
                self._fail(Failure.STORAGE, str(error))
        return make_plan(
            [Listed(unique_id=message.unique_id, octets=message.octets) for message in messages],
            seen,
            self._policy,
            now_epoch_seconds=self._clock(),
            removed_there=removed or frozenset(),
        )

    async def _retrieve(self, plan: Plan, messages: list[M]) -> None:
        errands = sorted(plan.retrieve, key=lambda errand: errand.listed.unique_id in self._last)
        for errand in errands:
            if errand.listed.unique_id in self._skip:
                self._leave_out(errand, self._skip[errand.listed.unique_id], for_good=False)
        errands = [errand for errand in errands if errand.listed.unique_id not in self._skip]
        wanted = [messages[errand.place] for errand in errands]
        coming = self._maildrop.peek_many(wanted) if self._policy.headers_only else self._maildrop.read_many(wanted)
        for errand in errands:
            if self._stopping():
                return
            self.suspect = errand.listed.unique_id
            given = await _next(coming)
            if given is None:
                return
            if given.given is None:
                self._leave_out(errand, f"the server would not give it: {given.refusal}", for_good=False)
            else:
                await self._take(errand, given.message, canonical(given.given))

    async def _take(self, errand: Errand, message: M, octets: bytes) -> None:
        digest = content_digest(octets)
        rows = self._seen.get(message.unique_id, [])
        mine = next((row for row in rows if row.digest == digest), None)
        row = SeenMessage(
            unique_id=message.unique_id,
            digest=digest,
            octets=message.octets,
            status=SeenStatus.IN_HAND,
            since_epoch_seconds=self._clock(),
            destination=self._sink.label,
        )
        match judge(errand, digest, rows):
            case Judgement.ALREADY_STORED:
                assert mine is not None
                await self._note(replace(mine, octets=message.octets, status=SeenStatus.STORED), message)
                self.result.was_there += 1
                self._tell_stored(errand, octets, was_there=True)
                return
            case Judgement.REFUSED_BEFORE:
                self._leave_out(errand, "refused by this destination before", for_good=True)
                return
            case Judgement.MAY_BE_STORED:
                assert mine is not None
                letter = self._letter(mine, octets, may_be_there=True)
            case _:
                letter = self._letter(row, octets)
                letter = replace(letter, place=await self._sink.intend(letter))
        row = replace(row, since_epoch_seconds=letter.since_epoch_seconds, place=letter.place)
        await self._in_state(self._state.record, row)
        try:
            kept = await self._kept_alive(self._sink.store(letter))
        except RefusedForGood as error:
            await self._in_state(self._state.record, replace(row, status=SeenStatus.REFUSED))
            self._put_off = 0
            self._leave_out(errand, str(error), for_good=True)
            return
        except NotNow as error:
            if not letter.may_be_there:
                await self._in_state(self._state.forget, row)
            self._leave_out(errand, str(error), for_good=False)
            self._put_off += 1
            if self._put_off >= MOST_PUT_OFF:
                raise SinkFault(f"{self._sink.label} put off {self._put_off} messages in a row: {error}") from error
            return
        self._put_off = 0
        await self._stored(errand, message, row, kept, octets)

    async def _stored(self, errand: Errand, message: M, row: SeenMessage, kept: Kept, octets: bytes) -> None:
        status = SeenStatus.HEADERS if self._policy.headers_only else SeenStatus.STORED
        await self._note(replace(row, status=status, place=kept.place), message)
        self.result.stored += not kept.was_there
        self.result.was_there += kept.was_there
        self.result.stored_octets += 0 if kept.was_there else len(octets)
        self._tell_stored(errand, octets, was_there=kept.was_there)

    async def _note(self, row: SeenMessage, message: M) -> None:
        """Record that a message is stored, and end what was remembered of others under its unique-id."""
        await self._in_state(self._state.record, row)
        others = [other for other in self._seen.get(row.unique_id, []) if other.digest != row.digest]
        for other in others:
            if other.status in {SeenStatus.IN_HAND, SeenStatus.REFUSED}:
                await self._in_state(self._state.forget, other)
        if row.status is SeenStatus.STORED and others:
            await self._in_state(self._state.mark_gone, others, now_epoch_seconds=self._clock())
        self._seen[row.unique_id] = [row]
        if is_due(row, self._policy, self._clock()):
            self._due.append((message, [row]))

    async def _remove(self) -> None:
        """Mark what is due, say QUIT, and note what is gone."""
        refused = await self._maildrop.mark_many([message for message, _ in self._due]) if self._due else ()
        still_there = {unmarked.message.unique_id for unmarked in refused}
        for unmarked in refused:
            self.result.left_out += 1
            self._tell(
                LeftOut(
                    account=self._account,
                    unique_id=unmarked.message.unique_id,
                    listed_octets=unmarked.message.octets,
                    words=f"stored, and the server would not remove it: {unmarked.refusal}",
                    for_good=False,
                )
            )
        await self._maildrop.quit()
        gone = [row for message, rows in self._due if message.unique_id not in still_there for row in rows]
        if gone:
            await self._in_state(self._state.mark_gone, gone, now_epoch_seconds=self._clock())
        self.result.removed = len(self._due) - len(still_there)
        self.result.left = self.result.listed - self.result.removed

    def _letter(self, row: SeenMessage, octets: bytes, *, may_be_there: bool = False) -> Letter:
        return Letter(
            octets=octets,
            digest=row.digest,
            maildrop=self._name,
            unique_id=row.unique_id,
            since_epoch_seconds=row.since_epoch_seconds,
            place=row.place,
            may_be_there=may_be_there,
            headers_only=self._policy.headers_only,
        )

    def _tell_stored(self, errand: Errand, octets: bytes, *, was_there: bool) -> None:
        self._tell(
            Stored(
                account=self._account,
                unique_id=errand.listed.unique_id,
                octets=len(octets),
                listed_octets=errand.listed.octets,
                destination=self._sink.label,
                was_there=was_there,
                headers_only=self._policy.headers_only,
            )
        )

    def _leave_out(self, errand: Errand, words: str, *, for_good: bool) -> None:
        self.result.left_out += 1
        self._tell(
            LeftOut(
                account=self._account,
                unique_id=errand.listed.unique_id,
                listed_octets=errand.listed.octets,
                words=words,
                for_good=for_good,
            )
        )

    def _fail(self, failure: Failure, words: str) -> None:
        self.result.failure, self.result.words = failure, words

    async def _in_state(self, work: Callable[..., T], *arguments: object, **named: object) -> T:
        return await asyncio.to_thread(partial(work, self._name, *arguments, **named))

    async def _kept_alive(self, work: Coroutine[Any, Any, T]) -> T:  # Any: as asyncio types coroutines
        """Wait for the destination, and tell the server now and then that we are still there."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=KEEP_ALIVE_SECONDS))[0]:
                await self._maildrop.keep_alive()
        except BaseException:
            # What the destination began it ends: half a delivery would be a doubtful one.
            await asyncio.wait({task})
            raise
        return await task


async def _next(coming: AsyncIterator[Given[M]]) -> Given[M] | None:
    try:
        return await anext(coming)
    except StopAsyncIteration:
        return None
