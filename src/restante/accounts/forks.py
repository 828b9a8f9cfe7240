"""Directories let go of their file before the process forks: SQLite's connections must not be carried into a child.

While the fork is under way no thread of the parent opens one; afterwards each process opens its own.
"""

from __future__ import annotations

import functools
import os
import weakref
from typing import Final, Protocol

__all__ = ["Holdable", "hold_during_forks"]


class Holdable(Protocol):
    """What can be held still for the time of a fork."""

    def hold(self) -> None:
        """Close the file and keep every other thread from opening it, until `let_go`."""
        ...

    def let_go(self) -> None:
        """End what `hold` began, on the same thread, or on its copy in the child."""
        ...


_TO_HOLD: Final[weakref.WeakSet[Holdable]] = weakref.WeakSet()
"""Those of this process."""

_HELD: Final[list[Holdable]] = []
"""Those that the fork under way holds."""


def hold_during_forks(each: Holdable) -> None:
    """See to it that each fork from now on holds it still, as long as it lives."""
    _register_once()
    _TO_HOLD.add(each)


@functools.cache
def _register_once() -> None:
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


def _before_fork() -> None:
    for each in list(_TO_HOLD):
        each.hold()
        _HELD.append(each)


def _after_fork() -> None:
    while _HELD:
        _HELD.pop().let_go()
