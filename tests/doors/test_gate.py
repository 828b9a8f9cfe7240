"""The gate: who is counted as whom, and that nothing stays behind."""

import ipaddress

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from restante.doors.gate import ClosedBy, Entry, Gate, GateClosed, GateLimits, Places

ANN, BOB = "00000000000000aa", "00000000000000bb"


def let_in(gate: Gate, peer: str = "203.0.113.5") -> Entry:
    entry = gate.enter(peer)
    assert isinstance(entry, Entry)
    return entry


class TestTheBounds:
    def test_one_too_many_in_all_is_turned_away_until_one_leaves(self) -> None:
        gate = Gate(GateLimits(in_all=2))
        first = let_in(gate, "203.0.113.1")
        let_in(gate, "203.0.113.2")
        assert gate.enter("203.0.113.3") == GateClosed(ClosedBy.ALL)
        first.leave()
        let_in(gate, "203.0.113.3")

    def test_one_too_many_from_an_address_is_turned_away_and_others_are_not(self) -> None:
        gate = Gate(GateLimits(each_address=2))
        first = let_in(gate)
        let_in(gate)
        assert gate.enter("203.0.113.5") == GateClosed(ClosedBy.ADDRESS)
        let_in(gate, "203.0.113.6")
        first.leave()
        let_in(gate)

    def test_who_is_turned_away_is_not_counted(self) -> None:
        gate = Gate(GateLimits(in_all=3, each_address=1))
        let_in(gate)
        for _ in range(10):
            gate.enter("203.0.113.5")
        assert len(gate) == 1
        let_in(gate, "203.0.113.6")

    def test_to_leave_twice_counts_once(self) -> None:
        gate = Gate(GateLimits(each_address=2))
        first = let_in(gate)
        let_in(gate)
        first.leave()
        first.leave()
        let_in(gate)
        assert gate.enter("203.0.113.5") == GateClosed(ClosedBy.ADDRESS)


class TestAccounts:
    def test_one_too_many_of_an_account_is_turned_away_wherever_it_comes_from(self) -> None:
        gate = Gate(GateLimits(each_account=1))
        first, second = let_in(gate, "203.0.113.5"), let_in(gate, "2001:db8::1")
        assert first.claim_account(ANN) is None
        assert second.claim_account(ANN) == GateClosed(ClosedBy.ACCOUNT)
        assert second.claim_account(BOB) is None
        first.leave()
        assert second.claim_account(ANN) is None

    def test_to_claim_the_same_account_again_counts_once(self) -> None:
        gate = Gate(GateLimits(each_account=2))
        first, second = let_in(gate), let_in(gate)
        assert [first.claim_account(ANN) for _ in range(5)] == [None] * 5
        assert second.claim_account(ANN) is None

    def test_another_account_gives_up_the_first(self) -> None:
        gate = Gate(GateLimits(each_account=1))
        first, second = let_in(gate), let_in(gate)
        first.claim_account(ANN)
        first.claim_account(BOB)
        assert second.claim_account(ANN) is None

    def test_who_has_left_claims_nothing(self) -> None:
        gate = Gate()
        entry = let_in(gate)
        entry.leave()
        with pytest.raises(ValueError, match="has left"):
            entry.claim_account(ANN)
        assert gate.keys == 0


class TestPlaces:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
            ("::ffff:203.0.113.5", "203.0.113.5"),
            ("::ffff:cb00:7105", "203.0.113.5"),
            ("fe80::1%eth0", "fe80::1%eth1"),
            ("no address", ""),
        ],
    )
    def test_these_are_one(self, one: str, other: str) -> None:
        assert Places()(one) == Places()(other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("2001:db8:1:2::1", "2001:db8:1:3::1"),
            ("203.0.113.5", "203.0.113.6"),
            ("::203.0.113.5", "203.0.113.5"),
            ("::1", "127.0.0.1"),
            # Octets of the one that are those of the other.
            ("cb00:7105::", "203.0.113.5"),
            ("no address", "203.0.113.5"),
        ],
    )
    def test_these_are_two(self, one: str, other: str) -> None:
        assert Places()(one) != Places()(other)

    def test_an_address_of_ipv4_written_as_ipv6_shares_the_bound_of_ipv4(self) -> None:
        gate = Gate(GateLimits(each_address=1))
        let_in(gate, "::ffff:203.0.113.5")
        assert gate.enter("203.0.113.5") == GateClosed(ClosedBy.ADDRESS)

    def test_a_socket_in_the_file_system_has_no_bound_of_an_address_but_counts_in_all(self) -> None:
        gate = Gate(GateLimits(each_address=1, in_all=3))
        for _ in range(3):
            let_in(gate, "unix")
        assert gate.enter("unix") == GateClosed(ClosedBy.ALL)

    def test_exempt_networks_have_no_bound_of_an_address(self) -> None:
        exempt = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/32"))
        gate = Gate(GateLimits(each_address=1), place_of=Places(exempt=exempt))
        for peer in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"):
            let_in(gate, peer)
            let_in(gate, peer)
        let_in(gate, "11.1.2.3")
        assert gate.enter("11.1.2.3") == GateClosed(ClosedBy.ADDRESS)


def test_an_attacker_who_cycles_through_addresses_leaves_nothing_behind() -> None:
    gate = Gate()
    for number in range(20_000):
        let_in(gate, f"10.{number >> 8 & 255}.{number & 255}.1").leave()
    assert gate.keys == len(gate) == 0


PEERS = st.sampled_from(["203.0.113.5", "::ffff:203.0.113.5", "203.0.113.6", "2001:db8::1", "2001:db8::2", "unix"])


class GateAgainstAModel(RuleBasedStateMachine):
    """The gate beside lists of who is inside."""

    entries = Bundle("entries")

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate(GateLimits(in_all=6, each_address=2, each_account=2))
        self.inside: dict[Entry, tuple[str, str | None]] = {}

    @staticmethod
    def whom(peer: str) -> str:
        return "ipv6" if peer.startswith("2001") else peer.removeprefix("::ffff:")

    @rule(target=entries, peer=PEERS)
    def enter(self, peer: str) -> Entry | None:
        entry = self.gate.enter(peer)
        same = [where for where, _ in self.inside.values() if where == self.whom(peer)]
        if len(self.inside) >= 6:
            assert entry == GateClosed(ClosedBy.ALL)
        elif peer != "unix" and len(same) >= 2:
            assert entry == GateClosed(ClosedBy.ADDRESS)
        else:
            assert isinstance(entry, Entry)
            self.inside[entry] = (self.whom(peer), None)
            return entry
        return None

    @rule(entry=entries, account=st.sampled_from([ANN, BOB]))
    def claim(self, entry: Entry | None, account: str) -> None:
        if entry is None or entry not in self.inside:
            return
        where, claimed = self.inside[entry]
        others = [owner for one, (_, owner) in self.inside.items() if owner == account and one is not entry]
        if len(others) >= 2:
            assert entry.claim_account(account) == GateClosed(ClosedBy.ACCOUNT)
            self.inside[entry] = (where, None)
        else:
            assert entry.claim_account(account) is None
            self.inside[entry] = (where, account)
        assert claimed in {None, ANN, BOB}

    @rule(entry=consumes(entries))
    def leave(self, entry: Entry | None) -> None:
        if entry is not None:
            entry.leave()
            self.inside.pop(entry, None)

    @invariant()
    def has_counters_for_those_inside_only(self) -> None:
        assert len(self.gate) == len(self.inside)
        places = {where for where, _ in self.inside.values() if where != "unix"}
        accounts = {account for _, account in self.inside.values() if account is not None}
        assert self.gate.keys == len(places) + len(accounts)


TestGateAgainstAModel = GateAgainstAModel.TestCase
TestGateAgainstAModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
