"""Which TLS it is. Sources: RFC 8996 §4 and §5, RFC 9325 §3, RFC 8446 §6.1."""

from __future__ import annotations

from typing import Final

from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.patient import Door
from restante.doctor.world import DialFault, TlsOffer

__all__ = ["CHECKS"]


def _offered(bench: Bench, offer: TlsOffer) -> str:
    """Shake hands with other versions. Raises DialFault, NotApplicable without TLS."""
    bench.tls()
    door = bench.door()
    line = bench.dial_raw(door)
    try:
        if door is Door.POP3:
            line.status()
            if not line.ask(b"STLS").ok:
                raise Obstacle("STLS was refused")
        return line.start_tls(offer).version
    finally:
        line.close()


def _modern(bench: Bench) -> Verdict:
    version = bench.tls().version
    return judged(version in ("TLSv1.2", "TLSv1.3"), f"it speaks {version}")


def _old_refused(bench: Bench) -> Verdict:
    try:
        return failed(f"a client that knows nothing newer gets {_offered(bench, TlsOffer.OLD)}")
    except DialFault:
        return passed("a client that offers TLS 1.0 and 1.1 alone is refused")


def _newest(bench: Bench) -> Verdict:
    try:
        return passed(f"it speaks {_offered(bench, TlsOffer.ONLY_1_3)}")
    except DialFault as error:
        return failed(f"a client that offers TLS 1.3 alone finds {error}")


def _says_goodbye(bench: Bench) -> Verdict:
    line = bench.fresh()
    try:
        if line.tls is None:
            raise NotApplicable("there is no TLS to look at")
        line.ask(b"QUIT")
        if not line.is_ended():
            raise NotApplicable("the connection stays open after QUIT, which another check tells")
        return judged(
            line.ended_cleanly(),
            "the end came " + ("with" if line.ended_cleanly() else "without") + " close_notify",
        )
    finally:
        line.close()


CHECKS: Final = (
    Check(
        id="rfc8314.4.1.tls-version",
        level=Level.MUST,
        source="RFC 8314 §4.1, RFC 8997",
        requirement="TLS is of version 1.2 or later.",
        meaning="Older versions can be read by who tries hard, and today's programs refuse them.",
        remedy="Bring the server and its TLS library up to date.",
        judge=_modern,
    ),
    Check(
        id="rfc8996.old-tls-refused",
        level=Level.MUST,
        source="RFC 8996 §4 and §5, RFC 8997 §3",
        requirement="TLS 1.0 and 1.1 are refused.",
        meaning="Somebody on the line could talk an old program down to them, and read passwords.",
        remedy="Set the oldest version to TLS 1.2.",
        judge=_old_refused,
    ),
    Check(
        id="rfc9325.3.1.1.tls-1-3",
        level=Level.SHOULD,
        source="RFC 9325 §3.1.1",
        requirement="TLS 1.3 is offered.",
        meaning="It is quicker by one round trip, and hides more of who speaks to whom.",
        remedy="Bring the TLS library up to date, and do not cap the version.",
        judge=_newest,
    ),
    Check(
        id="rfc8446.6.1.close-notify",
        level=Level.MUST,
        source="RFC 8446 §6.1",
        requirement="The server ends TLS with close_notify.",
        meaning="Without it nobody can tell an end from a connection that somebody cut.",
        remedy="Bring the server up to date; nothing else is to be done by you.",
        judge=_says_goodbye,
    ),
)
