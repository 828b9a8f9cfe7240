"""What is wrong with the line itself: who is at its ends, the kind of port, TLS.

Sources: RFC 1939 §3-4, RFC 2595, RFC 8314, RFC 8446 §6.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts, shows_a_password
from restante.explain.diagnoses.found import found
from restante.explain.diagnoses.tls import broken_tls, gaps, heard_nothing, kind_of_port
from restante.explain.events import (
    AuthResponseSent,
    Closed,
    CommandSent,
    Foreign,
    Greeted,
    Lost,
    Replied,
    Sealed,
    StrayLine,
    WireEvent,
)
from restante.explain.wire_lines import printable
from restante.proto.terms import State

__all__ = ["connection", "tls", "wrong_party"]


def connection(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find what keeps a session from beginning."""
    match event:
        case Greeted(good=False):
            yield found(Diagnosis.GREETING_REFUSED, event, text=printable(event.text))
        case Closed() if heard_nothing(event, facts):
            yield found(Diagnosis.NO_GREETING, event)
        case Lost():
            yield from gaps(event, facts)
        case _:
            return


def wrong_party(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find somebody who speaks something else than POP3, or TLS where none is expected, or the other way round."""
    match event:
        case CommandSent(foreign=Foreign.HTTP):
            yield found(Diagnosis.HTTP_CLIENT, event)
        case CommandSent(foreign=Foreign() as protocol):
            yield found(Diagnosis.OTHER_CLIENT, event, protocol=protocol.value)
        case StrayLine(foreign=Foreign() as protocol) if not facts.server_spoke:
            yield found(Diagnosis.OTHER_SERVER, event, protocol=protocol.value)
        case _:
            yield from kind_of_port(
                event, facts, tls_to_plain=Diagnosis.TLS_TO_PLAIN_PORT, plain_to_tls=Diagnosis.PLAIN_TO_TLS_PORT
            )


def tls(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find what is wrong with TLS, and with its absence."""
    match event:
        case Sealed() | Closed():
            yield from broken_tls(event, facts)
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
