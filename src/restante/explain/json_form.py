"""Sessions as JSON: an object on a line of its own for each event, with keys that stay the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from restante.explain.diagnoses import Finding
from restante.explain.languages import ENGLISH, Language
from restante.explain.phrases import Phrase
from restante.explain.told import Told

__all__ = ["JsonForm"]


class JsonForm:
    """Writes JSON Lines."""

    def __init__(self, write: Callable[[str], object], *, language: Language = ENGLISH) -> None:
        self._write = write
        self._language = language
        self._labels: dict[int, str] = {}

    def begin(self, session: int, label: str, *, mixed: bool) -> None:
        """Begin a session: its events bear its number, and its label if it has one."""
        del mixed
        if label:
            self._labels[session] = label

    def tell(self, session: int, told: Told, findings: Sequence[Finding]) -> None:
        """Write an event."""
        event = told.event
        lesson = None
        if told.lesson is not None:
            lesson = {"text": self._language.lesson(told.lesson), "source": told.lesson.value}
        line = {
            "session": session,
            "label": self._labels.get(session),
            "event": re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(event).__name__).lower(),
            "at_seconds": event.at_seconds,
            "state": event.state.value,
            "tls": event.secured,
            "speaker": told.speaker.name.lower() if told.speaker is not None else None,
            "story": told.story,
            "lesson": lesson,
            "wire": [{"mark": one.mark, "text": one.text} for one in told.lines(all_lines=True)],
            "findings": [self._finding(finding) for finding in findings],
        }
        self._write(json.dumps(line, ensure_ascii=True) + "\n")
        if told.is_end:
            self._labels.pop(session, None)

    def missed(self, count: int) -> None:
        """Write that so many events were not heard: an object with the keys of an event, and `count`."""
        say = self._language.say
        line: dict[str, object] = {
            "session": None,
            "label": None,
            "event": "missed",
            "at_seconds": None,
            "state": None,
            "tls": None,
            "speaker": None,
            "story": say(Phrase.MISSED_ONE) if count == 1 else say(Phrase.MISSED_MANY, count=count),
            "lesson": None,
            "wire": [],
            "findings": [],
            "count": count,
        }
        self._write(json.dumps(line, ensure_ascii=True) + "\n")

    def finish(self) -> None:
        """Write nothing more: each event has its line."""

    def _finding(self, finding: Finding) -> dict[str, str]:
        sentence, advice = self._language.diagnosis(finding.diagnosis, finding.values)
        return {
            "id": finding.diagnosis.id,
            "weight": finding.diagnosis.weight.value,
            "source": finding.diagnosis.source,
            "sentence": sentence,
            "advice": advice,
        }
