"""One session heard by several: each is told the same, and one who can hear no more is left out.

What is told goes to a terminal, a pipe or a file, which may be gone or full. That costs the telling, never the
session: `lost` is called, once for each hearer at the most, with what went wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from restante.explain.wire import Side, WireObserver

__all__ = ["Hearers"]


class Hearers:
    """An observer of the wire (`explain.wire.WireObserver`) that stands for several."""

    def __init__(self, hearers: Iterable[WireObserver], *, lost: Callable[[OSError | ValueError], None]) -> None:
        self._hearers = list(hearers)
        self._lost = lost

    def connected(self, server: str, *, at_seconds: float | None) -> None:
        """Tell that the connection stands."""
        self._each(lambda hearer: hearer.connected(server, at_seconds=at_seconds))

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        """Tell that TLS stands."""
        self._each(lambda hearer: hearer.secured(description, at_seconds=at_seconds))

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        """Tell octets."""
        self._each(lambda hearer: hearer.octets(side, octets, at_seconds=at_seconds))

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        """Tell that the connection ended."""
        self._each(lambda hearer: hearer.closed(by, reason, at_seconds=at_seconds))

    def _each(self, tell: Callable[[WireObserver], None]) -> None:
        for hearer in tuple(self._hearers):
            try:
                tell(hearer)
            except (OSError, ValueError) as error:
                self._hearers.remove(hearer)
                self._lost(error)
