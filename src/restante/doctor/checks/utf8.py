"""Mail and names in other scripts than ASCII, and errors in other languages. Source: RFC 6856 §2 and §3."""

from __future__ import annotations

from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench, capabilities_of
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.world import DialFault

__all__ = ["CHECKS"]


def _utf8_works(bench: Bench) -> Verdict:
    bench.announced("UTF8")
    with bench.outside() as line:
        status = line.ask(b"UTF8")
        return judged(status.ok, f"UTF8 was answered with {shown(status.line)}")


def _utf8_alone(bench: Bench) -> Verdict:
    bench.announced("UTF8")
    with bench.outside() as line:
        status = line.ask(b"UTF8 YES")
        return judged(not status.ok, f"UTF8 with an argument was answered with {shown(status.line)}")


def _utf8_before_login(bench: Bench) -> Verdict:
    bench.announced("UTF8")
    status = bench.inside().ask(b"UTF8")
    return judged(not status.ok, f"UTF8 after the login was answered with {shown(status.line)}")


def _stls_after_utf8(bench: Bench) -> Verdict:
    with bench.plain() as line:
        capabilities = capabilities_of(line)
        if "STLS" not in capabilities or "UTF8" not in capabilities:
            raise NotApplicable("UTF8 and STLS are not both announced in the clear")
        if not line.ask(b"UTF8").ok:
            raise NotApplicable("UTF8 is refused in the clear")
        try:
            if not line.ask(b"STLS").ok:
                return passed("STLS after UTF8 is refused")
            line.start_tls()
            return judged(capabilities_of(line).told, "STLS after UTF8 leads to TLS, and CAPA is answered under it")
        except DialFault as error:
            return failed(f"STLS after UTF8 was answered with +OK, and then: {error}")


def _languages(bench: Bench) -> Verdict:
    bench.announced("LANG")
    with bench.outside() as line:
        body = line.ask_body(b"LANG")
        if body is None:
            return failed("LANG is announced and refused")
        return judged(body.lines, f"{len(body.lines)} languages are listed")


def _unknown_language(bench: Bench) -> Verdict:
    bench.announced("LANG")
    with bench.outside() as line:
        status = line.ask(b"LANG qaa-doctor")
        return judged(not status.ok, f"a language that nobody speaks was answered with {shown(status.line)}")


CHECKS: Final = (
    Check(
        id="rfc6856.2.utf8-works",
        level=Level.MUST,
        source="RFC 6856 §2",
        requirement="UTF8 works before the login where it is announced.",
        meaning="Mail with headers in other scripts cannot be had as it is.",
        remedy="Do not announce it, or bring the server up to date.",
        judge=_utf8_works,
    ),
    Check(
        id="rfc6856.2.utf8-no-argument",
        level=Level.MUST,
        source="RFC 6856 §2",
        requirement="UTF8 with an argument is answered with -ERR.",
        meaning="A later form of the command could not be told from this one.",
        remedy="Bring the server up to date.",
        judge=_utf8_alone,
    ),
    Check(
        id="rfc6856.2.utf8-before-login",
        level=Level.MUST,
        source="RFC 6856 §2",
        requirement="UTF8 after the login is answered with -ERR.",
        meaning="The octets that LIST told would no longer be those that RETR gives.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_utf8_before_login,
    ),
    Check(
        id="rfc6856.2.stls-after-utf8",
        level=Level.MUST,
        source="RFC 6856 §2, RFC 2595 §4",
        requirement="STLS after UTF8 is refused, or leads to a session under TLS as ever.",
        meaning="A program that asks for both in this order hangs.",
        remedy="Let the server refuse STLS once UTF8 was taken.",
        judge=_stls_after_utf8,
    ),
    Check(
        id="rfc6856.3.lang-lists",
        level=Level.MUST,
        source="RFC 6856 §3.1",
        requirement="LANG lists languages where it is announced.",
        meaning="Programs cannot offer people errors in their language.",
        remedy="Do not announce it, or bring the server up to date.",
        judge=_languages,
    ),
    Check(
        id="rfc6856.3.lang-unknown",
        level=Level.MUST,
        source="RFC 6856 §3.1",
        requirement="LANG with a language that is not there is answered with -ERR.",
        meaning="A program believes that errors come in a language in which they do not.",
        remedy="Bring the server up to date.",
        judge=_unknown_language,
    ),
)
