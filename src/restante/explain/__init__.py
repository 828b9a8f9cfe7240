"""A session told in plain English: events in, sentences out. Pure, like all of floor 0."""

from restante.explain.wire import Side, WireObserver

__all__ = ["Side", "WireObserver"]
