from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from restante.submission import Outbox, OutboxFault, Outgoing, Refused

LETTER = Outgoing(sender="ted@example.org", recipients=("ann@example.org", "bob@example.org"), octets=b"x\r\n\r\ny")


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def test_a_message_waits_with_its_envelope_for_its_owner_alone(outbox: Outbox) -> None:
    assert outbox.waiting() == []
    added = outbox.add(LETTER, id="m1", account="ted", now=7.0)
    assert outbox.waiting() == [added]
    with outbox.held("m1") as held:
        assert held == (added, LETTER)
    assert stat.S_IMODE(outbox.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in outbox.folder.iterdir()} == {0o600}


def test_the_oldest_comes_first(outbox: Outbox) -> None:
    for name, now in (("b", 2.0), ("a", 3.0), ("c", 1.0)):
        outbox.add(LETTER, id=name, account="ted", now=now)
    assert [each.id for each in outbox.waiting()] == ["c", "b", "a"]


def test_what_is_sent_goes_and_what_is_not_stays(outbox: Outbox) -> None:
    waiting = outbox.add(LETTER, id="m1", account="ted", now=7.0)
    with outbox.held("m1"):
        outbox.settle(replace(waiting, recipients=("bob@example.org",), attempts=1, error="full"))
    (left,) = outbox.waiting()
    assert (left.recipients, left.attempts, left.error, left.aside) == (("bob@example.org",), 1, "full", False)
    with outbox.held("m1"):
        outbox.settle(replace(left, recipients=()))
    assert outbox.waiting() == []
    assert list(outbox.folder.iterdir()) == []


def test_what_was_refused_is_kept_aside(outbox: Outbox) -> None:
    waiting = outbox.add(LETTER, id="m1", account="ted", now=7.0)
    with outbox.held("m1"):
        refused = (Refused(recipient="ann@example.org", said="550 no"),)
        outbox.settle(replace(waiting, recipients=(), refused=refused))
    (left,) = outbox.waiting()
    assert left.aside
    assert left.refused == refused
    with outbox.held("m1") as held:
        assert held == (left, None)


def test_two_programs_do_not_hold_one_message(outbox: Outbox) -> None:
    outbox.add(LETTER, id="m1", account="ted", now=7.0)
    with outbox.held("m1") as first:
        assert first is not None
        with Outbox(outbox.folder).held("m1") as second:
            assert second is None
    with outbox.held("m1") as third:
        assert third is not None


@pytest.mark.parametrize("mark", ["none", "../m1", "", "m1.eml"])
def test_what_is_not_there_is_not_held(outbox: Outbox, mark: str) -> None:
    outbox.add(LETTER, id="m1", account="ted", now=7.0)
    with outbox.held(mark) as held:
        assert held is None


def test_octets_that_are_not_all_there_are_not_sent(outbox: Outbox) -> None:
    outbox.add(LETTER, id="m1", account="ted", now=7.0)
    (outbox.folder / "m1.eml").write_bytes(b"x")
    with pytest.raises(OutboxFault, match="is not what was written there"), outbox.held("m1"):
        pass


@pytest.mark.parametrize("octets", [b"", b"{", b"[]", b'{"recipients": 1}', b"\xff", b"[" * 100_000])
def test_a_damaged_envelope_is_told(outbox: Outbox, octets: bytes) -> None:
    outbox.add(LETTER, id="m1", account="ted", now=7.0)
    (outbox.folder / "m1.json").write_bytes(octets)
    with pytest.raises(OutboxFault, match=r"m1\.json: is not what was written there"):
        outbox.waiting()


def test_a_sweep_removes_what_a_crash_left_when_it_is_old_and_nothing_else(outbox: Outbox) -> None:
    outbox.add(LETTER, id="m1", account="ted", now=7.0)
    for name in ("lone.eml", ".half.new"):
        (outbox.folder / name).touch()
    now = (outbox.folder / "lone.eml").stat().st_mtime
    outbox.sweep(now=now + 60)
    assert len(list(outbox.folder.iterdir())) == 4
    outbox.sweep(now=now + 4000)
    assert sorted(file.name for file in outbox.folder.iterdir()) == ["m1.eml", "m1.json"]
    Outbox(outbox.folder / "none").sweep(now=now)


# --- kill -9 ------------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from dataclasses import replace
from restante.submission import Outbox, Outgoing

step = int(sys.argv[2])
def watch(event, arguments):
    global step
    if event in ("open", "os.rename", "os.remove", "os.mkdir") and sys.argv[1] in str(arguments[0]):
        step -= 1
        if step < 0:
            os.kill(os.getpid(), signal.SIGKILL)

outbox = Outbox(Path(sys.argv[1]))
letter = Outgoing(sender="t@e.org", recipients=("a@e.org",), octets=b"whole")
outbox.waiting(), outbox.sweep(now=0)
import json, tempfile
sys.addaudithook(watch)
waiting = outbox.add(letter, id="m1", account="ted", now=1.0)
print("kept", flush=True)
with outbox.held("m1") as held:
    print("sent", flush=True)
    outbox.settle(replace(held[0], recipients=()))
print("gone", flush=True)
"""


def test_a_kill_at_any_step_loses_no_message_that_was_kept(tmp_path: Path) -> None:
    told = []
    for step in range(40):
        folder = tmp_path / f"outbox{step}"
        argv = [sys.executable, "-c", KILLED, str(folder), str(step)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env={**os.environ})
        told.append(done.stdout)
        outbox = Outbox(folder)
        waiting = outbox.waiting()
        for each in waiting:
            with outbox.held(each.id) as held:
                assert held is not None
                assert held[1] is not None
                assert held[1].octets == b"whole"
        if "kept" in done.stdout and "sent" not in done.stdout:
            assert len(waiting) == 1, f"lost at step {step}"
        if done.returncode == 0:
            assert waiting == []
            break
        assert done.returncode == -9, done.stderr
        outbox.sweep(now=2**40)
        if folder.exists():
            assert sorted(file.suffix for file in folder.iterdir()) == [".eml", ".json"] * len(waiting)
    assert {"", "kept\n", "kept\nsent\n", "kept\nsent\ngone\n"} <= set(told)
