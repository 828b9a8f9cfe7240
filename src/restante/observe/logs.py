"""The log: one line for each event that somebody who runs the server wants to know of.

What is logged is decided in `entries`, how it reads in `sentences`. A busy server tells of many events in one turn
of its event loop: their lines go out in one write, at the turn's end. An error's line takes all before it along at
once.

How it fails: a stream that takes nothing (a full disk, a closed pipe) costs the lines, never the server. Once it
takes lines again, the first one says how many were lost. A process that is killed loses the lines of its turn.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from enum import Enum
from json.encoder import encode_basestring_ascii
from typing import Final, TextIO, assert_never

from restante.observe.entries import Entry, Field, Level, entry_of, utc
from restante.observe.hostile import SHOWN_CHARACTERS, whole
from restante.observe.sentences import sentence_of
from restante.ports.events import CommandReceived, Event, ReplySent

__all__ = ["LogFormat", "LogWriter", "journal_reads"]


class LogFormat(Enum):
    """How a line of the log is written."""

    TEXT = "text"
    """For people."""
    JSON = "json"
    """For programs: one object a line, in ASCII."""


_WIRE: Final = frozenset({CommandReceived, ReplySent})

_PRIORITIES: Final[Mapping[Level, str]] = {Level.ERROR: "<3>", Level.WARNING: "<4>", Level.INFO: "<6>"}
"""Of syslog(3), as sd-daemon(3) writes them."""

_NUMBERS: Final = {int: "%d", float: "%.3f"}
"""How numbers are written: seconds to the millisecond."""

GATHERED_LINES: Final = 256
"""Lines of one turn that are held at most."""


def journal_reads(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether systemd's journal reads a stream: JOURNAL_STREAM holds its device and inode.

    Source: systemd.exec(5), "Environment Variables Set or Propagated by the Service Manager".
    """
    told = environment.get("JOURNAL_STREAM")
    if told is None:
        return False
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return told == f"{status.st_dev}:{status.st_ino}"


class LogWriter:
    """Writes events to a stream; a `ports.events.Listener`.

    With `problems_only` there are no lines of level INFO. With `wire` each command and reply has a line,
    whatever the level. With `journal` a line has no time, since the journal notes it itself, and begins with the
    `<N>` of sd-daemon(3), by which the journal knows the level. `clock` gives seconds since the epoch.
    `at_turns_end` is how an event loop is asked to call something when its turn ends; None: each line is written
    at once.
    """

    __slots__ = (
        "_at_turns_end",
        "_clock",
        "_format",
        "_forms",
        "_gathered",
        "_journal",
        "_lost",
        "_millisecond",
        "_problems_only",
        "_second",
        "_second_written",
        "_stream",
        "_wire",
        "_written",
    )

    def __init__(
        self,
        stream: TextIO,
        *,
        format: LogFormat,  # noqa: A002 - the name of the setting
        problems_only: bool = False,
        wire: bool = False,
        journal: bool = False,
        clock: Callable[[], float] = time.time,
        at_turns_end: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._stream = stream
        self._format = format
        self._problems_only = problems_only
        self._wire = wire
        self._journal = journal
        self._clock = clock
        self._at_turns_end = at_turns_end
        self._gathered: list[str] = []
        self._lost = 0
        # Of JSON, by an entry's name and level: all that is the same in each line.
        self._forms: dict[tuple[str, Level], tuple[str, tuple[int, ...]]] = {}
        self._millisecond = self._second = -1
        self._second_written = self._written = ""

    @property
    def wants_wire(self) -> bool:
        """Only where that was asked for."""
        return self._wire

    def __call__(self, event: Event, /) -> None:
        """Write an event's line, if it has one."""
        is_wire = type(event) in _WIRE
        if is_wire and not self._wire:
            return
        entry = entry_of(event)
        if entry is None or (self._problems_only and entry.level is Level.INFO and not is_wire):
            return
        gathered = self._gathered
        gathered.append(self._line(entry))
        if self._at_turns_end is None or entry.level is Level.ERROR or len(gathered) >= GATHERED_LINES:
            self.flush()
        elif len(gathered) == 1:
            self._at_turns_end(self.flush)

    def flush(self) -> None:
        """Write what was gathered, in one call of the system. Never fails."""
        lines, self._gathered = self._gathered, []
        if not lines:
            return
        if self._lost:
            lines.insert(0, self._line(Entry(Level.ERROR, "lines_lost", {"lines": self._lost})))
        try:
            self._stream.write("".join(lines))
            self._stream.flush()
        except (OSError, ValueError):
            # ValueError: the stream is closed.
            self._lost += len(lines) - (self._lost > 0)
        else:
            self._lost = 0

    # --- a line --------------------------------------------------------------------------------------------------

    def _line(self, entry: Entry) -> str:
        match self._format:
            case LogFormat.JSON:
                return self._as_object(entry)
            case LogFormat.TEXT if self._journal:
                return f"{_PRIORITIES[entry.level]}{sentence_of(entry)}\n"
            case LogFormat.TEXT:
                return f"{self._now()} {entry.level.value} {sentence_of(entry)}\n"
            case _:
                assert_never(self._format)

    def _as_object(self, entry: Entry) -> str:
        """Write the object by hand: a JSON encoder made for this takes three times as long."""
        form, others = self._forms.get((entry.name, entry.level)) or self._form_of(entry)
        fields = [*entry.fields.values()]
        for place in others:
            fields[place] = _json_of(fields[place])
        return form % (*fields,) if self._journal else form % (self._now(), *fields)

    def _form_of(self, entry: Entry) -> tuple[str, tuple[int, ...]]:
        """Keep what is the same in each line of an entry, and the places of the fields that are no numbers.

        One of a name has always the same fields, and they are of one kind: `%d` lets nothing but numbers through.
        """
        kinds = [_NUMBERS.get(type(value), "%s") for value in entry.fields.values()]
        keys = "".join([f',"{key}":{kind}' for key, kind in zip(entry.fields, kinds, strict=True)])
        rest = f'"level":"{entry.level.value}","event":"{entry.name}"{keys}}}\n'
        form = f"{_PRIORITIES[entry.level]}{{{rest}" if self._journal else f'{{"time":"%s",{rest}'
        others = tuple(place for place, kind in enumerate(kinds) if kind == "%s")
        self._forms[entry.name, entry.level] = form, others
        return form, others

    def _now(self) -> str:
        """Give the time as `2026-11-23T22:14:12.123Z`: written once for all lines of a millisecond."""
        now = self._clock()
        millisecond = int(now * 1000)
        if millisecond != self._millisecond:
            self._millisecond = millisecond
            second = millisecond // 1000
            if second != self._second:
                self._second = second
                self._second_written = utc(second)[:-1]
            self._written = f"{self._second_written}.{millisecond % 1000:03}Z"
        return self._written


def _json_of(value: Field) -> str:
    """Write a field's value, in ASCII, so that no sign of it acts on a terminal."""
    if isinstance(value, str):
        fits = value.isascii() and len(value) <= SHOWN_CHARACTERS
        return encode_basestring_ascii(value if fits else whole(value))
    return "null" if value is None else repr(value)
