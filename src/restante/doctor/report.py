"""An examination as text, as JSON, and as JUnit's XML. Everything from a server is escaped before it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from restante.doctor.check import OFFERS, Level, Outcome
from restante.doctor.examination import Examination, Finding

__all__ = ["SCHEMA", "as_json", "as_junit", "as_text", "summary"]

MOST_NAMED: Final = 12
"""Checks that were not judged for one reason."""

SCHEMA: Final = 1
"""Of the JSON. It grows when a key changes its meaning or goes."""

_MARKS: Final = {
    Outcome.PASSED: "ok",
    Outcome.FAILED: "FAILED",
    Outcome.NOT_APPLICABLE: "-",
    Outcome.NOT_JUDGED: "not judged",
}


def summary(examination: Examination) -> str:
    """Give one line about the whole."""
    of = examination.of
    failed = of(Outcome.FAILED)
    levels = ", ".join(
        f"{len(of(Outcome.FAILED, level))} {level.value}" for level in Level if of(Outcome.FAILED, level)
    )
    left = f", {len(of(Outcome.NOT_JUDGED))} not judged" if of(Outcome.NOT_JUDGED) else ""
    return (
        f"{len(of(Outcome.PASSED))} passed, {len(failed)} failed{f' ({levels})' if levels else ''}{left}, "
        f"{len(of(Outcome.NOT_APPLICABLE))} not applicable, in {examination.seconds:.0f} s"
    )


def as_text(examination: Examination, *, everything: bool = False) -> str:
    """Give what failed and what was not judged, in full; with `everything` a line for each other check, too."""
    parts = [_finding(one) for level in Level for one in examination.of(Outcome.FAILED, level)]
    unjudged = examination.of(Outcome.NOT_JUDGED)
    if unjudged:
        reasons = dict.fromkeys(one.verdict.said for one in unjudged)
        for reason in reasons:
            ids = [one.check.id for one in unjudged if one.verdict.said == reason]
            named = (
                ", ".join(ids)
                if len(ids) <= MOST_NAMED
                else f"{', '.join(ids[:MOST_NAMED])} and {len(ids) - MOST_NAMED} more"
            )
            parts.append(f"Not judged, since {reason}:\n  {named}\n")
    if everything:
        others = (Outcome.PASSED, Outcome.NOT_APPLICABLE)
        rows = [one for one in examination.findings if one.verdict.outcome in others]
        parts.append(
            "".join(f"{_MARKS[one.verdict.outcome]:>4} {one.check.id}: {one.verdict.said}\n" for one in rows)
        )
    for kind in examination.peculiarities:
        parts.append(f"This is {kind.name}. To know:\n" + "".join(f"  {told}\n" for told in kind.told))
    offers = _offers(examination)
    if offers:
        parts.append(offers)
    return "\n".join([*parts, f"{examination.host}: {summary(examination)}\n"])


def _offers(examination: Examination) -> str:
    """Tell what else could be tried, and what that takes."""
    left_out = Counter(one.verdict.said for one in examination.of(Outcome.NOT_APPLICABLE))
    return "".join(
        f"{left_out[reason]} {'check' if left_out[reason] == 1 else 'checks'} left out: {reason}.\n"
        for reason in OFFERS.values()
        if left_out[reason]
    )


def _finding(finding: Finding) -> str:
    check = finding.check
    lines = [
        f"{check.level.value} {check.id} ({check.source})",
        f"  {check.requirement}",
        f"  Seen: {finding.verdict.said}",
        f"  It means: {check.meaning}",
        f"  To do: {check.remedy}",
        *(f"    {line.mark} {line.text}".rstrip() for line in finding.evidence),
    ]
    return "\n".join(lines) + "\n"


def as_json(examination: Examination) -> Mapping[str, object]:
    """Give all of it as what JSON can hold."""
    return {
        "schema": SCHEMA,
        "host": examination.host,
        "profile": examination.profile.value,
        "seconds": round(examination.seconds, 3),
        "worst": None if examination.worst is None else examination.worst.value,
        "login_trouble": examination.login_trouble,
        "peculiarities": [
            {"id": kind.id, "name": kind.name, "told": list(kind.told)} for kind in examination.peculiarities
        ],
        "findings": [
            {
                "id": one.check.id,
                "level": one.check.level.value,
                "outcome": one.verdict.outcome.value,
                "source": one.check.source,
                "requirement": one.check.requirement,
                "seen": one.verdict.said,
                "meaning": one.check.meaning,
                "remedy": one.check.remedy,
                "evidence": [f"{line.mark} {line.text}".rstrip() for line in one.evidence],
                "seconds": round(one.seconds, 3),
            }
            for one in examination.findings
        ],
    }


def as_junit(examination: Examination) -> str:
    """Give XML as JUnit writes it. What failed below the profile's levels counts as passed, and says so."""
    failing = set(map(id, examination.failing))
    cases = []
    for one in examination.findings:
        body = ""
        text = escape(_plain(_finding(one)))
        match one.verdict.outcome:
            case Outcome.FAILED if id(one) in failing:
                body = f"<failure message={quoteattr(_plain(one.verdict.said))}>{text}</failure>"
            case Outcome.FAILED:
                body = f"<system-out>{text}</system-out>"
            case Outcome.NOT_APPLICABLE | Outcome.NOT_JUDGED:
                body = f"<skipped message={quoteattr(_plain(one.verdict.said))}/>"
            case Outcome.PASSED:
                pass
        group, _, name = one.check.id.rpartition(".")
        cases.append(
            f"<testcase classname={quoteattr(group)} name={quoteattr(name)} "
            f'time="{one.seconds:.3f}">{body}</testcase>'
        )
    skipped = len(examination.of(Outcome.NOT_APPLICABLE)) + len(examination.of(Outcome.NOT_JUDGED))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuite name={quoteattr("restante doctor " + examination.host)} tests="{len(cases)}" '
        f'failures="{len(failing)}" skipped="{skipped}" time="{examination.seconds:.3f}">\n'
        + "\n".join(cases)
        + "\n</testsuite>\n"
    )


def _plain(text: str) -> str:
    # XML 1.0 has no place for control characters, escaped or not.
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)
