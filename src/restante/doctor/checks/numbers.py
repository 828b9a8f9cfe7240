"""Message numbers that name no message. Source: RFC 1939 §5 and §7."""

from __future__ import annotations

from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, passed

__all__ = ["CHECKS"]

_KEYWORDS: Final = (b"LIST %s", b"UIDL %s", b"TOP %s 0", b"RETR %s")


def _refused(bench: Bench, number: bytes, keywords: tuple[bytes, ...] = _KEYWORDS) -> Verdict:
    for keyword in keywords:
        line = bench.inside()
        if keyword.startswith(b"RETR") and bench.reading_is_forbidden:
            continue
        command = keyword % number
        status = line.ask(command)
        if status.ok:
            line.close()
            return failed(f"'{shown(command)}' was answered with {shown(status.line)}")
    return passed(f"{', '.join(shown(keyword % number) for keyword in keywords)}: refused")


def _zero(bench: Bench) -> Verdict:
    return _refused(bench, b"0")


def _negative(bench: Bench) -> Verdict:
    return _refused(bench, b"-1")


def _past_the_end(bench: Bench) -> Verdict:
    return _refused(bench, b"%d" % (len(bench.listing()) + 1))


def _not_a_number(bench: Bench) -> Verdict:
    return _refused(bench, b"one")


def _huge(bench: Bench) -> Verdict:
    # 2**32 + 1 and 2**64 + 1 are 1 to who keeps numbers in too few bits.
    found = _refused(bench, b"4294967297", (b"LIST %s", b"UIDL %s"))
    return found if found.outcome.value == "failed" else _refused(bench, b"18446744073709551617")


def _no_number(bench: Bench) -> Verdict:
    for command in (b"RETR", b"TOP", b"TOP 1"):
        if command == b"RETR" and bench.reading_is_forbidden:
            continue
        line = bench.inside()
        status = line.ask(command)
        if status.ok:
            line.close()
            return failed(f"'{command.decode()}' was answered with {shown(status.line)}")
    return passed("RETR, TOP and TOP 1 without what they need: refused")


def _negative_lines(bench: Bench) -> Verdict:
    if "TOP" not in bench.capabilities() and bench.capabilities().told:
        raise NotApplicable("TOP is not announced")
    line = bench.inside()
    status = line.ask(b"TOP 1 -1")
    if status.ok:
        line.close()
    return failed(f"TOP 1 -1 was answered with {shown(status.line)}") if status.ok else passed("TOP 1 -1: refused")


CHECKS: Final = (
    Check(
        id="rfc1939.5.number-zero",
        level=Level.MUST,
        source="RFC 1939 §5",
        requirement="Message number 0 is answered with -ERR.",
        meaning="A server that counts from 0 inside may give, or remove, a message that was not meant.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_zero,
    ),
    Check(
        id="rfc1939.5.number-negative",
        level=Level.MUST,
        source="RFC 1939 §5",
        requirement="A negative message number is answered with -ERR.",
        meaning="A server that takes it may give, or remove, a message that was not meant.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_negative,
    ),
    Check(
        id="rfc1939.5.number-past-the-end",
        level=Level.MUST,
        source="RFC 1939 §5",
        requirement="A message number past the last is answered with -ERR.",
        meaning="A program is given nothing, and takes it for a message.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_past_the_end,
    ),
    Check(
        id="rfc1939.5.number-is-a-word",
        level=Level.MUST,
        source="RFC 1939 §5",
        requirement="What is no number is answered with -ERR.",
        meaning="A mistake in a program is taken for another message.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_not_a_number,
    ),
    Check(
        id="rfc1939.5.number-huge",
        level=Level.MUST,
        source="RFC 1939 §5",
        requirement="A number too large for the server is answered with -ERR, and not taken for a smaller one.",
        meaning="A server that loses the upper digits gives, or removes, a message that was not meant.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_huge,
    ),
    Check(
        id="rfc1939.5.number-missing",
        level=Level.MUST,
        source="RFC 1939 §5 and §7",
        requirement="RETR without a number, and TOP without both of its numbers, are answered with -ERR.",
        meaning="A mistake in a program is taken for another message.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_no_number,
    ),
    Check(
        id="rfc1939.7.top-negative-lines",
        level=Level.MUST,
        source="RFC 1939 §7 (TOP)",
        requirement="TOP with a negative number of lines is answered with -ERR.",
        meaning="A program that counted wrongly gets a whole message, or nothing.",
        remedy="Bring the server up to date.",
        needs=Need.MESSAGES,
        judge=_negative_lines,
    ),
)
