"""The prompt of `restante talk` on a terminal: completion, grey hints, a history, and no secret on the screen.

What may be shown and kept is judged by `talk_words`. While somebody thinks, the connection is watched: what the
server says then takes the prompt away, is told, and the prompt comes back with what was typed. The history is one
file, for its owner alone; where it cannot be read or written, there is a history of this session only.
"""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from restante.cli.talk_lines import Ear
from restante.cli.talk_words import Known, completions, hint, may_be_kept, shown_until
from restante.explain.languages import Language

__all__ = ["Prompt", "history_file"]

KEPT_LINES: Final = 500
LARGEST_HISTORY_OCTETS: Final = 256 * 1024
_GREY: Final = "fg:ansibrightblack"


def history_file(environ: Mapping[str, str]) -> Path:
    """Give where the history is."""
    state = environ.get("XDG_STATE_HOME")
    base = Path(state) if state else Path.home() / ".local" / "state"
    return base / "restante" / "talk-history"


class Prompt:
    """Lines that a person types. None where they hang up; Ctrl-C drops the line."""

    is_person = True

    def __init__(self, known: Callable[[], Known], ear: Ear, history: Path, language: Language) -> None:
        self._known, self._ear = known, ear
        self._commands: PromptSession[str] = PromptSession(
            history=_History(history),
            completer=_Commands(known, language),
            complete_while_typing=True,
            input_processors=[_Shown(language)],
            erase_when_done=True,
            enable_system_prompt=False,
            enable_open_in_editor=False,
        )

    @contextmanager
    def without_echo(self) -> Iterator[None]:
        """Keep the terminal from showing what is typed ahead of the prompt: it may be a password."""
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        quiet = [*before]
        quiet[3] &= ~termios.ECHO
        termios.tcsetattr(terminal, termios.TCSADRAIN, quiet)
        try:
            yield
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)

    def line(self) -> bytes | None:
        """Give a command line. Raises what hearing the server raises."""
        while True:
            try:
                return self._asked(self._commands, f"{self._known().state.value}> ")
            except KeyboardInterrupt:
                continue

    def shown(self, question: str) -> bytes | None:
        """Give the answer to a question."""
        return self._answered(question, is_password=False)

    def hidden(self, question: str) -> bytes | None:
        """Give a line that is not shown."""
        return self._answered(question, is_password=True)

    def _answered(self, question: str, *, is_password: bool) -> bytes | None:
        asking: PromptSession[str] = PromptSession(is_password=is_password, erase_when_done=True)
        try:
            return self._asked(asking, f"{question} ")
        except KeyboardInterrupt:
            return None

    def _asked(self, asking: PromptSession[str], message: str) -> bytes | None:
        """Ask, and hear the server meanwhile: what it says stands above the prompt, with what was typed so far."""
        typed = ""
        while True:
            try:
                text = asking.prompt(message, default=typed, pre_run=self._listen)
            except _Spoken as spoken:
                typed = spoken.typed
                self._ear.hear()
            except EOFError:
                return None
            else:
                return text.encode("utf-8", "surrogateescape")

    def _listen(self) -> None:
        connection = self._ear.descriptor()
        if connection is None:
            return
        loop, application = asyncio.get_running_loop(), get_app()

        def spoken() -> None:
            loop.remove_reader(connection)
            if not application.is_done:
                application.exit(exception=_Spoken(application.current_buffer.text))

        loop.add_reader(connection, spoken)


class _Spoken(Exception):
    """The server says something while somebody types."""

    def __init__(self, typed: str) -> None:
        super().__init__("the server says something")
        self.typed = typed


class _Commands(Completer):
    def __init__(self, known: Callable[[], Known], language: Language) -> None:
        self._known, self._language = known, language

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        begun = len(before.rpartition(" ")[2])
        for word, does in completions(before, self._known(), self._language):
            yield Completion(word, start_position=-begun, display_meta=does)


class _Shown(Processor):
    """Stars for a secret, and a hint in grey behind the line."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        text = transformation_input.document.text
        until = shown_until(text)
        if until < len(text):
            return Transformation([("", text[:until] + "*" * (len(text) - until))])
        return Transformation([*transformation_input.fragments, (_GREY, hint(text, self._language))])


class _History(InMemoryHistory):
    """Keeps what may be kept, in a file too."""

    def __init__(self, file: Path) -> None:
        self._file = file
        super().__init__(_kept(file))

    def append_string(self, string: str) -> None:
        if may_be_kept(string):
            super().append_string(string)

    def store_string(self, string: str) -> None:
        super().store_string(string)
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            with os.fdopen(opened, "a", encoding="utf-8", errors="replace") as file:
                file.write(f"{string}\n")
        except OSError:
            return


def _kept(file: Path) -> list[str]:
    """Read the last lines, and cut the file where it has grown long."""
    try:
        if file.stat().st_size > LARGEST_HISTORY_OCTETS:
            file.unlink()
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [line for line in lines[-KEPT_LINES:] if may_be_kept(line)]
