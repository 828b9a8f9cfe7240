"""TOP: the headers, the empty line, and so many lines of the body. Source: RFC 1939 §7."""

from __future__ import annotations

from typing import Final

from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, judged
from restante.doctor.line import Body

__all__ = ["CHECKS"]


def _top(bench: Bench, number: int, lines: int) -> Body:
    body = bench.inside().ask_body(b"TOP %d %d" % (number, lines))
    if body is None:
        raise NotApplicable(f"TOP {number} {lines} is refused")
    return body


def _split(lines: tuple[bytes, ...]) -> int | None:
    """Give the place of the empty line, or None."""
    return lines.index(b"") if b"" in lines else None


def _zero(bench: Bench) -> Verdict:
    number = bench.smallest()[0]
    lines = _top(bench, number, 0).lines
    after = 0 if (place := _split(lines)) is None else len(lines) - place - 1
    good = place is not None and after == 0
    return judged(
        good,
        f"TOP {number} 0 gave {after} lines after the headers" if place is not None else "there was no empty line",
    )


def _one(bench: Bench) -> Verdict:
    listing = bench.listing()
    number = max(bench.smallest(5), key=lambda one: listing[one])
    whole = _top(bench, number, 2**31 - 1).lines
    place = _split(whole)
    if place is None or len(whole) <= place + 1:
        raise NotApplicable("the messages at hand have no body")
    lines = _top(bench, number, 1).lines
    return judged(lines == whole[: place + 2], f"TOP {number} 1 gave {len(lines) - place - 1} lines of the body")


def _all(bench: Bench) -> Verdict:
    number = bench.smallest()[0]
    whole, top = bench.message(number), _top(bench, number, 2**31 - 1)
    if not whole.lines:
        raise Obstacle("the message is empty")
    return judged(
        top.lines == whole.lines,
        f"TOP {number} {2**31 - 1} gave {len(top.lines)} lines, RETR {len(whole.lines)}"
        + ("" if top.lines == whole.lines else ", and they differ"),
    )


CHECKS: Final = (
    Check(
        id="rfc1939.7.top-zero",
        level=Level.MUST,
        source="RFC 1939 §7 (TOP)",
        requirement="TOP with 0 lines gives the headers and the empty line after them.",
        meaning="Programs that show headers first miss the last of them, or fetch what they did not want.",
        remedy="Bring the server up to date.",
        needs=Need.MESSAGES,
        judge=_zero,
    ),
    Check(
        id="rfc1939.7.top-lines",
        level=Level.MUST,
        source="RFC 1939 §7 (TOP)",
        requirement="TOP with 1 line gives the headers, the empty line, and the first line of the body.",
        meaning="Previews are cut, or cost the whole message.",
        remedy="Bring the server up to date.",
        needs=Need.MESSAGES,
        judge=_one,
    ),
    Check(
        id="rfc1939.7.top-all",
        level=Level.MUST,
        source="RFC 1939 §7 (TOP)",
        requirement="TOP with more lines than there are gives the whole message, as RETR does.",
        meaning="Programs that read by TOP, so as not to mark mail as read, show another message.",
        remedy="Bring the server up to date.",
        needs=Need.READING,
        judge=_all,
    ),
)
