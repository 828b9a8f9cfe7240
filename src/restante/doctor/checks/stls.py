"""STLS: offered where it belongs, and a clean cut between before and after.

Sources: RFC 2595 §4, RFC 8314 §3, and CVE-2011-0411 with its family (what came before the handshake runs after it).
"""

from __future__ import annotations

from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench, capabilities_of
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.line import Ended, Silent
from restante.doctor.world import DialFault

__all__ = ["CHECKS"]


def _offered(bench: Bench) -> Verdict:
    with bench.plain() as line:
        return judged("STLS" in capabilities_of(line), "CAPA in the clear was asked for it")


def _works(bench: Bench) -> Verdict:
    with bench.plain() as line:
        _need_stls(capabilities_of(line))
        status = line.ask(b"STLS")
        if not status.ok:
            return failed(f"it is announced and refused: {shown(status.text)}")
        try:
            facts = line.start_tls()
        except DialFault as error:
            return failed(str(error))
        return judged(capabilities_of(line).told, f"{facts.version} stands, and CAPA is answered under it")


def _need_stls(capabilities: object) -> None:
    if "STLS" not in capabilities:  # type: ignore[operator]  # a mapping
        raise NotApplicable("STLS is not offered")


def _not_twice(bench: Bench) -> Verdict:
    with bench.outside() as line:
        if line.tls is None:
            raise NotApplicable("there is no TLS to look at")
        announced = "STLS" in capabilities_of(line)
        status = line.ask(b"STLS")
        if status.ok:
            line.close()
            return failed("STLS under TLS was answered with +OK")
        return judged(
            not announced,
            "it is refused" + (", and announced all the same" if announced else ", and not announced"),
        )


def _not_after_login(bench: Bench) -> Verdict:
    line = bench.inside()
    status = line.ask(b"STLS")
    if status.ok:
        line.close()
    return judged(not status.ok, f"STLS after the login was answered with {shown(status.line)}")


def _no_injection(bench: Bench) -> Verdict:
    with bench.plain() as line:
        _need_stls(capabilities_of(line))
        # The second command is there in the clear, before any handshake.
        line.send(b"STLS\r\nCAPA\r\n")
        try:
            if not line.status().ok:
                return passed("STLS with a command behind it is refused")
        except Ended:
            return passed("the server ended the connection")
        try:
            if line.says_more():
                return failed("the server answered in the clear, after its +OK to STLS")
            line.start_tls()
        except DialFault:
            return passed("the server ended the connection")
        try:
            line.receive(1.5)
        except Silent:
            return passed("the command sent before the handshake was not run after it")
        if line.ended:
            return passed("the server ended the connection")
        return failed(
            f"the command sent before the handshake was run after it: {shown(line.unread.splitlines()[0])}"
        )


def _plaintext_refused(bench: Bench) -> Verdict:
    if bench.patient.is_this_machine:
        raise NotApplicable("nobody reads along on the way to this machine itself")
    with bench.plain() as line:
        capabilities = capabilities_of(line)
        open_ = [name for name in capabilities.get("SASL", ()) if name.upper() in ("PLAIN", "LOGIN")]
        if "USER" in capabilities or open_:
            return failed(f"it announces {'USER' if 'USER' in capabilities else 'SASL ' + open_[0]} without TLS")
        try:
            status = line.ask(b"USER doctor-nobody")
        except Ended:
            return passed("the connection was ended at USER")
        if not status.ok:
            return passed(f"USER was answered with {shown(status.line)}")
        # Some let any USER pass, and refuse at PASS, for all names alike and at once.
        status = line.ask(b"PASS doctor-no-password")
        told = b"TLS" in status.line.upper() or b"SSL" in status.line.upper() or b"PLAINTEXT" in status.line.upper()
        return judged(told, f"USER was let in; PASS was answered with {shown(status.line)}")


CHECKS: Final = (
    Check(
        id="rfc2595.4.stls-offered",
        level=Level.SHOULD,
        source="RFC 2595 §4, RFC 8314 §4.1",
        requirement="The port without TLS offers STLS.",
        meaning="Whoever has to use this port cannot protect their password.",
        remedy="Give the server a certificate, or close the port.",
        judge=_offered,
    ),
    Check(
        id="rfc2595.4.stls-works",
        level=Level.MUST,
        source="RFC 2595 §4",
        requirement="Where STLS is announced, it leads to TLS, and the session goes on before the login.",
        meaning="Programs that are told to use STLS get no mail.",
        remedy="Look into the server's log for what is wrong with its certificate or key.",
        judge=_works,
    ),
    Check(
        id="rfc2595.4.stls-not-twice",
        level=Level.MUST,
        source="RFC 2595 §4",
        requirement="Under TLS, STLS is neither announced nor accepted.",
        meaning="A careful program may take the offer for a trick of somebody on the line.",
        remedy="Bring the server up to date.",
        judge=_not_twice,
    ),
    Check(
        id="rfc2595.4.stls-not-after-login",
        level=Level.MUST,
        source="RFC 2595 §4",
        requirement="After the login STLS is refused.",
        meaning="The states of this server can be mixed up.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_not_after_login,
    ),
    Check(
        id="rfc2595.4.no-injection",
        level=Level.MUST,
        source="RFC 2595 §4, CVE-2011-0411",
        requirement="What was sent before the handshake is not run as a command after it.",
        meaning="Somebody on the line can put commands into a session that looks protected.",
        remedy="Bring the server, or what does TLS in front of it, up to date at once.",
        judge=_no_injection,
    ),
    Check(
        id="rfc8314.3.plaintext-refused",
        level=Level.MUST,
        source="RFC 8314 §3, RFC 2595 §2.3",
        requirement="Without TLS no login by a password in the clear is offered or accepted.",
        meaning="Programs that are set up wrongly send passwords for everybody on the line to read.",
        remedy="Forbid logins in the clear (Dovecot: disable_plaintext_auth=yes).",
        judge=_plaintext_refused,
    ),
)
