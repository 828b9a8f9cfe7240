"""How often one may log in, and how often one may try. Sources: RFC 2449 §6.5 and §8.1.1 (LOGIN-DELAY).

These come last: after them a server may let nobody in for a while.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from restante.client.faults import shown
from restante.client.server import Login
from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import OFFERS, Check, Level, Need, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.checks.login import failure
from restante.doctor.checks.secrecy import unknown_name
from restante.doctor.line import LineFault
from restante.doctor.logging_in import log_in
from restante.proto.client import Status

__all__ = ["CHECKS"]

_GUESSES: Final = 8
_GUESSING_SECONDS: Final = 10.0
_SLOW_SECONDS: Final = 1.0
_FREE_SECONDS: Final = 0.25
"""For a guess: who may make four a second makes a hundred thousand in a night."""


def _too_soon(bench: Bench) -> Status:
    """Give what a login says that comes sooner than is announced. Raises Obstacle, NotApplicable."""
    if not bench.login_delay():
        raise NotApplicable("LOGIN-DELAY is not announced")
    login = bench.patient.login
    # Asked here and not by `needs`: a login just to find that nothing is announced may be slow after failed ones.
    if login is None:
        raise NotApplicable(OFFERS[Need.LOGIN])

    def learn() -> Status:
        if not (bench.capabilities_inside().seconds("LOGIN-DELAY") or 0):
            raise NotApplicable("LOGIN-DELAY is not announced for this login")
        bench.check_that_the_password_is_safe()
        bench.leave_inside()
        # The session that was left may have begun long ago; right after this one the next is too soon.
        with suppress(Obstacle):
            bench.logged_in().quit()
        with bench.outside() as line:
            return log_in(line, login, bench.capabilities(), bench.patient, bench.world.entropy)

    return bench.known("a login that is too soon", learn)


def _kept(bench: Bench) -> Verdict:
    status = _too_soon(bench)
    return judged(not status.ok, f"a login right after another one was answered with {shown(status.line)}")


def _coded(bench: Bench) -> Verdict:
    bench.announced("RESP-CODES")
    status = _too_soon(bench)
    if status.ok:
        raise NotApplicable("a login right after another one was let in")
    return judged(
        status.code == b"LOGIN-DELAY", f"a login right after another one was answered with {shown(status.line)}"
    )


def _guessing(bench: Bench) -> Verdict:
    """Guess as a stranger does who knows no name: nobody's account is locked by it."""
    login = bench.patient.login
    _, seconds = failure(bench, of="doctor-nobody" if login is None else unknown_name(login.name), try_=1)
    if seconds >= _SLOW_SECONDS:
        return passed(f"a guess was answered after {seconds:.1f} s")
    clock = bench.world.clock
    guess = Login.by_password("doctor-nobody", "doctor-guesses")
    began, made = clock(), 0
    line = bench.fresh()
    try:
        while made < _GUESSES and clock() - began < _GUESSING_SECONDS:
            status = log_in(line, guess, bench.capabilities(), bench.patient, bench.world.entropy)
            if status.ok:
                line.close()
                return failed("a name that nobody has was let in")
            made += 1
    except LineFault:
        return passed(f"after {made} guesses it answered no longer")
    finally:
        line.quit()
    seconds = clock() - began
    return judged(
        seconds >= made * _FREE_SECONDS, f"{made} guesses in one session were answered in {seconds:.1f} s"
    )


CHECKS: Final = (
    Check(
        id="rfc2449.6.5.login-delay-kept",
        level=Level.PRACTICE,
        source="RFC 2449 §6.5",
        requirement="A login that comes sooner than LOGIN-DELAY says is refused.",
        meaning="Programs that heed it show new mail late, and nobody is the better for it.",
        remedy="Let the server keep its delay, or announce none.",
        judge=_kept,
    ),
    Check(
        id="rfc2449.8.1.1.login-delay-code",
        level=Level.MUST,
        source="RFC 2449 §8.1.1",
        requirement="With RESP-CODES announced, a login refused since it comes too soon carries [LOGIN-DELAY].",
        meaning="Mail programs ask for the password again, though it was right.",
        remedy="Bring the server up to date.",
        judge=_coded,
    ),
    Check(
        id="login.guessing",
        level=Level.PRACTICE,
        source="common practice",
        requirement="Who guesses passwords in one session is slowed down or shown out.",
        meaning="A list of common passwords is tried in a night, and one of them is somebody's.",
        remedy="Let each failed login wait, end a session after a few of them, and count them by address, too.",
        judge=_guessing,
    ),
)
