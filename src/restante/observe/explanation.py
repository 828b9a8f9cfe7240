"""Live sessions in plain words: the server's own events, told as `live` puts them.

How it fails: a stream that takes nothing costs the lines, never the session.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from restante.explain.telling import Telling
from restante.observe.live import Live
from restante.ports.events import (
    CommandReceived,
    ConnectionOpened,
    Event,
    MailSessionEnded,
    ReplySent,
    SessionEnded,
)

__all__ = ["Explanation"]


class Explanation:
    """Tells live sessions; a `ports.events.Listener` that wants the wire. `clock` gives seconds since the epoch."""

    __slots__ = ("_clock", "_live")

    def __init__(self, telling: Telling, *, clock: Callable[[], float] = time.time) -> None:
        self._live = Live(telling)
        self._clock = clock

    @property
    def wants_wire(self) -> bool:
        """Yes: commands and replies are what is told."""
        return True

    def __call__(self, event: Event, /) -> None:
        """Tell an event, if it belongs to a session that is told."""
        try:
            self._hear(event)
        except (OSError, ValueError):
            # Nobody reads any more.
            return

    def _hear(self, event: Event) -> None:
        live, now = self._live, self._clock()
        match event:
            case CommandReceived():
                live.command(event.session, event.line, at=now)
            case ReplySent():
                live.replied(event.session, event.line, event.octets, at=now)
            case ConnectionOpened():
                live.opened(event.session, door=event.door, peer=event.peer, secured=event.secured, at=now)
            case SessionEnded() | MailSessionEnded():
                live.ended(event.session, event.outcome, at=now)
            case _:
                return
