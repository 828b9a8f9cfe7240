"""The throttle, on a clock that the test moves."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from restante.accounts.throttle import DELAYS_SECONDS, Throttle, ThrottleLimits, Wait
from restante.doors.gate import Places
from restante.proto.terms import Secret

HERE, THERE = "203.0.113.5", "203.0.113.6"
FORGET = ThrottleLimits().forget_seconds


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def throttle(clock: Clock | None = None, **limits: float) -> Throttle:
    return Throttle(
        clock=clock or Clock(),
        place_of=Places(),
        limits=ThrottleLimits(**limits),  # type: ignore[arg-type]  # numbers all
    )


def fail(slow: Throttle, times: int, peer: str = HERE, name: str = "ted") -> None:
    for _ in range(times):
        slow.failed(peer, name)


class TestTheDelay:
    def test_it_grows_with_the_failures_up_to_the_last(self) -> None:
        slow = throttle()
        seen = [slow.delay_for(HERE)]
        for _ in range(6):
            slow.failed(HERE, "ted")
            seen.append(slow.delay_for(HERE))
        assert seen == [0, 2, 4, 8, 15, 15, 15]

    def test_other_addresses_are_not_slowed_for_the_same_name_even(self) -> None:
        slow = throttle()
        fail(slow, 10)
        assert slow.delay_for(THERE) == 0
        assert slow.delay_for("2001:db8::1") == 0

    def test_it_does_not_matter_which_name_is_tried(self) -> None:
        slow = throttle()
        for number in range(4):
            slow.failed(HERE, f"name{number}")
        assert slow.delay_for(HERE) == 15

    def test_a_customer_of_ipv6_is_one_and_so_is_ipv4_written_as_ipv6(self) -> None:
        slow = throttle()
        slow.failed("2001:db8:1:2::1", "ted")
        slow.failed("::ffff:203.0.113.5", "ted")
        assert slow.delay_for("2001:db8:1:2:ffff::9") == 2
        assert slow.delay_for("2001:db8:1:3::1") == 0
        assert slow.delay_for(HERE) == 2

    def test_to_ask_changes_nothing(self) -> None:
        slow = throttle()
        slow.failed(HERE, "ted")
        assert [slow.delay_for(HERE) for _ in range(5)] == [2] * 5

    def test_no_delays_turn_it_off(self) -> None:
        slow = Throttle(clock=Clock(), place_of=Places(), limits=ThrottleLimits(delays_seconds=()))
        fail(slow, 10)
        assert slow.delay_for(HERE) == 0

    def test_who_is_trusted_is_never_slowed_and_takes_no_room(self) -> None:
        places = Places(exempt=(ipaddress.ip_network("203.0.113.0/24"),))
        slow = Throttle(clock=Clock(), place_of=places)
        for peer in ("unix", HERE):
            fail(slow, 10, peer)
            assert slow.delay_for(peer) == 0
        assert len(slow) == 0


class TestForgetting:
    def test_each_failure_is_forgotten_after_its_time(self) -> None:
        clock = Clock()
        slow = throttle(clock)
        for _ in range(3):
            slow.failed(HERE, "ted")
            clock.now += 10
        clock.now += FORGET - 30 - 0.1
        seen = []
        for _ in range(4):
            seen.append(slow.delay_for(HERE))
            clock.now += 10
        assert seen == [8, 4, 2, 0]
        assert len(slow) == 0

    def test_more_failures_than_delays_are_remembered_so_that_a_short_pause_does_not_help(self) -> None:
        clock = Clock()
        slow = throttle(clock)
        fail(slow, 4)
        clock.now += FORGET / 2
        fail(slow, 4)
        clock.now += FORGET / 2
        assert slow.delay_for(HERE) == 15

    def test_a_success_forgives_the_failures_of_that_name_from_there(self) -> None:
        slow = throttle()
        fail(slow, 3)
        slow.succeeded(HERE, "TED")
        assert slow.delay_for(HERE) == 0
        assert len(slow) == 0

    def test_an_account_of_ones_own_buys_no_further_tries(self) -> None:
        slow = throttle()
        fail(slow, 4, name="victim")
        slow.succeeded(HERE, "mallory")
        assert slow.delay_for(HERE) == 15

    def test_a_success_from_elsewhere_changes_nothing_here(self) -> None:
        slow = throttle()
        fail(slow, 4)
        slow.succeeded(THERE, "ted")
        assert slow.delay_for(HERE) == 15

    def test_a_success_where_nothing_failed_takes_no_room(self) -> None:
        slow = throttle()
        slow.succeeded(HERE, "ted")
        slow.succeeded("unix", "ted")
        assert len(slow) == 0


class TestTheSameAgain:
    def test_the_same_wrong_password_counts_once(self) -> None:
        slow = throttle()
        for _ in range(10):
            slow.failed(HERE, "ted", slow.fingerprint("ted", Secret(b"OLD")))
        assert slow.delay_for(HERE) == 2

    def test_it_counts_once_among_others_too(self) -> None:
        slow = throttle()
        for password in (b"OLD", b"OTHER", b"OLD", b"OTHER"):
            slow.failed(HERE, "Ted", slow.fingerprint("ted", Secret(password)))
        assert slow.delay_for(HERE) == 4

    def test_one_password_tried_on_many_names_counts_each_time(self) -> None:
        slow = throttle()
        for number in range(4):
            slow.failed(HERE, f"n{number}", slow.fingerprint(f"n{number}", Secret(b"123456")))
        assert slow.delay_for(HERE) == 15

    def test_what_is_not_known_counts_each_time(self) -> None:
        slow = throttle()
        fail(slow, 4)
        assert slow.delay_for(HERE) == 15

    def test_it_counts_again_once_it_is_forgotten(self) -> None:
        clock = Clock()
        slow = throttle(clock)
        old = slow.fingerprint("ted", Secret(b"OLD"))
        slow.failed(HERE, "ted", old)
        clock.now += FORGET
        assert slow.delay_for(HERE) == 0
        slow.failed(HERE, "ted", old)
        assert slow.delay_for(HERE) == 2

    def test_fingerprints_are_under_a_key_of_the_process_and_keep_name_and_password_apart(self) -> None:
        slow = throttle()
        assert slow.fingerprint("ted", Secret(b"x")) != throttle().fingerprint("ted", Secret(b"x"))
        assert slow.fingerprint("ab", Secret(b"c")) != slow.fingerprint("a", Secret(b"bc"))
        assert slow.fingerprint("TED", Secret(b"x")) == slow.fingerprint("ted", Secret(b"x"))

    def test_neither_names_nor_passwords_are_kept(self) -> None:
        slow = throttle()
        slow.failed(HERE, "ted-the-owner", slow.fingerprint("ted-the-owner", Secret(b"SECRET")))
        kept = repr(slow._failures)
        assert "ted-the-owner" not in kept
        assert "SECRET" not in kept


class TestWaiting:
    def test_a_wait_is_counted_until_its_end_however_it_ends(self) -> None:
        slow = throttle()
        wait, other = slow.wait(HERE), slow.wait(HERE)
        assert isinstance(wait, Wait)
        assert isinstance(other, Wait)
        assert slow.waiting == 2
        with wait:
            assert slow.waiting == 2
        with pytest.raises(RuntimeError), other:
            raise RuntimeError
        assert slow.waiting == 0
        assert not slow._waits

    def test_one_too_many_in_all_gets_no_place_until_one_is_free(self) -> None:
        slow = throttle(waiting=3)
        waits = [slow.wait(f"203.0.113.{number}") for number in range(4)]
        assert waits[3] is None
        assert waits[0] is not None
        with waits[0]:
            pass
        assert slow.wait(THERE) is not None

    def test_one_address_does_not_fill_the_room_for_the_others(self) -> None:
        slow = throttle(waiting=100, waiting_each=3)
        assert [slow.wait(HERE) is not None for _ in range(5)] == [True, True, True, False, False]
        assert slow.wait(THERE) is not None


class TestBounds:
    def test_an_attacker_who_cycles_through_addresses_finds_a_bounded_table(self) -> None:
        slow = throttle(addresses=100)
        for number in range(1000):
            slow.failed(f"10.0.{number >> 8}.{number & 255}", "ted")
        assert len(slow) == 100
        assert slow.delay_for("10.0.3.231") == 2

    def test_those_that_failed_longest_ago_are_forgiven_first(self) -> None:
        slow = throttle(addresses=2)
        slow.failed(HERE, "ted")
        slow.failed(THERE, "ted")
        slow.failed(HERE, "ted")
        slow.failed("203.0.113.7", "ted")
        assert [slow.delay_for(peer) for peer in (HERE, THERE, "203.0.113.7")] == [4, 0, 2]

    def test_what_is_forgotten_makes_room_without_being_asked_for(self) -> None:
        clock = Clock()
        slow = throttle(clock)
        for number in range(100):
            slow.failed(f"10.0.0.{number}", "ted")
        clock.now += FORGET
        slow.failed(HERE, "ted")
        assert len(slow) == 1

    def test_one_address_keeps_so_many_failures_and_no_more(self) -> None:
        slow = throttle(failures=8)
        fail(slow, 1000)
        assert [len(kept) for kept in slow._failures.values()] == [8]

    @given(name=st.text(max_size=300))
    def test_any_name_will_do(self, name: str) -> None:
        slow = throttle()
        slow.failed(HERE, name, slow.fingerprint(name, Secret(name.encode("utf-8", "surrogatepass"))))
        assert slow.delay_for(HERE) == 2
        slow.succeeded(HERE, name)
        assert slow.delay_for(HERE) == 0


@given(
    gaps=st.lists(st.floats(min_value=0, max_value=400), min_size=1, max_size=30),
    waits=st.booleans(),
)
def test_an_attacker_on_one_connection_gets_few_tries_whatever_the_pace(gaps: list[float], waits: bool) -> None:
    """Each try waits its delay first. So many tries in so many seconds, and no more."""
    clock = Clock()
    slow = throttle(clock)
    tries: list[float] = []
    for gap in gaps:
        clock.now += gap if waits else 0
        clock.now += slow.delay_for(HERE)
        tries.append(clock.now)
        slow.failed(HERE, "ted")
    for began in tries:
        # Four are nearly free, and then one each 15 seconds.
        assert len([at for at in tries if began <= at < began + 60]) <= 4 + 60 / DELAYS_SECONDS[-1] + 1


PEERS = st.sampled_from([HERE, THERE, "::ffff:203.0.113.5", "2001:db8::1", "2001:db8::2", "unix"])
NAMES = st.sampled_from(["ted", "TED", "ann"])


class ThrottleAgainstAModel(RuleBasedStateMachine):
    """The throttle beside a plain list of all that failed."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.slow = throttle(self.clock, addresses=100, failures=100)
        self.failures: list[tuple[float, str, str, int | None]] = []

    @staticmethod
    def whom(peer: str) -> str:
        return "ipv6" if peer.startswith("2001") else peer.removeprefix("::ffff:")

    def remembered(self, peer: str) -> list[tuple[float, str, str, int | None]]:
        since = self.clock.now - FORGET
        return [each for each in self.failures if each[0] > since and each[1] == self.whom(peer)]

    @rule(peer=PEERS, name=NAMES, password=st.one_of(st.none(), st.integers(0, 2)))
    def fail(self, peer: str, name: str, password: int | None) -> None:
        known = None if password is None else self.slow.fingerprint(name, Secret(b"%d" % password))
        self.slow.failed(peer, name, known)
        same = [each for each in self.remembered(peer) if each[2:] == (name.lower(), password)]
        if peer != "unix" and (password is None or not same):
            self.failures.append((self.clock.now, self.whom(peer), name.lower(), password))

    @rule(peer=PEERS, name=NAMES)
    def succeed(self, peer: str, name: str) -> None:
        self.slow.succeeded(peer, name)
        self.failures = [each for each in self.failures if each[1:3] != (self.whom(peer), name.lower())]

    @rule(seconds=st.sampled_from([0.0, 1.0, 60.0, 150.0, 300.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def delays_as_the_list_says(self) -> None:
        for peer in (HERE, THERE, "2001:db8::9", "unix", "198.51.100.1"):
            count = len(self.remembered(peer))
            assert self.slow.delay_for(peer) == (0, *DELAYS_SECONDS)[min(count, 4)]

    @invariant()
    def keeps_no_address_that_has_nothing_to_remember(self) -> None:
        assert len(self.slow) <= len({each[1] for each in self.failures})


TestThrottleAgainstAModel = ThrottleAgainstAModel.TestCase
TestThrottleAgainstAModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
