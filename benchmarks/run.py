"""`make bench`: Restante and Dovecot on the same mail, row by row, in turn.

    .venv/bin/python benchmarks/run.py [--quick] [--rows KEY,KEY] [--pairs N] [--idle N]
                                        [--compiled] [--memory] [--json FILE]

Each row is run A B A B; the ratio is taken pair by pair, so that what slows the machine for a while slows both.
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
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # it is run as a file, and its other files are a package

from benchmarks.bed import BUSY, COMPILED_PYTHON, Bed, CannotRun, Measured  # noqa: E402 - see above
from benchmarks.plot import plot  # noqa: E402 - see above
from benchmarks.rows import ROWS, Row  # noqa: E402 - see above

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a row gave."""

    row: Row
    pairs: list[tuple[Measured, Measured]] = field(default_factory=list)
    problem: str = ""
    """Why it was not measured; empty when it was."""

    @property
    def ratios(self) -> list[float]:
        return [a.value / b.value if b.value else float("inf") for a, b in self.pairs]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    def side(self, which: int) -> float:
        return statistics.median(pair[which].value for pair in self.pairs)

    @property
    def bounded_by_load(self) -> bool:
        """Whether the load generator had no more to give, so that the server may be faster than it looks."""
        return any(side.busy > BUSY for pair in self.pairs for side in pair)

    @property
    def met(self) -> bool | None:
        return None if self.problem or self.row.goal is None else self.row.goal.met(self.ratio)


def measure(bed: Bed, row: Row, pairs: int, deadline: float) -> Outcome:
    """Measure a row. `deadline`, in seconds of the monotonic clock: no pair is begun after it."""
    first, second = row.sides
    done: list[tuple[Measured, Measured]] = []
    try:
        if time.monotonic() > deadline:
            raise CannotRun("there was no time left for it: give it to --rows")
        for side in row.sides:
            if not row.once:
                side.measure(bed, 0)
        for run in range(1, (1 if row.once else pairs) + 1):
            if done and time.monotonic() > deadline:
                break
            done.append((first.measure(bed, run), second.measure(bed, run)))
    except (CannotRun, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        return Outcome(row=row, problem=str(error) or type(error).__name__)
    return Outcome(row=row, pairs=done)


def table(outcomes: Sequence[Outcome]) -> str:
    """Give the table, in Markdown."""
    lines = [
        "| row | Restante | the other | ratio, median (lowest–highest of n pairs) | goal | met |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for outcome in outcomes:
        row = outcome.row
        goal = str(row.goal or "")
        if outcome.problem:
            lines.append(f"| {row.title} | | | not measured: {outcome.problem} | {goal} | |")
            continue
        a, b = (f"{_figure(outcome.side(which))} {row.unit}" for which in (0, 1))
        names = [side.name for side in row.sides]
        a = a if names[0] == "Restante" else f"{names[0]}: {a}"
        ratios = outcome.ratios
        ratio = f"{outcome.ratio:.3g} ({min(ratios):.3g}–{max(ratios):.3g} of {len(ratios)})"
        if outcome.bounded_by_load:
            ratio = f"{ratio}; the load generator was at its end"
        met = {None: "", True: "yes", False: "no"}[outcome.met]
        lines.append(f"| {row.title} | {a} | {names[1]}: {b} | {ratio} | {goal} | {met} |")
    return "\n".join(lines)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


# --- what it ran on ----------------------------------------------------------------------------------------------


def install_what_is_missing(bed: Bed) -> None:
    """As root on Debian, install what is missing; else note what is left out and why."""
    missing = [package for file, package in PACKAGES if not Path(file).exists()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {' '.join(missing)}", flush=True)
        policy = Path("/usr/sbin/policy-rc.d")
        ours = not policy.exists()
        if ours:
            # A policy that denies keeps the packages from starting what they bring.
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        try:
            install = ["apt-get", "-qq", "-y", "install", "--no-remove", "--no-install-recommends", *missing]
            environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            if subprocess.run(install, env=environ, check=False).returncode:
                subprocess.run(["apt-get", "-qq", "update"], check=False)
                subprocess.run(install, env=environ, check=False)
        finally:
            if ours:
                policy.unlink()
        if "dovecot-pop3d" in missing and Path("/run/systemd/system").exists():
            subprocess.run(["systemctl", "disable", "--quiet", "dovecot.service", "dovecot.socket"], check=False)
    for file, package in PACKAGES:
        if not Path(file).exists() and package.startswith("dovecot"):
            bed.without["dovecot"] = "Dovecot is not here: apt-get install dovecot-pop3d dovecot-lmtpd"
    if "dovecot" not in bed.without and os.geteuid() != 0:
        bed.without["dovecot"] = "Dovecot needs root, to keep mail under a user of its own: run it as root"


def conditions(bed: Bed, quick: bool, pairs: int) -> dict[str, Any]:  # Any: JSON
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
    python = str(bed.python or sys.executable)
    told = subprocess.run(
        [python, "-m", "restante", "--version"], capture_output=True, text=True, check=True
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
        "seconds_each_run": bed.seconds,
        "pairs": pairs,
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
            "pairs": [[a.value, b.value] for a, b in outcome.pairs],
            "load_busy": [[round(a.busy, 3), round(b.busy, 3)] for a, b in outcome.pairs],
            "ratio": outcome.ratio if outcome.pairs else None,
            "met": outcome.met,
        }
        for outcome in outcomes
    ]
    return json.dumps({**told, "rows": rows}, indent=2, ensure_ascii=False) + "\n"


# --- the command -------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it."""
    options = _options(arguments)
    pairs = options.pairs or (2 if options.quick else 5)
    budget = 160.0 if options.quick else 1_100.0
    began = time.monotonic()
    wanted = options.rows.split(",") if options.rows else [row.key for row in ROWS if _is_there(row, options)]
    if unknown := set(wanted) - {row.key for row in ROWS}:
        print(f"no row {', '.join(sorted(unknown))}; there are {', '.join(row.key for row in ROWS)}")
        return 2
    if options.compiled and not COMPILED_PYTHON.exists():
        print("there is no compiled build: make compiled")
        return 1
    python = COMPILED_PYTHON if options.compiled else None
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
            python=python,
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
        told = conditions(bed, options.quick, pairs)
        os.sched_setaffinity(0, bed.load_cores)
        outcomes: list[Outcome] = []
        for row in ROWS:
            if row.key not in wanted:
                continue
            started = time.monotonic()
            outcomes.append(measure(bed, row, pairs, began + budget))
            print(f"{row.key}: {_in_short(outcomes[-1])} [{time.monotonic() - started:.0f} s]", flush=True)
        if options.hold:
            print(f"POP3 on {bed.restante.pop3}, process {bed.restante.pid}; Enter ends it", flush=True)
            sys.stdin.readline()
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    print(f"\n{told['machine']}; {versions}; {told['date']}\n\n{table(outcomes)}\n")
    target = options.json or (None if options.quick or options.rows else _published(options))
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_json(outcomes, told))
        target.with_suffix(".md").write_text(
            f"{told['machine']}; {versions}; {told['date']}; {pairs} pairs of {seconds:g} s.\n\n{table(outcomes)}\n"
        )
        plot(target)
    return 0


def _is_there(row: Row, options: argparse.Namespace) -> bool:
    return not (options.memory and row.in_files)


def _published(options: argparse.Namespace) -> Path:
    """Give where the table goes that people look at."""
    return PUBLISHED / ("memory.json" if options.memory else "compiled.json" if options.compiled else "latest.json")


def _in_short(outcome: Outcome) -> str:
    return outcome.problem or f"{_figure(outcome.side(0))} to {_figure(outcome.side(1))} {outcome.row.unit}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure Restante against Dovecot and against a C program.")
    parser.add_argument("--quick", action="store_true", help="two short pairs for each row, under three minutes")
    parser.add_argument("--rows", metavar="KEY,KEY", help="only these rows")
    parser.add_argument("--pairs", type=int, help="pairs for each row; 5, or 2 with --quick")
    parser.add_argument("--seconds", type=float, help="seconds of each run; 3, or 1 with --quick")
    parser.add_argument("--idle", type=int, help="idle sessions for the memory rows; 5000, or 200 with --quick")
    parser.add_argument("--many", type=int, default=100_000, help="messages of the very big maildrop; 100000")
    parser.add_argument("--compiled", action="store_true", help="measure the compiled build (make compiled first)")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="where mail is made; on a real disk")
    parser.add_argument("--memory", action="store_true", help="with Restante's mail in memory: the protocol alone")
    parser.add_argument(
        "--json", type=Path, help="where the figures go; a full run writes docs/benchmarks/latest.json by itself"
    )
    parser.add_argument("--hold", action="store_true", help="leave the servers running at the end, for a profiler")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
