"""Live sessions in plain words: the server's own events, told as `explain` tells a record.

A server tells the first line of a reply and its octets, not what is in it; so a message is told of, but not
measured. Doors other than POP3 are not told.

How it fails: a stream that takes nothing costs the lines, never the session. Bounded by the sessions that there
are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from restante.explain.reader import Reader
from restante.explain.shortened import hear_reply
from restante.explain.telling import Telling
from restante.explain.wire import Side
from restante.ports.events import (
    CommandReceived,
    ConnectionOpened,
    Door,
    Event,
    Outcome,
    ReplySent,
    SessionEnded,
)

__all__ = ["Explanation"]

_ANSWERED: Final = frozenset({Outcome.QUIT, Outcome.UPDATE_FAILED, Outcome.TOO_MANY_BAD_COMMANDS})
"""Ends of which the client is told in a reply, which goes out after the end was told."""


@dataclass(slots=True)
class _Session:
    reader: Reader
    ended: SessionEnded | None = None
    """Its end, of which the last reply is still to come."""


class Explanation:
    """Tells live sessions; a `ports.events.Listener` that wants the wire. `clock` gives seconds since the epoch."""

    __slots__ = ("_clock", "_sessions", "_telling")

    def __init__(self, telling: Telling, *, clock: Callable[[], float] = time.time) -> None:
        self._telling = telling
        self._clock = clock
        self._sessions: dict[str, _Session] = {}

    @property
    def wants_wire(self) -> bool:
        """Yes: commands and replies are what is told."""
        return True

    def __call__(self, event: Event, /) -> None:
        """Tell an event, if it belongs to a session of POP3."""
        try:
            self._hear(event)
        except (OSError, ValueError):
            # Nobody reads any more.
            return

    def _hear(self, event: Event) -> None:
        now = self._clock()
        match event:
            case ConnectionOpened(door=Door.POP3):
                reader = self._telling.session(event.session, client=event.peer, excerpt=True)
                self._sessions[event.session] = _Session(reader)
                reader.connected("", at_seconds=now)
                if event.secured:
                    reader.secured("", at_seconds=now)
            case CommandReceived() if (session := self._sessions.get(event.session)) is not None:
                session.reader.line(Side.CLIENT, event.line, at_seconds=now)
            case ReplySent() if (session := self._sessions.get(event.session)) is not None:
                hear_reply(session.reader, event.line, event.octets, at_seconds=now)
                if session.ended is not None:
                    self._end(session.ended, now)
            case SessionEnded() if (session := self._sessions.get(event.session)) is not None:
                if event.outcome in _ANSWERED:
                    session.ended = event
                else:
                    self._end(event, now)
            case _:
                return

    def _end(self, event: SessionEnded, now: float) -> None:
        reader = self._sessions.pop(event.session).reader
        is_theirs = event.outcome is Outcome.DISCONNECTED
        reason = "" if event.outcome is Outcome.QUIT else event.outcome.value
        reader.closed(Side.CLIENT if is_theirs else Side.SERVER, reason, at_seconds=now)
