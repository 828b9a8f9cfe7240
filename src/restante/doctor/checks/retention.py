"""How long mail stays. Source: RFC 2449 §6.7 (EXPIRE)."""

from __future__ import annotations

import re
from typing import Final

from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, NotApplicable, Verdict, judged

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
        id="rfc2449.6.7.expire-0",
        level=Level.SHOULD,
        source="RFC 2449 §6.7",
        requirement="Mail stays for longer than the session in which it was read.",
        meaning="With EXPIRE 0 a message is gone once it was retrieved, whatever became of it at the client.",
        remedy="Keep mail for some days.",
        judge=_keeps,
    ),
)
