"""An examination as one page of HTML that can be sent to a colleague: no script, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Final

from restante.doctor.check import Level, Outcome
from restante.doctor.examination import Examination, Finding
from restante.doctor.report import summary
from restante.explain.page_style import STYLE

__all__ = ["as_html"]

_MORE_STYLE: Final = """
table{border-collapse:collapse;width:100%;font-size:.875rem;margin:.5rem 0 2rem}
td{padding:.3rem .5rem .3rem 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
h1,.note{overflow-wrap:anywhere}
.found .wire{margin:.5rem 0}
@media(max-width:44rem){td{display:block;border:0;padding:0}
tr{display:block;border-top:1px solid var(--line);padding:.35rem 0}}
"""

_CLASSES: Final = {Level.MUST: "trouble", Level.SHOULD: "warning", Level.PRACTICE: "advice"}


def as_html(examination: Examination) -> str:
    """Give the page."""
    title = escape(f"What the doctor found at {examination.host}")
    found = [one for level in Level for one in examination.of(Outcome.FAILED, level)]
    others = [one for one in examination.findings if one.verdict.outcome is not Outcome.FAILED]
    known = "".join(
        f"<h2>This is {escape(kind.name)}</h2>" + "".join(f"<p class=note>{escape(told)}</p>" for told in kind.told)
        for kind in examination.peculiarities
    )
    rows = "".join(
        f"<tr><td>{escape(one.verdict.outcome.value)}</td><td>{escape(one.check.id)}</td>"
        f"<td>{escape(one.verdict.said)}</td></tr>"
        for one in others
    )
    return (
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        '<meta name=viewport content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{STYLE}{_MORE_STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{title}</h1><p class=note>{escape(summary(examination))}</p></header>\n<main>\n"
        + "".join(map(_finding, found))
        + known
        + f"<h2>All else</h2><table>{rows}</table>\n</main>\n</body>\n</html>\n"
    )


def _finding(finding: Finding) -> str:
    check = finding.check
    wire = "".join(
        f"<div class={'bad' if '*' in line.mark else 'line'}><i>{escape(line.mark)}</i> "
        f"<code>{escape(line.text)}</code></div>"
        for line in finding.evidence
    )
    return (
        f'<div class="found {_CLASSES[check.level]}"><p><b>{escape(check.requirement)}</b></p>'
        f"<p>Seen: {escape(finding.verdict.said)}</p><p>{escape(check.meaning)}</p>"
        f"<p>To do: {escape(check.remedy)}</p>"
        + (f"<div class=wire>{wire}</div>" if wire else "")
        + f"<p class=source>{check.level.value} · {escape(check.id)} · {escape(check.source)}</p></div>\n"
    )
