"""What an examination has learnt so far, by name: each thing is asked for once, and so is what stood in its way.

Fails with Obstacle, or with the NotApplicable of whoever was to learn it, each time that it is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from restante.doctor.check import NotApplicable
from restante.doctor.line import LineFault

__all__ = ["Learnt", "Obstacle"]

T = TypeVar("T")


class Obstacle(Exception):
    """Something in the way of a check; its text says what."""


@dataclass(frozen=True, slots=True)
class _Stopped:
    """What stood in the way of learning something."""

    error: Obstacle | NotApplicable


class Learnt:
    """By name."""

    def __init__(self) -> None:
        self._known: dict[str, object] = {}

    def note(self, name: str, value: object) -> None:
        """Take note of what was learnt by the way."""
        self._known[name] = value

    def has(self, name: str) -> bool:
        """Tell whether it was asked for."""
        return name in self._known

    def value(self, name: str) -> object:
        """Give what was noted. Raises KeyError."""
        return self._known[name]

    def trouble(self, name: str) -> str | None:
        """Tell what stood in the way of it; None where nothing did, or it was not asked for."""
        found = self._known.get(name)
        return str(found.error) if isinstance(found, _Stopped) else None

    def known(self, name: str, learn: Callable[[], T]) -> T:
        """Give what was learnt under a name, or learn it. What stood in the way stands in the way again."""
        if name not in self._known:
            try:
                self._known[name] = learn()
            except LineFault as fault:
                self._known[name] = _Stopped(Obstacle(f"the server {fault}"))
            except (Obstacle, NotApplicable) as error:
                self._known[name] = _Stopped(error)
        found = self._known[name]
        if isinstance(found, _Stopped):
            raise found.error
        return cast(T, found)  # put there under the same name by the same caller
