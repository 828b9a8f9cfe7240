"""How much a finding matters."""

from __future__ import annotations

from enum import Enum

__all__ = ["Weight"]


class Weight(Enum):
    """How much a finding matters."""

    TROUBLE = "trouble"
    """Something failed, or mail may be lost or read by others."""
    WARNING = "warning"
    """It went well this time, but somebody should look."""
    NOTE = "note"
    """Worth knowing."""
