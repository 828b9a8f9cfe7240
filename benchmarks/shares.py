"""Which call of ours costs what: the samples of perf, each counted for the last function of ours on its stack.

    perf record -F 4000 -e cpu-clock -p PID --call-graph dwarf,16384 -o server.data -- sleep 3
    perf script -i server.data -F ip,sym,dso | .venv/bin/python benchmarks/shares.py [--most N]

PID is a server of the compiled build (`make compiled`) under load, as `run.py --hold` leaves one; in the pure build
the functions of ours are not on the stack. For each function of ours, or of uvloop's, it prints its share of all
samples in per cent: of its own code and of what it calls in the interpreter, the C library and the kernel. Beside
it stand the calls that take most of that.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Share", "shares"]

_FRAME: Final = re.compile(r"\s+[0-9a-f]+ (?P<name>.*) \((?P<library>.*)\)$")
_NOBODY: Final = "(no function of ours)"
_CALLS_SHOWN: Final = 5


@dataclass(slots=True)
class Share:
    """What was counted for one function."""

    samples: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    """What it called when the sample was taken; itself for its own code."""


def shares(lines: Iterable[str]) -> dict[str, Share]:
    """Count the samples of `perf script`, whose frames stand with the innermost first."""
    found: dict[str, Share] = {}
    for stack in _stacks(lines):
        place = next((place for place, (name, library) in enumerate(stack) if _is_ours(name, library)), None)
        name = _NOBODY if place is None else stack[place][0]
        share = found.setdefault(name, Share())
        share.samples += 1
        share.calls[stack[max(0, (place or 0) - 1)][0]] += 1
    return found


def _is_ours(name: str, library: str) -> bool:
    return (name.startswith("CPy") and "__mypyc" in library) or "/uvloop/" in library


def _stacks(lines: Iterable[str]) -> Iterator[list[tuple[str, str]]]:
    stack: list[tuple[str, str]] = []
    for line in lines:
        if frame := _FRAME.match(line.rstrip("\n")):
            stack.append((frame["name"], frame["library"]))
        elif stack and not line.strip():
            yield stack
            stack = []
    if stack:
        yield stack


def main() -> None:
    parser = argparse.ArgumentParser(description="Tell which call of ours costs what, from perf script.")
    parser.add_argument("--most", type=int, default=40, help="functions that are shown; 40")
    options = parser.parse_args()
    found = shares(sys.stdin)
    per_cent = 100 / (sum(share.samples for share in found.values()) or 1)
    for name, share in sorted(found.items(), key=lambda each: -each[1].samples)[: options.most]:
        calls = ", ".join(f"{call} {count * per_cent:.1f}" for call, count in share.calls.most_common(_CALLS_SHOWN))
        print(f"{share.samples * per_cent:5.1f} {name}: {calls}")


if __name__ == "__main__":
    main()
