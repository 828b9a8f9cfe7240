"""Logins that fail. Sources: RFC 1939 §7 (USER, PASS), RFC 3206 §4 and §6."""

from __future__ import annotations

from typing import Final

from restante.client.faults import shown
from restante.client.server import Login
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, judged
from restante.doctor.logging_in import log_in
from restante.proto.terms import Secret

__all__ = ["CHECKS", "failure", "wrong_login"]

WRONG: Final = "doctor-is-not-the-password"


def wrong_login(bench: Bench, of: str) -> Login:
    """Give a login that is wrong, of the kind that the right one is of."""
    right = bench.patient.login
    if right is not None and right.token is not None:
        return Login.by_token(of, WRONG)
    return Login.by_password(of, WRONG)


def failure(bench: Bench, *, of: str, try_: int) -> tuple[bytes, float]:
    """Give what a login with a wrong password says, and after how many seconds. Raises NotApplicable."""

    def learn() -> tuple[bytes, float]:
        try:
            bench.tls()
        except NotApplicable:
            if not bench.patient.plaintext:
                raise
        with bench.outside() as line:
            began = bench.world.clock()
            login = wrong_login(bench, of)
            status = log_in(line, login, bench.capabilities(), bench.patient, bench.world.entropy)
            return status.line, bench.world.clock() - began

    return bench.known(f"failure {of} {try_}", learn)


def _refused(bench: Bench) -> Verdict:
    login = bench.patient.login
    assert login is not None
    said, _ = failure(bench, of=login.name, try_=1)
    what = "password" if login.token is None else "token"
    return judged(said[:4].upper() == b"-ERR", f"a wrong {what} was answered with {shown(said)}")


def _coded(bench: Bench) -> Verdict:
    bench.announced("AUTH-RESP-CODE")
    login = bench.patient.login
    said, _ = failure(bench, of="doctor-nobody" if login is None else login.name, try_=1)
    return judged(
        said.upper().startswith((b"-ERR [AUTH]", b"-ERR [SYS/")), f"a failed login was answered with {shown(said)}"
    )


def _pass_alone(bench: Bench) -> Verdict:
    with bench.outside() as line:
        status = line.ask(b"PASS doctor")
        return judged(not status.ok, f"PASS without USER was answered with {shown(status.line)}")


def _not_stripped(bench: Bench) -> Verdict:
    login = bench.patient.login
    assert login is not None
    if login.password is None:
        raise NotApplicable("there is no password to try")
    bench.check_that_the_password_is_safe()
    bench.leave_inside()
    with bench.outside() as line:
        longer = Login(name=login.name, password=Secret(login.password.reveal() + b" "), mechanism=login.mechanism)
        status = log_in(line, longer, bench.capabilities(), bench.patient, bench.world.entropy)
        return judged(not status.ok, f"the password with a space behind it was answered with {shown(status.line)}")


CHECKS: Final = (
    Check(
        id="rfc1939.7.pass-after-user",
        level=Level.MUST,
        source="RFC 1939 §7 (PASS)",
        requirement="PASS without a USER before it is answered with -ERR.",
        meaning="Somebody may get in as nobody.",
        remedy="Bring the server up to date.",
        judge=_pass_alone,
    ),
    Check(
        id="rfc1939.7.wrong-password",
        level=Level.MUST,
        source="RFC 1939 §7 (PASS)",
        requirement="A wrong password, or a wrong token, is answered with -ERR.",
        meaning="Anybody can read the mail.",
        remedy="Take the server off the network until its accounts are set up.",
        needs=Need.LOGIN,
        judge=_refused,
    ),
    Check(
        id="rfc1939.7.password-not-stripped",
        level=Level.PRACTICE,
        source="RFC 1939 §7 (PASS)",
        requirement="Spaces belong to the password.",
        meaning="Passwords that end in a space do not work by all ways of logging in alike.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_not_stripped,
    ),
    Check(
        id="rfc3206.6.auth-code",
        level=Level.MUST,
        source="RFC 3206 §4 and §6",
        requirement="With AUTH-RESP-CODE announced, a failed login carries [AUTH] or [SYS/...].",
        meaning="A mail program cannot tell a wrong password from a server in trouble, and asks for the password.",
        remedy="Bring the server up to date, or do not announce it.",
        judge=_coded,
    ),
)
