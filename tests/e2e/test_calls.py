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
    assert len(of_the_disk) == 6, (
        f"the lock opened, taken and signed, three looks whether anything changed: {of_the_disk}"
    )
