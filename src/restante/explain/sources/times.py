"""Times of day and dates, as logs write them, made seconds that never go back."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

__all__ = ["Clock"]

_WRITTEN: Final = re.compile(
    r"(?:([0-9]{4})-([0-9]{2})-([0-9]{2})[T ])?([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,9}))?"
)
_DAY_SECONDS: Final = 86_400


class Clock:
    """Follows the times of one file."""

    def __init__(self) -> None:
        self.now: float | None = None
        """Seconds since some fixed point; None before the first time was read."""

    def read(self, written: str | None) -> None:
        """Read a time, if there is one. A time of day that goes back is one of the next day."""
        found = _WRITTEN.match(written) if written else None
        if found is None:
            return
        year, month, day, hours, minutes, seconds, fraction = found.groups()
        at = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + (float(f"0.{fraction}") if fraction else 0.0)
        if year is not None:
            try:
                at += date(int(year), int(month), int(day)).toordinal() * _DAY_SECONDS
            except ValueError:
                return
        elif self.now is not None:
            at += self.now // _DAY_SECONDS * _DAY_SECONDS
            if self.now - at > _DAY_SECONDS / 2:
                at += _DAY_SECONDS
        # Lines of one second may stand in another order than their fractions.
        self.now = at if self.now is None else max(at, self.now)
