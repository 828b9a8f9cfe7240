"""Several accounts, each in as many sessions as it takes, once or again and again.

A session that breaks off over a message is begun anew and that message comes last; if it breaks off over it once
more, the message is left where it is and told, so that it holds up no other, and nothing that was stored misses its
removal. Between runs of a daemon an account that fails is asked less and less often, and a server that wants time
between logins gets it. Nothing here is raised: what fails is in the result of its account.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from restante.client import ClientFault, InUse, LoginDelayed, Phase, UnusableArgument
from restante.fetch.plan import Policy
from restante.fetch.remote import RemoteMaildrop
from restante.fetch.session import FetchSession
from restante.fetch.sinks.contract import Sink, SinkFault
from restante.fetch.state import MaildropBusy, State, StateFault
from restante.fetch.telling import Ended, Failure, Result, Tell, Waiting

__all__ = [
    "AT_ONCE",
    "Job",
    "SetupFault",
    "failure_of",
    "fetch_account",
    "fetch_all",
    "fetch_every",
    "pause_seconds",
]

AT_ONCE: Final = 4
"""How many accounts are fetched at the same time."""

MOST_SESSIONS: Final = 6
"""How many sessions one run of an account may take."""

LONGEST_PAUSE_SECONDS: Final = 3600.0
"""To how much a pause grows while an account fails, if it is not longer by itself."""

JITTER: Final = 0.1
"""A pause is up to this part of it shorter or longer, so that not all the world calls on the minute."""


class SetupFault(Exception):
    """An account cannot be used as it is set up. The text ends with what to do next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An account to fetch, and where its mail goes."""

    account: str
    """What people call it."""
    maildrop_name: str
    """What the state calls it."""
    connect: Callable[[], Awaitable[RemoteMaildrop[Any]]]  # Any: what a message is concerns the session alone
    """Raises ClientFault, UnusableArgument, SetupFault."""
    sink: Callable[[], Sink]
    """Makes the destination; raises SinkFault."""
    policy: Policy
    dry_run: bool = False


async def fetch_account(
    job: Job, state: State, *, tell: Tell, clock: Callable[[], float], stopping: Callable[[], bool]
) -> Result:
    """Fetch one account, and tell that it ended."""
    total = Result()
    try:
        with state.hold(job.maildrop_name):
            sink = job.sink()
            try:
                await _sessions(job, state, sink, total, tell=tell, clock=clock, stopping=stopping)
            finally:
                with contextlib.suppress(SinkFault):
                    await sink.close()
    except (ClientFault, UnusableArgument, SetupFault, SinkFault, StateFault, MaildropBusy) as error:
        total.failure, total.words = failure_of(error), str(error)
        total.wait_seconds = error.wait_seconds if isinstance(error, LoginDelayed) else None
    if total.failure is not None or not job.dry_run:
        tell(Ended(account=job.account, result=total))
    return total


async def _sessions(
    job: Job,
    state: State,
    sink: Sink,
    total: Result,
    *,
    tell: Tell,
    clock: Callable[[], float],
    stopping: Callable[[], bool],
) -> None:
    broke_off: Counter[bytes] = Counter()
    faults: dict[bytes, str] = {}
    while True:
        maildrop = await job.connect()
        session = FetchSession(
            maildrop,
            account=job.account,
            maildrop_name=job.maildrop_name,
            state=state,
            sink=sink,
            policy=job.policy,
            tell=tell,
            clock=clock,
            stopping=stopping,
            last=frozenset(broke_off),
            skip={unique_id: faults[unique_id] for unique_id, times in broke_off.items() if times > 1},
            dry_run=job.dry_run,
        )
        try:
            await session.run()
        except ClientFault as fault:
            _add(total, session.result)
            if session.suspect is None or broke_off.total() + 1 >= MOST_SESSIONS or stopping():
                raise
            broke_off[session.suspect] += 1
            faults[session.suspect] = str(fault)
        else:
            _add(total, session.result)
            return
        finally:
            # After QUIT there is nothing left to close.
            await maildrop.close()


def _add(total: Result, result: Result) -> None:
    """Add the result of a session. What is at the server is as the last one saw it."""
    total.listed = max(total.listed, result.listed)
    total.stored += result.stored
    total.stored_octets += result.stored_octets
    total.was_there += result.was_there
    total.removed += result.removed
    total.left_out = result.left_out
    total.left = result.left
    total.failure, total.words = result.failure, result.words


def failure_of(error: Exception) -> Failure:
    """Say where it failed."""
    match error:
        case InUse() | LoginDelayed() | MaildropBusy():
            return Failure.IN_USE
        case SinkFault() | StateFault():
            return Failure.STORAGE
        case ClientFault(phase=Phase.CONNECT):
            return Failure.CONNECT
        case ClientFault(phase=Phase.TLS):
            return Failure.TLS
        case ClientFault(phase=Phase.LOGIN):
            return Failure.LOGIN
        case ClientFault():
            return Failure.TRANSFER
        case _:
            return Failure.SETUP


async def fetch_all(
    jobs: Sequence[Job],
    state: State,
    *,
    tell: Tell,
    clock: Callable[[], float],
    stopping: Callable[[], bool] = lambda: False,
    at_once: int = AT_ONCE,
) -> list[Result]:
    """Fetch all accounts once, some at the same time; give the results in the order of the jobs."""
    room = asyncio.Semaphore(at_once)

    async def one(job: Job) -> Result:
        async with room:
            return await fetch_account(job, state, tell=tell, clock=clock, stopping=stopping)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(job)) for job in jobs]
    return [task.result() for task in tasks]


async def fetch_every(
    jobs: Sequence[Job],
    state: State,
    *,
    every_seconds: float,
    stop: asyncio.Event,
    tell: Tell,
    clock: Callable[[], float],
    chance: Callable[[], float],
    at_once: int = AT_ONCE,
) -> list[Result]:
    """Fetch all accounts again and again until `stop` is set; then end the sessions orderly. Give the last results.

    `chance` gives numbers from 0 to 1.
    """
    room = asyncio.Semaphore(at_once)

    async def one(job: Job) -> Result:
        failures = 0
        while True:
            async with room:
                result = await fetch_account(job, state, tell=tell, clock=clock, stopping=stop.is_set)
            failed = result.failure not in {None, Failure.LEFT_OUT, Failure.IN_USE}
            failures = failures + 1 if failed else 0
            seconds = pause_seconds(every_seconds, failures, result.wait_seconds, chance())
            if not stop.is_set():
                tell(Waiting(account=job.account, seconds=seconds))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await stop.wait()
            if stop.is_set():
                return result

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(job)) for job in jobs]
    return [task.result() for task in tasks]


def pause_seconds(every_seconds: float, failures: int, wanted_seconds: float | None, chance: float) -> float:
    """Say how long to wait before the next run: twice as long after each failure in a row, up to an hour.

    `wanted_seconds` is what the server asked for: it gets that at the least. `chance` is from 0 to 1.
    """
    longest = max(every_seconds, LONGEST_PAUSE_SECONDS)
    seconds = min(longest, every_seconds * float(2 ** min(failures, 16)))
    return max(seconds * (1 + JITTER * (2 * chance - 1)), wanted_seconds or 0.0)
