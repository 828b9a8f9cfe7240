"""The door for sending, gone into: its TLS, its login, and the largest message. Nothing is sent here.

Sources: RFC 8996 §4, RFC 4954 §4 and §6, RFC 1870 §5 and §6.1.
"""

from __future__ import annotations

from typing import Final

from restante.client.server import Login
from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.checks.submission import log_in_to_send, secured
from restante.doctor.patient import Door
from restante.doctor.smtp import NoMechanismHere, ask, authenticate, extensions, greeting
from restante.doctor.world import DialFault, TlsOffer

__all__ = ["CHECKS"]

_ALREADY_TOO_LARGE: Final = 10


def _old_refused(bench: Bench) -> Verdict:
    # That there is one for today's clients is seen first: a door that has no TLS at all refuses old ones, too.
    if (line := secured(bench)).tls is None:
        raise NotApplicable("no door for sending has TLS")
    door = line.door
    line.close()
    line = bench.dial_raw(door)
    try:
        if door is Door.SUBMISSION:
            greeting(line)
            extensions(line)
            ask(line, b"STARTTLS")
        return failed(f"a client that knows nothing newer gets {line.start_tls(TlsOffer.OLD).version}")
    except DialFault:
        return passed("a client that offers TLS 1.0 and 1.1 alone is refused")
    finally:
        line.close()


def _login_works(bench: Bench) -> Verdict:
    bench.check_that_the_password_is_safe()
    line = secured(bench)
    try:
        found = log_in_to_send(bench, line)
    except Obstacle as error:
        return failed(str(error))
    if "AUTH" not in found:
        raise NotApplicable("AUTH is not offered")
    return passed("the login was let in")


def _wrong_refused(bench: Bench) -> Verdict:
    line = secured(bench)
    offered = extensions(line).get("AUTH")
    if offered is None or line.tls is None:
        raise NotApplicable("AUTH is not offered under TLS")
    wrong = Login.by_password("doctor-nobody", "doctor-is-not-the-password")
    try:
        answer = authenticate(
            line, wrong, offered, host=bench.patient.host, plaintext=False, entropy=bench.world.entropy(32)
        )
    except NoMechanismHere as error:
        raise NotApplicable(str(error)) from None
    return judged(not answer.ok, f"a name that nobody has was answered with {answer.code}")


def _size_kept(bench: Bench) -> Verdict:
    bench.check_that_the_password_is_safe()
    line = secured(bench)
    # What is told may be another limit once one has logged in, and EHLO is not said again: it is the one told here.
    told = log_in_to_send(bench, line).get("SIZE", ("0",))
    limit = int(told[0]) if told and told[0].isdigit() else 0
    if not limit:
        raise NotApplicable("no largest size is announced")
    address = bench.patient.mail_address.encode()
    answer = ask(line, b"MAIL FROM:<%s> SIZE=%d" % (address, limit * _ALREADY_TOO_LARGE))
    if answer.ok:
        ask(line, b"RSET")
    return judged(
        not answer.ok,
        f"a message of {limit * _ALREADY_TOO_LARGE} octets was announced, and answered with {answer.code}",
    )


CHECKS: Final = (
    Check(
        id="rfc8996.4.old-tls-refused-for-sending",
        level=Level.MUST,
        source="RFC 8996 §4 and §5, RFC 8997 §3",
        requirement="The door for sending refuses TLS 1.0 and 1.1.",
        meaning="Somebody on the line could talk an old program down to them, and read passwords.",
        remedy="Set the oldest version to TLS 1.2 (Postfix: smtpd_tls_mandatory_protocols).",
        judge=_old_refused,
    ),
    Check(
        id="rfc4954.4.login",
        level=Level.MUST,
        source="RFC 4954 §4, RFC 6409 §4.3",
        requirement="The login that fetches mail hands mail in, too, or the one that the account has for it.",
        meaning="Mail stays in the outbox, and the program says that the password is wrong.",
        remedy="Let both servers ask the same directory, with the same form of names.",
        needs=Need.LOGIN,
        judge=_login_works,
    ),
    Check(
        id="rfc4954.4.wrong-password",
        level=Level.MUST,
        source="RFC 4954 §6",
        requirement="A wrong password is refused at the door for sending.",
        meaning="Strangers send their spam through this server.",
        remedy="Close the door until its accounts are set up.",
        judge=_wrong_refused,
    ),
    Check(
        id="rfc1870.6.1.size-kept",
        level=Level.SHOULD,
        source="RFC 1870 §6.1",
        requirement="A message that is announced as larger than SIZE allows is refused before it is sent.",
        meaning="A large attachment is sent for minutes, and then refused.",
        remedy="Bring the server up to date, or see what stands in front of it.",
        needs=Need.LOGIN,
        judge=_size_kept,
    ),
)
