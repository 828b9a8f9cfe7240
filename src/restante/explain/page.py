"""Sessions as a page of HTML: the conversation beside the wire, what stands out above it, nothing from elsewhere.

One file that can be sent to a colleague: no script, no font, no picture is fetched, and a policy in the page
forbids it. Everything from outside is escaped. Bounded: events behind `MOST_EVENTS` are counted, not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from restante.explain.diagnoses import Finding, Weight
from restante.explain.languages import ENGLISH, Language
from restante.explain.page_style import STYLE
from restante.explain.phrases import Phrase
from restante.explain.told import CHAPTER_NAMES, Told
from restante.explain.wire import Side

__all__ = ["MOST_EVENTS", "PageForm"]

MOST_EVENTS: Final = 20_000
"""Of all sessions of a page. A browser takes some seconds for as many."""


@dataclass(slots=True)
class _Session:
    label: str
    rows: list[str] = field(default_factory=list)
    findings: list[tuple[str, Finding]] = field(default_factory=list)
    """With the place in the page."""


class PageForm:
    """Gathers sessions, and writes the page when they are over. `note` goes under the title."""

    def __init__(
        self, write: Callable[[str], object], *, language: Language = ENGLISH, hides_secrets: bool = True
    ) -> None:
        self._write = write
        self._language = language
        self._hides_secrets = hides_secrets
        self._sessions: dict[int, _Session] = {}
        self._events = 0
        self._anchors = 0
        self._missed = 0

    def begin(self, session: int, label: str, *, mixed: bool) -> None:
        """Begin a session: each has a part of the page, whether they went on together or not."""
        del mixed
        self._sessions[session] = _Session(label)

    def tell(self, session: int, told: Told, findings: Sequence[Finding]) -> None:
        """Add an event to its session."""
        self._events += 1
        if self._events > MOST_EVENTS:
            return
        told_of = self._sessions[session]
        anchors = []
        for finding in findings:
            self._anchors += 1
            anchors.append(f"f{self._anchors}")
            told_of.findings.append((anchors[-1], finding))
        if told.opens:
            name = escape(self._language.say(CHAPTER_NAMES[told.chapter]))
            told_of.rows.append(f"<h3>{name} <small>{told.chapter.value}</small></h3>")
        told_of.rows.append(self._row(told, list(zip(anchors, findings, strict=True))))

    def missed(self, count: int) -> None:
        """Remember that so many events were not heard: it is said at the end of the page."""
        self._missed += count

    def finish(self) -> None:
        """Write the page."""
        say = self._language.say
        title = escape(say(Phrase.TITLE))
        note = f"<p class=note>{escape(say(Phrase.HIDDEN_NOTE))}</p>" if self._hides_secrets else ""
        contents = self._contents() if len(self._sessions) > 1 else ""
        sections = [
            self._section(session, number) for number, session in enumerate(self._sessions.values(), start=1)
        ]
        left_out = max(self._events - MOST_EVENTS, 0)
        more = f"<p class=note>… {self._language.written(left_out)}</p>" if left_out else ""
        if self._missed:
            missed = say(Phrase.MISSED_ONE) if self._missed == 1 else say(Phrase.MISSED_MANY, count=self._missed)
            more += f"<p class=note>{escape(missed)}</p>"
        self._write(
            f"<!doctype html>\n<html lang={self._language.tag}>\n<head>\n<meta charset=utf-8>\n"
            '<meta name=viewport content="width=device-width, initial-scale=1">\n'
            "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<header><h1>{title}</h1>{note}{contents}</header>\n"
            f"<main>\n{''.join(sections)}{more}</main>\n</body>\n</html>\n"
        )

    # --- parts of the page ------------------------------------------------------------------------------------

    def _contents(self) -> str:
        """Give where each session stands in the page, and what is the worst of it."""
        items = []
        for number, session in enumerate(self._sessions.values(), start=1):
            name = escape(self._language.say(Phrase.SESSION, number=number))
            label = f" <small>{escape(session.label)}</small>" if session.label else ""
            worst, weight = "", ""
            if session.findings:
                finding = _heaviest_first(session.findings)[0][1]
                weight = f" class={finding.diagnosis.weight.value}"
                worst = f" {escape(self._language.diagnosis(finding.diagnosis, finding.values)[0])}"
            items.append(f'<li{weight}><a href="#s{number}">{name}{label}</a>{worst}</li>')
        return f"<nav class=summary><ul>{''.join(items)}</ul></nav>\n"

    def _section(self, session: _Session, number: int) -> str:
        say = self._language.say
        heading = escape(say(Phrase.SESSION, number=number)) if len(self._sessions) > 1 else ""
        if session.label:
            heading += f" <small>{escape(session.label)}</small>"
        columns = (
            f"<div class=columns aria-hidden=true><span>{escape(say(Phrase.THE_STORY))}</span>"
            f"<span>{escape(say(Phrase.THE_WIRE))}</span></div>"
        )
        return (
            f"<section id=s{number}>\n"
            + (f"<h2>{heading}</h2>\n" if heading else "")
            + self._summary(session)
            + columns
            + "\n".join(session.rows)
            + "\n</section>\n"
        )

    def _summary(self, session: _Session) -> str:
        say, count = self._language.say, len(session.findings)
        if not count:
            return f"<p class=summary>{escape(say(Phrase.NOTHING_FOUND))}</p>\n"
        words = say(Phrase.FOUND_ONE) if count == 1 else say(Phrase.FOUND_MANY, count=count)
        items = [
            f"<li class={finding.diagnosis.weight.value}>{escape(say(_WORDS[finding.diagnosis.weight]))} · "
            f'<a href="#{anchor}">{escape(self._language.diagnosis(finding.diagnosis, finding.values)[0])}</a></li>'
            for anchor, finding in _heaviest_first(session.findings)
        ]
        return f"<div class=summary><p>{escape(words)}</p><ul>{''.join(items)}</ul></div>\n"

    def _row(self, told: Told, findings: Sequence[tuple[str, Finding]]) -> str:
        side = {Side.CLIENT: "client", Side.SERVER: "server", None: "aside"}[told.speaker]
        speaker = ""
        if told.speaker is not None:
            name = self._language.say(Phrase.CLIENT if told.speaker is Side.CLIENT else Phrase.SERVER)
            speaker = f"<b>{escape(name)}</b> "
        lesson = ""
        if told.lesson is not None:
            text = escape(self._language.lesson(told.lesson))
            name = f"{self._language.say(Phrase.LESSON)} · {told.lesson.value}"
            lesson = f"<details><summary>{escape(name)}</summary><p>{text}</p></details>"
        wire = "".join(
            f"<div class={'bad' if '*' in line.mark else 'line'}><i>{escape(line.mark)}</i> "
            f"<code>{escape(line.text)}</code></div>"
            for line in told.lines()
        )
        found = "".join([self._finding(anchor, finding) for anchor, finding in findings])
        return (
            f"<div class=row><div class={side}><p>{speaker}{escape(told.story)}</p>{lesson}</div>"
            f"<div class=wire>{wire}</div>{found}</div>"
        )

    def _finding(self, anchor: str, finding: Finding) -> str:
        sentence, advice = self._language.diagnosis(finding.diagnosis, finding.values)
        return (
            f'<div class="found {finding.diagnosis.weight.value}" id={anchor}><p><b>{escape(sentence)}</b></p>'
            f"<p>{escape(self._language.advice(advice))}</p>"
            f"<p class=source>{escape(self._language.say(_WORDS[finding.diagnosis.weight]))} · "
            f"{escape(finding.diagnosis.id)} · {escape(finding.diagnosis.source)}</p></div>"
        )


def _heaviest_first(findings: Sequence[tuple[str, Finding]]) -> list[tuple[str, Finding]]:
    return sorted(findings, key=lambda one: _WEIGHTS.index(one[1].diagnosis.weight))


_WEIGHTS: Final = tuple(Weight)
_WORDS: Final[Mapping[Weight, Phrase]] = {
    Weight.TROUBLE: Phrase.TROUBLE,
    Weight.WARNING: Phrase.WARNING,
    Weight.NOTE: Phrase.NOTE,
}
"""Said, since not everybody sees colours."""
