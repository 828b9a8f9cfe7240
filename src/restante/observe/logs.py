"""The log: one line for each event that somebody who runs the server wants to know of.

structlog renders it, as JSON or as text, through a chain of its own: importing or using this configures nothing
for the rest of the process. What is logged is decided in `entries`, how it reads in `sentences`.

How it fails: a stream that takes nothing (a full disk, a closed pipe) costs the lines, never the server. Once it
takes lines again, the first one says how many were lost. A line is flushed before the next event.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, TextIO, assert_never

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from restante.observe.entries import Entry, Field, Level, entry_of, utc
from restante.observe.hostile import whole
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

_PRIORITIES: Final[Mapping[str, int]] = {"error": 3, "warning": 4, "info": 6}
"""Of syslog(3), by the words of `Level`."""

_JSON: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
"""Made once: json.dumps makes one for each call that has settings. ASCII, so that no sign acts on a terminal."""


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
    """

    __slots__ = ("_bound", "_clock", "_journal", "_lost", "_problems_only", "_second", "_second_written", "_wire")

    def __init__(
        self,
        stream: TextIO,
        *,
        format: LogFormat,  # noqa: A002 - the name of the setting
        problems_only: bool = False,
        wire: bool = False,
        journal: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._problems_only = problems_only
        self._wire = wire
        self._clock = clock
        self._journal = journal
        self._lost = 0
        self._second = -1
        self._second_written = ""
        chain: list[Processor]
        match format:
            case LogFormat.TEXT:
                chain = [self._as_text]
            case LogFormat.JSON:
                chain = [self._as_object, structlog.processors.JSONRenderer(serializer=_json)]
            case _:
                assert_never(format)
        if journal:
            chain.append(_with_priority)
        self._bound: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=chain,
            wrapper_class=structlog.make_filtering_bound_logger("info"),
        ).bind()

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
        try:
            if self._lost:
                self._write(Entry(Level.ERROR, "lines_lost", {"lines": self._lost}))
                self._lost = 0
            self._write(entry)
        except (OSError, ValueError):
            # ValueError: the stream is closed.
            self._lost += 1

    def _write(self, entry: Entry) -> None:
        match entry.level:
            case Level.INFO:
                self._bound.info(entry.name, entry=entry)
            case Level.WARNING:
                self._bound.warning(entry.name, entry=entry)
            case Level.ERROR:
                self._bound.error(entry.name, entry=entry)
            case _:
                assert_never(entry.level)

    # --- the chain of processors ---------------------------------------------------------------------------------

    def _as_text(self, _logger: WrappedLogger, level: str, event: EventDict) -> str:
        line = sentence_of(event["entry"])
        return line if self._journal else f"{self._now()} {level} {line}"

    def _as_object(self, _logger: WrappedLogger, level: str, event: EventDict) -> dict[str, Field]:
        entry: Entry = event["entry"]
        written: dict[str, Field] = {} if self._journal else {"time": self._now()}
        written["level"] = level
        written["event"] = entry.name
        for key, value in entry.fields.items():
            written[key] = whole(value) if type(value) is str else value
        return written

    def _now(self) -> str:
        """Give the time as `2026-11-23T22:14:12.123Z`; the part that changes once a second is written once."""
        now = self._clock()
        second = int(now)
        if second != self._second:
            self._second = second
            self._second_written = utc(second)[:-1]
        return f"{self._second_written}.{int((now - second) * 1000):03}Z"


def _json(written: dict[str, Field], **_: object) -> str:
    return _JSON.encode(written)


def _with_priority(_logger: WrappedLogger, level: str, line: Any) -> str:  # Any: a chain may end in text, too
    return f"<{_PRIORITIES[level]}>{line}"
