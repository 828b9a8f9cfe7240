"""STAT, LIST, NOOP and RSET. Source: RFC 1939 §5."""

from __future__ import annotations

import re
from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, Verdict, failed, judged, passed
from restante.proto.listings import drop_listing, scan_listing_line

__all__ = ["CHECKS"]

_SCAN: Final = re.compile(rb"[1-9][0-9]* [0-9]+(?: .*)?")
_DROP: Final = re.compile(rb"\+OK [0-9]+ [0-9]+(?: .*)?", re.DOTALL)


def _stat_form(bench: Bench) -> Verdict:
    status = bench.inside().ask(b"STAT")
    return judged(_DROP.fullmatch(status.line), f"STAT was answered with {shown(status.line)}")


def _list_form(bench: Bench) -> Verdict:
    body = bench.inside().ask_body(b"LIST")
    if body is None:
        return failed("LIST was refused")
    for text in body.lines:
        if not _SCAN.fullmatch(text):
            return failed(f"one of its lines is '{shown(text)}'")
    return passed(f"{len(body.lines)} lines, each a number and its octets")


def _numbered(bench: Bench) -> Verdict:
    numbers = list(bench.listing())
    good = numbers == list(range(1, len(numbers) + 1))
    return judged(good, f"the messages are numbered {'from 1 on' if good else 'otherwise than 1, 2, 3'}")


def _agree(bench: Bench) -> Verdict:
    status = bench.inside().ask(b"STAT")
    told = drop_listing(status.text)
    listing = bench.listing()
    listed = len(listing), sum(listing.values())
    if told is None:
        return failed("STAT cannot be read")
    return judged(
        (told.messages, told.octets) == listed,
        f"STAT tells {told.messages} messages of {told.octets} octets, LIST {listed[0]} of {listed[1]}",
    )


def _one(bench: Bench) -> Verdict:
    listing = bench.listing()
    number = next(iter(listing))
    status = bench.inside().ask(b"LIST %d" % number)
    told = scan_listing_line(status.text) if status.ok else None
    return judged(
        told == (number, listing[number]),
        f"LIST {number} was answered with {shown(status.line)}, and LIST tells {listing[number]} octets",
    )


def _noop(bench: Bench) -> Verdict:
    status = bench.inside().ask(b"NOOP")
    return judged(status.ok, f"NOOP was answered with {shown(status.line)}")


def _rset(bench: Bench) -> Verdict:
    status = bench.inside().ask(b"RSET")
    return judged(status.ok, f"RSET was answered with {shown(status.line)}")


CHECKS: Final = (
    Check(
        id="rfc1939.5.stat-form",
        level=Level.MUST,
        source="RFC 1939 §5 (STAT)",
        requirement="STAT is answered with +OK, the number of messages, and their octets.",
        meaning="Programs show no mail, or a wrong number.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_stat_form,
    ),
    Check(
        id="rfc1939.5.list-form",
        level=Level.MUST,
        source="RFC 1939 §5 (LIST)",
        requirement="Each line of LIST is a message number, a space, and the message's octets.",
        meaning="Programs read wrong sizes, or miss messages.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_list_form,
    ),
    Check(
        id="rfc1939.4.numbered-from-1",
        level=Level.MUST,
        source="RFC 1939 §4",
        requirement="A session begins with messages numbered 1, 2, 3 and so on.",
        meaning="Programs that count up to the number of STAT miss messages, or ask for some that are not there.",
        remedy="Bring the server up to date, or repair its index.",
        needs=Need.LOGIN,
        judge=_numbered,
    ),
    Check(
        id="rfc1939.5.stat-agrees-with-list",
        level=Level.MUST,
        source="RFC 1939 §5",
        requirement="STAT tells as many messages and octets as LIST.",
        meaning="Progress bars and quotas are wrong, and careful programs break off.",
        remedy="Repair the index of the maildrop; else bring the server up to date.",
        needs=Need.LOGIN,
        judge=_agree,
    ),
    Check(
        id="rfc1939.5.list-one",
        level=Level.MUST,
        source="RFC 1939 §5 (LIST)",
        requirement="LIST with a number tells the same octets as LIST without.",
        meaning="A program takes a message for another one, or for cut.",
        remedy="Bring the server up to date.",
        needs=Need.MESSAGES,
        judge=_one,
    ),
    Check(
        id="rfc1939.5.noop",
        level=Level.MUST,
        source="RFC 1939 §5 (NOOP)",
        requirement="NOOP is answered with +OK.",
        meaning="Programs that keep a session alive by it lose it.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_noop,
    ),
    Check(
        id="rfc1939.5.rset",
        level=Level.MUST,
        source="RFC 1939 §5 (RSET)",
        requirement="RSET is answered with +OK, deletion marks or none.",
        meaning="A program cannot take back what it marked by mistake.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_rset,
    ),
)
