"""What the server spends on one Python and another, on one build and another: processor time, in turn, in one run.

    .venv/bin/python benchmarks/pythons.py [--rounds N] [--sessions N] PYTHON…

Each PYTHON is that of an environment that has Restante, such as .venv-3.13/bin/python, or that of
.venv-compiled-3.13, after `make test-pythons`. For each row it prints the microseconds of the servers' processes
for one session or RETR: the median of the rounds, the lowest and the highest, and the ratio to the first PYTHON,
taken within a round. What the load spends is left out: so it says something on a machine with others at work, too.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # as in run.py

from benchmarks import mail  # noqa: E402 - see above
from benchmarks.bed import ACCOUNTS, Bed, Option  # noqa: E402 - see above
from benchmarks.servers import Restante, tree_cpu_seconds  # noqa: E402 - see above

__all__ = ["ROWS", "Row", "compare"]

MESSAGES: Final = 200
_SAYS: Final = """
import platform
from restante.compiled import COMPILED
print(platform.python_version(), "compiled" if COMPILED else "pure")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the load does. `share`: of the sessions that are asked for, where each takes longer."""

    name: str
    options: dict[str, Option]
    share: float = 1.0


ROWS: Final = (
    Row(name="session", options={"mode": "sessions"}),
    Row(name="tls", options={"mode": "sessions", "tls": 1}, share=0.5),
    Row(name="retr", options={"mode": "retr"}, share=0.02),
    Row(name="pipelined", options={"mode": "retr", "pipelined": 1}, share=0.02),
)


@dataclass(slots=True)
class Figures:
    """Microseconds of one server for one row, a figure a round."""

    server: str
    row: str
    spent: list[float] = field(default_factory=list)


def compare(
    bed: Bed, pythons: list[Path], *, rounds: int, sessions: int, messages: int = MESSAGES
) -> list[Figures]:
    """Measure each server on each row, in turn. Raises CannotRun where an answer was wrong."""
    servers: list[tuple[str, Restante]] = []
    for number, python in enumerate(pythons):
        said = subprocess.run([python, "-c", _SAYS], capture_output=True, text=True, check=True).stdout.strip()
        names = [f"user{n}" for n in range(ACCOUNTS)]
        server = Restante(
            bed.folder / f"server{number}", names, cores=bed.server_cores, pair=bed.pair, python=python
        )
        for name in names:
            mail.make_maildrop(server.mail / name, mail.Form.CRLF, messages)
        bed.start(server)
        servers.append((said, server))
    figures: list[Figures] = []
    for row in ROWS:
        if row.options.get("tls") and not bed.tls:
            continue
        of_row = [Figures(server=said, row=row.name) for said, _ in servers]
        count = max(ACCOUNTS, int(sessions * row.share))
        for number in range(rounds + 1):
            for (_, server), each in zip(servers, of_row, strict=True):
                spent = _spent(bed, server, {**row.options, "sessions": count, "messages": messages})
                if number:  # the first one warms
                    each.spent.append(spent)
        figures += of_row
    return figures


def _spent(bed: Bed, server: Restante, options: dict[str, Option]) -> float:
    port = server.pop3s if options.get("tls") else server.pop3
    before = tree_cpu_seconds(server.pid)
    result = bed.load(port, **options)
    return (tree_cpu_seconds(server.pid) - before) / result["count"] * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the server on several Pythons.")
    parser.add_argument("pythons", nargs="+", type=Path, metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=int, default=2000, help="in one run; 2000")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="where mail is made; on a real disk")
    options = parser.parse_args()
    # Not resolved: a link in an environment's folder is what makes it the environment's.
    pythons = [Path.cwd() / python for python in options.pythons]
    with (
        tempfile.TemporaryDirectory(prefix="restante-pythons-", dir=options.folder) as folder,
        Bed(Path(folder), seconds=0, idle=0, many=0) as bed,
    ):
        bed.prepare()
        firsts: dict[str, list[float]] = {}
        for each in compare(bed, pythons, rounds=options.rounds, sessions=options.sessions):
            first = firsts.setdefault(each.row, each.spent)
            ratios = [mine / theirs for mine, theirs in zip(each.spent, first, strict=True)]
            spread = f"{statistics.median(each.spent):7.1f} µs ({min(each.spent):.1f}–{max(each.spent):.1f})"
            ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
            print(f"{each.row:10} {each.server:18} {spread:30} {ratio}", flush=True)


if __name__ == "__main__":
    main()
