"""What is wrong with the line itself: who is at its ends, the kind of port, TLS, who speaks out of turn.

Sources: RFC 5321 §3.1, §4.3.1; RFC 3207; RFC 8314 §3.3; RFC 2920 §3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from restante.explain.diagnoses.catalog import Finding
from restante.explain.diagnoses.found import found
from restante.explain.diagnoses.tls import broken_tls, gaps, heard_nothing, kind_of_port
from restante.explain.line_events import Foreign, Lost, Sealed, StrayLine
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.smtp.diagnoses.facts import SmtpFacts, shows_a_password
from restante.explain.smtp.events import AuthResponseSent, Closed, CommandSent, Replied, SmtpEvent

__all__ = ["connection", "order", "tls", "wrong_party"]


def connection(event: SmtpEvent, facts: SmtpFacts) -> Iterator[Finding]:
    """Find what keeps a session from beginning."""
    match event:
        case Closed() if heard_nothing(event, facts):
            # Some servers close without a word of TLS, too.
            is_tls = facts.client_spoke and facts.server.endswith(":465")
            yield found(SmtpDiagnosis.PLAIN_TO_TLS_PORT if is_tls else SmtpDiagnosis.NO_GREETING, event)
        case Lost():
            yield from gaps(event, facts)
        case _:
            return


def wrong_party(event: SmtpEvent, facts: SmtpFacts) -> Iterator[Finding]:
    """Find somebody who speaks something else than SMTP, or TLS where none is expected, or the other way round."""
    match event:
        case CommandSent(foreign=Foreign() as protocol):
            yield found(SmtpDiagnosis.OTHER_CLIENT, event, protocol=protocol.value)
        case StrayLine(foreign=Foreign() as protocol) if not facts.server_spoke:
            yield found(SmtpDiagnosis.OTHER_SERVER, event, protocol=protocol.value)
        case _:
            yield from kind_of_port(
                event,
                facts,
                tls_to_plain=SmtpDiagnosis.TLS_TO_PLAIN_PORT,
                plain_to_tls=SmtpDiagnosis.PLAIN_TO_TLS_PORT,
            )


def tls(event: SmtpEvent, facts: SmtpFacts) -> Iterator[Finding]:
    """Find what is wrong with TLS, and with its absence."""
    match event:
        case Sealed() | Closed():
            yield from broken_tls(event, facts)
        case Replied(to=CommandSent(verb=b"STARTTLS") as sent, good=True):
            if facts.last_sequence > sent.sequence:
                yield found(
                    SmtpDiagnosis.COMMANDS_BEHIND_STARTTLS, event, count=facts.last_sequence - sent.sequence
                )
        case CommandSent() | AuthResponseSent() if not facts.password_was_shown and shows_a_password(event):
            if not facts.is_open_line:
                return
            if facts.announces(b"STARTTLS") is False:
                yield found(SmtpDiagnosis.STARTTLS_MISSING, event)
            else:
                yield found(SmtpDiagnosis.PASSWORD_IN_THE_CLEAR, event)
        case _:
            return


def order(event: SmtpEvent, facts: SmtpFacts) -> Iterator[Finding]:
    """Find a client that does not wait for its turn."""
    match event:
        case Replied(is_greeting=True) if facts.client_spoke and not facts.sealed:
            yield found(SmtpDiagnosis.EARLY_TALKER, event)
        case CommandSent() if facts.answered_sequence < facts.last_sequence:
            if facts.announces(b"PIPELINING") is False:
                yield found(SmtpDiagnosis.PIPELINING_UNANNOUNCED, event)
        case _:
            return
