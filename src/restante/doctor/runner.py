"""Runs checks one after the other, within a time, and makes a finding of whatever comes of each.

A server that is silent or hangs up where an answer was due has failed that check; what stands in the way of a check
(no connection, no login, no time) leaves it unjudged, which is no pass. A fault of a check ends the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import OFFERS, Check, Need, NotApplicable, Outcome, Profile, Verdict, failed
from restante.doctor.checks import CHECKS
from restante.doctor.examination import Examination, Finding
from restante.doctor.line import Forbidden, Leave, LineFault, OutOfTime
from restante.doctor.patient import Patient
from restante.doctor.world import DialFault, World

__all__ = ["RUN_SECONDS", "chosen", "examine"]

RUN_SECONDS: Final = 48.0
"""Without `--idle`: what changes a maildrop does not begin later."""
END_SECONDS: Final = 55.0
"""Without `--idle`: nothing is waited for any longer, so that all is over within a minute."""


def chosen(ids: Sequence[str]) -> tuple[Check, ...]:
    """Give the checks of these ids, or of the groups that they begin with. Raises KeyError for one that is none."""
    found: dict[str, Check] = {}
    for wanted in ids:
        named = [check for check in CHECKS if check.id == wanted or check.id.startswith(wanted.rstrip(".") + ".")]
        if not named:
            raise KeyError(wanted)
        found.update((check.id, check) for check in named)
    return tuple(check for check in CHECKS if check.id in found)


def examine(
    patient: Patient,
    world: World,
    *,
    checks: Sequence[Check] = CHECKS,
    profile: Profile = Profile.SELFHOST,
    progress: Callable[[int, int, Check], None] = lambda done, of, check: None,
    waiting: Callable[[float], None] = lambda seconds: None,
) -> Examination:
    """Examine a server.

    `progress` hears before each check how many are done, of how many; `waiting` hears in a long wait how many
    seconds are left of it.
    """
    began = world.clock()
    ends_at = math.inf if patient.idle else began + END_SECONDS
    bench = Bench(patient, world, ends_at=ends_at, waiting=waiting)
    findings: list[Finding] = []
    try:
        for done, check in enumerate(checks):
            progress(done, len(checks), check)
            started = world.clock()
            bench.evidence.clear()
            # Nothing that sends or removes is begun which might be cut off in the middle.
            late = Need.DISPOSABLE in check.needs and started > ends_at - END_SECONDS + RUN_SECONDS
            verdict = _not_judged(OVER) if late else None
            verdict = _lacking(check, patient) or verdict or _missing(check, bench) or _verdict(check, bench)
            findings.append(
                Finding(
                    check=check,
                    verdict=verdict,
                    evidence=tuple(bench.evidence),
                    seconds=world.clock() - started,
                )
            )
        peculiarities = bench.peculiarities()
        login_trouble = bench.login_trouble
    finally:
        bench.close()
    return Examination(
        host=patient.host,
        profile=profile,
        findings=tuple(findings),
        peculiarities=peculiarities,
        login_trouble=login_trouble,
        seconds=world.clock() - began,
    )


OVER: Final = "the minute was over; --only runs it by itself"


def _verdict(check: Check, bench: Bench) -> Verdict:
    try:
        return check.judge(bench)
    except NotApplicable as why:
        return Verdict(outcome=Outcome.NOT_APPLICABLE, said=str(why))
    except (Obstacle, DialFault) as obstacle:
        return _not_judged(str(obstacle))
    except OutOfTime:
        return _not_judged(OVER)
    except Forbidden as harm:
        return _not_judged(f"it would take {harm}, which may do harm")
    except LineFault as fault:
        return failed(f"the server {fault}")


def _not_judged(why: str) -> Verdict:
    return Verdict(outcome=Outcome.NOT_JUDGED, said=why)


def _lacks(why: str) -> Verdict:
    return Verdict(outcome=Outcome.NOT_APPLICABLE, said=why)


def _lacking(check: Check, patient: Patient) -> Verdict | None:
    """Tell what nobody gave that a check needs; None where all is given."""
    needs = check.needs
    if Need.NAME in needs and not patient.is_named:
        return _lacks("the server has no name in the DNS")
    given = {
        Need.LOGIN: patient.login is not None,
        Need.DISPOSABLE: patient.disposable,
        Need.IDLE: patient.idle,
    }
    return next((_lacks(OFFERS[need]) for need, has in given.items() if need in needs and not has), None)


def _missing(check: Check, bench: Bench) -> Verdict | None:
    """Tell what the server has not that a check needs; None where it has all."""
    needs = check.needs
    try:
        if Need.LOGIN in needs:
            bench.inside()
        if Need.MESSAGES in needs and not bench.listing():
            return _lacks("the maildrop is empty")
        if Need.TWO_MESSAGES in needs and len(bench.listing()) < 2:
            return _lacks("it takes two messages, and there is one")
        if Need.READING in needs and not bench.leave & (Leave.READ | Leave.CHANGE):
            return _lacks("this server may change a message when it is retrieved, which --disposable allows")
    except (Obstacle, NotApplicable) as obstacle:
        return _not_judged(str(obstacle))
    except OutOfTime:
        return _not_judged(OVER)
    except LineFault as fault:
        return _not_judged(f"the server {fault}")
    return None
