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
    # Servers make each failure wait longer than the one before: known, unknown, unknown, known.
    other = unknown_name(login.name)
    if min(failure(bench, of=of, try_=1)[1] for of in (login.name, other)) > _LONG_SECONDS:
        raise NotApplicable("each failed login waits for seconds, which hides what it takes")
    turns = [
        failure(bench, of=of, try_=try_)[1]
        for of, try_ in ((login.name, 2), (other, 2), (other, 3), (login.name, 3))
    ]
    known, unknown = turns[0] + turns[3], turns[1] + turns[2]
    slow, quick = max(known, unknown), min(known, unknown)
    ratio = _RATIO if slow - quick < 1.0 else _RATIO_OF_SECONDS
    good = slow - quick < _SMALLEST_SECONDS or slow < ratio * quick
    return judged(good, f"{known:.2f} s for a name that is known, {unknown:.2f} s for one that is not")


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
