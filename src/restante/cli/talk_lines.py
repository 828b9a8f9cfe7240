"""Lines for `restante talk` from standard input, or a terminal that can do no more than lines.

While it waits it watches the connection too, so that an end is told when it comes and not at the next line. Fails
with CommandFailed for a line without an end, and with what the listener raises.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from restante.cli.outcome import CommandFailed

__all__ = ["LONGEST_LINE_OCTETS", "Ear", "Lines"]

LONGEST_LINE_OCTETS: Final = 16 * 1024
"""Of what is typed. POP3's own lines end at 255 (RFC 2449 §4); an initial response of AUTH may be this long."""

_READ_OCTETS: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """How to hear the server while somebody thinks."""

    descriptor: Callable[[], int | None]
    """What becomes readable then; None where there is nothing to hear."""
    hear: Callable[[], None]
    """Hears it. Raises where the connection has ended."""


class Lines:
    """Lines of a descriptor. `prompt` gives what stands before them, for a person; None is for a script."""

    def __init__(self, source: int, ear: Ear, *, prompt: Callable[[], str] | None = None) -> None:
        self._source, self._ear, self._prompt = source, ear, prompt
        self._buffer = b""
        self._ended = False

    @property
    def is_person(self) -> bool:
        """Whether somebody can be asked."""
        return self._prompt is not None

    def line(self) -> bytes | None:
        """Give a command line, without its end; None when there are no more."""
        while True:
            self._ask("" if self._prompt is None else self._prompt())
            try:
                return self._next()
            except KeyboardInterrupt:
                if self._prompt is None:
                    raise
                self._buffer = b""
                self._ask("\n")

    def shown(self, question: str) -> bytes | None:
        """Give the answer to a question."""
        self._ask("" if self._prompt is None else f"{question} ")
        return self._next()

    def hidden(self, question: str) -> bytes | None:
        """Give a line that nobody may see."""
        if self._prompt is None:
            return self._next()
        import getpass

        try:
            return getpass.getpass(f"{question} ").encode("utf-8", "surrogateescape")
        except (EOFError, KeyboardInterrupt):
            return None

    def _ask(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    def _next(self) -> bytes | None:
        while b"\n" not in self._buffer:
            if len(self._buffer) > LONGEST_LINE_OCTETS:
                break
            if self._ended:
                last, self._buffer = self._buffer, b""
                if self._prompt is not None:
                    self._ask("\n")
                return last or None
            self._wait()
            octets = os.read(self._source, _READ_OCTETS)
            self._buffer += octets
            self._ended = not octets
        line, _, self._buffer = self._buffer.partition(b"\n")
        if len(line) > LONGEST_LINE_OCTETS:
            raise CommandFailed(
                f"a line of more than {LONGEST_LINE_OCTETS:,} octets was typed: nothing of it was sent; see what "
                "is piped in"
            )
        return line.removesuffix(b"\r")

    def _wait(self) -> None:
        """Wait for something to read, and hear meanwhile what the server says."""
        while True:
            connection = self._ear.descriptor()
            watched = [self._source] if connection is None else [self._source, connection]
            ready, _, _ = select.select(watched, [], [])
            if self._source in ready:
                return
            self._ear.hear()
