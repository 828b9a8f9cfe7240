"""What is wrong with a message on its way: its line ends, its dots, octets that were not agreed on.

Judged is only what went over the wire as it is told. Sources: RFC 5321 §2.3.8, §4.1.1.4, §4.5.2, §4.5.3.1.6;
RFC 6152 §3; RFC 6531 §3.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from restante.explain.diagnoses.catalog import Finding
from restante.explain.diagnoses.found import found
from restante.explain.events import LineEnd
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.smtp.diagnoses.facts import SmtpFacts
from restante.explain.smtp.events import CommandSent, MessageSent, SmtpEvent

__all__ = ["messages"]

LONGEST_LINE_OCTETS: Final = 1000
"""Source: RFC 5321 §4.5.3.1.6, its CRLF included."""


def messages(event: SmtpEvent, facts: SmtpFacts) -> Iterator[Finding]:
    """Find what a client sends that it should not send so."""
    match event:
        case CommandSent(line_end=LineEnd.LF):
            yield found(SmtpDiagnosis.BARE_LINE_ENDS, event, count=1)
        case CommandSent(verb=b"MAIL" | b"RCPT", has_8bit_path=True):
            mail = event if event.verb == b"MAIL" else facts.mail
            if mail is not None and not mail.says_utf8:
                yield found(SmtpDiagnosis.UTF8_NEEDED, event, text="")
        case MessageSent(is_exact=True):
            yield from _message(event, facts)
        case _:
            return


def _message(event: MessageSent, facts: SmtpFacts) -> Iterator[Finding]:
    if event.is_complete and event.ends_in_bare_dot:
        yield found(SmtpDiagnosis.END_BETWEEN_BARE_LINE_ENDS, event)
    elif event.bare_line_ends:
        yield found(SmtpDiagnosis.BARE_LINE_ENDS, event, count=event.bare_line_ends)
    if event.undoubled_dots:
        yield found(SmtpDiagnosis.UNDOUBLED_DOTS, event, count=event.undoubled_dots)
    if event.longest_line_octets > LONGEST_LINE_OCTETS:
        yield found(SmtpDiagnosis.LONG_LINE, event, octets=event.longest_line_octets)
    if event.has_8bit_header and facts.mail is not None and not facts.mail.says_utf8:
        yield found(SmtpDiagnosis.UTF8_NEEDED, event, text="")
    elif event.has_8bit and facts.announces(b"8BITMIME") is False:
        yield found(SmtpDiagnosis.EIGHT_BIT_UNANNOUNCED, event)
