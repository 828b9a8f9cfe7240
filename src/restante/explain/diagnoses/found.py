"""How a finding is made: by those who look for one thing each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts
from restante.explain.events import WireEvent

__all__ = ["Examiner", "found"]

Examiner: TypeAlias = Callable[[WireEvent, Facts], Iterator[Finding]]
"""Looks at one event, knowing how things stood before it."""


def found(diagnosis: Diagnosis, event: WireEvent, **values: str | int) -> Finding:
    """Make a finding; the values are for the placeholders of its sentence."""
    return Finding(diagnosis=diagnosis, event=event, values=values)
