"""AUTH: each mechanism that is announced, and the form of the exchange. Sources: RFC 5034 §4, RFC 2449 §6.3."""

from __future__ import annotations

from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged
from restante.doctor.line import LineFault
from restante.doctor.logging_in import TIMESTAMP, by_apop, by_mechanism, by_user, triable
from restante.sasl.registry import find

__all__ = ["CHECKS"]


def _plain_offered(bench: Bench) -> Verdict:
    offered = bench.announced("SASL")
    bench.tls()
    return judged("PLAIN" in [name.upper() for name in offered], f"it offers {' '.join(offered)}")


def _need_plain(bench: Bench) -> None:
    if "PLAIN" not in [name.upper() for name in bench.announced("SASL")]:
        raise NotApplicable("AUTH PLAIN is not offered")


def _each_works(bench: Bench) -> Verdict:
    login = bench.patient.login
    assert login is not None
    offered = bench.announced("SASL")
    with bench.outside() as line:
        binding = line.tls.binding if line.tls is not None else None
    mechanisms = triable(login, offered, binding)
    if not mechanisms:
        raise NotApplicable(f"none of {' '.join(offered)} can be tried with this login")
    bench.need_logins()
    bench.check_that_the_password_is_safe()
    bench.leave_inside()
    good: list[str] = []
    troubles: list[str] = []
    unknown: list[str] = []
    for mechanism in mechanisms:
        if mechanism.binds and unknown:
            continue
        line = bench.fresh()
        try:
            status = by_mechanism(line, login, mechanism, bench.patient, bench.world.entropy)
        except LineFault as fault:
            troubles.append(f"{mechanism.name} is announced, and the server {fault}")
        else:
            if status.ok:
                good.append(mechanism.name)
            elif mechanism.binds:
                # A server need not know our type of channel binding, and has no way to tell which ones it knows.
                unknown.append(f"{mechanism.name} was refused with the binding that we have")
            else:
                troubles.append(f"{mechanism.name} is announced, and was refused: {shown(status.text)}")
        finally:
            line.quit()
    if not good and not troubles:
        raise NotApplicable("; ".join(unknown))
    told = [f"{', '.join(good)} let this login in"] if good else []
    return judged(not troubles, "; ".join([*troubles, *told, *unknown]))


def _all_known(bench: Bench) -> Verdict:
    offered = bench.announced("SASL")
    strange = [name for name in offered if find(name.upper()) is None]
    return judged(not strange, f"{' '.join(strange) or 'nothing'} is offered that nobody uses today")


def _user_works(bench: Bench) -> Verdict:
    login = bench.patient.login
    assert login is not None
    if login.password is None:
        raise NotApplicable("there is no password to try")
    if "USER" not in bench.capabilities() and bench.capabilities().told:
        raise NotApplicable("USER is not announced")
    bench.need_logins()
    bench.leave_inside()
    with bench.outside() as line:
        status = by_user(line, login)
        return judged(status.ok, f"USER and PASS ended with {shown(status.line)}")


def _two_steps(bench: Bench) -> Verdict:
    login = bench.patient.login
    assert login is not None
    offered = bench.announced("SASL")
    mechanisms = [one for one in triable(login, offered, None) if not one.server_first]
    if not mechanisms:
        raise NotApplicable(f"none of {' '.join(offered)} begins with the client, and takes this login")
    bench.need_logins()
    bench.check_that_the_password_is_safe()
    bench.leave_inside()
    mechanism = mechanisms[-1]
    with bench.outside() as line:
        status = by_mechanism(line, login, mechanism, bench.patient, bench.world.entropy, initial_response=False)
        return judged(status.ok, f"AUTH {mechanism.name} in two steps ended with {shown(status.line)}")


def _apop_works(bench: Bench) -> Verdict:
    login = bench.patient.login
    assert login is not None
    if not TIMESTAMP.search(bench.greeting().line):
        raise NotApplicable("there is no APOP timestamp in the greeting")
    if login.password is None:
        raise NotApplicable("there is no password to try")
    bench.need_logins()
    bench.check_that_the_password_is_safe()
    bench.leave_inside()
    with bench.outside() as line:
        status = by_apop(line, login)
        return judged(status.ok, f"APOP ended with {shown(status.line)}")


def _cancelled(bench: Bench) -> Verdict:
    _need_plain(bench)
    with bench.outside() as line:
        challenge = line.ask_text(b"AUTH PLAIN")
        if not challenge.startswith(b"+"):
            raise NotApplicable("AUTH PLAIN without an initial response is refused")
        status = line.ask(b"*")
        if status.ok:
            line.close()
            return failed("a login that was cancelled was answered with +OK")
        return judged(line.ask_body(b"CAPA") is not None, "it was refused, and the session goes on")


def _empty_challenge(bench: Bench) -> Verdict:
    _need_plain(bench)
    with bench.outside() as line:
        challenge = line.ask_text(b"AUTH PLAIN")
        if challenge.startswith(b"+"):
            line.ask(b"*")
        return judged(challenge == b"+ \r\n", f"AUTH PLAIN was answered with '{shown(challenge)}'")


def _bad_base64(bench: Bench) -> Verdict:
    _need_plain(bench)
    with bench.outside() as line:
        raw = line.ask_text(b"AUTH PLAIN !!!!")
        return judged(raw.startswith(b"-ERR"), f"what is no base64 was answered with {shown(raw.rstrip())}")


def _unknown_mechanism(bench: Bench) -> Verdict:
    with bench.outside() as line:
        status = line.ask_text(b"AUTH DOCTOR-1")
        return judged(status.startswith(b"-ERR"), f"AUTH DOCTOR-1 was answered with {shown(status.rstrip())}")


def _apop_refuses(bench: Bench) -> Verdict:
    if not TIMESTAMP.search(bench.greeting().line):
        raise NotApplicable("there is no APOP timestamp in the greeting")
    with bench.outside() as line:
        status = line.ask(b"APOP doctor-nobody c4c9334bac560ecc979e58001b3e22fb")
        return judged(not status.ok, f"a digest that is wrong was answered with {shown(status.line)}")


CHECKS: Final = (
    Check(
        id="rfc5034.6.plain-offered",
        level=Level.MUST,
        source="RFC 5034 §6",
        requirement="Where AUTH is there, PLAIN is offered under TLS.",
        meaning="It is the one mechanism that every program knows.",
        remedy="Add PLAIN to the mechanisms; under TLS it is safe.",
        judge=_plain_offered,
    ),
    Check(
        id="rfc2449.6.3.mechanisms-work",
        level=Level.MUST,
        source="RFC 2449 §6.3, RFC 5034 §4",
        requirement="Each announced mechanism that this login can use lets it in.",
        meaning="A program takes the strongest that it knows, fails, and says that the password is wrong.",
        remedy="Announce only what the stored passwords can serve: CRAM-MD5 and SCRAM need them kept for it.",
        needs=Need.LOGIN,
        judge=_each_works,
    ),
    Check(
        id="rfc1939.7.user-and-pass",
        level=Level.MUST,
        source="RFC 1939 §7, RFC 2449 §6.2",
        requirement="USER and PASS let this login in where USER is announced.",
        meaning="Simple programs get no mail.",
        remedy="Do not announce USER, or let it in.",
        needs=Need.LOGIN,
        judge=_user_works,
    ),
    Check(
        id="rfc5034.4.two-steps",
        level=Level.MUST,
        source="RFC 5034 §4, RFC 2449 §4",
        requirement="The first response may come after an empty challenge, in a line of its own.",
        meaning="A token, or a long password, does not fit into the 255 octets of a command: nobody gets in by it.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_two_steps,
    ),
    Check(
        id="rfc1939.7.apop-works",
        level=Level.PRACTICE,
        source="RFC 1939 §7 (APOP)",
        requirement="Where the greeting has a timestamp, APOP lets this login in.",
        meaning="Programs take the timestamp for an offer, fail, and say that the password is wrong.",
        remedy="Show the timestamp only where passwords are kept so that APOP can use them; else switch it off.",
        needs=Need.LOGIN,
        judge=_apop_works,
    ),
    Check(
        id="mechanisms.of-today",
        level=Level.PRACTICE,
        source="RFC 8314 §3, IANA's registry of SASL mechanisms",
        requirement="No mechanism is offered that is obsolete or unknown.",
        meaning="DIGEST-MD5, NTLM and their like are weak, and programs that try them fail.",
        remedy="Take them out of the list of mechanisms.",
        judge=_all_known,
    ),
    Check(
        id="rfc5034.4.cancel",
        level=Level.MUST,
        source="RFC 5034 §4",
        requirement="A login that the client cancels with * is refused, and the session goes on.",
        meaning="A program that changes its mind loses the connection, or is let in as nobody.",
        remedy="Bring the server up to date.",
        judge=_cancelled,
    ),
    Check(
        id="rfc5034.4.empty-challenge",
        level=Level.MUST,
        source="RFC 5034 §4",
        requirement="An empty challenge is a plus sign, one space, and CRLF.",
        meaning="Strict programs wait for the space, or take the line for no challenge.",
        remedy="Bring the server up to date.",
        judge=_empty_challenge,
    ),
    Check(
        id="rfc5034.4.bad-base64",
        level=Level.MUST,
        source="RFC 5034 §4",
        requirement="What is no base64 is answered with -ERR.",
        meaning="What checks a login and what lets it in may read two different things.",
        remedy="Bring the server up to date.",
        judge=_bad_base64,
    ),
    Check(
        id="rfc5034.4.unknown-mechanism",
        level=Level.MUST,
        source="RFC 5034 §4",
        requirement="A mechanism that is not known is answered with -ERR.",
        meaning="A program that tries it waits forever.",
        remedy="Bring the server up to date.",
        judge=_unknown_mechanism,
    ),
    Check(
        id="rfc1939.7.apop-refuses",
        level=Level.MUST,
        source="RFC 1939 §7 (APOP)",
        requirement="APOP with a wrong digest is answered with -ERR.",
        meaning="Anybody could read the mail.",
        remedy="Switch APOP off, and bring the server up to date at once.",
        judge=_apop_refuses,
    ),
)
