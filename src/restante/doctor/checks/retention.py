"""How long mail stays. Source: RFC 2449 §6.7 (EXPIRE)."""

from __future__ import annotations

import re
from typing import Final

from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, judged

__all__ = ["CHECKS"]

_FORM: Final = re.compile(r"(NEVER|\d{1,9})( USER)?", re.IGNORECASE)


def _told(bench: Bench) -> Verdict:
    if not bench.capabilities().told:
        raise NotApplicable("CAPA is not known here")
    found = bench.capabilities().get("EXPIRE")
    return judged(
        found is not None, f"it says EXPIRE {' '.join(found or ())}" if found else "EXPIRE is not announced"
    )


def _formed(bench: Bench) -> Verdict:
    told = " ".join(bench.announced("EXPIRE"))
    return judged(_FORM.fullmatch(told), f"it says EXPIRE {told}")


_DAYS_NEVER: Final = 10**9


def _days(parameters: tuple[str, ...]) -> int:
    word = parameters[0].upper() if parameters else ""
    if word == "NEVER":
        return _DAYS_NEVER
    return int(word) if word.isdigit() else 0


def _told_inside(bench: Bench) -> Verdict:
    before, after = bench.announced("EXPIRE"), bench.capabilities_inside()
    if not after.told:
        raise NotApplicable("CAPA is refused after the login")
    inside = after.get("EXPIRE")
    if inside is None:
        raise NotApplicable("EXPIRE is no longer announced after the login, which another check tells")
    differs = _days(before) != _days(inside)
    good = _days(before) <= _days(inside) and (not differs or "USER" in before)
    return judged(
        good, f"it says EXPIRE {' '.join(before)} before the login, and EXPIRE {' '.join(inside)} after it"
    )


def _keeps(bench: Bench) -> Verdict:
    told = " ".join(bench.announced("EXPIRE"))
    return judged(not re.match(r"0\b", told), f"it says EXPIRE {told}")


CHECKS: Final = (
    Check(
        id="rfc2449.6.7.expire-told",
        level=Level.PRACTICE,
        source="RFC 2449 §6.7",
        requirement="The server tells by EXPIRE how long it keeps mail.",
        meaning="Nobody can tell whether mail that is left on the server will still be there.",
        remedy="Announce EXPIRE NEVER, or the days after which mail goes.",
        judge=_told,
    ),
    Check(
        id="rfc2449.6.7.expire-form",
        level=Level.MUST,
        source="RFC 2449 §6.7",
        requirement="EXPIRE tells a number of days or NEVER, and USER where it differs from person to person.",
        meaning="Programs cannot warn people before their mail goes.",
        remedy="Bring the server up to date.",
        judge=_formed,
    ),
    Check(
        id="rfc2449.6.7.expire-after-login",
        level=Level.MUST,
        source="RFC 2449 §6.7",
        requirement="EXPIRE is no shorter after the login than before; where it differs, USER was said before.",
        meaning="Mail goes sooner than people were told, and those who left it on the server lose it.",
        remedy="Announce the shortest time of all accounts before the login, with USER where they differ.",
        needs=Need.LOGIN,
        judge=_told_inside,
    ),
    Check(
        id="rfc2449.6.7.expire-0",
        level=Level.SHOULD,
        source="RFC 2449 §6.7",
        requirement="Mail stays for longer than the session in which it was read.",
        meaning="With EXPIRE 0 a message is gone once it was retrieved, whatever became of it at the client.",
        remedy="Keep mail for some days.",
        judge=_keeps,
    ),
)
