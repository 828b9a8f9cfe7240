"""The plot of a table: for each row how many times better than the other side, with the goal, as SVG.

    .venv/bin/python benchmarks/plot.py docs/benchmarks/latest.json

A bar goes from 1, where both are alike, to the median of the rounds; the thin line from the lowest to the highest;
the tick is the goal. Where both builds were measured the upper bar is the pure one's and the lower the compiled
one's. The scale is by powers, and where less is better, the ratio is turned over.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from xml.sax.saxutils import escape

__all__ = ["Bar", "Line", "draw", "lines_of", "plot"]

_WIDTH: Final = 900
_LEFT: Final = 480
_RIGHT: Final = 190
_ROW: Final = 26
_TOP: Final = 34
_LONGEST_TITLE: Final = 64
_LABELS: Final = 6
"""Of the scale; with more of them each second one is left out."""
_LESS_IS_BETTER: Final = frozenset({"ms", "µs", "KiB"})
_STYLE: Final = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .figure { font-size: 12px } .small { font-size: 11px; fill: #59636e }
  .ahead { fill: #1a7f37 } .behind { fill: #bc4c00 } .range { stroke: #1f2328; stroke-width: 1.5 }
  .goal { stroke: #8250df; stroke-width: 3 } .grid { stroke: #d1d9e0 } .alike { stroke: #59636e }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 } .ahead { fill: #3fb950 } .behind { fill: #db6d28 }
    .range { stroke: #f0f6fc } .goal { stroke: #ab7df8 } .grid { stroke: #3d444d } .alike { stroke: #9198a1 }
  }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One build in a row, as times better than the other side."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row: its bars, one for each build that was measured."""

    title: str
    other: str
    bars: list[Bar]
    goal: float | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:  # Any: the row of the JSON that run.py writes
        turned = row["unit"] in _LESS_IS_BETTER
        bars: list[Bar] = []
        for side, ratio in enumerate(row["ratios"]):
            ratios = [each[-1] / each[side] if turned else each[side] / each[-1] for each in row["rounds"]]
            bars.append(Bar(median=1 / ratio if turned else ratio, lowest=min(ratios), highest=max(ratios)))
        goal = None if row["goal"] is None else float(row["goal"].split()[1])
        return cls(
            title=row["title"],
            other=row["sides"][-1],
            bars=bars,
            goal=1 / goal if goal is not None and turned else goal,
        )


def lines_of(told: dict[str, Any]) -> list[Line]:  # Any: as above
    """Give the rows that were measured against somebody else."""
    return [Line.of(row) for row in told["rows"] if row["rounds"] and row["sides"][0] == "Restante"]


def draw(lines: list[Line], caption: str) -> str:
    """Give the SVG."""
    ends = [1, *(line.goal for line in lines if line.goal is not None)]
    ends += [end for line in lines for bar in line.bars for end in (bar.lowest, bar.highest)]
    low = math.floor(math.log2(min(ends)))
    high = max(low + 1, math.ceil(math.log2(max(ends))))
    height = _TOP + _ROW * len(lines) + 30

    def x(ratio: float) -> float:
        return round(_LEFT + (math.log2(ratio) - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(caption)}</title><style>{_STYLE}</style>",
    ]
    for power in range(low, high + 1):
        at, told = x(2.0**power), f"{2**power}×" if power >= 0 else f"1/{2**-power}"
        kind = "alike" if power == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{at}" x2="{at}" y1="{_TOP - 8}" y2="{height - 26}"/>')
        if power % 2 == 0 or high - low <= _LABELS:
            parts.append(f'<text class="small" x="{at}" y="{_TOP - 14}" text-anchor="middle">{told}</text>')
    for place, line in enumerate(lines):
        parts += _drawn(line, _TOP + _ROW * place, x)
    parts.append(f'<text class="small" x="8" y="{height - 8}">{escape(caption)}</text></svg>')
    return "\n".join(parts) + "\n"


def _drawn(line: Line, top: int, x: Callable[[float], float]) -> list[str]:
    middle, alike = top + _ROW // 2, x(1)
    title = line.title if len(line.title) <= _LONGEST_TITLE else line.title[: _LONGEST_TITLE - 1] + "…"
    parts = [f'<text x="8" y="{middle + 4}">{escape(title)}</text>']
    height = (_ROW - 8) / len(line.bars)
    for n, bar in enumerate(line.bars):
        median, above = x(bar.median), top + 4 + n * height
        kind = "ahead" if bar.median >= 1 else "behind"
        parts += [
            f'<rect class="{kind}" x="{min(alike, median)}" y="{above:.1f}" width="{abs(median - alike):.1f}" '
            f'height="{height - 1:.1f}"/>',
            f'<line class="range" x1="{x(bar.lowest)}" x2="{x(bar.highest)}" y1="{above + height / 2:.1f}" '
            f'y2="{above + height / 2:.1f}"/>',
        ]
    if line.goal is not None:
        goal = x(line.goal)
        parts.append(f'<line class="goal" x1="{goal}" x2="{goal}" y1="{top + 2}" y2="{top + _ROW - 2}"/>')
    figure = max(x(end) for end in (1, line.goal or 1, *(bar.highest for bar in line.bars))) + 6
    told = ", ".join(f"{bar.median:.0f}" if bar.median >= 100 else f"{bar.median:.2g}" for bar in line.bars)
    parts.append(f'<text class="figure" x="{figure}" y="{middle + 4}">{told}× {escape(line.other)}</text>')
    return parts


def plot(file: Path) -> None:
    """Draw the plot of a file beside it."""
    told = json.loads(file.read_text())
    caption = (
        f"times better than the other side, by powers of two; upper bar: pure, lower: compiled; purple: the goal; "
        f"{told['date']}"
    )
    file.with_suffix(".svg").write_text(draw(lines_of(told), caption))


if __name__ == "__main__":
    plot(Path(sys.argv[1]))
