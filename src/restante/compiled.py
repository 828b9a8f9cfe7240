"""Which of the two builds this is: the pure one, or the one whose hot path was compiled from the same sources."""

from __future__ import annotations

from typing import Final

__all__ = ["COMPILED"]

COMPILED: Final = not __file__.endswith(".py")
"""Whether the modules of the hot path are compiled: this one is, where they are (see `hatch_build.py`)."""
