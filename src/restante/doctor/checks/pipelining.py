"""Commands sent without waiting: in order, however they are cut. Source: RFC 2449 §6.6."""

from __future__ import annotations

from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.line import Line, LineFault

__all__ = ["CHECKS"]

_CUT_SECONDS: Final = 0.01
"""For the two halves to travel apart."""
_MANY: Final = 50


def _need(bench: Bench) -> None:
    bench.announced("PIPELINING")


def _expected(line: Line) -> list[bytes]:
    return [line.ask_text(command) for command in (b"NOOP", b"STAT", b"RSET", b"NOOP")]


_OCTETS: Final = b"NOOP\r\nSTAT\r\nRSET\r\nNOOP\r\n"


def _whole(bench: Bench) -> Verdict:
    _need(bench)
    line = bench.inside()
    expected = _expected(line)
    line.send(_OCTETS)
    got = [line.raw_line() for _ in expected]
    return judged(
        got == expected, f"four commands in one segment got {shown(b' | '.join(one.strip() for one in got))}"
    )


def _each_cut(bench: Bench) -> Verdict:
    _need(bench)
    line = bench.inside()
    expected = _expected(line)
    for cut in range(1, len(_OCTETS)):
        line.send(_OCTETS[:cut])
        bench.world.pause(_CUT_SECONDS)
        line.send(_OCTETS[cut:])
        got = [line.raw_line() for _ in expected]
        if got != expected:
            line.close()
            return failed(
                f"cut after octet {cut} the answers are others: {shown(b' | '.join(one.strip() for one in got))}"
            )
    return passed(f"the same four answers at each of {len(_OCTETS) - 1} cuts")


def _before_login(bench: Bench) -> Verdict:
    _need(bench)
    with bench.outside() as line:
        line.send(b"DOCTOR\r\nCAPA\r\nQUIT\r\n")
        first, second = line.status(), line.status()
        if second.ok:
            line.body()
        third = line.status()
        return judged(
            (first.ok, second.ok, third.ok) == (False, True, True), "DOCTOR, CAPA and QUIT were sent at once"
        )


def _window(bench: Bench) -> Verdict:
    _need(bench)
    line = bench.inside()
    line.send(b"STAT\r\n" * _MANY)
    answers = {line.status().ok for _ in range(_MANY)}
    return judged(answers == {True}, f"{_MANY} commands at once were answered")


def _multi_line(bench: Bench) -> Verdict:
    _need(bench)
    number = bench.smallest()[0]
    line = bench.inside()
    commands = (b"LIST", b"TOP %d 0" % number, b"UIDL", b"CAPA")
    expected = [line.ask_body(command) for command in commands]
    if None in expected:
        raise NotApplicable("LIST, TOP, UIDL or CAPA is refused")
    line.send(b"".join(command + b"\r\n" for command in (*commands, *reversed(commands))))
    got = [line.body() if line.status().ok else None for _ in range(2 * len(commands))]
    return judged(
        got == [*expected, *reversed(expected)], f"{len(got)} commands with long answers were sent in one segment"
    )


def _could_be_told(bench: Bench) -> Verdict:
    if "PIPELINING" in bench.capabilities() or not bench.capabilities().told:
        raise NotApplicable("PIPELINING is announced, or nothing is")
    with bench.outside() as line:
        line.send(b"CAPA\r\nCAPA\r\n")
        try:
            for _ in range(2):
                if not line.status(2.0).ok:
                    return passed("it does not work, and is not announced")
                line.body(2.0)
        except LineFault:
            line.close()
            return passed("it does not work, and is not announced")
    return failed("it works, and is not announced")


CHECKS: Final = (
    Check(
        id="rfc2449.6.6.pipelining",
        level=Level.MUST,
        source="RFC 2449 §6.6",
        requirement="Commands that come in one segment are all answered, in order.",
        meaning="Quick programs wait for answers that never come, or take one for another.",
        remedy="Do not announce PIPELINING, or bring the server up to date.",
        needs=Need.LOGIN,
        judge=_whole,
    ),
    Check(
        id="rfc2449.6.6.pipelining-each-cut",
        level=Level.MUST,
        source="RFC 2449 §6.6",
        requirement="The answers are the same wherever the network cuts the commands apart.",
        meaning="Sessions break now and then, on some lines more than on others, and nobody finds out why.",
        remedy="Do not announce PIPELINING, or bring the server up to date.",
        needs=Need.LOGIN,
        judge=_each_cut,
    ),
    Check(
        id="rfc2449.6.6.pipelining-before-login",
        level=Level.MUST,
        source="RFC 2449 §6.6",
        requirement="Commands that come at once before the login are all answered, in order.",
        meaning="Quick programs wait for answers that never come.",
        remedy="Do not announce PIPELINING before the login, or bring the server up to date.",
        judge=_before_login,
    ),
    Check(
        id="rfc2449.6.6.pipelining-window",
        level=Level.MUST,
        source="RFC 2449 §6.6",
        requirement="Fifty commands at once are all answered.",
        meaning="Fetching many small messages breaks off.",
        remedy="Bring the server up to date, or raise its limit.",
        needs=Need.LOGIN,
        judge=_window,
    ),
    Check(
        id="rfc2449.6.6.pipelining-multi-line",
        level=Level.MUST,
        source="RFC 2449 §6.6",
        requirement="Commands behind one with a long answer are answered as if they had come alone.",
        meaning="A message is cut, or runs over into the next one.",
        remedy="Do not announce PIPELINING, or bring the server up to date.",
        needs=Need.MESSAGES,
        judge=_multi_line,
    ),
    Check(
        id="pipelining.announced",
        level=Level.PRACTICE,
        source="RFC 2449 §6.6",
        requirement="Where pipelining works it is announced.",
        meaning="Programs wait a round trip for each message: minutes instead of seconds on a far line.",
        remedy="Announce PIPELINING once you know that it works, or take a server that does.",
        judge=_could_be_told,
    ),
)
