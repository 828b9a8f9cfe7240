"""What is wrong with commands and lines: their place, their form, their length, their ends.

Sources: RFC 1939 §3-5 and §7, RFC 2449 §4 and §6.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts
from restante.explain.diagnoses.found import found
from restante.explain.events import (
    BodyReceived,
    CommandSent,
    Greeted,
    LineEnd,
    Replied,
    StrayLine,
    WireEvent,
)
from restante.explain.wire_lines import printable
from restante.proto.lines import COMMAND_LINE_OCTETS
from restante.proto.parser import MisuseKind
from restante.proto.replies import FIRST_LINE_OCTETS
from restante.proto.terms import State

__all__ = ["capabilities", "lines", "order", "refused_commands"]

_OPTIONAL: Final[Mapping[bytes, Diagnosis]] = {
    b"UIDL": Diagnosis.UIDL_REFUSED,
    b"TOP": Diagnosis.TOP_REFUSED,
    b"CAPA": Diagnosis.CAPA_REFUSED,
}
_NECESSARY: Final = frozenset({b"STAT", b"LIST", b"RSET", b"NOOP"})
"""Every server has them (RFC 1939 §5), and there is nothing to be refused in them."""
_LOGINS: Final = frozenset({b"USER", b"PASS", b"APOP", b"AUTH"})


def refused_commands(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find why a command other than a login is refused."""
    if not isinstance(event, Replied) or event.good or event.to is None or event.state is State.UPDATE:
        return
    sent, text = event.to, printable(event.text)
    keyword = sent.keyword.decode("ascii", "replace")
    if sent.spec is None:
        if sent.foreign is None:
            yield found(Diagnosis.UNKNOWN_COMMAND, event, text=text)
    elif event.state not in sent.spec.states:
        if event.state is State.TRANSACTION:
            yield found(Diagnosis.LOGIN_COMMAND_AFTER_LOGIN, event, keyword=keyword)
        elif facts.saw_beginning:
            yield found(Diagnosis.COMMAND_BEFORE_LOGIN, event, keyword=keyword)
    elif sent.misuse is MisuseKind.NUMBER_ZERO:
        yield found(Diagnosis.NUMBER_ZERO, event, keyword=keyword)
    elif sent.misuse is MisuseKind.BAD_ARGUMENTS and (sent.keyword != b"AUTH" or sent.has_argument):
        yield found(Diagnosis.BAD_ARGUMENTS, event, syntax=sent.spec.syntax)
    elif event.code == b"UTF8":
        yield found(Diagnosis.UTF8_NEEDED, event, text=text)
    elif sent.number is not None:
        yield from _refused_of_one(event, sent, sent.number, facts)
    elif sent.keyword in _OPTIONAL:
        yield found(_OPTIONAL[sent.keyword], event, text=text)
    elif sent.keyword in _NECESSARY and event.state is State.TRANSACTION:
        yield found(Diagnosis.COMMAND_REFUSED, event, keyword=keyword, text=text)


def _refused_of_one(event: Replied, sent: CommandSent, number: int, facts: Facts) -> Iterator[Finding]:
    """Find why a message is refused: it was marked, it is not there, or it cannot be given."""
    text, keyword = printable(event.text), sent.keyword.decode("ascii", "replace")
    # A code of SYS speaks of the server's own trouble, so the message may well be there.
    is_there = facts.count is not None and number <= facts.count
    is_broken = event.code is not None and event.code.startswith(b"SYS/")
    if number in facts.marked:
        yield found(Diagnosis.MESSAGE_MARKED_ALREADY, event, number=str(number))
    elif facts.is_partial and facts.count is None:
        return
    elif not is_there and not is_broken:
        yield found(Diagnosis.NO_SUCH_MESSAGE, event, number=str(number))
    elif sent.keyword == b"TOP" and not facts.top_was_given and not is_broken:
        yield found(Diagnosis.TOP_REFUSED, event, text=text)
    elif sent.keyword == b"UIDL" and not facts.unique_ids and not is_broken:
        yield found(Diagnosis.UIDL_REFUSED, event, text=text)
    else:
        yield found(Diagnosis.MESSAGE_REFUSED, event, keyword=keyword, number=str(number), text=text)


def lines(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find lines that are too long, end wrongly, or belong to nothing."""
    match event:
        case CommandSent(line_end=end, octets=octets, keyword=keyword):
            if octets > COMMAND_LINE_OCTETS and keyword != b"AUTH":
                yield found(Diagnosis.COMMAND_LINE_TOO_LONG, event, octets=octets)
            if end is LineEnd.LF:
                yield found(Diagnosis.CLIENT_BARE_LF, event)
        case Greeted(line_end=end, octets=octets) | Replied(line_end=end, octets=octets):
            if octets > FIRST_LINE_OCTETS:
                yield found(Diagnosis.STATUS_LINE_TOO_LONG, event, octets=octets)
            if end is LineEnd.LF:
                yield found(Diagnosis.SERVER_BARE_LF, event)
        case BodyReceived() if event.bare_line_ends:
            yield found(Diagnosis.SERVER_BARE_LF, event)
        case StrayLine() if not facts.stls_accepted and not facts.sealed and _is_out_of_step(event, facts):
            yield found(Diagnosis.STRAY_LINES, event)
        case _:
            return


def _is_out_of_step(event: StrayLine, facts: Facts) -> bool:
    # The first words of another protocol are told as such, and what follows them is no surprise.
    return event.foreign is None or facts.greeted is not None


def capabilities(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find what a server can do and does not say."""
    match event:
        case Replied(good=True, to=CommandSent(keyword=b"UIDL" | b"TOP" as keyword)):
            is_first = not (facts.unique_ids if keyword == b"UIDL" else facts.top_was_given)
            if is_first and facts.announces(keyword) is False:
                yield found(Diagnosis.CAPABILITY_UNANNOUNCED, event, keyword=keyword.decode("ascii"))
        case _:
            return


def order(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find commands that do not wait for their answers where the server has not said that it likes that."""
    if not isinstance(event, CommandSent) or facts.stls_asked is not None:
        return
    if facts.last_sequence > facts.answered_sequence and facts.announces(b"PIPELINING") is False:
        yield found(Diagnosis.PIPELINING_UNANNOUNCED, event)
