"""A session told in plain words: events in, sentences out. Pure, like all of floor 0."""

from restante.explain.events import Show, WireEvent
from restante.explain.reader import Reader
from restante.explain.wire import Side, WireObserver

__all__ = ["Reader", "Show", "Side", "WireEvent", "WireObserver"]
