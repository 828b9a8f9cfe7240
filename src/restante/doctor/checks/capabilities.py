"""What the server says that it can do, and whether it can. Sources: RFC 2449 §5, §6 and §8, RFC 3206 §6."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.line import Ended
from restante.proto.listings import Capabilities

__all__ = ["CHECKS"]

_SEEN_TAG: Final = re.compile(rb"[!-~]+(?: [!-~]+)*")
_LINE_OCTETS: Final = 512
_GONE_AFTER_LOGIN: Final = frozenset({"STLS"})


def _answered(bench: Bench) -> Verdict:
    return judged(bench.capabilities().told, f"it names {len(bench.capabilities())} capabilities")


def _need_capa(bench: Bench) -> Capabilities:
    if not bench.capabilities().told:
        raise NotApplicable("CAPA is not known here")
    return bench.capabilities()


def _formed(bench: Bench) -> Verdict:
    _need_capa(bench)
    with bench.outside() as line:
        body = line.ask_body(b"CAPA")
    for text in body.lines if body is not None else ():
        if not _SEEN_TAG.fullmatch(text) or len(text) + 2 > _LINE_OCTETS:
            return failed(f"one of its lines is '{shown(text)}'")
    return passed("each line is a tag and its parameters, parted by one space")


def _both_states(bench: Bench) -> Verdict:
    _need_capa(bench)
    return judged(bench.capabilities_inside().told, "CAPA was asked after the login")


def _kept(bench: Bench) -> Verdict:
    before, after = _need_capa(bench), bench.capabilities_inside()
    if not after.told:
        raise NotApplicable("CAPA is refused after the login")
    gone = sorted(set(before) - set(after) - _GONE_AFTER_LOGIN)
    return judged(not gone, f"{', '.join(gone) or 'nothing'} is no longer there after the login")


def _has_top_and_uidl(bench: Bench) -> Verdict:
    found = _need_capa(bench)
    lacking = [tag for tag in ("TOP", "UIDL") if tag not in found]
    return judged(not lacking, f"{' and '.join(lacking)} not announced" if lacking else "both are announced")


def _top_works(bench: Bench) -> Verdict:
    bench.announced("TOP")
    number = bench.smallest()[0]
    body = bench.inside().ask_body(b"TOP %d 0" % number)
    return judged(body is not None, f"TOP {number} 0 was {'answered' if body else 'refused'}")


def _uidl_works(bench: Bench) -> Verdict:
    bench.announced("UIDL")
    body = bench.inside().ask_body(b"UIDL")
    return judged(body is not None, f"UIDL was {'answered' if body else 'refused'}")


def _user_works(bench: Bench) -> Verdict:
    bench.announced("USER")
    login = bench.patient.login
    with bench.outside() as line:
        status = line.ask(b"USER " + (b"doctor" if login is None else login.name.encode()))
    return judged(status.ok, f"USER was answered with {shown(status.line)}")


def _login_delay(bench: Bench) -> Verdict:
    told = " ".join(bench.announced("LOGIN-DELAY"))
    return judged(re.fullmatch(r"\d{1,9}( USER)?", told), f"it says LOGIN-DELAY {told}")


def _login_delay_inside(bench: Bench) -> Verdict:
    before = bench.announced("LOGIN-DELAY")
    after = bench.capabilities_inside()
    if not after.told:
        raise NotApplicable("CAPA is refused after the login")
    seconds = after.seconds("LOGIN-DELAY") or 0
    differs = seconds != bench.login_delay()
    good = seconds <= bench.login_delay() and (not differs or "USER" in before)
    return judged(
        good, f"it says LOGIN-DELAY {' '.join(before)} before the login, and {seconds} seconds hold after it"
    )


def _codes_announced(bench: Bench) -> Verdict:
    if "RESP-CODES" in bench.capabilities():
        raise NotApplicable("RESP-CODES is announced")
    said: list[bytes] = []
    # Some end the connection at a USER without a name, which is for other checks to tell.
    with bench.outside() as line, suppress(Ended):
        for command in (b"STAT", b"DOCTOR", b"USER", b"PASS"):
            said.append(line.ask(command).line)
    found = next((text for text in said if b"[" in text[:6]), None)
    return judged(found is None, f"it says {shown(found)}" if found else "no error had a response code")


def _implementation(bench: Bench) -> Verdict:
    told = " ".join(bench.announced("IMPLEMENTATION"))
    found = re.search(r"\d+\.\d+(\.\d+)*", told)
    return judged(found is None, f"it says IMPLEMENTATION {told}")


CHECKS: Final = (
    Check(
        id="rfc2449.5.capa",
        level=Level.SHOULD,
        source="RFC 2449 §5",
        requirement="The server tells by CAPA what it can do.",
        meaning="Programs have to guess, and leave out what they dare not try.",
        remedy="Bring the server up to date.",
        judge=_answered,
    ),
    Check(
        id="rfc2449.5.capa-form",
        level=Level.MUST,
        source="RFC 2449 §5 and §9",
        requirement="Each line of CAPA is a tag and its parameters, parted by one space, within 512 octets.",
        meaning="Programs may read another capability than was meant, or none.",
        remedy="Bring the server up to date, or mend what was put into its list by hand.",
        judge=_formed,
    ),
    Check(
        id="rfc2449.5.capa-in-both-states",
        level=Level.MUST,
        source="RFC 2449 §5",
        requirement="CAPA works before the login and after it.",
        meaning="What a server can do for this person alone stays unknown.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_both_states,
    ),
    Check(
        id="rfc2449.5.capa-kept",
        level=Level.MUST,
        source="RFC 2449 §5 and §6 (announced states)",
        requirement="What CAPA says before the login it says after it, too; STLS alone goes.",
        meaning="A program that asked early relies on what is then not there.",
        remedy="Bring the server up to date; a proxy in front of it may announce for both.",
        needs=Need.LOGIN,
        judge=_kept,
    ),
    Check(
        id="rfc1939.7.top-and-uidl",
        level=Level.SHOULD,
        source="RFC 1939 §7 and §8, RFC 2449 §6.1 and §6.8",
        requirement="TOP and UIDL are there.",
        meaning="Without unique-ids nobody can leave mail on the server and fetch each message once.",
        remedy="Switch them on, or take a server that has them.",
        judge=_has_top_and_uidl,
    ),
    Check(
        id="rfc2449.6.1.top-works",
        level=Level.MUST,
        source="RFC 2449 §6.1",
        requirement="TOP works where it is announced.",
        meaning="Programs that show headers first show nothing.",
        remedy="Bring the server up to date.",
        needs=Need.MESSAGES,
        judge=_top_works,
    ),
    Check(
        id="rfc2449.6.8.uidl-works",
        level=Level.MUST,
        source="RFC 2449 §6.8",
        requirement="UIDL works where it is announced.",
        meaning="Programs that leave mail on the server fetch all of it again each time.",
        remedy="Bring the server up to date, or repair its index.",
        needs=Need.LOGIN,
        judge=_uidl_works,
    ),
    Check(
        id="rfc2449.6.2.user-works",
        level=Level.MUST,
        source="RFC 2449 §6.2",
        requirement="USER works where it is announced.",
        meaning="Programs try a login that cannot succeed, and say that the password is wrong.",
        remedy="Do not announce USER where it is refused, or let it in.",
        judge=_user_works,
    ),
    Check(
        id="rfc2449.6.5.login-delay-form",
        level=Level.MUST,
        source="RFC 2449 §6.5",
        requirement="LOGIN-DELAY tells a number of seconds.",
        meaning="Programs cannot know how often they may look.",
        remedy="Bring the server up to date.",
        judge=_login_delay,
    ),
    Check(
        id="rfc2449.6.5.login-delay-after-login",
        level=Level.MUST,
        source="RFC 2449 §6.5",
        requirement="LOGIN-DELAY is no longer after the login than before; where it differs, USER was said before.",
        meaning="A program that waits as long as it was told is refused.",
        remedy="Announce the longest delay of all accounts before the login, with USER where they differ.",
        needs=Need.LOGIN,
        judge=_login_delay_inside,
    ),
    Check(
        id="rfc2449.6.9.implementation",
        level=Level.PRACTICE,
        source="RFC 2449 §6.9",
        requirement="IMPLEMENTATION tells no version before the login.",
        meaning="Who looks for servers with a known hole finds this one in a list.",
        remedy="Leave the version out, or announce it after the login alone.",
        judge=_implementation,
    ),
    Check(
        id="rfc2449.8.resp-codes-announced",
        level=Level.SHOULD,
        source="RFC 2449 §8",
        requirement="Where errors carry response codes, RESP-CODES is announced.",
        meaning="Programs do not heed codes that nobody promised, and show them to people as text.",
        remedy="Announce RESP-CODES; most servers do so when they are brought up to date.",
        judge=_codes_announced,
    ),
)
