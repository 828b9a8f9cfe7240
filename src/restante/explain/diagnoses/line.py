"""What is wrong with the line itself: who is at its ends, the kind of port, TLS.

Sources: RFC 1939 §3-4, RFC 2595, RFC 8314, RFC 8446 §6.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts
from restante.explain.diagnoses.found import found
from restante.explain.events import (
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
from restante.explain.wire_lines import printable

__all__ = ["connection", "tls", "wrong_party"]

_OF_CERTIFICATES: Final = frozenset(
    {
        *("bad certificate", "unsupported certificate", "certificate revoked", "certificate expired"),
        *("certificate unknown", "unknown CA", "certificate required", "unrecognized name"),
    }
)
_READABLE_MECHANISMS: Final = frozenset({"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"})
"""What they send can be used again by whoever reads it."""


def connection(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find what keeps a session from beginning."""
    match event:
        case Greeted(good=False):
            yield found(Diagnosis.GREETING_REFUSED, event, text=printable(event.text))
        case Closed() if not facts.server_spoke and not facts.sealed and event.by is not None:
            yield found(Diagnosis.NO_GREETING, event)
        case Lost():
            yield found(Diagnosis.CAPTURE_GAP, event, octets=event.octets)
        case _:
            return


def wrong_party(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find somebody who speaks something else than POP3, or TLS where none is expected, or the other way round."""
    match event:
        case CommandSent(foreign=Foreign.HTTP):
            yield found(Diagnosis.HTTP_CLIENT, event)
        case CommandSent(foreign=Foreign() as protocol):
            yield found(Diagnosis.OTHER_CLIENT, event, protocol=protocol.value)
        case StrayLine(foreign=Foreign() as protocol) if facts.greeted is None:
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
        case Sealed(alert=alert) if alert and Side.CLIENT in facts.sealed | {event.side}:
            yield found(Diagnosis.TLS_NO_AGREEMENT, event, alert=alert)
        case Replied(to=CommandSent(keyword=b"STLS"), good=False):
            yield found(Diagnosis.STLS_REFUSED, event, text=printable(event.text))
        case Replied(to=CommandSent(keyword=b"STLS") as sent) if facts.last_sequence > sent.sequence:
            yield found(Diagnosis.COMMANDS_BEHIND_STLS, event, count=facts.last_sequence - sent.sequence)
        case Replied(to=None) | StrayLine() if facts.stls_accepted and not event.secured:
            yield found(Diagnosis.SERVER_SPEAKS_BEHIND_STLS, event)
        case CommandSent() if facts.clear_login is None and _shows_a_password(event):
            yield from _password_in_the_clear(event, facts)
        case _:
            return


def _shows_a_password(sent: CommandSent) -> bool:
    if sent.secured or not sent.has_argument:
        return False
    return sent.keyword == b"PASS" or (sent.keyword == b"AUTH" and sent.mechanism in _READABLE_MECHANISMS)


def _password_in_the_clear(event: CommandSent, facts: Facts) -> Iterator[Finding]:
    if _is_this_machine(facts.server):
        # Nobody is on the way.
        return
    if facts.stls_refused:
        yield found(Diagnosis.LOGIN_AFTER_STLS_REFUSED, event)
    elif facts.announces(b"STLS") is False:
        yield found(Diagnosis.STLS_MISSING, event)
    else:
        yield found(Diagnosis.PASSWORD_IN_THE_CLEAR, event)


def _is_this_machine(server: str) -> bool:
    return server.startswith(("127.", "localhost", "[::1]", "::1", "unix:"))
