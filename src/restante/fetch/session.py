"""One session with one remote maildrop: retrieve, store, record, mark, QUIT, and note what is gone, in this order.

Messages are stored in groups, the next one being retrieved meanwhile (`groups`); what becomes of a group is in
`keeping`, and what a crash after each step leaves in `state`. What is doubtful stays at the server. A message that
the server or the destination will not have is told, and the others come all the same. The destination is opened
only when there is something to store. A fault of the destination ends the retrieving; what was stored until then is
still marked and removed, and the result says so. Fails with ClientFault and StateFault.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

from restante.client import ClientFault
from restante.fetch.groups import Gathering
from restante.fetch.keeping import Keeping, Retrieved
from restante.fetch.plan import Errand, Listed, Plan, Policy, SeenMessage, SeenStatus, make_plan
from restante.fetch.remote import Given, RemoteMaildrop, RemoteMessage
from restante.fetch.sinks.contract import Sink, SinkFault
from restante.fetch.state import State
from restante.fetch.telling import Failure, LeftOut, Listing, Result, Tell
from restante.proto.lines import canonical

__all__ = ["FetchSession"]

T = TypeVar("T")
M = TypeVar("M", bound=RemoteMessage)

KEEP_ALIVE_SECONDS: Final = 60.0
"""How long a destination may take before the server is told that we are still there."""


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
        keeping: Keeping[M] = Keeping(
            account=self._account,
            maildrop_name=self._name,
            state=self._state,
            sink=self._sink,
            policy=self._policy,
            tell=self._tell,
            clock=self._clock,
            result=self.result,
            seen=self._seen,
        )
        errands = sorted(plan.retrieve, key=lambda errand: errand.listed.unique_id in self._last)
        for errand in errands:
            if errand.listed.unique_id in self._skip:
                keeping.leave_out(errand, self._skip[errand.listed.unique_id], for_good=False)
        errands = [errand for errand in errands if errand.listed.unique_id not in self._skip]
        gathering: Gathering[Retrieved[M]] = Gathering(self._sink.takes_at_once)
        storing = asyncio.ensure_future(_store(gathering, keeping))
        try:
            await self._gather(errands, messages, gathering)
            gathering.end()
            await self._stored(storing)
        except ClientFault:
            # What came before the session broke off is stored all the same.
            gathering.end()
            await asyncio.wait({storing})
            if not isinstance(storing.exception(), SinkFault):
                await storing
            raise
        except BaseException:
            # What the destination began it ends: half a delivery would be a doubtful one.
            gathering.drop()
            await asyncio.wait({storing})
            storing.exception()
            raise
        finally:
            self._due += keeping.due

    async def _gather(
        self, errands: Sequence[Errand], messages: list[M], gathering: Gathering[Retrieved[M]]
    ) -> None:
        wanted = [messages[errand.place] for errand in errands]
        coming = self._maildrop.peek_many(wanted) if self._policy.headers_only else self._maildrop.read_many(wanted)
        for errand in errands:
            if not await self._room(gathering) or self._stopping():
                return
            self.suspect = errand.listed.unique_id
            given = await _next(coming)
            if given is None:
                return
            octets = None if given.given is None else canonical(given.given)
            gathering.put(
                Retrieved(errand=errand, message=given.message, octets=octets, refusal=given.refusal),
                len(octets or b""),
            )

    async def _room(self, gathering: Gathering[Retrieved[M]]) -> bool:
        """Wait for the destination, and tell the server now and then that we are still there."""
        while gathering.is_full:
            try:
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    await gathering.room()
            except TimeoutError:
                await self._maildrop.keep_alive()
        return await gathering.room()

    async def _stored(self, storing: asyncio.Future[None]) -> None:
        """Wait for the last groups, likewise. Raises SinkFault, StateFault."""
        while not (await asyncio.wait({storing}, timeout=KEEP_ALIVE_SECONDS))[0]:
            await self._maildrop.keep_alive()
        await storing

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

    def _fail(self, failure: Failure, words: str) -> None:
        self.result.failure, self.result.words = failure, words

    async def _in_state(self, work: Callable[..., T], *arguments: object, **named: object) -> T:
        return await asyncio.to_thread(partial(work, self._name, *arguments, **named))


async def _store(gathering: Gathering[Retrieved[M]], keeping: Keeping[M]) -> None:
    """Store what gathers, group after group. Raises SinkFault, StateFault."""
    try:
        while group := await gathering.next_group():
            await keeping.keep(group)
    finally:
        gathering.close()


async def _next(coming: AsyncIterator[Given[M]]) -> Given[M] | None:
    try:
        return await anext(coming)
    except StopAsyncIteration:
        return None
