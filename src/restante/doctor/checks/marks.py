"""Deletion marks within a session, taken off again by RSET. Source: RFC 1939 §5.

A session in which a mark was set ends without QUIT unless the maildrop is disposable: two things would have to be
wrong with a server before a message went. The first time that RSET does not take a mark off, no further mark is set
in the examination.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged
from restante.doctor.line import Leave, Line, LineFault
from restante.proto.listings import drop_listing, scan_listing_line

__all__ = ["CHECKS"]


@contextmanager
def _marked(bench: Bench, number: int = 1) -> Iterator[Line]:
    """Mark a message for the length of the block. Raises NotApplicable."""
    if not bench.marking_is_safe:
        raise NotApplicable("RSET does not take marks off here, so that none is set")
    line = bench.inside()
    messages = len(bench.listing())
    if not line.ask(b"RSET").ok:
        raise NotApplicable("RSET is refused, so that no mark is set")
    if not line.ask(b"DELE %d" % number).ok:
        raise Obstacle(f"DELE {number} was refused")
    try:
        yield line
    finally:
        try:
            bench.marking_is_safe = line.ask(b"RSET").ok and _all_there(line, messages)
        except LineFault:
            # The connection is gone, and the marks with it (RFC 1939 §6).
            line.close()
        if not bench.marking_is_safe and not bench.leave & Leave.CHANGE:
            line.marks_may_stand = True
            line.close()


def _all_there(line: Line, messages: int) -> bool:
    told = drop_listing(line.ask(b"STAT").text)
    return told is not None and told.messages == messages


def _dele(bench: Bench) -> Verdict:
    with _marked(bench) as line:
        status = line.ask(b"DELE 1")
        return judged(not status.ok, f"the second DELE 1 was answered with {shown(status.line)}")


def _list_skips(bench: Bench) -> Verdict:
    with _marked(bench) as line:
        body = line.ask_body(b"LIST")
        if body is None:
            return failed("LIST was refused")
        numbers = [found[0] for text in body.lines if (found := scan_listing_line(text))]
        return judged(
            1 not in numbers,
            f"LIST names {len(numbers)} messages after DELE 1" + (", 1 among them" if 1 in numbers else ""),
        )


def _list_one_refused(bench: Bench) -> Verdict:
    with _marked(bench) as line:
        status = line.ask(b"LIST 1")
        return judged(not status.ok, f"LIST 1 after DELE 1 was answered with {shown(status.line)}")


def _stat_skips(bench: Bench) -> Verdict:
    listing = bench.listing()
    with _marked(bench) as line:
        told = drop_listing(line.ask(b"STAT").text)
        expected = len(listing) - 1, sum(listing.values()) - listing.get(1, 0)
        got = (told.messages, int(told.octets)) if told is not None else (0, 0)
        return judged(
            got == expected,
            f"STAT tells {got[0]} messages of {got[1]} octets, and {expected[0]} of {expected[1]} have no mark",
        )


def _uidl_skips(bench: Bench) -> Verdict:
    with _marked(bench) as line:
        numbers = bench.unique_ids(line)
        return judged(1 not in numbers, f"UIDL names {len(numbers)} messages after DELE 1")


def _retr_refused(bench: Bench) -> Verdict:
    with _marked(bench) as line:
        status = line.ask(b"RETR 1")
        if status.ok:
            line.body()
        return judged(not status.ok, f"RETR 1 after DELE 1 was {'answered' if status.ok else 'refused'}")


def _top_refused(bench: Bench) -> Verdict:
    with _marked(bench) as line:
        status = line.ask(b"TOP 1 0")
        if status.ok:
            line.body()
        return judged(not status.ok, f"TOP 1 0 after DELE 1 was {'answered' if status.ok else 'refused'}")


def _numbers_stay(bench: Bench) -> Verdict:
    before = bench.unique_ids()
    with _marked(bench) as line:
        after = bench.unique_ids(line)
        good = after.get(2) == before.get(2)
        return judged(good, f"message 2 is {'still' if good else 'no longer'} the same after DELE 1")


def _rset(bench: Bench) -> Verdict:
    before = dict(bench.listing())
    with _marked(bench) as line:
        pass
    if not bench.marking_is_safe:
        return failed("after RSET the messages are not all there")
    body = line.ask_body(b"LIST")
    after = dict(found for text in (body.lines if body else ()) if (found := scan_listing_line(text)))
    return judged(after == before, f"after RSET, LIST names {len(after)} of {len(before)} messages")


_UPDATE: Final = "Bring the server up to date."

CHECKS: Final = (
    Check(
        id="rfc1939.5.rset-unmarks",
        level=Level.MUST,
        source="RFC 1939 §5 (RSET)",
        requirement="RSET takes all deletion marks off.",
        meaning="What somebody marked by mistake is gone with QUIT.",
        remedy=_UPDATE,
        needs=Need.MESSAGES,
        judge=_rset,
    ),
    Check(
        id="rfc1939.5.dele-twice",
        level=Level.MUST,
        source="RFC 1939 §5 (DELE)",
        requirement="DELE of a message that is marked already is answered with -ERR.",
        meaning="A program that lost count does not find out.",
        remedy=_UPDATE,
        needs=Need.MESSAGES,
        judge=_dele,
    ),
    Check(
        id="rfc1939.5.list-skips-marked",
        level=Level.MUST,
        source="RFC 1939 §5 (LIST)",
        requirement="LIST leaves out messages with a deletion mark.",
        meaning="A program fetches again what it has just removed.",
        remedy=_UPDATE,
        needs=Need.MESSAGES,
        judge=_list_skips,
    ),
    Check(
        id="rfc1939.5.list-marked-refused",
        level=Level.MUST,
        source="RFC 1939 §5 (LIST)",
        requirement="LIST with the number of a marked message is answered with -ERR.",
        meaning="A program believes that the message is still to be had.",
        remedy=_UPDATE,
        needs=Need.MESSAGES,
        judge=_list_one_refused,
    ),
    Check(
        id="rfc1939.5.stat-skips-marked",
        level=Level.MUST,
        source="RFC 1939 §5 (STAT)",
        requirement="STAT counts neither marked messages nor their octets.",
        meaning="Programs show mail that is on its way out as new.",
        remedy=_UPDATE,
        needs=Need.MESSAGES,
        judge=_stat_skips,
    ),
    Check(
        id="rfc1939.7.uidl-skips-marked",
        level=Level.MUST,
        source="RFC 1939 §7 (UIDL)",
        requirement="UIDL leaves out messages with a deletion mark.",
        meaning="A program fetches again what it has just removed.",
        remedy=_UPDATE,
        needs=Need.MESSAGES,
        judge=_uidl_skips,
    ),
    Check(
        id="rfc1939.5.retr-marked-refused",
        level=Level.MUST,
        source="RFC 1939 §5 (RETR)",
        requirement="RETR of a marked message is answered with -ERR.",
        meaning="Programs disagree about whether the message is still there.",
        remedy=_UPDATE,
        needs=Need.READING,
        judge=_retr_refused,
    ),
    Check(
        id="rfc1939.7.top-marked-refused",
        level=Level.MUST,
        source="RFC 1939 §7 (TOP)",
        requirement="TOP of a marked message is answered with -ERR.",
        meaning="Programs disagree about whether the message is still there.",
        remedy=_UPDATE,
        needs=Need.MESSAGES,
        judge=_top_refused,
    ),
    Check(
        id="rfc1939.4.numbers-stay",
        level=Level.MUST,
        source="RFC 1939 §4 and §5",
        requirement="Message numbers do not move when a message is marked.",
        meaning="The next message is removed instead of the one that was meant.",
        remedy="Do not remove mail through this server until it is brought up to date.",
        needs=Need.TWO_MESSAGES,
        judge=_numbers_stay,
    ),
)
