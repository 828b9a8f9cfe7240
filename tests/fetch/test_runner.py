"""Several sessions, several accounts, again and again: what breaks off, what waits, and what ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fetch.acting import NAME, Answer, Destination, Fuse, Maildrop, Message, Server, letter, letters

from restante.client import ClientFault, ConnectFault, ConnectionLost, InUse, LoginDelayed, LoginRefused, Phase
from restante.fetch.groups import GROUP_MESSAGES
from restante.fetch.plan import Policy
from restante.fetch.runner import Job, SetupFault, fetch_account, fetch_all, fetch_every, pause_seconds
from restante.fetch.sinks.contract import SinkFault
from restante.fetch.state import State
from restante.fetch.telling import Ended, Failure, LeftOut, Result, Stored, Telling, Waiting


class Breaking(Maildrop):
    """A maildrop whose connection breaks over some messages, as it does over one that is too long."""

    def __init__(self, server: Server, breaks: set[bytes]) -> None:
        super().__init__(server, Fuse())
        self._breaks = breaks

    async def read_many(self, messages: Iterable[Message], /) -> AsyncIterator[Answer]:
        async for answer in super().read_many(messages):
            if answer.message.unique_id in self._breaks:
                raise ConnectionLost("the connection ended in a message", server="h:995", phase=Phase.TRANSFER)
            yield answer


class Site:
    """An account, and what happens when one connects."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.server = Server(messages=dict(letters(1, 2, 3)))
        self.destination = Destination()
        self.breaks: set[bytes] = set()
        self.faults: list[Exception] = []
        self.connections = 0
        self.told: list[Telling] = []

    async def connect(self) -> Breaking:
        self.connections += 1
        if self.faults:
            raise self.faults.pop(0)
        return Breaking(self.server, self.breaks)

    def job(self, **more: object) -> Job:
        fields = {"account": "work", "maildrop_name": NAME, "sink": lambda: self.destination, "policy": Policy()}
        return Job(connect=self.connect, **{**fields, **more})  # type: ignore[arg-type]  # as the test has them

    async def fetch(self) -> Result:
        return await fetch_account(
            self.job(), self.state, tell=self.told.append, clock=lambda: 1.8e9, stopping=lambda: False
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(State(tmp_path / "state"))


@pytest.mark.parametrize("at_once", [1, 2, GROUP_MESSAGES])
@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_message_over_which_sessions_break_keeps_none_of_the_others_back_and_no_removal_is_missed(
    site: Site, at_once: int, number: int
) -> None:
    site.destination.takes_at_once = at_once
    site.breaks = {b"uid-%d" % number}
    result = await site.fetch()
    assert sorted(site.destination.kept) == [letter(each) for each in (1, 2, 3) if each != number]
    assert list(site.server.messages) == [b"uid-%d" % number]
    # What came before the session broke off was stored, and is not retrieved again but for the one itself.
    assert Counter(site.server.retrieved) == {b"uid-%d" % each: 1 if each != number else 2 for each in (1, 2, 3)}
    assert (result.failure, result.removed, result.left) == (Failure.LEFT_OUT, 2, 1)
    assert site.connections == 3
    (left,) = [telling for telling in site.told if isinstance(telling, LeftOut)]
    assert "the connection ended in a message" in left.words


async def test_a_connection_that_breaks_over_every_message_comes_to_an_end(site: Site) -> None:
    site.breaks = set(site.server.messages)
    assert (await site.fetch()).failure is Failure.TRANSFER
    assert site.connections == 6


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (ConnectFault("no", server="h:995", phase=Phase.CONNECT), Failure.CONNECT),
        (ClientFault("no", server="h:995", phase=Phase.TLS), Failure.TLS),
        (LoginRefused("no", server="h:995", phase=Phase.LOGIN), Failure.LOGIN),
        (InUse("no", server="h:995", phase=Phase.LOGIN), Failure.IN_USE),
        (LoginDelayed("no", server="h:995", phase=Phase.LOGIN), Failure.IN_USE),
        (ClientFault("no", server="h:995", phase=Phase.TRANSFER), Failure.TRANSFER),
        (SetupFault("no"), Failure.SETUP),
        (SinkFault("no"), Failure.STORAGE),
    ],
)
async def test_what_fails_is_told_by_its_phase(site: Site, fault: Exception, failure: Failure) -> None:
    site.faults = [fault]
    result = await site.fetch()
    assert (result.failure, result.words) == (failure, "no")
    assert isinstance(site.told[-1], Ended)
    assert (await site.fetch()).failure is None


async def test_an_account_that_another_process_fetches_is_left_alone(site: Site) -> None:
    with site.state.hold(NAME):
        assert (await site.fetch()).failure is Failure.IN_USE
    assert site.connections == 0


async def test_one_account_that_fails_keeps_none_of_the_others_back(site: Site, tmp_path: Path) -> None:
    with State(tmp_path / "other") as state:
        other = Site(state)
        other.faults = [ConnectFault("no", server="h:995", phase=Phase.CONNECT)]
        jobs = [other.job(maildrop_name="ann@h"), site.job()]
        results = await fetch_all(jobs, site.state, tell=site.told.append, clock=lambda: 1.8e9)
    assert [result.failure for result in results] == [Failure.CONNECT, None]


async def test_a_daemon_goes_on_after_failures_and_ends_when_it_is_told_to(site: Site) -> None:
    site.faults = [ConnectFault("no", server="h:995", phase=Phase.CONNECT)] * 2
    stop = asyncio.Event()

    def tell(telling: Telling) -> None:
        site.told.append(telling)
        if isinstance(telling, Stored) and len(site.destination.kept) == 2:
            stop.set()

    await fetch_every(
        [site.job()],
        site.state,
        every_seconds=0.001,
        stop=stop,
        tell=tell,
        clock=lambda: 1.8e9,
        chance=lambda: 0.5,
    )
    pauses = [telling.seconds for telling in site.told if isinstance(telling, Waiting)]
    assert pauses == [0.002, 0.004]
    # The session in which it was told to end removed what it had stored.
    assert list(site.server.messages) == [b"uid-3"]
    assert site.destination.kept == [letter(1), letter(2)]


@given(st.floats(10, 100_000), st.integers(0, 1000), st.none() | st.floats(0, 10_000), st.floats(0, 1))
def test_a_pause_is_bounded_and_as_long_as_the_server_wants(
    every: float, failures: int, wanted: float | None, chance: float
) -> None:
    seconds = pause_seconds(every, failures, wanted, chance)
    assert seconds >= max(0.9 * every, wanted or 0.0)
    assert seconds <= max(1.1 * max(every, 3600.0), wanted or 0.0)
