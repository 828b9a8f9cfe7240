"""The other door: mail on its way out. Nothing is sent here.

Sources: RFC 8314 §3.3, RFC 6409 §4.3, RFC 4954 §4, RFC 3207 §4, RFC 1870.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.line import Ended, Line, Silent
from restante.doctor.patient import Door
from restante.doctor.smtp import NoMechanismHere, ask, authenticate, extensions, greeting
from restante.doctor.world import DialFault

__all__ = ["CHECKS", "log_in_to_send", "secured"]


def _clear(bench: Bench) -> Line:
    """Connect to the port with STARTTLS. Raises NotApplicable."""
    if Door.SUBMISSION not in bench.patient.ports:
        raise NotApplicable("that port is not looked at")
    try:
        line = bench.dial_raw(Door.SUBMISSION)
    except DialFault as error:
        raise NotApplicable(str(error)) from None
    greeting(line)
    return line


def secured(bench: Bench) -> Line:
    """Connect to the best door for sending, with TLS. Raises NotApplicable."""
    if Door.SUBMISSIONS in bench.patient.ports:
        try:
            line = bench.dial_raw(Door.SUBMISSIONS)
            line.start_tls()
        except DialFault:
            pass
        else:
            greeting(line)
            return line
    line = _clear(bench)
    if "STARTTLS" not in extensions(line) or not ask(line, b"STARTTLS").ok:
        raise NotApplicable("no door for sending has TLS")
    line.start_tls()
    return line


def log_in_to_send(bench: Bench, line: Line) -> dict[str, tuple[str, ...]]:
    """Log in at the door for sending, if it has AUTH, and give its extensions. Raises Obstacle."""
    patient = bench.patient
    login = patient.sending_login or patient.login
    assert login is not None
    if line.tls is None or not (line.tls.trusted or patient.plaintext):
        raise Obstacle("the door for sending shows no certificate that is trusted, and the login does not go out")
    found = extensions(line)
    if "AUTH" in found:
        try:
            answer = authenticate(
                line,
                login,
                found["AUTH"],
                host=patient.host,
                plaintext=patient.plaintext,
                entropy=bench.world.entropy(32),
            )
        except NoMechanismHere as error:
            raise Obstacle(f"the login for sending cannot be made: {error}") from None
        if not answer.ok:
            raise Obstacle(f"the login for sending was refused with {answer.code}")
    return found


def _listens(bench: Bench) -> Verdict:
    if Door.SUBMISSIONS not in bench.patient.ports:
        raise NotApplicable("that port is not looked at")
    _need_a_door(bench)
    try:
        line = bench.dial_raw(Door.SUBMISSIONS)
        facts = line.start_tls()
    except DialFault as error:
        return failed(str(error))
    return judged(greeting(line).ok, f"it greets in {facts.version}")


def _need_a_door(bench: Bench) -> None:
    """Raise NotApplicable where nobody said that mail is handed in at this host, and nothing listens for it."""
    if bench.patient.sending is not None:
        return

    def learn() -> bool:
        for door in (Door.SUBMISSIONS, Door.SUBMISSION):
            if door in bench.patient.ports:
                with suppress(DialFault):
                    bench.dial_raw(door).close()
                    return True
        return False

    if not bench.known("a door for sending", learn):
        raise NotApplicable("nothing listens for mail at this host; --smtp HOST names the one that does")


def _trusted(bench: Bench) -> Verdict:
    facts = secured(bench).tls
    if facts is None:
        raise NotApplicable("no door for sending has TLS")
    if facts.pinned:
        raise NotApplicable("it is the one with the fingerprint that was given, and nobody is asked who signed it")
    return judged(facts.trusted, "chain, name and dates hold" if facts.trusted else facts.trouble)


def _starttls(bench: Bench) -> Verdict:
    return judged("STARTTLS" in extensions(_clear(bench)), "EHLO in the clear was asked for it")


def _no_auth_in_the_clear(bench: Bench) -> Verdict:
    if Door.SUBMISSION in bench.patient.ports and bench.patient.is_loopback_at(Door.SUBMISSION):
        raise NotApplicable("nobody reads along on the way to this machine itself")
    offered = extensions(_clear(bench)).get("AUTH", ())
    plain = [name for name in offered if name.upper() in ("PLAIN", "LOGIN")]
    return judged(not plain, f"it offers AUTH {' '.join(offered)} without TLS" if plain else "no AUTH in the clear")


def _auth(bench: Bench) -> Verdict:
    offered = extensions(secured(bench)).get("AUTH", ())
    return judged(offered, f"it offers {' '.join(offered) or 'no AUTH'} under TLS")


def _size(bench: Bench) -> Verdict:
    found = extensions(secured(bench)).get("SIZE")
    return judged(
        found is not None, f"it says SIZE {' '.join(found or ())}" if found is not None else "SIZE is not announced"
    )


def _needs_auth(bench: Bench) -> Verdict:
    line = secured(bench)
    extensions(line)
    answer = ask(line, b"MAIL FROM:<doctor@doctor.invalid>")
    if answer.ok:
        answer = ask(line, b"RCPT TO:<doctor@doctor.invalid>")
        ask(line, b"RSET")
    return judged(not answer.ok, f"mail to elsewhere without a login was answered with {answer.code}")


def _no_injection(bench: Bench) -> Verdict:
    line = _clear(bench)
    if "STARTTLS" not in extensions(line):
        raise NotApplicable("STARTTLS is not offered")
    line.send(b"STARTTLS\r\nNOOP\r\n")
    try:
        raw = line.raw_line()
    except Ended:
        return passed("the connection was ended")
    if not raw.startswith(b"2"):
        return passed("STARTTLS with a command behind it is refused")
    try:
        if line.says_more():
            return failed("the server answered in the clear, after its answer to STARTTLS")
        line.start_tls()
        line.receive(1.5)
    except (Silent, DialFault):
        return passed("the command sent before the handshake was not run after it")
    return judged(
        line.ended,
        "the connection ended" if line.ended else "the command sent before the handshake was run after it",
    )


_UPDATE: Final = "Bring the server up to date."

CHECKS: Final = (
    Check(
        id="rfc8314.3.3.submissions",
        level=Level.SHOULD,
        source="RFC 8314 §3.3",
        requirement="Mail can be handed in under TLS from the first octet, on port 465.",
        meaning="Mail programs of today try this door first.",
        remedy="Switch the port on (Postfix: submissions in master.cf), with the same certificate.",
        judge=_listens,
    ),
    Check(
        id="rfc8314.5.certificate-for-sending",
        level=Level.MUST,
        source="RFC 8314 §3.3 and §5",
        requirement="The door for sending shows a certificate that clients trust, for its name, and in its time.",
        meaning="Mail programs warn or refuse, and mail stays in the outbox.",
        remedy="Serve a certificate for this name, with all certificates between it and the root.",
        judge=_trusted,
    ),
    Check(
        id="rfc3207.4.starttls",
        level=Level.MUST,
        source="RFC 8314 §3.3, RFC 3207",
        requirement="The port for mail in the clear, 587, offers STARTTLS.",
        meaning="Passwords and mail go out for everybody on the line to read.",
        remedy="Give the server a certificate, or close the port.",
        judge=_starttls,
    ),
    Check(
        id="rfc4954.4.no-auth-in-the-clear",
        level=Level.MUST,
        source="RFC 4954 §4, RFC 8314 §3.3",
        requirement="Without TLS no login by a password in the clear is offered.",
        meaning="Programs that are set up wrongly send passwords for everybody on the line to read.",
        remedy="Offer AUTH under TLS alone (Postfix: smtpd_tls_auth_only=yes).",
        judge=_no_auth_in_the_clear,
    ),
    Check(
        id="rfc6409.4.3.auth",
        level=Level.MUST,
        source="RFC 6409 §4.3, RFC 4954",
        requirement="Under TLS, AUTH is offered.",
        meaning="Nobody can send from outside.",
        remedy="Switch AUTH on for this port.",
        judge=_auth,
    ),
    Check(
        id="rfc6409.4.3.auth-required",
        level=Level.MUST,
        source="RFC 6409 §4.3",
        requirement="Mail to elsewhere without a login is refused.",
        meaning="Strangers send their spam through this server, and its own mail is refused everywhere soon.",
        remedy="Allow relaying to those alone who logged in.",
        judge=_needs_auth,
    ),
    Check(
        id="rfc1870.size",
        level=Level.PRACTICE,
        source="RFC 1870 §3",
        requirement="SIZE is announced.",
        meaning="A large attachment is sent for minutes, and then refused.",
        remedy="Switch the extension on.",
        judge=_size,
    ),
    Check(
        id="rfc3207.4.no-injection",
        level=Level.MUST,
        source="RFC 3207 §4.2, CVE-2011-0411",
        requirement="What was sent before the handshake is not run as a command after it.",
        meaning="Somebody on the line can put commands into a session that looks protected.",
        remedy=_UPDATE,
        judge=_no_injection,
    ),
)
