"""A newcomer's first session, step by step: what to type, and where somebody is. The wording is the language's.

No terminal and no connection: it is told which line was said and whether the answer was good. It checks the command
and not the arguments, so that whoever takes another message than the one named is not corrected; what belongs to no
step is allowed, and the step stays. It is for `restante serve --demo`, whose name and password it tells.
"""

from __future__ import annotations

from typing import Final

from restante.demo import DEMO_NAME, DEMO_PASSWORD
from restante.explain.languages import Language
from restante.explain.talk_phrases import TalkPhrase

__all__ = ["LINES", "Lesson"]

LINES: Final = (
    f"USER {DEMO_NAME}",
    f"PASS {DEMO_PASSWORD.decode()}",
    *("STAT", "LIST", "UIDL", "TOP 1 0", "RETR 1", "DELE 1", "RSET", "QUIT"),
)
"""What is typed, a line for each step."""


class Lesson:
    """Where somebody is in the steps."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._done = 0
        self._asked = -1

    @property
    def is_over(self) -> bool:
        """Whether all steps are done."""
        return self._done == len(LINES)

    def asks(self) -> list[str]:
        """Give the paragraphs of a step that was not asked for yet, else none."""
        if self.is_over or self._asked == self._done:
            return []
        self._asked = self._done
        line = LINES[self._done]
        before, _ = self._language.steps[_keyword(line).encode()]
        return [
            self._language.at_prompt(TalkPhrase.STEP, number=self._done + 1, count=len(LINES), words=before),
            self._language.at_prompt(TalkPhrase.TYPE, line=line),
        ]

    def heard(self, line: str, *, ok: bool) -> list[str]:
        """Hear what was said and whether the answer was good. Gives what there is to tell of it, in paragraphs."""
        if self.is_over:
            return []
        language, wanted = self._language, LINES[self._done]
        keyword = _keyword(line).upper()
        if keyword == _keyword(wanted) and ok:
            self._done += 1
            return [language.steps[keyword.encode()][1]]
        if keyword == "QUIT":
            return [language.at_prompt(TalkPhrase.LEFT_EARLY, left=len(LINES) - self._done)]
        if keyword == "PASS" and not ok and _keyword(wanted) == "PASS":
            # A refused PASS takes the name with it (RFC 1939 §7).
            self._done = 0
            return [language.talk[TalkPhrase.WRONG_PASSWORD]]
        phrase = TalkPhrase.TRY_SO if keyword == _keyword(wanted) else TalkPhrase.ANOTHER_COMMAND
        return [language.at_prompt(phrase, line=wanted)]


def _keyword(line: str) -> str:
    return line.split(" ", maxsplit=1)[0]
