"""Logins by an OAuth token, as they fail. Sources: RFC 7628 §3.2.2 and §3.2.3, RFC 5034 §4.

Nothing here needs a login: the token is nobody's. That one's own token lets one in is for `mechanisms`.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Final

from restante.client.faults import shown
from restante.client.server import Login
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.logging_in import TOKEN_MECHANISMS, by_mechanism
from restante.sasl.registry import find

__all__ = ["CHECKS"]

_MESSAGE: Final = b"n,a=doctor-nobody,\x01auth=Bearer doctor\x01\x01"
_DUMMY: Final = base64.b64encode(b"\x01")


def _refused(bench: Bench) -> Verdict:
    offered = [name.upper() for name in bench.announced("SASL")]
    names = [name for name in TOKEN_MECHANISMS if name in offered]
    if not names:
        raise NotApplicable("no login by token is offered")
    for name in names:
        mechanism = find(name)
        assert mechanism is not None
        login = Login.by_token("doctor-nobody", "doctor")
        with bench.outside() as line:
            status = by_mechanism(line, login, mechanism, bench.patient, bench.world.entropy)
            if status.ok:
                line.close()
                return failed(f"{name}: a token that nobody issued was let in")
    return passed(f"{', '.join(names)}: a token that nobody issued was refused")


def _says_why(bench: Bench) -> Verdict:
    if "OAUTHBEARER" not in [name.upper() for name in bench.announced("SASL")]:
        raise NotApplicable("OAUTHBEARER is not offered")
    with bench.outside() as line:
        challenge = line.ask_text(b"AUTH OAUTHBEARER " + base64.b64encode(_MESSAGE)).strip()
        if not challenge.startswith(b"+ "):
            return failed(f"a token that nobody issued was answered with {shown(challenge)}")
        try:
            told = json.loads(base64.b64decode(challenge[2:], validate=True))
        except (binascii.Error, ValueError):
            line.close()
            return failed("the challenge is no JSON in base64")
        status = line.ask(_DUMMY)
        said = told.get("status") if isinstance(told, dict) else None
        if status.ok:
            line.close()
            return failed("the login was let in after its token was refused")
        return judged(isinstance(said, str), f"it tells the status {shown(str(said).encode())}, and then -ERR")


CHECKS: Final = (
    Check(
        id="rfc7628.3.wrong-token",
        level=Level.MUST,
        source="RFC 7628 §3.2, RFC 6750 §3.1",
        requirement="A token that nobody issued is refused.",
        meaning="Anybody can read the mail.",
        remedy="Take the mechanism out of the list until the server asks the issuer, or checks signatures.",
        judge=_refused,
    ),
    Check(
        id="rfc7628.3.2.2.error",
        level=Level.MUST,
        source="RFC 7628 §3.2.2 and §3.2.3",
        requirement="OAUTHBEARER tells by a challenge in JSON, with a status, why a token is refused.",
        meaning="A program cannot tell a token that ran out from one that never was good, and asks a person again.",
        remedy="Bring the server up to date.",
        judge=_says_why,
    ),
)
