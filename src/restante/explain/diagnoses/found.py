"""How a finding is made: by those who look for one thing each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts
from restante.explain.events import WireEvent
from restante.explain.line_events import Ended
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.smtp.events import SmtpEvent
from restante.explain.weight import Weight

__all__ = ["MOST_OF_A_KIND", "Examiner", "Told", "found"]

MOST_OF_A_KIND: Final = 3
"""Findings of one diagnosis in one session: a thousand messages of wrong octets are told by three."""

Examiner: TypeAlias = Callable[[WireEvent, Facts], Iterator[Finding]]
"""Looks at one event, knowing how things stood before it."""


def found(
    diagnosis: Diagnosis | SmtpDiagnosis, event: WireEvent | SmtpEvent | Ended, **values: str | int
) -> Finding:
    """Make a finding; the values are for the placeholders of its sentence."""
    return Finding(diagnosis=diagnosis, event=event, values=values)


class Told:
    """What was told of one session already: no more than `MOST_OF_A_KIND` findings of a diagnosis are."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: Counter[Diagnosis | SmtpDiagnosis] = Counter()

    def to_tell(self, findings: Sequence[Finding]) -> list[Finding]:
        """Give those of the findings at one event that are to be told, the heaviest first."""
        for finding in findings:
            self._told[finding.diagnosis] += 1
        told = [finding for finding in findings if self._told[finding.diagnosis] <= MOST_OF_A_KIND]
        return sorted(told, key=lambda finding: _WEIGHTS.index(finding.diagnosis.weight))


_WEIGHTS: Final = tuple(Weight)
