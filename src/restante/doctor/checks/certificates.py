"""Who the server says it is. Sources: RFC 7817 §3, RFC 8314 §5, RFC 9325 §4.2 and §4.5."""

from __future__ import annotations

from typing import Final

from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.line import LineFault
from restante.doctor.patient import Door
from restante.doctor.world import DialFault

__all__ = ["CHECKS"]

SOON_DAYS: Final = 14
_WEAK: Final = ("md5", "sha1")


def _trusted(bench: Bench) -> Verdict:
    facts = bench.tls()
    if facts.pinned:
        raise NotApplicable("it is the one with the fingerprint that was given, and nobody is asked who signed it")
    return judged(facts.trusted, "chain, name and dates hold" if facts.trusted else facts.trouble)


def _named(bench: Bench) -> Verdict:
    facts = bench.tls()
    if facts.pinned:
        raise NotApplicable("it is the one with the fingerprint that was given, whatever name stands in it")
    return judged(facts.name_matches, f"it is for {', '.join(facts.names[:5]) or 'no name at all'}")


def _lasting(bench: Bench) -> Verdict:
    days = bench.tls().days_left
    if days < 0:
        return failed(f"it ended {-days:.0f} days ago")
    return judged(days >= SOON_DAYS, f"it is good for {days:.0f} more days")


def _strong(bench: Bench) -> Verdict:
    facts = bench.tls()
    return judged(
        facts.key_is_strong and facts.signature not in _WEAK, f"{facts.key}, signed with {facts.signature}"
    )


def _same(bench: Bench) -> Verdict:
    if Door.POP3 not in bench.patient.ports or bench.door() is Door.POP3:
        raise NotApplicable("there is one door with TLS")
    with bench.plain() as line:
        try:
            if not line.ask(b"STLS").ok:
                raise NotApplicable("STLS is not offered")
            other = line.start_tls()
        except (DialFault, LineFault) as error:
            raise Obstacle(str(error)) from None
    if other.fingerprint == bench.tls().fingerprint:
        return passed("both doors show the same certificate")
    return judged(
        other.trusted, "the doors show two certificates" + ("" if other.trusted else f"; {other.trouble}")
    )


CHECKS: Final = (
    Check(
        id="rfc8314.5.certificate-trusted",
        level=Level.MUST,
        source="RFC 8314 §3, RFC 2595 §2.4",
        requirement="The certificate is signed by an authority that clients trust, for this name, and in its time.",
        meaning="Mail programs warn or refuse; who learns to click a warning away does so for a thief too.",
        remedy="Get a certificate by ACME, and serve it with all certificates between it and the root.",
        judge=_trusted,
    ),
    Check(
        id="rfc7817.3.certificate-name",
        level=Level.MUST,
        source="RFC 7817 §3",
        requirement="The certificate names the host that mail programs are told to connect to.",
        meaning="A mail program cannot tell this server from another one.",
        remedy="Add the name to the certificate, or tell people the name that stands there.",
        judge=_named,
    ),
    Check(
        id="certificate.renewed-in-time",
        level=Level.SHOULD,
        source="common practice",
        requirement="The certificate is good for two more weeks at the least.",
        meaning="On the day it ends nobody gets mail any more.",
        remedy="See why it was not renewed, and let the server load the new one.",
        judge=_lasting,
    ),
    Check(
        id="rfc9325.4.certificate-strength",
        level=Level.MUST,
        source="RFC 9325 §4.2 and §4.5",
        requirement="Its key has 2048 bits (RSA) or 224 (EC) at the least, and it is not signed with MD5 or SHA-1.",
        meaning="A weaker one can be forged by who has the means, and today's programs refuse it.",
        remedy="Make a new key (EC P-256 is a good choice) and get a new certificate.",
        judge=_strong,
    ),
    Check(
        id="certificate.same-at-both-doors",
        level=Level.PRACTICE,
        source="common practice",
        requirement="The port with STLS shows a certificate as good as the port with TLS.",
        meaning="One of the doors was forgotten when the certificate was renewed.",
        remedy="Point both at the same files.",
        judge=_same,
    ),
)
