"""A poll of a maildrop that did not change asks the system for little: counted, since a busy machine hides time."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from tests.e2e.bed import Bed, until
from tests.e2e.corpus import PLAIN
from tests.e2e.faults import traced

SESSIONS = 8
COMMANDS = ("USER", "PASS", "STAT", "QUIT")

OF_THE_DISK = re.compile(r"open\w*|flock|fcntl|pwrite\w*|pread\w*|f?access\w*|\w*stat\w*|getdents\w*")
"""Whatever a C library and a processor call them: opened, locked, looked at."""


@pytest.mark.peer("strace")
def test_a_poll_asks_the_system_for_no_more_than_it_needs() -> None:
    with Bed() as bed:
        owner = bed.account(PLAIN)

        def poll() -> None:
            with bed.pop3(owner) as wire:
                wire.ok("STAT")
                wire.ok("QUIT")
                assert wire.ended()

        poll()
        with traced(bed.pid, steps="all") as calls:
            for _ in range(SESSIONS):
                poll()
            until("all sessions to be written down", lambda: calls.read_text().count("good-bye") == SESSIONS)
            told = calls.read_text()
    # What the server says by itself, each second or so, falls into some of them: the quietest one counts.
    sessions = re.split(r"^.*accept4?\(.* = \d.*$", told, flags=re.MULTILINE)[2:]
    assert len(sessions) == SESSIONS - 1
    names = min((re.findall(r"^\d+ +(\w+)\(", session, re.MULTILINE) for session in sessions), key=len)
    counted = Counter(names)
    assert counted["read"] == len(COMMANDS), "a read for each command"
    assert counted["write"] + counted["writev"] == 1 + len(COMMANDS) + 2, "an answer each, and two lines of the log"
    assert counted["close"] == 2, "the lock and the connection"
    of_the_disk = [name for name in names if OF_THE_DISK.fullmatch(name)]
    assert len(of_the_disk) == 5, f"the lock opened and taken, three looks whether anything changed: {of_the_disk}"


@pytest.mark.peer("strace")
def test_a_poll_changes_nothing_on_the_disk_and_a_session_that_lasts_is_written_down_in_a_thread() -> None:
    with Bed() as bed:
        owner = bed.account(PLAIN)

        def since(before: str) -> str:
            return calls.read_text().removeprefix(before)

        def changed_by_a_poll() -> list[tuple[int, str]]:
            before = calls.read_text()
            with bed.pop3(owner) as wire:
                wire.ok("STAT")
                wire.ok("QUIT")
                assert wire.ended()
            until("the session to be written down", lambda: "good-bye" in since(before))
            return changes_on_the_disk(since(before), bed)

        def told() -> str:
            return bed.cli("maildrop", "list", owner.name).said

        with traced(bed.pid) as calls:
            # The first ones find new mail, and write down what they saw.
            until("what came to be seen", lambda: changed_by_a_poll() == [])
            assert [changed_by_a_poll() for _ in range(SESSIONS)] == [[]] * SESSIONS
            before = calls.read_text()
            with bed.pop3(owner) as wire:
                until("another process to be told of the session", lambda: "from 127.0.0.1" in told())
                wire.ok("QUIT")
                assert wire.ended()
            ((thread, call),) = changes_on_the_disk(since(before), bed)
        assert call.startswith("pwrite")
        assert "restante.lock" in call
        assert thread != bed.pid


def changes_on_the_disk(calls: str, bed: Bed) -> list[tuple[int, str]]:
    """Give which threads changed what below the data folder. To open a file that is there changes nothing."""
    lines = re.findall(r"^(\d+) +(\w+\(.*)$", calls, re.MULTILINE)
    return [
        (int(thread), call) for thread, call in lines if str(bed.data) in call and not call.startswith("openat")
    ]
