"""`restante fetch` is killed at the steps at which it would change the disk: nothing is lost, nothing comes twice.

One run is traced first, to learn which calls change the disk and in which order; then it is started again for some
of them, evenly spread, and killed by SIGKILL at the moment at which it would make that call. `tests/fetch` has the
same in one process, for every step.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.e2e.bed import RESTANTE, Bed, Owner, canonical
from tests.e2e.corpus import DOTS, PLAIN
from tests.e2e.faults import STEPS
from tests.e2e.test_crash import steps_on_disk

from restante.cli import main

pytestmark = [pytest.mark.peer("strace"), pytest.mark.timeout(300)]

KILLS: Final = 6
"""Of each kind of destination. A step costs two runs of the program."""

MANY: Final = 80
"""Messages, fewer than a group."""


@pytest.fixture(scope="module")
def crash_bed() -> Iterator[Bed]:
    with Bed(doors=("pop3", "lmtp"), settings={"maildrop.login_delay_seconds": "0"}) as running:
        yield running


def options(bed: Bed, owner: Owner, home: Path, to: str) -> list[str]:
    return [
        *("fetch", "--server", f"127.0.0.1:{bed.port('pop3')}", "--security", "plain", "--user", owner.name),
        *("--password-command", f"echo {owner.password}", "--state", str(home / "state"), "--to", to),
    ]


def traced_run(bed: Bed, owner: Owner, home: Path, to: str, *expressions: str) -> tuple[int, str]:
    """Run it under strace; give how it ended, and the calls."""
    chosen = [part for expression in (f"trace={STEPS}", *expressions) for part in ("-e", expression)]
    calls = home / "calls"
    argv: list[str | Path] = ["strace", "-f", "-y", "-o", calls, *chosen, RESTANTE, *options(bed, owner, home, to)]
    done = subprocess.run(argv, env=bed.environment, capture_output=True, timeout=120, check=False)
    return done.returncode, calls.read_text()


def in_maildir(home: Path) -> list[bytes]:
    return [path.read_bytes() for name in ("new", "cur") for path in (home / "to" / name).glob("*")]


def in_mbox(home: Path) -> list[bytes]:
    box = home / "to"
    if not box.exists() or not box.stat().st_size:
        return []
    _, *entries = (b"\n\n" + box.read_bytes()).split(b"\n\nFrom sender@example.net ")
    return [entry.partition(b"\n")[2].removesuffix(b"\n").removesuffix(b"\n") + b"\n" for entry in entries]


@pytest.mark.parametrize(("kind", "kept"), [("maildir", in_maildir), ("mbox", in_mbox)])
def test_a_kill_at_a_step_loses_nothing_and_doubles_nothing(
    crash_bed: Bed, home: Path, kind: str, kept: Callable[[Path], list[bytes]]
) -> None:
    bed = crash_bed
    owner = bed.account()

    def begin() -> tuple[Path, list[bytes]]:
        # A group with two that are alike.
        while len(there := bed.mail(owner)) < 3:
            bed.deliver(owner, PLAIN if there else DOTS)
        return Path(tempfile.mkdtemp(dir=home)), there

    fresh, there = begin()
    code, calls = traced_run(bed, owner, fresh, f"{kind}:{fresh}/to")
    assert code == 0
    # Not openat, of which the interpreter has hundreds: their number is not the same in each run.
    steps = [step for step in steps_on_disk(calls, str(fresh)) if step[0] != "openat"]
    assert len(steps) > KILLS, steps
    assert Counter(map(canonical, kept(fresh))) == Counter(there)
    kills = 0
    for number in range(KILLS):
        name, which = steps[number * len(steps) // KILLS]
        fresh, there = begin()
        to = f"{kind}:{fresh}/to"
        code, calls = traced_run(bed, owner, fresh, to, f"inject={name}:signal=KILL:when={which}")
        # Which thread makes a call is chance, and calls are counted by thread: now and then none is the one meant.
        kills += code != 0
        left = bed.mail(owner)
        lost = Counter(there) - Counter(left) - Counter(map(canonical, kept(fresh)))
        assert not lost, f"{name} number {which}: gone at the server and not here: {lost}"
        assert main(options(bed, owner, fresh, to)) == 0
        assert Counter(map(canonical, kept(fresh))) == Counter(there), f"{name} number {which}"
        assert bed.mail(owner) == []
    assert kills >= KILLS // 2


def test_the_disk_is_waited_for_once_a_group_but_for_the_files_themselves(crash_bed: Bed, home: Path) -> None:
    bed = crash_bed
    owner = bed.account(*[PLAIN + b"%d\r\n" % number for number in range(MANY)])
    there = bed.mail(owner)
    code, calls = traced_run(bed, owner, home, f"maildir:{home}/to")
    assert code == 0
    assert Counter(map(canonical, in_maildir(home))) == Counter(there)
    waits = re.findall(r" f(?:data)?sync\(\d+<([^>]+)>", calls)
    files = [path for path in waits if path.startswith(f"{home}/to/tmp/")]
    groups = waits.count(f"{home}/to/new")
    state = [path for path in waits if path.startswith(f"{home}/state")]
    assert len(files) == len(set(files)) == MANY
    # One, unless the machine is so slow that a group goes off by its time.
    assert 1 <= groups <= MANY // 8
    # In hand, then stored; and what SQLite does when it makes, empties and closes its file, and when all are gone.
    assert len(state) <= 2 * groups + 12, state
    assert bed.mail(owner) == []
