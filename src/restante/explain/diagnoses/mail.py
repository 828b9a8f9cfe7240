"""What is wrong with mail on its way: listings and messages against each other and against their form.

Sources: RFC 1939 §3 (byte-stuffing), §5, §7 (unique-ids), §11 (octets); RFC 5322 §2.1.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from restante.explain.answers import scan_listing
from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts
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

__all__ = ["listings", "messages", "pace"]

SLOW_SECONDS: Final = 10
"""Some clients give up after as much."""

LONG_LINE_OCTETS: Final = 1000
"""998 characters and the line's end. Source: RFC 5322 §2.1.1."""


def messages(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find messages that break off, that have other octets than was told, or whose dots are wrong."""
    if not isinstance(event, BodyReceived) or not event.is_message or event.end is BodyEnd.NOT_SHOWN:
        return
    number = str(event.to.number)
    if event.end is BodyEnd.CUT:
        yield found(Diagnosis.MESSAGE_CUT, event, number=number, octets=event.octets or 0)
        return
    if not event.is_exact:
        return
    if event.unstuffed:
        yield found(Diagnosis.UNSTUFFED_DOTS, event, number=number, count=event.unstuffed)
    if event.longest_line_octets > LONG_LINE_OCTETS:
        yield found(Diagnosis.LONG_MESSAGE_LINE, event, number=number, octets=event.longest_line_octets)
    listed = facts.listed.get(event.to.number or 0)
    if event.to.asks_for_all and listed is not None and listed != event.octets:
        yield found(Diagnosis.OCTETS_DIFFER, event, number=number, listed=listed, came=event.octets or 0)


def listings(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find listings that break off, do not add up, or name messages in a wrong way."""
    if not isinstance(event, BodyReceived) or event.is_message or event.end is BodyEnd.NOT_SHOWN:
        return
    keyword = event.to.keyword.decode("ascii", "replace")
    if event.end is BodyEnd.CUT:
        yield found(Diagnosis.LISTING_CUT, event, keyword=keyword)
    elif event.to.keyword == b"LIST" and event.line_count == len(event.lines):
        yield from _against_stat(event, facts)
    elif event.to.keyword == b"UIDL":
        ids = [line.partition(b" ")[2].strip() for line in event.lines]
        doubled = [(unique_id, count) for unique_id, count in Counter(ids).most_common(1) if count > 1]
        for unique_id, count in doubled:
            yield found(Diagnosis.UNIQUE_IDS_DOUBLED, event, unique_id=printable(unique_id), count=count)
        illegal = next((unique_id for unique_id in ids if not _is_legal(unique_id)), None)
        if illegal is not None:
            yield found(Diagnosis.UNIQUE_ID_ILLEGAL, event, unique_id=printable(illegal))


def _is_legal(unique_id: bytes) -> bool:
    return bool(unique_id) and is_legal_unique_id(unique_id)


def _against_stat(event: BodyReceived, facts: Facts) -> Iterator[Finding]:
    told = [one for line in event.lines if (one := scan_listing(line)) is not None]
    listed = (len(event.lines), sum(octets for _, octets in told))
    if facts.drop_listing is not None and not facts.marked and facts.drop_listing != listed:
        count, octets = facts.drop_listing
        yield found(
            Diagnosis.DROP_LISTING_DIFFERS,
            event,
            count=count,
            octets=octets,
            listed_count=listed[0],
            listed_octets=listed[1],
        )


def pace(event: WireEvent, facts: Facts) -> Iterator[Finding]:
    """Find answers that are long in coming."""
    match event:
        case Greeted():
            asked = facts.began_at_seconds
        case Replied(to=CommandSent() as sent):
            # What came in between, a response of AUTH or the answer to what was asked before, counts as the start.
            asked = max([at for at in (sent.at_seconds, facts.last_at_seconds) if at is not None], default=None)
        case _:
            return
    if asked is not None and event.at_seconds is not None and event.at_seconds - asked >= SLOW_SECONDS:
        yield found(Diagnosis.SLOW_ANSWER, event, seconds=int(event.at_seconds - asked))
