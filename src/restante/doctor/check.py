"""What a check is: data that says what is required, by whom, and what it means, and one function that judges.

Ids do not change once they are published. A function gives a `Verdict`; evidence is gathered by the line it talks
over. It raises `NotApplicable` where there is nothing to judge, and lets `line.LineFault` through where a server
falls silent or hangs up instead of answering: the runner makes a verdict of that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, Flag
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from restante.doctor.bench import Bench

__all__ = [
    "OFFERS",
    "Check",
    "Level",
    "Need",
    "NotApplicable",
    "Outcome",
    "Profile",
    "Verdict",
    "failed",
    "judged",
    "passed",
]


class Level(Enum):
    """How much it binds."""

    MUST = "MUST"
    """An RFC demands it, or mail, passwords or both are at risk without it."""
    SHOULD = "SHOULD"
    """An RFC recommends it."""
    PRACTICE = "PRACTICE"
    """No RFC says so; those who run mail for others do so, for a reason that is told."""


class Profile(Enum):
    """For whom a server is. It says which levels fail a run."""

    PROVIDER = "provider"
    """Strangers' mail: MUST, SHOULD and PRACTICE."""
    SELFHOST = "selfhost"
    """One's own mail on the open network: MUST and SHOULD."""
    DEVICE = "device"
    """Something in a house or a test: MUST alone."""

    @property
    def failing(self) -> frozenset[Level]:
        """The levels that fail a run."""
        return _FAILING[self]


_FAILING: Final = {
    Profile.PROVIDER: frozenset(Level),
    Profile.SELFHOST: frozenset({Level.MUST, Level.SHOULD}),
    Profile.DEVICE: frozenset({Level.MUST}),
}


class Need(Flag):
    """What a check cannot do without."""

    NOTHING = 0
    NAME = 1
    """The server has a name in the DNS: no address, and not this machine."""
    LOGIN = 2
    """A login."""
    MESSAGES = LOGIN | 4
    """At least one message in the maildrop."""
    TWO_MESSAGES = MESSAGES | 8
    READING = MESSAGES | 16
    """Messages may be retrieved: this server is not known to change them by that."""
    DISPOSABLE = LOGIN | 32
    """The maildrop may be changed."""
    IDLE = LOGIN | 64
    """More than ten minutes."""


OFFERS: Final = {
    Need.LOGIN: "it takes a login (--account NAME, or --user NAME)",
    Need.DISPOSABLE: "it changes the maildrop, which --disposable allows",
    Need.IDLE: "it waits for more than ten minutes, which --idle allows",
}
"""What a person can give for more checks to be run, as the reason why those were left out."""


class Outcome(Enum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    """There was nothing to judge: not announced, nothing given to judge it with."""
    NOT_JUDGED = "not judged"
    """It was to be judged, and could not: no connection, no login, no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check found."""

    outcome: Outcome
    said: str
    """What was seen, in one sentence. It may hold what a server said, escaped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to look at."""

    id: str
    level: Level
    requirement: str
    """One sentence."""
    source: str
    """RFC and section, or where else it comes from."""
    meaning: str
    """What it means for a person, in one sentence."""
    remedy: str
    """What the administrator does, in one sentence."""
    judge: Callable[[Bench], Verdict]
    needs: Need = Need.NOTHING


class NotApplicable(Exception):
    """There is nothing to judge; its text says why."""


def passed(said: str) -> Verdict:
    """Give a good verdict."""
    return Verdict(outcome=Outcome.PASSED, said=said)


def failed(said: str) -> Verdict:
    """Give a bad verdict."""
    return Verdict(outcome=Outcome.FAILED, said=said)


def judged(good: object, said: str) -> Verdict:
    """Give a good verdict where the first holds, else a bad one."""
    return passed(said) if good else failed(said)
