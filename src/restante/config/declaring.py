"""How a setting is declared: a field of a dataclass that knows what is allowed and what the reference says."""

from __future__ import annotations

from dataclasses import field
from typing import TypeVar

from restante.config.kinds import Kind

__all__ = ["setting"]

T = TypeVar("T")


def setting(default: T, kind: Kind[T], description: str, *, default_words: str | None = None) -> T:
    """Declare a field: mypy sees its default, dataclasses sees a field that knows what is allowed."""
    metadata = {"kind": kind, "description": description, "default_words": default_words}
    return field(default=default, metadata=metadata)
