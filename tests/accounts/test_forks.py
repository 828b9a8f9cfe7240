"""What must not be carried into a child is let go of before the fork, and held still meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.db"


def _ran(script: str, *arguments: str) -> str:
    """Run it in a process of its own: one that has threads, as this one may, is not to fork."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *arguments],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    ).stdout


def test_each_is_held_once_for_each_fork_while_it_lives() -> None:
    script = """
import gc, os
from restante.accounts.forks import hold_during_forks
class Noting:
    def __init__(self):
        self.told = []
    def hold(self):
        self.told.append('hold')
    def let_go(self):
        self.told.append('let go')
one, other = Noting(), Noting()
hold_during_forks(one)
hold_during_forks(other)
others = other.told
for forks in (1, 2):
    child = os.fork()
    if not child:
        os._exit(0 if one.told == ['hold', 'let go'] * forks else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert one.told == ['hold', 'let go'] * forks
    other = None
    gc.collect()
assert others == ['hold', 'let go'], others
print('fine')
"""
    assert _ran(script) == "fine\n"


def test_after_a_fork_each_process_has_a_connection_of_its_own(path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from restante.accounts import SqlDirectory
directory = SqlDirectory(Path(sys.argv[1]))
directory.add('ted', 'hash')
assert directory.find('ted')
open_before = directory._answers._fresh._connection
assert open_before is not None
child = os.fork()
if not child:
    assert directory._answers._fresh._connection is None
    assert directory.find('ted')
    directory.add('tim', 'hash')
    directory.close()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert directory._answers._fresh._connection is None
assert directory.find('tim')
directory.close()
print('fine')
"""
    assert _ran(script, str(path)) == "fine\n"
