"""How a session ended, and what that means for the mail. Sources: RFC 1939 §3 (autologout), §5, §6, §8."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts
from restante.explain.diagnoses.found import found
from restante.explain.diagnoses.mail import LONG_LINE_OCTETS
from restante.explain.events import Closed, CommandSent, Replied, WireEvent
from restante.explain.wire import Side
from restante.explain.wire_lines import printable, printable_text
from restante.proto.terms import State

__all__ = ["breaking_off", "good_bye"]

IDLE_SECONDS: Final = 60
"""A silence after which the server's going away looks like an autologout. Real servers wait one to thirty
minutes."""


def breaking_off(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find sessions that ended in the middle."""
    match event:
        case Closed():
            yield from _closed(event, facts)
        case _:
            return


def _closed(event: Closed, facts: Facts) -> Iterator[Finding]:
    farewell = facts.unasked_farewell
    if farewell is not None:
        was_busy = facts.quiet_seconds is not None and facts.quiet_seconds < IDLE_SECONDS
        diagnosis = Diagnosis.SERVER_HUNG_UP if was_busy else Diagnosis.AUTOLOGOUT
        yield found(diagnosis, event, text=printable(farewell.text))
    if event.by is None and not event.reason:
        # The record ends, which says nothing of the session.
        return
    last = event.unanswered[-1] if event.unanswered else None
    if last is not None and last.keyword == b"QUIT" and event.state is State.TRANSACTION:
        # Many programs say QUIT and go; where nothing was marked, nothing hangs on the answer.
        if facts.marked:
            yield found(Diagnosis.QUIT_UNANSWERED, event, count=len(facts.marked))
        return
    if last is not None and _is_missed(last, event, facts):
        yield found(Diagnosis.ANSWER_MISSING, event, keyword=last.keyword.decode("ascii"))
    elif farewell is None and _went_of_its_own_accord(event, facts):
        yield found(Diagnosis.AUTOLOGOUT, event, text=printable_text(event.reason))
    message = facts.last_message
    if event.by is Side.CLIENT and message is not None and message.longest_line_octets > LONG_LINE_OCTETS:
        number, octets = str(message.to.number), message.longest_line_octets
        yield found(Diagnosis.CLIENT_CHOKED, event, number=number, octets=octets)
    if event.state is State.TRANSACTION:
        if facts.marked:
            yield found(Diagnosis.BROKEN_WITH_MARKS, event, count=len(facts.marked))
        else:
            yield found(Diagnosis.BROKEN_BEFORE_QUIT, event)


def _is_missed(last: CommandSent, event: Closed, facts: Facts) -> bool:
    """Tell whether a POP3 server owed an answer; one that speaks something else is told of as such."""
    if "certificate" in event.reason.lower():
        return False
    is_pop3 = not facts.sealed and (facts.greeted is not None or not facts.server_spoke or facts.last_replied)
    return bool(is_pop3) and last.spec is not None and event.by is not Side.CLIENT and last.keyword != b"QUIT"


def _went_of_its_own_accord(event: Closed, facts: Facts) -> bool:
    last = facts.last_at_seconds
    if event.by is not Side.SERVER or _has_said_good_bye(facts):
        return False
    return last is not None and event.at_seconds is not None and event.at_seconds - last >= IDLE_SECONDS


def _has_said_good_bye(facts: Facts) -> bool:
    last = facts.last_replied
    return last is not None and last.to is not None and last.to.keyword == b"QUIT"


def good_bye(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find what a good-bye means that was perhaps not meant so."""
    match event:
        case Replied(to=CommandSent(keyword=b"QUIT"), state=State.UPDATE, good=False):
            yield found(Diagnosis.UPDATE_FAILED, event, text=printable(event.text))
        case Replied(to=CommandSent(keyword=b"QUIT"), state=State.UPDATE):
            kept = facts.fetched.keys() - facts.marked
            unread = {n for n in facts.marked - facts.fetched.keys() if _is_unread(n, facts)}
            if facts.is_partial:
                return
            if facts.unmarked and not facts.marked:
                yield found(Diagnosis.MARKS_TAKEN_OFF, event, count=facts.unmarked)
            elif kept:
                yield found(Diagnosis.KEPT_AFTER_READING, event, count=len(kept))
            if unread:
                yield found(Diagnosis.DELETED_UNREAD, event, count=len(unread))
        case Replied(to=CommandSent(keyword=b"DELE", number=int() as number), good=True):
            yield from _duplicate(event, number, facts)
        case _:
            return


def _duplicate(event: Replied, number: int, facts: Facts) -> Iterator[Finding]:
    """Find a message that was not read, and is marked since another one has the same unique-id."""
    unique_id = facts.unique_ids.get(number)
    if unique_id is None or number in facts.fetched:
        return
    twins = [n for n, one in facts.unique_ids.items() if one == unique_id and n != number]
    if twins and (unique_id in facts.fetched_before or any(n in facts.fetched for n in twins)):
        shown = printable(unique_id)
        yield found(Diagnosis.DUPLICATE_DELETED, event, number=str(number), unique_id=shown)


def _is_unread(number: int, facts: Facts) -> bool:
    return facts.unique_ids.get(number) not in facts.fetched_before
