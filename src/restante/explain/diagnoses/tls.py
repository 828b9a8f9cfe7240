"""What can be wrong with any line, whichever protocol is spoken: TLS that fails, gaps, a server that says nothing.

Sources: RFC 8446 §6.1-6.2, RFC 9293 §3.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.found import found
from restante.explain.diagnoses.line_facts import LineFacts
from restante.explain.events import Greeted, Replied, WireEvent
from restante.explain.line_events import Ended, Lost, Sealed, SealedKind, StrayLine
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.smtp.events import Replied as SmtpReplied
from restante.explain.smtp.events import SmtpEvent
from restante.explain.smtp.phase import Phase
from restante.explain.wire import Side
from restante.explain.wire_lines import printable_text
from restante.proto.terms import State

__all__ = ["broken_tls", "gaps", "heard_nothing", "kind_of_port"]

_OF_CERTIFICATES: Final = frozenset(
    {
        *("bad certificate", "unsupported certificate", "certificate revoked", "certificate expired"),
        *("certificate unknown", "unknown CA", "certificate required"),
    }
)
_FAREWELLS: Final = frozenset({"close notify", "user canceled"})
"""Alerts that end TLS in good order. Source: RFC 8446 §6.1."""

HEALTH_CHECK_SECONDS: Final = 1
"""Whoever only looks whether a port is open is gone sooner, and has given the server no time to greet."""

_TLS_IN_REASON: Final = re.compile(r"\b(?:TLS|SSL|handshake)\b", re.IGNORECASE)

_BEGINNINGS: Final = (State.AUTHORIZATION, Phase.GREETING)
"""Where a certificate that is not taken ends a session."""


def broken_tls(event: Sealed | Ended, facts: LineFacts) -> Iterator[Finding]:
    """Find TLS that was not agreed on."""
    match event:
        case Sealed(alert=alert) if alert in _OF_CERTIFICATES:
            yield found(Diagnosis.CERTIFICATE_REJECTED, event, alert=alert)
        case Sealed(kind=SealedKind.ALERT, alert="", side=Side.CLIENT) if Side.SERVER in facts.sealed:
            yield found(Diagnosis.TLS_BROKEN_OFF, event)
        case Sealed(alert=alert) if (
            alert and alert not in _FAREWELLS and Side.CLIENT in facts.sealed | {event.side}
        ):
            yield found(Diagnosis.TLS_NO_AGREEMENT, event, alert=alert)
        case Ended(reason=reason) if event.state in _BEGINNINGS and "certificate" in reason.lower():
            yield found(Diagnosis.CERTIFICATE_REJECTED, event, alert=printable_text(reason))
        case Ended(reason=reason) if _is_about_tls(reason) and not event.secured and not facts.sealed:
            yield found(Diagnosis.TLS_NO_AGREEMENT, event, alert=printable_text(reason))
        case _:
            return


def kind_of_port(
    event: WireEvent | SmtpEvent,
    facts: LineFacts,
    *,
    tls_to_plain: Diagnosis | SmtpDiagnosis,
    plain_to_tls: Diagnosis | SmtpDiagnosis,
) -> Iterator[Finding]:
    """Find TLS where none is expected, and the other way round: each protocol has its own words for it."""
    match event:
        case Sealed(side=Side.CLIENT, kind=SealedKind.HELLO, by_stls=False) if facts.server_spoke:
            yield found(tls_to_plain, event)
        case Sealed(side=Side.SERVER, by_stls=False) if facts.client_spoke:
            yield found(plain_to_tls, event)
        case Greeted() | Replied() | SmtpReplied() | StrayLine():
            if facts.sealed == {Side.CLIENT} and not facts.server_spoke:
                yield found(tls_to_plain, event)
        case _:
            return


def gaps(event: Lost, facts: LineFacts) -> Iterator[Finding]:
    """Find octets that were not captured, where they could have been read."""
    if not facts.sealed:
        yield found(Diagnosis.CAPTURE_GAP, event, octets=event.octets)


def heard_nothing(event: Ended, facts: LineFacts) -> bool:
    """Tell whether the server said nothing, though it had time to."""
    if facts.server_spoke or Side.SERVER in facts.sealed or event.by is None or _is_about_tls(event.reason):
        return False
    waited = None
    if event.at_seconds is not None and facts.began_at_seconds is not None:
        waited = event.at_seconds - facts.began_at_seconds
    is_check = event.by is Side.CLIENT and waited is not None and waited < HEALTH_CHECK_SECONDS
    return not is_check


def _is_about_tls(reason: str) -> bool:
    return "certificate" in reason.lower() or _TLS_IN_REASON.search(reason) is not None
