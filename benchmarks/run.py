"""`make bench`: Restante and Dovecot on the same mail, row by row, in turn.

    .venv/bin/python benchmarks/run.py [--quick] [--rows KEY,KEY] [--rounds N] [--idle N]
                                        [--memory] [--json FILE]

Each row is run A B A B, or where both builds of Restante are measured A B C A B C; ratios are taken within a round,
so that what slows the machine for a while slows all.
The whole is bounded in time: rows that there is no time for say so. How it is measured, and why each setting of
Dovecot stands as it does: docs/benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # it is run as a file, and its other files are a package

from benchmarks.bed import BUSY, COMPILED_PYTHON, Bed, CannotRun, Measured  # noqa: E402 - see above
from benchmarks.plot import plot  # noqa: E402 - see above
from benchmarks.rows import COMPILED, ROWS, Row  # noqa: E402 - see above

__all__ = ["Outcome", "main", "measure", "table"]

PUBLISHED: Final = ROOT / "docs" / "benchmarks"
PACKAGES: Final = (
    ("/usr/bin/cc", "gcc"),
    ("/usr/include/stdio.h", "libc6-dev"),
    ("/usr/include/openssl/ssl.h", "libssl-dev"),
    ("/usr/lib/dovecot/pop3", "dovecot-pop3d"),
    ("/usr/lib/dovecot/lmtp", "dovecot-lmtpd"),
)
"""What the benchmark needs of Debian: a file that shows that it is there, and the package that has it."""
WISHED: Final = (("/usr/include/android/openssl/ssl.h", "android-libboringssl-dev"),)
"""What it does without where no package has it: a load that speaks TLS with less work than OpenSSL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a row gave."""

    row: Row
    rounds: list[tuple[Measured, ...]] = field(default_factory=list)
    """In each of them all sides, as the row has them."""
    problem: str = ""
    """Why it was not measured; empty when it was."""

    def ratios(self, side: int) -> list[float]:
        """Give a side's ratios to the last one, round by round."""
        others = [(each[side].value, each[-1].value) for each in self.rounds]
        return [one / other if other else float("inf") for one, other in others]

    def ratio(self, side: int) -> float:
        return statistics.median(self.ratios(side))

    def median(self, side: int) -> float:
        return statistics.median(each[side].value for each in self.rounds)

    @property
    def bounded_by_load(self) -> bool:
        """Whether the load generator had no more to give, so that the server may be faster than it looks."""
        return any(side.busy > BUSY for each in self.rounds for side in each)

    @property
    def met(self) -> list[str] | None:
        """The sides by which the goal is met; None where there is no goal, or no figure."""
        if self.problem or self.row.goal is None:
            return None
        goal = self.row.goal
        return [side.name for n, side in enumerate(self.row.sides[:-1]) if goal.met(self.ratio(n))]


def measure(bed: Bed, row: Row, rounds: int, deadline: float) -> Outcome:
    """Measure a row. `deadline`, in seconds of the monotonic clock: no round is begun after it."""
    done: list[tuple[Measured, ...]] = []
    try:
        if time.monotonic() > deadline:
            raise CannotRun("there was no time left for it: give it to --rows")
        for side in row.sides:
            if not row.once:
                side.measure(bed, 0)
        for run in range(1, (1 if row.once else rounds) + 1):
            if done and time.monotonic() > deadline:
                break
            done.append(tuple(side.measure(bed, run) for side in row.sides))
    except (CannotRun, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        return Outcome(row=row, problem=str(error) or type(error).__name__)
    return Outcome(row=row, rounds=done)


def table(outcomes: Sequence[Outcome]) -> str:
    """Give the table, in Markdown: of each ratio the median, and the lowest and the highest of the rounds."""
    lines = [
        "| row | Restante | ratio | compiled | ratio | the other | goal | met |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for outcome in outcomes:
        row = outcome.row
        goal = str(row.goal or "")
        if outcome.problem:
            lines.append(f"| {row.title} | not measured: {outcome.problem} | | | | | {goal} | |")
            continue
        cells: list[str] = []
        for n, side in enumerate(row.sides[:-1]):
            told = "" if side.name in {"Restante", COMPILED} else f"{side.name}: "
            ratios = outcome.ratios(n)
            spread = f" ({min(ratios):.3g}–{max(ratios):.3g})" if len(ratios) > 1 else ""
            cells += [f"{told}{_figure(outcome.median(n))} {row.unit}", f"{outcome.ratio(n):.3g}{spread}"]
        cells += [""] * (4 - len(cells))
        other = f"{row.sides[-1].name}: {_figure(outcome.median(-1))} {row.unit}"
        if outcome.bounded_by_load:
            other += "; the load generator was at its end"
        lines.append(f"| {row.title} | {' | '.join(cells)} | {other} | {goal} | {_met(outcome)} |")
    return "\n".join(lines)


def _met(outcome: Outcome) -> str:
    if outcome.met is None:
        return ""
    if len(outcome.met) == len(outcome.row.sides) - 1:
        return "yes"
    return f"by {' and '.join(outcome.met)}" if outcome.met else "no"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


# --- what it ran on ----------------------------------------------------------------------------------------------


def install_what_is_missing(bed: Bed) -> None:
    """As root on Debian, install what is missing; else note what is left out and why."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for packages in (PACKAGES, WISHED):
            if missing := [package for file, package in packages if not Path(file).exists()]:
                _install(missing)
    for file, package in PACKAGES:
        if not Path(file).exists() and package.startswith("dovecot"):
            bed.without["dovecot"] = "Dovecot is not here: apt-get install dovecot-pop3d dovecot-lmtpd"
    if "dovecot" not in bed.without and os.geteuid() != 0:
        bed.without["dovecot"] = "Dovecot needs root, to keep mail under a user of its own: run it as root"


def _install(packages: Sequence[str]) -> None:
    print(f"installing {' '.join(packages)}", flush=True)
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        # A policy that denies keeps the packages from starting what they bring.
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        install = ["apt-get", "-qq", "-y", "install", "--no-remove", "--no-install-recommends", *packages]
        environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run(install, env=environ, check=False).returncode:
            subprocess.run(["apt-get", "-qq", "update"], check=False)
            subprocess.run(install, env=environ, check=False)
    finally:
        if ours:
            policy.unlink()
    if "dovecot-pop3d" in packages and Path("/run/systemd/system").exists():
        subprocess.run(["systemctl", "disable", "--quiet", "dovecot.service", "dovecot.socket"], check=False)


def conditions(bed: Bed, quick: bool, rounds: int) -> dict[str, Any]:  # Any: JSON
    """Tell on what it ran."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    versions = {"Python": platform.python_version(), "Linux": platform.release()}
    told = subprocess.run(
        [sys.executable, "-m", "restante", "--version"], capture_output=True, text=True, check=True
    ).stdout
    versions["Restante"] = told.removeprefix("restante").strip()
    if "dovecot" not in bed.without:
        program = shutil.which("dovecot") or "/usr/sbin/dovecot"
        versions["Dovecot"] = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False
        ).stdout.strip()
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{model}, {os.cpu_count()} cores",
        "versions": versions,
        "server_cores": bed.server_cores,
        "load_cores": bed.load_cores,
        "load_tls": bed.tls,
        "seconds_each_run": bed.seconds,
        "rounds": rounds,
        "quick": quick,
        "idle_sessions": bed.idle,
        "messages_in_the_big_maildrop": bed.many,
        "load_average_at_start": os.getloadavg()[0],
    }


def as_json(outcomes: Sequence[Outcome], told: dict[str, Any]) -> str:  # Any: JSON
    rows = [
        {
            "key": outcome.row.key,
            "title": outcome.row.title,
            "unit": outcome.row.unit,
            "sides": [side.name for side in outcome.row.sides],
            "goal": str(outcome.row.goal) if outcome.row.goal else None,
            "problem": outcome.problem or None,
            "rounds": [[side.value for side in each] for each in outcome.rounds],
            "load_busy": [[round(side.busy, 3) for side in each] for each in outcome.rounds],
            "ratios": [outcome.ratio(n) for n in range(len(outcome.row.sides) - 1)] if outcome.rounds else [],
            "met": outcome.met,
        }
        for outcome in outcomes
    ]
    return json.dumps({**told, "rows": rows}, indent=2, ensure_ascii=False) + "\n"


# --- the command -------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it."""
    options = _options(arguments)
    rounds = options.rounds or (2 if options.quick else 5)
    budget = 220.0 if options.quick else 1_500.0
    began = time.monotonic()
    wanted = options.rows.split(",") if options.rows else [row.key for row in ROWS if _is_there(row, options)]
    if unknown := set(wanted) - {row.key for row in ROWS}:
        print(f"no row {', '.join(sorted(unknown))}; there are {', '.join(row.key for row in ROWS)}")
        return 2
    rows = [row for row in ROWS if row.key in wanted]
    if not COMPILED_PYTHON.exists():
        print("there is no compiled build, and its column stays empty: make compiled")
        rows = [replace(row, sides=tuple(side for side in row.sides if side.name != COMPILED)) for row in rows]
    seconds = options.seconds or (1.0 if options.quick else 3.0)
    # Not /tmp, which may be memory: durable is to mean durable.
    idle = options.idle or (200 if options.quick else 5000)
    with (
        tempfile.TemporaryDirectory(prefix="restante-bench-", dir=options.folder) as folder,
        Bed(
            Path(folder),
            seconds=seconds,
            idle=idle,
            many=options.many,
            in_memory=options.memory,
        ) as bed,
    ):
        install_what_is_missing(bed)
        print("making the mail and starting the servers", flush=True)
        try:
            bed.make()
        except CannotRun as error:
            print(f"the benchmark cannot run: {error}")
            return 1
        told = conditions(bed, options.quick, rounds)
        os.sched_setaffinity(0, bed.load_cores)
        outcomes: list[Outcome] = []
        for row in rows:
            started = time.monotonic()
            outcomes.append(measure(bed, row, rounds, began + budget))
            print(f"{row.key}: {_in_short(outcomes[-1])} [{time.monotonic() - started:.0f} s]", flush=True)
        if options.hold:
            print(f"POP3 on {bed.restante.pop3}, process {bed.restante.pid}; Enter ends it", flush=True)
            sys.stdin.readline()
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    page = (
        f"{told['machine']}; {versions}; {told['date']}; {rounds} rounds of {seconds:g} s.\n\n{table(outcomes)}\n"
    )
    print(f"\n{page}")
    target = options.json or (None if options.quick or options.rows else _published(options))
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_json(outcomes, told))
        target.with_suffix(".md").write_text(page)
        plot(target)
    return 0


def _is_there(row: Row, options: argparse.Namespace) -> bool:
    return not (options.memory and row.in_files)


def _published(options: argparse.Namespace) -> Path:
    """Give where the table goes that people look at."""
    return PUBLISHED / ("memory.json" if options.memory else "latest.json")


def _in_short(outcome: Outcome) -> str:
    figures = [_figure(outcome.median(n)) for n in range(len(outcome.row.sides))] if outcome.rounds else []
    return outcome.problem or f"{' to '.join(figures)} {outcome.row.unit}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure Restante against Dovecot and against a C program.")
    parser.add_argument("--quick", action="store_true", help="two short rounds for each row, under four minutes")
    parser.add_argument("--rows", metavar="KEY,KEY", help="only these rows")
    parser.add_argument("--rounds", type=int, help="rounds for each row; 5, or 2 with --quick")
    parser.add_argument("--seconds", type=float, help="seconds of each run; 3, or 1 with --quick")
    parser.add_argument("--idle", type=int, help="idle sessions for the memory rows; 5000, or 200 with --quick")
    parser.add_argument("--many", type=int, default=100_000, help="messages of the very big maildrop; 100000")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="where mail is made; on a real disk")
    parser.add_argument("--memory", action="store_true", help="with Restante's mail in memory: the protocol alone")
    parser.add_argument(
        "--json", type=Path, help="where the figures go; a full run writes docs/benchmarks/latest.json by itself"
    )
    parser.add_argument("--hold", action="store_true", help="leave the servers running at the end, for a profiler")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
