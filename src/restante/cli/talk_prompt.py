"""The prompt of `restante talk` on a terminal: completion, grey hints, a history, and no secret on the screen.

What may be shown and kept is judged by `talk_words`. The history is one file, for its owner alone; where it cannot
be read or written, there is a history of this session only.
"""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from restante.cli.talk_words import completions, hint, may_be_kept, shown_until
from restante.proto.terms import State

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

    def __init__(self, state: Callable[[], State], history: Path) -> None:
        self._state = state
        self._lines: PromptSession[str] = PromptSession(
            history=_History(history),
            completer=_Commands(state),
            complete_while_typing=True,
            input_processors=[_Shown()],
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
        """Give a command line."""
        while True:
            try:
                text = self._lines.prompt(f"{self._state().value}> ")
            except KeyboardInterrupt:
                continue
            except EOFError:
                return None
            return text.encode("utf-8", "surrogateescape")

    def hidden(self, question: str) -> bytes | None:
        """Give a line that is not shown."""
        lines: PromptSession[str] = PromptSession(question, is_password=True, erase_when_done=True)
        try:
            return lines.prompt().encode("utf-8", "surrogateescape")
        except (EOFError, KeyboardInterrupt):
            return None


class _Commands(Completer):
    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        begun = len(before.rpartition(" ")[2])
        for word, summary in completions(before, self._state()):
            yield Completion(word, start_position=-begun, display_meta=summary)


class _Shown(Processor):
    """Stars for a secret, and a hint in grey behind the line."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        text = transformation_input.document.text
        until = shown_until(text)
        if until < len(text):
            return Transformation([("", text[:until] + "*" * (len(text) - until))])
        return Transformation([*transformation_input.fragments, (_GREY, hint(text))])


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
