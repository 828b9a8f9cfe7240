"""What becomes of a group of retrieved messages: judge, note as in hand, store, note what came of each, tell.

A message is noted as stored, and becomes due for removal at the server, only after the destination answered for its
whole group. What a crash after each step leaves is told in `state`. Those that a run before this one left in hand
are stored apart from new ones: the destination looks for the ones, and knows that it has not got the others. Fails
with SinkFault, after all that was stored is noted, and StateFault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Generic, TypeVar, assert_never

from restante.fetch.digest import content_digest
from restante.fetch.plan import Errand, Judgement, Policy, SeenMessage, SeenStatus, is_due, judge
from restante.fetch.remote import RemoteMessage
from restante.fetch.sinks.contract import Kept, Letter, NotNow, Outcome, RefusedForGood, Sink, SinkFault
from restante.fetch.state import State
from restante.fetch.telling import LeftOut, Result, Stored, Tell

__all__ = ["Keeping", "Retrieved"]

T = TypeVar("T")
M = TypeVar("M", bound=RemoteMessage)

MOST_PUT_OFF: Final = 10
"""So many messages in a row that the destination puts off mean that it is not in the mood for any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved(Generic[M]):
    """What came of an errand."""

    errand: Errand
    message: M
    octets: bytes | None
    """In canonical form; None: the server would not give it."""
    refusal: Exception | None = None


@dataclass(slots=True, kw_only=True)
class _Case(Generic[M]):
    """A message of a group, and what is known of it so far."""

    retrieved: Retrieved[M]
    row: SeenMessage | None = None
    """What will stand in the state."""
    letter: Letter | None = None
    """None: it does not go to the destination."""
    outcome: Outcome | None = None


class Keeping(Generic[M]):
    """What one session stores. `due` are the messages that may be removed at the server now, with their rows."""

    def __init__(
        self,
        *,
        account: str,
        maildrop_name: str,
        state: State,
        sink: Sink,
        policy: Policy,
        tell: Tell,
        clock: Callable[[], float],
        result: Result,
        seen: Mapping[bytes, list[SeenMessage]],
    ) -> None:
        """`seen` is what is remembered for this destination, by unique-id; `result` is added to."""
        self._account = account
        self._name = maildrop_name
        self._state = state
        self._sink = sink
        self._policy = policy
        self._tell = tell
        self._clock = clock
        self._result = result
        self._seen = dict(seen)
        self._put_off = 0
        self.due: list[tuple[M, list[SeenMessage]]] = []

    async def keep(self, group: Sequence[Retrieved[M]]) -> None:
        """Do it all for a group. Raises SinkFault, StateFault."""
        for run in _runs([self._judged(retrieved) for retrieved in group]):
            await self._keep_run(run)

    def leave_out(self, errand: Errand, words: str, *, for_good: bool) -> None:
        """Tell that a message stays at the server."""
        self._result.left_out += 1
        self._tell(
            LeftOut(
                account=self._account,
                unique_id=errand.listed.unique_id,
                listed_octets=errand.listed.octets,
                words=words,
                for_good=for_good,
            )
        )

    def _judged(self, retrieved: Retrieved[M]) -> _Case[M]:
        case = _Case(retrieved=retrieved)
        octets, message = retrieved.octets, retrieved.message
        if octets is None:
            return case
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
        match judge(retrieved.errand, digest, rows):
            case Judgement.ALREADY_STORED:
                assert mine is not None
                case.row = replace(mine, octets=message.octets, status=SeenStatus.STORED)
                case.outcome = Kept(place=mine.place, was_there=True)
            case Judgement.REFUSED_BEFORE:
                case.outcome = RefusedForGood("refused by this destination before")
            case Judgement.MAY_BE_STORED:
                assert mine is not None
                case.row = replace(row, since_epoch_seconds=mine.since_epoch_seconds, place=mine.place)
                case.letter = self._letter(case.row, octets, may_be_there=True)
            case Judgement.NEW:
                case.row = row
                case.letter = self._letter(row, octets)
            case judgement:
                assert_never(judgement)
        return case

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

    async def _keep_run(self, run: Sequence[_Case[M]]) -> None:
        letters = [case.letter for case in run if case.letter is not None]
        if letters:
            if not letters[0].may_be_there:
                places = await self._sink.intend(letters)
                letters = [replace(letter, place=place) for letter, place in zip(letters, places, strict=True)]
            stored = [case for case in run if case.letter is not None]
            for case, letter in zip(stored, letters, strict=True):
                assert case.row is not None
                case.row, case.letter = replace(case.row, place=letter.place), letter
            await self._in_state(self._state.record, *(case.row for case in stored))
            for case, outcome in zip(stored, await self._sink.store_group(letters), strict=True):
                case.outcome = outcome
        await self._settle(run)
        faults = [self._tell_what_came(case) for case in run]
        for fault in filter(None, faults):
            raise fault

    async def _settle(self, run: Sequence[_Case[M]]) -> None:
        """Note what came of each, durably, and end what was remembered of others under their unique-ids."""
        record: list[SeenMessage] = []
        forget: list[SeenMessage] = []
        gone: list[SeenMessage] = []
        due: list[tuple[M, list[SeenMessage]]] = []
        for case in run:
            row = case.row
            match case.outcome:
                case Kept() as kept:
                    assert row is not None
                    status = SeenStatus.HEADERS if self._policy.headers_only else SeenStatus.STORED
                    row = replace(row, status=status if case.letter else row.status, place=kept.place)
                    record.append(row)
                    others = [other for other in self._seen.get(row.unique_id, []) if other.digest != row.digest]
                    forget += [o for o in others if o.status in {SeenStatus.IN_HAND, SeenStatus.REFUSED}]
                    if row.status is SeenStatus.STORED:
                        gone += others
                    self._seen[row.unique_id] = [row]
                    if is_due(row, self._policy, self._clock()):
                        due.append((case.retrieved.message, [row]))
                case RefusedForGood() if row is not None:
                    record.append(replace(row, status=SeenStatus.REFUSED))
                case NotNow():
                    assert row is not None
                    if case.letter is not None and not case.letter.may_be_there:
                        forget.append(row)
                case _:
                    # Of a fault nobody knows what it left: it stays in hand.
                    pass
        if record or forget or gone:
            now = self._clock()
            await self._in_state(self._state.settle, record=record, forget=forget, gone=gone, now_epoch_seconds=now)
        self.due += due

    def _tell_what_came(self, case: _Case[M]) -> SinkFault | None:
        """Tell what came of a message, and count it; give what speaks against offering others."""
        errand, octets = case.retrieved.errand, case.retrieved.octets
        match case.outcome:
            case None:
                words = f"the server would not give it: {case.retrieved.refusal}"
                self.leave_out(errand, words, for_good=False)
            case Kept(was_there=was_there):
                assert octets is not None
                self._result.stored += not was_there
                self._result.was_there += was_there
                self._result.stored_octets += 0 if was_there else len(octets)
                self._put_off = 0 if case.letter else self._put_off
                self._tell_stored(errand, octets, was_there=was_there)
            case RefusedForGood() as refusal:
                self._put_off = 0 if case.letter else self._put_off
                self.leave_out(errand, str(refusal), for_good=True)
            case NotNow() as reason:
                self.leave_out(errand, str(reason), for_good=False)
                self._put_off += 1
                if self._put_off == MOST_PUT_OFF:
                    return SinkFault(f"{self._sink.label} put off {self._put_off} messages in a row: {reason}")
            case SinkFault() as fault:
                return fault
            case outcome:
                assert_never(outcome)
        return None

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

    async def _in_state(self, work: Callable[..., T], *arguments: object, **named: object) -> T:
        return await asyncio.to_thread(partial(work, self._name, *arguments, **named))


def _runs(cases: Sequence[_Case[M]]) -> Iterator[list[_Case[M]]]:
    """Cut a group where letters that may be there meet others. Those without a letter go with either."""
    run: list[_Case[M]] = []
    kind: bool | None = None
    for case in cases:
        if case.letter is not None:
            if kind is not None and case.letter.may_be_there is not kind:
                yield run
                run = []
            kind = case.letter.may_be_there
        run.append(case)
    if run:
        yield run
