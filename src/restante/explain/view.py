"""The views of a session: which of them is shown is asked for by those who load nothing else of telling."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["View"]


class View(StrEnum):
    """What of a session is shown."""

    WIRE = "wire"
    STORY = "story"
    LESSON = "lesson"
    BOTH = "both"
