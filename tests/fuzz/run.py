"""Runs the fuzzers, guided by coverage (atheris): `make fuzz`, or one of them with the options of libFuzzer.

    python -m tests.fuzz.run                      each for a minute, two at a time
    python -m tests.fuzz.run --seconds 600 sasl   one of them, for longer
    python -m tests.fuzz.run --input FILE sasl    one input, as a find is repeated

A fuzzer is a module `fuzz_NAME` with `one_input`, which raises at a find, and seeds in `corpus/NAME`. The seeds are
never written to; a find is kept beside them, to become a seed once it is mended.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
NAMES: Final = tuple(sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.py")))
AT_ONCE: Final = 2
LONGEST_OCTETS: Final = 4096


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments name; 1 at a find."""
    reader = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description="Fuzz, guided by coverage.")
    reader.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; all of them without")
    reader.add_argument("--seconds", type=int, default=60, help="for how long each runs")
    reader.add_argument("--input", type=Path, help="run this one input")
    given = reader.parse_args(arguments)
    if unknown := set(given.names) - set(NAMES):
        reader.error(f"no such fuzzer: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if given.input is not None:
        for name in given.names:
            importlib.import_module(f"tests.fuzz.fuzz_{name}").one_input(given.input.read_bytes())
        return 0
    with ThreadPoolExecutor(AT_ONCE) as threads:
        ended = list(threads.map(lambda name: fuzz(name, given.seconds), given.names or NAMES))
    return int(not all(ended))


def fuzz(name: str, seconds: int) -> bool:
    """Run a fuzzer in a process of its own; say how it went, and whether that is well."""
    with tempfile.TemporaryDirectory() as grown:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.fuzz.run_one", name, grown, str(HERE / "corpus" / name)),
                *(f"-max_total_time={seconds}", f"-max_len={LONGEST_OCTETS}", "-timeout=10", "-rss_limit_mb=2048"),
                f"-artifact_prefix={HERE / 'corpus' / name}-",
            ],
            cwd=HERE.parents[1],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds + 120,
            check=False,
        )
        told = (done.stdout + done.stderr).splitlines()
        print(
            f"{name}: {told[-1] if told else 'nothing was said'}; {len(os.listdir(grown))} new inputs", flush=True
        )
    if done.returncode:
        print("\n".join(told[-60:]), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
