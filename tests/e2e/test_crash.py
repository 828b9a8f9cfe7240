"""The server is killed at every step of a delivery and of UPDATE: nothing acknowledged is lost, nothing comes back.

One run is traced first to learn which system calls change the disk, in which thread and in which order. Then the
server is started again for each of them and killed, by SIGKILL, at the moment at which it would make that call.
"""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Callable

import pytest
from tests.e2e.bed import Bed, Owner, Wire, assert_is_delivery_of
from tests.e2e.corpus import DOTS, MULTIPART, PLAIN
from tests.e2e.faults import traced

pytestmark = [pytest.mark.peer("strace"), pytest.mark.timeout(300)]

# More steps than these would mean that each delivery has become slow; the test says so rather than take for ever.
MOST_STEPS = 30

_CALL = re.compile(r"^(\d+) +(\w+)\((.*)$", re.M)


def steps_on_disk(calls: str, data: str) -> list[tuple[str, int]]:
    """Give each call on the data folder as (name, which of its name in its thread), in the order of the trace."""
    seen: Counter[tuple[str, str]] = Counter()
    steps: dict[tuple[str, int], None] = {}
    for thread, name, rest in _CALL.findall(calls):
        seen[thread, name] += 1
        if data in rest and not (name == "openat" and "O_CREAT" not in rest):
            steps[name, seen[thread, name]] = None
    return list(steps)


def kill_at_each_step(
    bed: Bed, prepare: Callable[[], object], act: Callable[[], None], check: Callable[[], None]
) -> int:
    """Do the act once to learn its steps, then again for each step with a kill there; give how many there were."""
    prepare()
    with traced(bed.pid) as calls:
        act()
        steps = steps_on_disk(calls.read_text(), str(bed.data))
    check()
    assert 0 < len(steps) <= MOST_STEPS, steps
    for name, which in steps:
        prepare()
        with traced(bed.pid, f"inject={name}:signal=KILL:when={which}"):
            act()
            assert bed.is_dead(), f"the server went on past {name} number {which} of {steps}"
        bed.kill()
        bed.start()
        check()
    return len(steps)


@pytest.mark.rule("M2")
def test_a_kill_at_any_step_of_a_delivery_loses_nothing_that_was_acknowledged() -> None:
    with Bed(doors=("pop3", "lmtp")) as bed:
        owner = bed.account(DOTS)
        acknowledged, attempts = 1, 0

        def act() -> None:
            nonlocal acknowledged, attempts
            attempts += 1
            if delivered(bed, owner):
                acknowledged += 1

        def check() -> None:
            mail = bed.mail(owner)
            assert_is_delivery_of(mail[0], DOTS)
            for message in mail[1:]:
                assert_is_delivery_of(message, MULTIPART)
            # What was not acknowledged may be there, whole, or not: the sender tries again in either case.
            assert acknowledged <= len(mail) <= 1 + attempts
            assert no_leftovers(bed, owner)

        steps = kill_at_each_step(bed, lambda: None, act, check)
        assert attempts == 1 + steps
        assert acknowledged < 1 + attempts, "no kill came before the answer"


@pytest.mark.rule("S5", "S6")
def test_a_kill_at_any_step_of_update_removes_all_marked_messages_or_none_and_keeps_ok_true() -> None:
    with Bed(doors=("pop3", "lmtp")) as bed:
        owner = bed.account(DOTS)
        confirmed = False
        killed_before_the_answer = 0

        def prepare() -> None:
            while len(bed.mail(owner)) < 4:
                bed.deliver(owner, PLAIN, MULTIPART, PLAIN)

        def act() -> None:
            nonlocal confirmed, killed_before_the_answer
            confirmed = quit_with_marks(bed, owner, (2, 3, 4))
            killed_before_the_answer += not confirmed

        def check() -> None:
            mail = bed.mail(owner)
            assert_is_delivery_of(mail[0], DOTS)
            assert len(mail) in ({1} if confirmed else {1, 4}), f"{len(mail)} messages, +OK came: {confirmed}"
            assert len(bed.mail(owner)) == len(mail), "another number in the session after"

        steps = kill_at_each_step(bed, prepare, act, check)
        assert 0 < killed_before_the_answer <= steps


def test_a_kill_between_sessions_changes_nothing() -> None:
    with Bed(doors=("pop3", "lmtp")) as bed:
        owner = bed.account(PLAIN, MULTIPART, DOTS)
        with bed.pop3(owner) as wire:
            listings = wire.multi("UIDL"), wire.multi("LIST")
            wire.ok("DELE 2")
            os.kill(bed.pid, signal.SIGKILL)
            assert wire.ended()
        bed.kill()
        bed.start()
        with bed.pop3(owner) as wire:
            assert (wire.multi("UIDL"), wire.multi("LIST")) == listings
            wire.ok("QUIT")


def delivered(bed: Bed, owner: Owner) -> bool:
    """Deliver by LMTP; tell whether the server took responsibility before it died."""
    try:
        with Wire(bed.address("lmtp")) as wire:
            (answer,) = wire.mail([f"{owner.name}@localhost"], MULTIPART)
    except (AssertionError, OSError):
        return False
    return answer.startswith(b"250")


def quit_with_marks(bed: Bed, owner: Owner, numbers: tuple[int, ...]) -> bool:
    """Mark messages and say QUIT; tell whether +OK came."""
    try:
        with bed.pop3(owner) as wire:
            for number in numbers:
                wire.ok(f"DELE {number}")
            return wire.say("QUIT").startswith(b"+OK")
    except (AssertionError, OSError):
        return False


def no_leftovers(bed: Bed, owner: Owner) -> bool:
    """Tell whether `maildrop check` finds, at the second look, nothing left to mend."""
    assert bed.cli("maildrop", "check", owner.name).code == 0
    return bed.cli("maildrop", "check", owner.name).code == 0
