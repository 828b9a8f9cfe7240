"""The state: what was recorded is there, whoever opens it; what is no state of ours is left alone."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from restante.fetch.plan import DAY_SECONDS, SeenMessage, SeenStatus
from restante.fetch.state import (
    KEPT_WHEN_GONE_SECONDS,
    MaildropBusy,
    State,
    StateFault,
    maildrop_name,
)

TED = "ted@pop.example.org"
NOW = 1_800_000_000.0


STORED = SeenMessage(
    unique_id=b"one",
    digest=b"d" * 32,
    octets=120,
    status=SeenStatus.STORED,
    since_epoch_seconds=NOW,
    destination="mbox:/m",
)


def seen(unique_id: bytes = b"one", status: SeenStatus = SeenStatus.STORED) -> SeenMessage:
    return replace(STORED, unique_id=unique_id, status=status)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "fetch.sqlite3"


def test_what_was_recorded_is_there_when_it_is_opened_again(path: Path) -> None:
    rows = [replace(seen(b"one"), place="12"), replace(seen(b"two", SeenStatus.REFUSED), octets=None, digest=b"")]
    with State(path) as state:
        state.record(TED, *rows)
        state.record("ann@pop.example.org", seen(b"three"))
    with State(path) as state:
        assert sorted(state.seen(TED), key=lambda row: row.unique_id) == rows
        assert state.maildrops() == ["ann@pop.example.org", TED]


def test_nobody_else_can_read_it(path: Path) -> None:
    with State(path) as state:
        state.record(TED, seen())
        modes = {file.name: file.stat().st_mode & 0o077 for file in (path, path.parent)}
    assert set(modes.values()) == {0}


def test_what_is_recorded_is_known_for_its_destination_alone_but_for_what_another_program_fetched(
    path: Path,
) -> None:
    with State(path) as state:
        state.record(TED, seen(b"one"), replace(seen(b"two"), destination="", taken_over_from="mpop"))
        assert [row.unique_id for row in state.seen(TED, "mbox:/other")] == [b"two"]
        assert len(state.seen(TED, "mbox:/m")) == 2
        assert state.rename("mbox:/m", "mbox:/other") == 1
        assert len(state.seen(TED, "mbox:/other")) == 2


def test_what_is_gone_is_forgotten_after_its_time_and_headers_at_once(path: Path) -> None:
    old, headers, new = seen(b"old"), seen(b"headers", SeenStatus.HEADERS), seen(b"new")
    with State(path) as state:
        state.record(TED, old, headers, new)
        state.mark_gone(TED, [old, headers], now_epoch_seconds=NOW)
        assert {row.unique_id: row.status for row in state.seen(TED)} == {
            b"old": SeenStatus.GONE,
            b"new": SeenStatus.STORED,
        }
        state.mark_gone(TED, [new], now_epoch_seconds=NOW + KEPT_WHEN_GONE_SECONDS + DAY_SECONDS)
        assert [row.unique_id for row in state.seen(TED)] == [b"new"]


def test_two_processes_do_not_work_on_one_maildrop(path: Path) -> None:
    with State(path) as state, State(path) as other, state.hold(TED):
        with pytest.raises(MaildropBusy, match="wait until"), other.hold(TED):
            pass
        with other.hold("ann@pop.example.org"):
            pass
    with State(path) as state, state.hold(TED):
        pass


KILLED = """
import os, signal, sys
from pathlib import Path
from restante.fetch.plan import SeenMessage, SeenStatus
from restante.fetch.state import State
state = State(Path(sys.argv[1]))
hold = state.hold("ted@pop.example.org")
hold.__enter__()
for status in (SeenStatus.IN_HAND, SeenStatus.STORED):
    row = SeenMessage(unique_id=status.value.encode(), status=status, since_epoch_seconds=1.0)
    state.record("ted@pop.example.org", row)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_takes_the_lock_along_and_leaves_what_was_recorded(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, path], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    with State(path) as state, state.hold(TED):
        assert {row.status for row in state.seen(TED)} == {SeenStatus.IN_HAND, SeenStatus.STORED}


def test_a_file_of_somebody_else_is_left_as_it_is(path: Path) -> None:
    path.parent.mkdir(parents=True)
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE theirs (x)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StateFault, match="not a state of Restante"):
        State(path)
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StateFault, match="not a database"):
        State(path)
    assert before != path.read_bytes() == b"no database at all" * 100


def test_a_newer_schema_is_not_touched(path: Path) -> None:
    State(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StateFault, match="newer Restante"):
        State(path)


def test_a_folder_that_cannot_be_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateFault, match="--state"):
        State(tmp_path / "file" / "fetch.sqlite3")


def test_the_same_maildrop_on_both_of_pop3s_ports_has_one_name_and_others_their_own() -> None:
    assert maildrop_name("ted", "POP.example.org.", 110) == maildrop_name("ted", "pop.example.org", 995) == TED
    assert maildrop_name("ted", "127.0.0.1", 1110) == "ted@127.0.0.1:1110"
