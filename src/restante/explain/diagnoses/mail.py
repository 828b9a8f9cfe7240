"""What is wrong with mail on its way: listings and messages against each other and against their form.

Sources: RFC 1939 §3 (byte-stuffing), §5, §7 (TOP, unique-ids), §11 (octets); RFC 5322 §2.1.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from restante.explain.answers import scan_listing
from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts, unique_ids_in
from restante.explain.diagnoses.found import found
from restante.explain.events import (
    BodyEnd,
    BodyReceived,
    CommandSent,
    Greeted,
    Replied,
    WireEvent,
)
from restante.explain.wire_lines import printable
from restante.proto.terms import is_legal_unique_id

__all__ = ["LONG_LINE_OCTETS", "listings", "messages", "pace"]

SLOW_SECONDS: Final = 10
"""Some clients give up after as much."""

LONG_LINE_OCTETS: Final = 1000
"""998 characters and the line's end. Source: RFC 5322 §2.1.1."""

_JUDGED: Final = frozenset({BodyEnd.COMPLETE, BodyEnd.CUT})
_LOGINS: Final = frozenset({b"PASS", b"APOP", b"AUTH"})


def messages(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find messages that break off, that have other octets than was told, or whose dots are wrong."""
    if not isinstance(event, BodyReceived) or not event.is_message or event.end not in _JUDGED:
        return
    number = str(event.to.number)
    if event.end is BodyEnd.CUT:
        yield found(Diagnosis.MESSAGE_CUT, event, number=number, octets=event.octets or 0)
        return
    if not event.is_exact:
        return
    asked = event.to.lines
    if event.to.keyword == b"TOP" and asked is not None and event.lines_below_headers > asked:
        came = event.lines_below_headers
        yield found(Diagnosis.TOP_TOO_LONG, event, number=number, asked=asked, came=came)
    if event.unstuffed:
        yield found(Diagnosis.UNSTUFFED_DOTS, event, number=number, count=event.unstuffed)
    if event.longest_line_octets > LONG_LINE_OCTETS:
        yield found(Diagnosis.LONG_MESSAGE_LINE, event, number=number, octets=event.longest_line_octets)
    listed = facts.listed.get(event.to.number or 0)
    if event.to.asks_for_all and listed is not None and listed != event.octets:
        yield found(Diagnosis.OCTETS_DIFFER, event, number=number, listed=listed, came=event.octets or 0)


def listings(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find listings that break off, do not add up, or name messages in a wrong way."""
    match event:
        case BodyReceived(is_message=False, end=BodyEnd.CUT):
            yield found(Diagnosis.LISTING_CUT, event, keyword=event.to.keyword.decode("ascii", "replace"))
        case BodyReceived(is_message=False, end=BodyEnd.COMPLETE, to=CommandSent(keyword=b"LIST")):
            yield from _scan_listing(event, facts)
        case BodyReceived(is_message=False, end=BodyEnd.COMPLETE, to=CommandSent(keyword=b"UIDL")):
            yield from _unique_id_listing(event, facts)
        case Replied(good=True, to=CommandSent(keyword=b"STAT")):
            told = scan_listing(event.text)
            if told is not None and facts.scan_listing is not None and told != facts.scan_listing:
                yield _drop_listing_differs(event, told, facts.scan_listing)
            if told is not None and not told[0] and not facts.marked and _is_gmail(facts):
                yield found(Diagnosis.GMAIL_NEW_ONLY, event)
        case _:
            return


def _is_gmail(facts: Facts) -> bool:
    return facts.greeted is not None and facts.greeted.text.startswith(b"Gpop ")


def _scan_listing(event: BodyReceived, facts: Facts) -> Iterator[Finding]:
    told = [(line, scan_listing(line)) for line in event.lines]
    malformed = next((line for line, one in told if one is None), None)
    if malformed is not None:
        yield found(Diagnosis.LISTING_MALFORMED, event, keyword="LIST", line=printable(malformed))
        return
    if event.line_count != len(event.lines):
        return
    listed = dict([one for _, one in told if one is not None])
    sums = len(event.lines), sum(listed.values())
    if facts.drop_listing is not None and facts.drop_listing != sums:
        yield _drop_listing_differs(event, facts.drop_listing, sums)
    if facts.named_numbers is not None and facts.named_numbers != listed.keys():
        yield _listings_differ(event, frozenset(listed), facts.named_numbers)


def _unique_id_listing(event: BodyReceived, facts: Facts) -> Iterator[Finding]:
    told = unique_ids_in(event.lines)
    malformed = next((line for line in event.lines if not unique_ids_in((line,))), None)
    if malformed is not None:
        yield found(Diagnosis.LISTING_MALFORMED, event, keyword="UIDL", line=printable(malformed))
    doubled = [(one, count) for one, count in Counter(told.values()).most_common(1) if count > 1]
    for unique_id, count in doubled:
        yield found(Diagnosis.UNIQUE_IDS_DOUBLED, event, unique_id=printable(unique_id), count=count)
    illegal = next((unique_id for unique_id in told.values() if not is_legal_unique_id(unique_id)), None)
    if illegal is not None:
        yield found(Diagnosis.UNIQUE_ID_ILLEGAL, event, unique_id=printable(illegal))
    is_whole = malformed is None and event.line_count == len(event.lines)
    if is_whole and facts.listed_numbers is not None and facts.listed_numbers != told.keys():
        yield _listings_differ(event, facts.listed_numbers, frozenset(told))


def _drop_listing_differs(event: WireEvent, stat: tuple[int, int], scan: tuple[int, int]) -> Finding:
    (count, octets), (listed_count, listed_octets) = stat, scan
    return found(
        Diagnosis.DROP_LISTING_DIFFERS,
        event,
        count=count,
        octets=octets,
        listed_count=listed_count,
        listed_octets=listed_octets,
    )


def _listings_differ(event: WireEvent, listed: frozenset[int], named: frozenset[int]) -> Finding:
    number = min(listed ^ named)
    return found(Diagnosis.LISTINGS_DIFFER, event, listed=len(listed), named=len(named), number=str(number))


def pace(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find answers that are long in coming."""
    match event:
        case Greeted():
            asked = facts.began_at_seconds
        case Replied(to=CommandSent() as sent) if not _is_held_back(event, sent):
            # What came in between, a response of AUTH or the answer to what was asked before, counts as the start.
            asked = max([at for at in (sent.at_seconds, facts.last_at_seconds) if at is not None], default=None)
        case _:
            return
    if asked is not None and event.at_seconds is not None and event.at_seconds - asked >= SLOW_SECONDS:
        yield found(Diagnosis.SLOW_ANSWER, event, seconds=int(event.at_seconds - asked))


def _is_held_back(event: Replied, sent: CommandSent) -> bool:
    """Tell whether a server made somebody wait on purpose, who guessed a password."""
    return not event.good and sent.keyword in _LOGINS and event.code in (None, b"AUTH")
