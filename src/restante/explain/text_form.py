"""Sessions as text, for a terminal or a file: each event as it comes, in one of four views.

    wire    octets, with marks for direction and TLS
    story   the conversation, in chapters
    lesson  the wire, and what there is to learn at each place
    both    the conversation beside the wire

`write` takes the text; colours are sequences of ECMA-48 §8.3.117, if they are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final

from restante.explain.columns import beside, display_width, wrapped
from restante.explain.diagnoses import Finding, Weight
from restante.explain.languages import ENGLISH, Language
from restante.explain.phrases import Phrase
from restante.explain.told import CHAPTER_NAMES, Told
from restante.explain.view import View
from restante.explain.wire import Side
from restante.explain.wire_lines import WireLine

__all__ = ["DEFAULT_WIDTH", "TextForm"]


DEFAULT_WIDTH: Final = 100
NARROWEST: Final = 40


class _Tone(Enum):
    CLIENT = "\x1b[36m"
    GOOD = "\x1b[32m"
    BAD = "\x1b[31m"
    ASIDE = "\x1b[2m"
    HEADING = "\x1b[1m"
    WARNING = "\x1b[33m"


_PLAIN_AGAIN: Final = "\x1b[0m"
_WEIGHTS: Final = {Weight.TROUBLE: _Tone.BAD, Weight.WARNING: _Tone.WARNING, Weight.NOTE: _Tone.ASIDE}


class TextForm:
    """Writes sessions as text. `width` is that of the terminal, in columns."""

    def __init__(
        self,
        view: View,
        write: Callable[[str], object],
        *,
        language: Language = ENGLISH,
        colour: bool = False,
        width: int = DEFAULT_WIDTH,
        all_lines: bool = False,
    ) -> None:
        self._view = view
        self._write = write
        self._language = language
        self._colour = colour
        self.fit(width)
        self._all_lines = all_lines
        self._labels: dict[int, str] = {}

    def fit(self, width: int) -> None:
        """Be as wide as that from here on: people make their windows larger and smaller."""
        self._width = max(width, NARROWEST)

    def begin(self, session: int, label: str, *, mixed: bool) -> None:
        """Begin a session. Where several go on at the same time, each line bears the label of its own."""
        if mixed and label:
            self._labels[session] = label
        elif session > 1:
            heading = self._language.say(Phrase.SESSION, number=session)
            self._line("", "")
            self._line("", f"{heading} ({label})" if label else heading, _Tone.HEADING)

    def tell(self, session: int, told: Told, findings: Sequence[Finding]) -> None:
        """Write an event and what was found."""
        label = self._labels.get(session, "")
        prefix = f"{label} " if label else ""
        width = max(self._width - display_width(prefix), NARROWEST)
        if told.opens and self._view is not View.WIRE:
            name = self._language.say(CHAPTER_NAMES[told.chapter])
            self._line(prefix, "")
            self._line(prefix, f"{name} ({told.chapter.value})", _Tone.HEADING)
        wire = told.lines(all_lines=self._all_lines or self._view is View.WIRE)
        match self._view:
            case View.WIRE:
                self._wire(prefix, wire)
            case View.STORY:
                self._story(prefix, told, width)
            case View.LESSON:
                self._lesson(prefix, told, wire, width)
            case View.BOTH:
                self._both(prefix, told, wire, width)
        for finding in findings:
            self._finding(prefix, finding, width)
        if told.is_end:
            self._labels.pop(session, None)

    def missed(self, count: int) -> None:
        """Write that so many events were not heard."""
        say = self._language.say
        sentence = say(Phrase.MISSED_ONE) if count == 1 else say(Phrase.MISSED_MANY, count=count)
        for line in wrapped(f"=== {sentence}", self._width, indent="    "):
            self._line("", line, _Tone.WARNING)

    def finish(self) -> None:
        """Write nothing more: all was told as it came."""

    # --- the views --------------------------------------------------------------------------------------------

    def _wire(self, prefix: str, lines: Sequence[WireLine]) -> None:
        for line in lines:
            self._line(prefix, f"{line.mark:<3} {line.text}".rstrip(), _tone_of_mark(line.mark))

    def _story(self, prefix: str, told: Told, width: int) -> None:
        for line in self._sentence(told, width):
            self._line(prefix, line, _tone(told))

    def _lesson(self, prefix: str, told: Told, wire: Sequence[WireLine], width: int) -> None:
        for said in wire:
            for line in wrapped(f"{said.mark:<3} {said.text}", width, indent="    "):
                self._line(prefix, line, _tone_of_mark(said.mark))
        if told.lesson is not None:
            words = f"{self._language.lesson(told.lesson)} [{told.lesson.value}]"
            for line in wrapped(words, width - 6):
                self._line(prefix, f"      {line}", _Tone.ASIDE)

    def _both(self, prefix: str, told: Told, wire: Sequence[WireLine], width: int) -> None:
        left = (width - 3) * 55 // 100
        right = width - 3 - left
        octets = [
            text
            for line in wire
            for text in wrapped(f"{line.mark} {line.text}".rstrip(), right, indent=" " * (len(line.mark) + 1))
        ]
        for line in beside(self._sentence(told, left), octets, left):
            self._line(prefix, line, _tone(told))

    def _sentence(self, told: Told, width: int) -> list[str]:
        if told.speaker is None:
            return wrapped(told.story, width - 4, first="    ", indent="    ")
        speaker = self._language.say(Phrase.CLIENT if told.speaker is Side.CLIENT else Phrase.SERVER)
        return wrapped(f"{speaker}{self._language.colon}{told.story}", width, indent="    ")

    def _finding(self, prefix: str, finding: Finding, width: int) -> None:
        sentence, advice = self._language.diagnosis(finding.diagnosis, finding.values)
        tone = _WEIGHTS[finding.diagnosis.weight]
        head = f"!! {sentence} [{finding.diagnosis.id}, {finding.diagnosis.source}]"
        lines = wrapped(head, width, indent="   ")
        lines += wrapped(self._language.advice(advice), width - 3, first="   ", indent="   ")
        for line in lines:
            self._line(prefix, line, tone)

    def _line(self, prefix: str, text: str, tone: _Tone | None = None) -> None:
        if self._colour and prefix:
            prefix = f"{_Tone.ASIDE.value}{prefix}{_PLAIN_AGAIN}"
        if self._colour and tone is not None and text:
            text = f"{tone.value}{text}{_PLAIN_AGAIN}"
        self._write(f"{prefix}{text}".rstrip() + "\n")


def _tone(told: Told) -> _Tone:
    if told.speaker is Side.CLIENT:
        return _Tone.CLIENT
    if told.is_refusal:
        return _Tone.BAD
    return _Tone.GOOD if told.speaker is Side.SERVER else _Tone.ASIDE


def _tone_of_mark(mark: str) -> _Tone:
    if mark.endswith("*"):
        return _Tone.BAD
    if mark == "===":
        return _Tone.ASIDE
    return _Tone.CLIENT if mark.endswith(">") else _Tone.GOOD
