"""What a failed login gives away: nothing about which names there are. Sources: RFC 1939 §7 (USER), RFC 4422 §6."""

from __future__ import annotations

from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, judged
from restante.doctor.checks.login import failure

__all__ = ["CHECKS", "unknown_name"]

_RATIO: Final = 3.0
_RATIO_OF_SECONDS: Final = 2.0
"""Where they are a second apart, which no network does: servers that wait at random are within this."""
_LONG_SECONDS: Final = 2.0
"""Where both take longer than this by a delay of the server's, a ratio would tell nothing."""
_SMALLEST_SECONDS: Final = 0.05
"""Differences below this drown in the network."""


def unknown_name(name: str) -> str:
    """Give a name that nobody has, of the form of another."""
    head, at, domain = name.partition("@")
    return f"doctor-nobody-{len(head)}{at}{domain}"


def _same_text(bench: Bench) -> Verdict:
    login = bench.patient.login
    assert login is not None
    known, _ = failure(bench, of=login.name, try_=1)
    unknown, _ = failure(bench, of=unknown_name(login.name), try_=1)
    name, other = login.name.encode(), unknown_name(login.name).encode()
    return judged(
        known.replace(name, b"") == unknown.replace(other, b""),
        f"{shown(known)} for a name that is known, {shown(unknown)} for one that is not",
    )


def _same_time(bench: Bench) -> Verdict:
    login = bench.patient.login
    assert login is not None
    # Servers make each failure wait longer than the one before, so that known and unknown take turns both ways.
    other = unknown_name(login.name)
    known = [failure(bench, of=login.name, try_=1)[1]]
    unknown = [failure(bench, of=other, try_=1)[1]]
    if min(*known, *unknown) > _LONG_SECONDS:
        raise NotApplicable("each failed login waits for seconds, which hides what it takes")
    unknown.append(failure(bench, of=other, try_=2)[1])
    known.append(failure(bench, of=login.name, try_=2)[1])
    if not _alike(sum(known), sum(unknown)):
        # The very first may have been slow for being the first.
        known = [known[1], failure(bench, of=login.name, try_=3)[1]]
        unknown = [unknown[1], failure(bench, of=other, try_=3)[1]]
    return judged(
        _alike(sum(known), sum(unknown)),
        f"{sum(known):.2f} s for a name that is known, {sum(unknown):.2f} s for one that is not",
    )


def _alike(one: float, other: float) -> bool:
    slow, quick = max(one, other), min(one, other)
    ratio = _RATIO if slow - quick < 1.0 else _RATIO_OF_SECONDS
    return slow - quick < _SMALLEST_SECONDS or slow < ratio * quick


def _user_tells_nothing(bench: Bench) -> Verdict:
    login = bench.patient.login
    assert login is not None
    bench.announced("USER")
    # Each in a conversation of its own: after USER comes PASS, and some refuse another USER for its place.
    with bench.outside() as line:
        known = line.ask(b"USER " + login.name.encode())
    with bench.outside() as line:
        unknown = line.ask(b"USER " + unknown_name(login.name).encode())
    return judged(
        known.ok == unknown.ok,
        f"USER: {shown(known.line)} for a name that is known, {shown(unknown.line)} for one that is not",
    )


CHECKS: Final = (
    Check(
        id="login.same-text",
        level=Level.SHOULD,
        source="RFC 1939 §7 (USER), common practice",
        requirement="A wrong password and an unknown name get the same answer.",
        meaning="Anybody can find out which addresses there are, and send them spam or guess their passwords.",
        remedy="Let the server say one sentence for both.",
        needs=Need.LOGIN,
        judge=_same_text,
    ),
    Check(
        id="login.same-time",
        level=Level.PRACTICE,
        source="common practice",
        requirement="A wrong password and an unknown name take about the same time.",
        meaning="Anybody with a watch can find out which addresses there are.",
        remedy="Let the server hash a password for unknown names too, or wait after each failure.",
        needs=Need.LOGIN,
        judge=_same_time,
    ),
    Check(
        id="login.user-tells-nothing",
        level=Level.PRACTICE,
        source="RFC 1939 §7 (USER)",
        requirement="USER is answered alike for names that are known and that are not.",
        meaning="Anybody can find out which addresses there are, without a single failed login.",
        remedy="Let USER answer +OK for all names.",
        needs=Need.LOGIN,
        judge=_user_tells_nothing,
    ),
)
