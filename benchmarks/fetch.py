"""`restante fetch` beside mpop: all messages of a maildrop into a Maildir, durably, in turn.

    .venv/bin/python benchmarks/fetch.py [--messages N] [--rounds N] [--other PROGRAM ...] [--json]

Both read from our own server on loopback, keep the mail there, and begin with nothing known and an empty Maildir.
`--other` names the `restante` of another build, to be measured in the same rounds. Seconds include the start of the
program; the processor's are those of the program alone. mpop fsyncs each file that it writes, as we do.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # it is run as a file, and its other files are a package

from benchmarks.client import NAME, site  # noqa: E402 - see above
from benchmarks.servers import PASSWORD  # noqa: E402 - see above

__all__ = ["Took", "by_mpop", "by_restante", "compare", "main"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one run took, in seconds."""

    wall_seconds: float
    processor_seconds: float


def by_restante(program: Path, port: int, home: Path) -> Took:
    """Fetch with a `restante`."""
    options = ["--server", f"127.0.0.1:{port}", "--security", "plain", "--user", NAME, "--keep"]
    options += [
        "--password-command",
        f"echo {PASSWORD}",
        "--state",
        str(home / "state"),
        "--to",
        f"maildir:{home}/Mail",
    ]
    return _timed([str(program), "fetch", *options], home)


def by_mpop(port: int, home: Path) -> Took:
    """Fetch with mpop, as it is but for the line that it would add to each message."""
    for folder in ("new", "cur", "tmp"):
        (home / "Mail" / folder).mkdir(parents=True)
    settings = home / "mpoprc"
    lines = ["account site", "host 127.0.0.1", f"port {port}", "tls off", "auth user", f"user {NAME}", "keep on"]
    lines += [
        f"password {PASSWORD}",
        "received_header off",
        f"delivery maildir {home}/Mail",
        f"uidls_file {home}/uidls",
    ]
    settings.write_text("\n".join(lines) + "\n")
    settings.chmod(0o600)
    return _timed(["mpop", "-C", str(settings), "site"], home)


def compare(
    programs: Mapping[str, Callable[[int, Path], Took]], *, messages: int, rounds: int
) -> dict[str, list[Took]]:
    """Let each fetch everything, in turn. Raises RuntimeError where one does not."""
    took: dict[str, list[Took]] = {name: [] for name in programs}
    with (
        tempfile.TemporaryDirectory(prefix="restante-bench-") as folder,
        site(Path(folder) / "site", messages) as port,
    ):
        for number in range(rounds):
            for name, fetch in programs.items():
                home = Path(folder) / f"{number}-{len(name)}-{name.replace('/', '-')}"
                home.mkdir()
                took[name].append(fetch(port, home))
                came = len(os.listdir(home / "Mail" / "new"))
                if came != messages:
                    raise RuntimeError(f"{name}: {came} messages came, and not {messages}")
    return took


def _timed(command: Sequence[str], home: Path) -> Took:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env={**os.environ, "HOME": str(home)}, stdout=subprocess.DEVNULL, check=True)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(
        wall_seconds=seconds,
        processor_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--other", type=Path, action="append", default=[], help="the restante of another build")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    programs: dict[str, Callable[[int, Path], Took]] = {"mpop": by_mpop}
    for program in (Path(sys.executable).with_name("restante"), *options.other):
        programs[str(program)] = partial(by_restante, program)
    took = compare(programs, messages=options.messages, rounds=options.rounds)
    if options.json:
        print(
            json.dumps(
                {name: [[run.wall_seconds, run.processor_seconds] for run in runs] for name, runs in took.items()}
            )
        )
        return 0
    print(f"{options.messages} messages, medians of {options.rounds} rounds; and of the ratio to mpop's in each")
    for name, runs in took.items():
        wall = statistics.median(run.wall_seconds for run in runs)
        processor = statistics.median(run.processor_seconds for run in runs)
        ratios = [run.wall_seconds / mpop.wall_seconds for run, mpop in zip(runs, took["mpop"], strict=True)]
        print(f"{wall:8.2f} s {processor:8.2f} s of the processor {statistics.median(ratios):8.2f}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
