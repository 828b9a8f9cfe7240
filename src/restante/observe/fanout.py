"""One listener made of many, none of which can harm the others or the session that tells the event.

A listener must not raise. One that does all the same is told of once, on standard error, and asked again at the
next event: a log that is broken for one kind of event still has the others.
"""

from __future__ import annotations

import sys
import traceback
from typing import TextIO

from restante.ports.events import Event, Listener

__all__ = ["tell_all"]


def tell_all(*listeners: Listener, complaints: TextIO | None = None) -> Listener:
    """Give a listener that tells each of them every event, in this order.

    It wants the wire if any of them does. `complaints` takes one line for each listener that raises; None is
    standard error.
    """
    return _Fanout(listeners, complaints)


class _Fanout:
    __slots__ = ("_complaints", "_listeners", "_told")

    def __init__(self, listeners: tuple[Listener, ...], complaints: TextIO | None) -> None:
        self._listeners = listeners
        self._complaints = complaints
        self._told: set[int] = set()

    @property
    def wants_wire(self) -> bool:
        return any(listener.wants_wire for listener in self._listeners)

    def __call__(self, event: Event, /) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception as error:  # whatever it is, a session must not pay for it
                self._complain(listener, event, error)

    def _complain(self, listener: Listener, event: Event, error: Exception) -> None:
        if id(listener) in self._told:
            return
        self._told.add(id(listener))
        where = traceback.extract_tb(error.__traceback__)[-1]
        # Neither the error's text nor the event's fields: both can hold what came from outside.
        line = (
            f"{type(listener).__name__} failed at {type(event).__name__} with {type(error).__name__} "
            f"({where.filename}:{where.lineno}); it is told once. Please report it.\n"
        )
        try:
            (self._complaints or sys.stderr).write(line)
        except (OSError, ValueError):
            return
