"""Plan, state and session against a model, with kills at any step: what left the server is stored, once.

The model is what a person would say: a message that went from the server by our doing is at the destination; what
the destination can tell it has once, however often we were killed; and after a run without a kill, all that the
server holds and gives is there.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.fetch.acting import Crash, Destination, World, letter

from restante.fetch.digest import content_digest
from restante.fetch.plan import DAY_SECONDS, Order, Policy
from restante.fetch.telling import Failure

POLICIES = st.builds(
    Policy,
    leave_seconds=st.sampled_from([0.0, None, 3.0 * DAY_SECONDS]),
    delete_when_removed=st.booleans(),
    limit=st.none() | st.integers(1, 3),
    max_octets=st.none() | st.just(110),
    order=st.sampled_from(Order),
)
IDS = st.sampled_from([b"uid-1", b"uid-2", b"uid-3", b"sha256:00", b"sha256:00~2"])
BODIES = st.sampled_from([b"hello", b"HELLO", b"a longer one, of more octets than the others"])


class FetchingWithKills(RuleBasedStateMachine):
    """A server that does what servers do, a destination, and a program that is killed all the time."""

    @initialize(can_tell=st.booleans())
    def begin(self, can_tell: bool) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="restante-fetch-")
        self.world = World(Path(self.folder.name), destination=Destination(can_tell=can_tell))
        self.kills = 0
        self.removed_by_owner: list[bytes] = []

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(unique_id=st.sampled_from([b"uid-1", b"uid-2", b"uid-3"]), octets=st.integers(1, 9))
    def a_message_comes_under_an_id_that_another_of_other_octets_had(self, unique_id: bytes, octets: int) -> None:
        # A unique-id that is used again for as many octets, unseen by us, is taken at its word (RFC 1939 §7).
        self.world.server.messages[unique_id] = letter(1, unique_id + b"x" * octets)

    @rule(unique_id=st.sampled_from([b"sha256:00", b"sha256:00~2"]), body=BODIES)
    def a_message_comes_under_a_made_name_that_may_mean_another(self, unique_id: bytes, body: bytes) -> None:
        self.world.server.messages[unique_id] = letter(2, body)

    @rule(unique_id=IDS)
    def another_client_removes_one(self, unique_id: bytes) -> None:
        self.world.server.messages.pop(unique_id, None)

    @rule(unique_id=IDS)
    def the_server_writes_a_status_into_one(self, unique_id: bytes) -> None:
        octets = self.world.server.messages.get(unique_id)
        if octets is not None and b"Status" not in octets:
            self.world.server.messages[unique_id] = octets.replace(b"Subject", b"Status: RO\r\nSubject")

    @rule(days=st.sampled_from([1, 2, 4]))
    def days_pass(self, days: int) -> None:
        self.world.now += days * DAY_SECONDS

    @precondition(lambda self: self.world.destination.kept)
    @rule(which=st.integers(0, 9))
    def the_owner_removes_one_at_the_destination(self, which: int) -> None:
        kept = self.world.destination.kept
        octets = kept[which % len(kept)]
        self.world.destination.kept = [each for each in kept if each != octets]
        self.removed_by_owner.append(octets)

    @rule(unique_id=IDS, refuses=st.booleans())
    def the_server_gives_one_or_does_not(self, unique_id: bytes, refuses: bool) -> None:
        (self.world.server.refuses.add if refuses else self.world.server.refuses.discard)(unique_id)

    @rule(policy=POLICIES, crash_at=st.integers(0, 16))
    def it_runs_and_is_perhaps_killed(self, policy: Policy, crash_at: int) -> None:
        try:
            asyncio.run(self.world.fetch(policy, crash_at=crash_at))
        except Crash:
            self.kills += 1

    @rule()
    def it_runs_to_its_end(self) -> None:
        result = asyncio.run(self.world.fetch(Policy(leave_seconds=None)))
        assert result.failure in {None, Failure.LEFT_OUT}
        # A made name is told by its digest before its message is removed, and not each time.
        given = {
            content_digest(octets)
            for unique_id, octets in self.world.server.messages.items()
            if unique_id not in self.world.server.refuses and unique_id.startswith(b"uid-")
        }
        assert given <= self.ever_kept(), "something that the server gives was not stored"

    @invariant()
    def what_left_the_server_by_our_doing_is_stored(self) -> None:
        assert {content_digest(octets) for octets in self.world.server.removed} <= self.ever_kept()

    @invariant()
    def nothing_comes_twice_where_that_can_be_told(self) -> None:
        copies = Counter(map(content_digest, self.world.destination.kept))
        most = 1 if self.world.destination.can_tell else 1 + self.kills
        for octets in self.world.destination.kept:
            # The same octets may come under both of the made names: then they are two messages.
            names = 1 if b"uid-" in octets else 2
            assert copies[content_digest(octets)] <= most * names

    def ever_kept(self) -> set[bytes]:
        return {content_digest(octets) for octets in [*self.world.destination.kept, *self.removed_by_owner]}


TestFetchingWithKills = FetchingWithKills.TestCase
TestFetchingWithKills.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
