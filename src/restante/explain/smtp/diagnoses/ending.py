"""How a session ended, and what that means for the message.

Sources: RFC 5321 §3.8, §4.1.1.4, §4.1.1.10, §4.5.3.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from restante.explain.diagnoses.catalog import Finding
from restante.explain.diagnoses.ending import IDLE_SECONDS
from restante.explain.diagnoses.found import found
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.smtp.diagnoses.facts import SmtpFacts
from restante.explain.smtp.events import Closed, MessageSent, SmtpEvent
from restante.explain.wire import Reason, Side
from restante.explain.wire_lines import printable_text

__all__ = ["endings"]

_TIME_OUTS = (Reason.TIME_OUT, Reason.AUTOLOGOUT, Reason.SILENCE)


def endings(event: SmtpEvent, facts: SmtpFacts) -> Iterator[Finding]:
    """Find sessions that ended in the middle."""
    if not isinstance(event, Closed) or facts.sealed or (event.by is None and not event.reason):
        # Where the record ends, or nobody could look on, it says nothing of the session.
        return
    has_timed_out = _has_timed_out(event, facts)
    if has_timed_out:
        yield found(SmtpDiagnosis.TIMED_OUT, event, text=printable_text(event.reason))
    last = event.unanswered[-1] if event.unanswered else None
    if facts.message is not None:
        yield _of_message(event, facts.message, facts)
    elif (
        last is not None and last.verb not in (b"", b"QUIT") and event.by is not Side.CLIENT and _speaks_smtp(facts)
    ):
        yield found(SmtpDiagnosis.ANSWER_MISSING, event, command=last.verb.decode("ascii"))
    elif (
        event.by is Side.CLIENT
        and not has_timed_out
        and _goes_silently(facts)
        and "certificate" not in event.reason.lower()
    ):
        yield found(SmtpDiagnosis.QUIT_MISSING, event)


def _has_timed_out(event: Closed, facts: SmtpFacts) -> bool:
    """Tell whether somebody had waited too long: the server for a command, or the client for an answer."""
    if facts.has_timed_out or facts.parted or not facts.server_spoke:
        return False
    quiet = 0.0
    if facts.last_at_seconds is not None and event.at_seconds is not None:
        quiet = event.at_seconds - facts.last_at_seconds
    waited = event.by is Side.SERVER or bool(event.unanswered)
    return event.reason.startswith(_TIME_OUTS) or (waited and quiet >= IDLE_SECONDS)


def _of_message(event: Closed, message: MessageSent, facts: SmtpFacts) -> Finding:
    if message.is_complete:
        return found(SmtpDiagnosis.MESSAGE_UNANSWERED, event)
    if message.has_bare_dot or event.by is Side.SERVER or facts.has_timed_out:
        return found(SmtpDiagnosis.END_MISSING, event)
    return found(SmtpDiagnosis.MESSAGE_BROKEN_OFF, event, octets=message.octets or 0)


def _speaks_smtp(facts: SmtpFacts) -> bool:
    """Tell whether the server owed an answer; one that says nothing, or something else, is told of as such."""
    return facts.last_reply is not None and not facts.has_timed_out


def _goes_silently(facts: SmtpFacts) -> bool:
    return facts.client_spoke and facts.greeted is not None and not facts.parted and not facts.has_timed_out
