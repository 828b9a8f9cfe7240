"""Reads the log of `restante serve` with `log.wire`, as text or in JSON: a line for each command, reply and end.

What stands before a line's own beginning (the journal puts time, host and program there), and what the log tells
besides, is passed over. Bounded: the longest line, the sessions that go on at the same time.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any, Final

from restante.explain.line_reader import LineReader
from restante.explain.sources.source import OpenSession
from restante.explain.sources.times import Clock
from restante.explain.undecided import SessionReader
from restante.explain.wire import Side

__all__ = ["MOST_SESSIONS_AT_ONCE", "ServerLogSource", "looks_like_a_server_log"]

MOST_SESSIONS_AT_ONCE: Final = 10_000

_WIRE: Final = re.compile(
    rb'\{(?:"time":"[^"]{1,40}",)?"level":"[a-z]{1,10}","event":"(?:reply_sent|command_received)"'
    rb"|\bwire<[a-z0-9-]{1,30}>: (?:command|reply), line="
)
_SAID: Final = re.compile(
    r"\bwire<(?P<session>[a-z0-9-]{1,30})>: (?P<what>command|reply), "
    r'line=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,]+))(?:, octets=(?P<octets>[0-9]{1,12}))?$'
)
_ENDED: Final = re.compile(
    r"\b(?P<door>pop3|smtps?|lmtp)(?:\([^)]{0,300}\))?<(?P<session>[a-z0-9-]{1,30})>: session ended"
    r"(?: without a login)?: (?P<outcome>[a-z ]{1,60}), peer="
)
_EVENTS: Final = {"command": "command_received", "reply": "reply_sent"}
_TIMED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}")
_QUIT: Final = "quit"
_LOST: Final = "connection lost"


def looks_like_a_server_log(head: bytes) -> bool:
    """Tell whether a file is such a log."""
    return _WIRE.search(head) is not None


class ServerLogSource:
    """Reads one log."""

    def __init__(self, open_session: OpenSession) -> None:
        self._open = open_session
        self._lines = LineReader()
        self._clock = Clock()
        self._sessions: dict[str, SessionReader] = {}
        self._ended: dict[str, str] = {}
        """Outcomes of sessions whose last reply comes behind their end."""

    def feed(self, octets: bytes) -> None:
        """Take the next octets."""
        start = 0
        while start < len(octets):
            line, start = self._lines.take(octets, start)
            if line is not None:
                self._take(line.kept)

    def finish(self) -> None:
        """Take note that there are no more."""
        line = self._lines.finish()
        if line is not None:
            self._take(line.kept)
        for key in list(self._sessions):
            self._end(key, self._ended.pop(key, ""))

    def _take(self, line: bytes) -> None:
        entry: Any = _entry(line.decode("utf-8", "replace"))  # Any: what stands in a file
        match entry:
            case {"event": str() as event, "session": str() as key}:
                self._clock.read(str(entry.get("time")))
                self._hear(event, key, entry)
            case _:
                return

    def _hear(self, event: str, key: str, entry: dict[str, object]) -> None:
        line, octets = entry.get("line"), entry.get("octets")
        match event:
            case "command_received" if isinstance(line, str):
                self._session(key).line(Side.CLIENT, _octets(line), at_seconds=self._clock.now)
            case "reply_sent" if isinstance(line, str):
                count = octets if isinstance(octets, int) else None
                self._session(key).replied(_octets(line), count, at_seconds=self._clock.now)
                if key in self._ended:
                    self._end(key, self._ended.pop(key))
            case "session_ended" | "mail_session_ended" if key in self._sessions:
                outcome = str(entry.get("outcome"))
                if outcome == _QUIT and event == "session_ended":
                    # Its answer is logged behind it.
                    self._ended[key] = outcome
                else:
                    self._end(key, outcome)
            case _:
                return

    def _session(self, key: str) -> SessionReader:
        reader = self._sessions.get(key)
        if reader is None:
            if len(self._sessions) >= MOST_SESSIONS_AT_ONCE:
                self._end(next(iter(self._sessions)), "")
            reader = self._sessions[key] = self._open(key, excerpt=True)
            reader.connected("", at_seconds=self._clock.now)
        return reader

    def _end(self, key: str, outcome: str) -> None:
        reader = self._sessions.pop(key)
        side = None if not outcome else Side.CLIENT if outcome == _LOST else Side.SERVER
        reader.closed(side, "" if outcome == _QUIT else outcome[:100], at_seconds=self._clock.now)


def _entry(line: str) -> Any:  # Any: what stands in a file
    """Give the fields of a line under the names that they have in JSON; None for a line of another form."""
    begin = line.find('{"')
    if begin >= 0 and (begin == 0 or "wire<" not in line[:begin]):
        try:
            return json.loads(line[begin:])
        except (ValueError, RecursionError):
            return None
    timed = _TIMED.search(line)
    entry: dict[str, object] = {"time": timed.group() if timed else None}
    if (said := _SAID.search(line)) is not None:
        octets = said["octets"]
        text = said["bare"] if said["quoted"] is None else _unquoted(said["quoted"])
        return entry | {
            "event": _EVENTS[said["what"]],
            "session": said["session"],
            "line": text,
            "octets": int(octets) if octets else None,
        }
    if (ended := _ENDED.search(line)) is not None:
        event = "session_ended" if ended["door"] == "pop3" else "mail_session_ended"
        return entry | {"event": event, "session": ended["session"], "outcome": ended["outcome"]}
    return None


def _unquoted(text: str) -> str:
    try:
        return str(ast.literal_eval(f'"{text}"'))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _octets(line: str) -> bytes:
    return line.encode("utf-8", "replace")
