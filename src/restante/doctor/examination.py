"""What came of an examination, as values: a finding for each check, and what they mean for the whole.

The levels that fail a run are the profile's. Nothing here is text for people but what checks and servers said.
"""

from __future__ import annotations

from dataclasses import dataclass

from restante.doctor.check import Check, Level, Outcome, Profile, Verdict
from restante.doctor.peculiarities import Peculiarity
from restante.explain.wire_lines import WireLine

__all__ = ["Examination", "Finding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A check, and what it found."""

    check: Check
    verdict: Verdict
    evidence: tuple[WireLine, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All findings."""

    host: str
    profile: Profile
    findings: tuple[Finding, ...]
    peculiarities: tuple[Peculiarity, ...]
    seconds: float
    login_trouble: str | None = None
    """Why the login that was given could not be made: what takes it was not judged."""

    def of(self, outcome: Outcome, level: Level | None = None) -> tuple[Finding, ...]:
        """Give the findings of one outcome, and of one level where it is named."""
        return tuple(
            finding
            for finding in self.findings
            if finding.verdict.outcome is outcome and level in (None, finding.check.level)
        )

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that fail the run."""
        return tuple(one for one in self.of(Outcome.FAILED) if one.check.level in self.profile.failing)

    @property
    def worst(self) -> Level | None:
        """The worst level among those that fail the run; None when none does."""
        return next((level for level in Level if any(one.check.level is level for one in self.failing)), None)
