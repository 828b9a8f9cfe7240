"""One session at a time. Sources: RFC 1939 §4, RFC 2449 §8.1.1 and §8.1.2."""

from __future__ import annotations

from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.logging_in import log_in
from restante.proto.client import Status

__all__ = ["CHECKS"]

_RELEASE_SECONDS: Final = 8.0


def _second(bench: Bench) -> Status:
    """Give what a second login says while the first session stands. Raises Obstacle, NotApplicable."""

    def learn() -> Status:
        bench.need_logins()
        login = bench.patient.login
        assert login is not None
        bench.inside()
        with bench.outside() as line:
            return log_in(line, login, bench.capabilities(), bench.patient, bench.world.entropy)

    return bench.known("a second login", learn)


def _locked(bench: Bench) -> Verdict:
    status = _second(bench)
    return judged(not status.ok, f"a second login was answered with {shown(status.line)}")


def _code(bench: Bench) -> Verdict:
    bench.announced("RESP-CODES")
    status = _second(bench)
    if status.ok:
        raise NotApplicable("the second login was let in")
    return judged(status.code == b"IN-USE", f"a second login was answered with {shown(status.line)}")


def _released(bench: Bench) -> Verdict:
    bench.need_logins()
    bench.leave_inside()
    try:
        for _ in range(2):
            bench.logged_in().quit()
    except Obstacle as error:
        return failed(f"right after QUIT: {error}")
    return passed("the next login, right after QUIT, was let in")


def _released_when_broken(bench: Bench) -> Verdict:
    bench.need_logins()
    bench.leave_inside()
    bench.logged_in().close()
    until = bench.world.clock() + _RELEASE_SECONDS
    while True:
        try:
            bench.logged_in().quit()
        except Obstacle as error:
            if bench.world.clock() > until:
                return failed(f"{_RELEASE_SECONDS:.0f} s after the connection broke: {error}")
            bench.world.pause(0.5)
        else:
            return passed("a login after a broken connection was let in")


CHECKS: Final = (
    Check(
        id="rfc1939.4.lock",
        level=Level.SHOULD,
        source="RFC 1939 §4",
        requirement="While one session has the maildrop, a second login is refused.",
        meaning="Two programs that remove mail at once can take it from under each other.",
        remedy="Switch the lock on (Dovecot: pop3_lock_session=yes).",
        needs=Need.LOGIN,
        judge=_locked,
    ),
    Check(
        id="rfc2449.8.1.2.in-use",
        level=Level.MUST,
        source="RFC 2449 §8.1.2",
        requirement="With RESP-CODES announced, a login refused because of the lock carries [IN-USE].",
        meaning="Mail programs ask for the password again, though it was right.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_code,
    ),
    Check(
        id="lock.free-after-quit",
        level=Level.MUST,
        source="RFC 1939 §6",
        requirement="After QUIT the maildrop is free at once.",
        meaning="The next look at the mail fails for no reason that a person can see.",
        remedy="Bring the server up to date, or see why the end of a session takes so long.",
        needs=Need.LOGIN,
        judge=_released,
    ),
    Check(
        id="lock.free-after-a-break",
        level=Level.PRACTICE,
        source="common practice",
        requirement="When a connection breaks, the maildrop is free within some seconds.",
        meaning="After a walk through a tunnel, the mail is locked for as long as the server waits.",
        remedy="Let the server notice the end of a connection; remove stale lock files.",
        needs=Need.LOGIN,
        judge=_released_when_broken,
    ),
)
