"""The screen of `restante talk`: a long answer is shown by screenfuls, so that it does not push all else away.

It is a form around the form that writes: bodies are cut to what fits, and `more` gives what follows. No terminal is
here; what is kept is what the event holds, and nothing fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from os import terminal_size
from typing import Final

from restante.explain.columns import display_width
from restante.explain.diagnoses import Finding
from restante.explain.events import BodyReceived
from restante.explain.languages import Language
from restante.explain.talk_phrases import TalkPhrase
from restante.explain.text_form import TextForm
from restante.explain.told import Told
from restante.explain.wire_lines import printable

__all__ = ["Screenfuls"]

_SPARE_ROWS: Final = 8
"""For the command, its answer, and the prompt."""
_LEAST_ROWS: Final = 8
_MARK_COLUMNS: Final = 4
"""Before each line of the wire."""


class Screenfuls:
    """Tells in a form, and holds back what does not fit on the screen."""

    def __init__(
        self,
        form: TextForm,
        *,
        words: TextForm | None,
        lines: TextForm | None,
        size: Callable[[], terminal_size] | None,
        write: Callable[[str], object],
        language: Language,
    ) -> None:
        self._form = form
        self._words, self._lines = words, lines
        """What tells of a body, and what shows its lines: apart from the form, so that they have the whole width.
        Without `lines` nothing is held back, and without `words` the form tells."""
        self._size = size
        """Of the screen; None: nothing is held back."""
        self._write = write
        self._language = language
        self._held: tuple[int, Told, BodyReceived] | None = None

    def begin(self, session: int, label: str, *, mixed: bool) -> None:
        """Begin a session."""
        for form in self._forms:
            form.begin(session, label, mixed=mixed)

    def tell(self, session: int, told: Told, findings: Sequence[Finding]) -> None:
        """Tell an event, and hold back what does not fit of its lines."""
        self._fit_the_screen()
        if self._lines is None or not isinstance(told.event, BodyReceived):
            self._form.tell(session, told, findings)
            return
        if self._words is not None:
            self._words.tell(session, told, ())
        self._show(self._form if self._words is None else self._lines, session, told, told.event, findings)

    def more(self) -> bool:
        """Show the next lines of the last long answer; False where none are left."""
        self._fit_the_screen()
        if self._held is None or self._lines is None:
            return False
        session, told, body = self._held
        self._show(self._lines, session, told, body, ())
        return True

    def missed(self, count: int) -> None:
        """Show that so many events were not heard."""
        self._form.missed(count)

    def finish(self) -> None:
        """Show nothing more."""
        self._form.finish()

    @property
    def _forms(self) -> list[TextForm]:
        return [form for form in (self._form, self._words, self._lines) if form is not None]

    def _fit_the_screen(self) -> None:
        if self._size is not None:
            for form in self._forms:
                form.fit(self._size().columns)

    def _show(
        self, form: TextForm, session: int, told: Told, body: BodyReceived, findings: Sequence[Finding]
    ) -> None:
        fit = self._lines_that_fit(body)
        form.tell(session, replace(told, event=replace(body, lines=body.lines[:fit])), findings)
        self._held = None
        if fit < len(body.lines):
            left = None if body.line_count is None else body.line_count - fit
            rest = replace(body, lines=body.lines[fit:], line_count=left)
            self._held = session, replace(told, opens=False, lesson=None), rest
            self._write(self._language.talk[TalkPhrase.MORE_LINES] + "\n")

    def _lines_that_fit(self, body: BodyReceived) -> int:
        """Give how many lines fit, at least one."""
        if self._size is None:
            return len(body.lines)
        columns, rows = self._size()
        room = max(rows - _SPARE_ROWS, _LEAST_ROWS)
        for at, line in enumerate(body.lines):
            room -= 1 + (display_width(printable(line)) + _MARK_COLUMNS) // max(columns, 1)
            if room < 0:
                return max(at, 1)
        return len(body.lines)
