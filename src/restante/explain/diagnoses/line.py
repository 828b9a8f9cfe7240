"""What is wrong with the line itself: who is at its ends, the kind of port, TLS.

Sources: RFC 1939 §3-4, RFC 2595, RFC 8314, RFC 8446 §6.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts, shows_a_password
from restante.explain.diagnoses.found import found
from restante.explain.events import (
    AuthResponseSent,
    Closed,
    CommandSent,
    Foreign,
    Greeted,
    Lost,
    Replied,
    Sealed,
    SealedKind,
    StrayLine,
    WireEvent,
)
from restante.explain.wire import Side
from restante.explain.wire_lines import printable, printable_text
from restante.proto.terms import State

__all__ = ["connection", "tls", "wrong_party"]

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


def connection(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find what keeps a session from beginning."""
    match event:
        case Greeted(good=False):
            yield found(Diagnosis.GREETING_REFUSED, event, text=printable(event.text))
        case Closed() if _heard_nothing(event, facts):
            yield found(Diagnosis.NO_GREETING, event)
        case Lost() if not facts.sealed:
            yield found(Diagnosis.CAPTURE_GAP, event, octets=event.octets)
        case _:
            return


def _heard_nothing(event: Closed, facts: Facts) -> bool:
    if facts.server_spoke or Side.SERVER in facts.sealed or event.by is None or _is_about_tls(event.reason):
        return False
    waited = None
    if event.at_seconds is not None and facts.began_at_seconds is not None:
        waited = event.at_seconds - facts.began_at_seconds
    is_check = event.by is Side.CLIENT and waited is not None and waited < HEALTH_CHECK_SECONDS
    return not is_check


def _is_about_tls(reason: str) -> bool:
    return "certificate" in reason.lower() or _TLS_IN_REASON.search(reason) is not None


def wrong_party(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find somebody who speaks something else than POP3, or TLS where none is expected, or the other way round."""
    match event:
        case CommandSent(foreign=Foreign.HTTP):
            yield found(Diagnosis.HTTP_CLIENT, event)
        case CommandSent(foreign=Foreign() as protocol):
            yield found(Diagnosis.OTHER_CLIENT, event, protocol=protocol.value)
        case StrayLine(foreign=Foreign() as protocol) if not facts.server_spoke:
            yield found(Diagnosis.OTHER_SERVER, event, protocol=protocol.value)
        case Sealed(side=Side.CLIENT, kind=SealedKind.HELLO, by_stls=False) if facts.server_spoke:
            yield found(Diagnosis.TLS_TO_PLAIN_PORT, event)
        case Greeted() | Replied() | StrayLine() if facts.sealed == {Side.CLIENT} and not facts.server_spoke:
            yield found(Diagnosis.TLS_TO_PLAIN_PORT, event)
        case Sealed(side=Side.SERVER, by_stls=False) if facts.client_spoke:
            yield found(Diagnosis.PLAIN_TO_TLS_PORT, event)
        case _:
            return


def tls(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find what is wrong with TLS, and with its absence."""
    match event:
        case Sealed(alert=alert) if alert in _OF_CERTIFICATES:
            yield found(Diagnosis.CERTIFICATE_REJECTED, event, alert=alert)
        case Sealed(kind=SealedKind.ALERT, alert="", side=Side.CLIENT) if Side.SERVER in facts.sealed:
            yield found(Diagnosis.TLS_BROKEN_OFF, event)
        case Sealed(alert=alert) if (
            alert and alert not in _FAREWELLS and Side.CLIENT in facts.sealed | {event.side}
        ):
            yield found(Diagnosis.TLS_NO_AGREEMENT, event, alert=alert)
        case Closed(reason=reason, state=State.AUTHORIZATION) if "certificate" in reason.lower():
            yield found(Diagnosis.CERTIFICATE_REJECTED, event, alert=printable_text(reason))
        case Closed(reason=reason) if _is_about_tls(reason) and not event.secured and not facts.sealed:
            yield found(Diagnosis.TLS_NO_AGREEMENT, event, alert=printable_text(reason))
        case Replied(to=CommandSent(keyword=b"STLS", misuse=None), good=False, state=State.AUTHORIZATION):
            if event.secured:
                yield found(Diagnosis.STLS_UNDER_TLS, event)
            else:
                yield found(Diagnosis.STLS_REFUSED, event, text=printable(event.text))
        case Replied(to=CommandSent(keyword=b"STLS") as sent) if facts.last_sequence > sent.sequence:
            yield found(Diagnosis.COMMANDS_BEHIND_STLS, event, count=facts.last_sequence - sent.sequence)
        case Replied(to=None) | StrayLine() if facts.stls_accepted and not event.secured:
            yield found(Diagnosis.SERVER_SPEAKS_BEHIND_STLS, event)
        case CommandSent() | AuthResponseSent() if not facts.password_was_shown and shows_a_password(event):
            yield from _password_in_the_clear(event, facts)
        case _:
            return


def _password_in_the_clear(event: CommandSent | AuthResponseSent, facts: Facts) -> Iterator[Finding]:
    if facts.stls_refused and not facts.is_local:
        yield found(Diagnosis.LOGIN_AFTER_STLS_REFUSED, event)
    elif not facts.is_open_line:
        return
    elif facts.announces(b"STLS") is False:
        yield found(Diagnosis.STLS_MISSING, event)
    else:
        yield found(Diagnosis.PASSWORD_IN_THE_CLEAR, event)
