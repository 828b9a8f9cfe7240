r"""Sessions told as they come: what a source tells of them goes in, and comes out in one form.

    telling = Telling(TextForm(View.STORY, sys.stdout.write))
    reader = telling.session()
    reader.octets(Side.SERVER, b"+OK\r\n", at_seconds=None)

One `Telling` for all sessions that belong together: what shows only in several of them is found, too. A form
writes; `text_form`, `json_form` and `page` are those there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from restante.explain.diagnoses import Diagnoser, Finding, History
from restante.explain.events import Show, WireEvent
from restante.explain.languages import ENGLISH, Language
from restante.explain.narrate import Narrator, Told
from restante.explain.reader import Reader

__all__ = ["Form", "Telling"]


class Form(Protocol):
    """How sessions are shown."""

    def begin(self, session: int, label: str) -> None:
        """Begin a session: its number, from 1, and what tells it from others that go on at the same time."""
        ...

    def tell(self, session: int, told: Told, findings: Sequence[Finding]) -> None:
        """Show an event, and what was found at it."""
        ...

    def finish(self) -> None:
        """Show what is to be shown when all sessions are over."""
        ...


class Telling:
    """Tells sessions in a form."""

    def __init__(self, form: Form, *, language: Language = ENGLISH, show: Show = Show.NOTHING) -> None:
        self._form = form
        self._language = language
        self._show = show
        self._history = History()
        self._sessions = 0

    @property
    def sessions(self) -> int:
        """How many sessions were begun."""
        return self._sessions

    def session(self, label: str = "", *, excerpt: bool = False) -> Reader:
        """Begin a session. Gives what is to be told of it: an observer of the wire."""
        self._sessions += 1
        number = self._sessions
        narrator, diagnoser = Narrator(self._language), Diagnoser(self._history)

        def tell(event: WireEvent) -> None:
            self._form.tell(number, narrator.tell(event), diagnoser.hear(event))

        self._form.begin(number, label)
        return Reader(tell, show=self._show, excerpt=excerpt)

    def finish(self) -> None:
        """Say that all sessions are over."""
        self._form.finish()
