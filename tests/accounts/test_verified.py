"""What proved right is remembered for a while, for one generation of one account, and without the password."""

from __future__ import annotations

import gc
from dataclasses import replace

from restante.accounts.verified import VerifiedCredentials
from restante.ports.accounts import Account, AccountId
from restante.proto.terms import Secret

TED = Account(id=AccountId("0123456789abcdef"), name="ted")


class Clock:
    """Seconds that go on when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _key(memory: VerifiedCredentials, name: str = "ted", password: str = "SECRET") -> bytes:
    return memory.key(name=name.encode(), password=Secret(password.encode()))


def test_what_proved_right_holds_and_nothing_else_does() -> None:
    memory = VerifiedCredentials(clock=Clock())
    assert not memory.holds(_key(memory), TED)
    memory.remember(_key(memory), TED)
    assert memory.holds(_key(memory), TED)
    assert not memory.holds(_key(memory, password="secret"), TED)
    assert not memory.holds(_key(memory, name="tim"), TED)


def test_keys_do_not_run_together() -> None:
    memory = VerifiedCredentials()
    assert _key(memory, "ab", "c") != _key(memory, "a", "bc")
    assert _key(memory, "a", "1 a") != _key(memory, "a1 ", "a")
    assert _key(memory, "", "a") != _key(memory, "a", "")


def test_the_same_credentials_have_the_same_key_whatever_came_between() -> None:
    memory = VerifiedCredentials()
    first = _key(memory)
    assert len(first) == 32
    assert _key(memory, "tim") != first
    assert _key(memory) == first


def test_keys_differ_from_process_to_process() -> None:
    assert _key(VerifiedCredentials()) != _key(VerifiedCredentials())


def test_it_is_forgotten_when_the_account_changes() -> None:
    memory = VerifiedCredentials(clock=Clock())
    memory.remember(_key(memory), TED)
    assert not memory.holds(_key(memory), replace(TED, generation=2))
    assert len(memory) == 0


def test_it_is_forgotten_when_the_name_passes_to_another_account() -> None:
    memory = VerifiedCredentials(clock=Clock())
    memory.remember(_key(memory), TED)
    assert not memory.holds(_key(memory), replace(TED, id=AccountId("f" * 16)))
    assert len(memory) == 0


def test_it_is_forgotten_when_unused_for_its_time() -> None:
    clock = Clock()
    memory = VerifiedCredentials(seconds=300, clock=clock)
    memory.remember(_key(memory), TED)
    clock.now += 299.9
    assert memory.holds(_key(memory), TED)
    clock.now += 300
    assert not memory.holds(_key(memory), TED)
    assert len(memory) == 0


def test_a_client_that_polls_each_minute_is_never_forgotten() -> None:
    clock = Clock()
    memory = VerifiedCredentials(seconds=300, clock=clock)
    memory.remember(_key(memory), TED)
    for _ in range(1000):
        clock.now += 60
        assert memory.holds(_key(memory), TED)


def test_the_least_recently_used_goes_when_it_is_full() -> None:
    memory = VerifiedCredentials(most=3, clock=Clock())
    for name in ("a", "b", "c"):
        memory.remember(_key(memory, name), TED)
    assert memory.holds(_key(memory, "a"), TED)
    memory.remember(_key(memory, "d"), TED)
    assert len(memory) == 3
    assert not memory.holds(_key(memory, "b"), TED)
    assert all(memory.holds(_key(memory, name), TED) for name in ("a", "c", "d"))


def test_none_at_all_are_kept_where_that_is_turned_off() -> None:
    for memory in (VerifiedCredentials(seconds=0), VerifiedCredentials(most=0)):
        memory.remember(_key(memory), TED)
        assert len(memory) == 0
        assert not memory.holds(_key(memory), TED)


def test_nothing_in_it_shows_the_password() -> None:
    memory = VerifiedCredentials(clock=Clock())
    memory.remember(_key(memory), TED)
    within = repr(gc.get_referents(memory)) + repr(memory)
    assert "SECRET" not in within
