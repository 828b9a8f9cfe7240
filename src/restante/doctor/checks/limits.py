"""Lines that are long, and what a server does to stay itself. Sources: RFC 1939 §3, RFC 2449 §4."""

from __future__ import annotations

from typing import Final

from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Verdict, failed, judged, passed
from restante.doctor.line import Ended, Line, LineFault, Silent

__all__ = ["CHECKS"]

COMMAND_OCTETS: Final = 255
STATUS_OCTETS: Final = 512
_LONG: Final = 1000
_ENDLESS: Final = 128 * 1024
_BAD_COMMANDS: Final = 40


def _one_answer(line: Line, octets: bytes) -> str:
    """Send a line, and tell what is wrong with there being one answer, or nothing."""
    line.send(octets)
    line.status()
    return "it got more than one answer" if line.says_more() else ""


def _longest(bench: Bench) -> Verdict:
    with bench.outside() as line:
        command = b"DOCTOR " + b"a" * (COMMAND_OCTETS - 9) + b"\r\n"
        try:
            trouble = _one_answer(line, command) or ("" if line.ask(b"QUIT").ok else "QUIT after it was refused")
        except Ended:
            trouble = "the connection was ended at it"
        return judged(not trouble, trouble or f"a command of {len(command)} octets got one answer")


def _too_long(bench: Bench) -> Verdict:
    with bench.outside() as line:
        try:
            trouble = _one_answer(line, b"DOCTOR " + b"a" * _LONG + b"\r\n")
        except Ended:
            return passed("the connection was ended")
        return judged(not trouble, trouble or f"a command of more than {_LONG} octets got one answer")


def _endless(bench: Bench) -> Verdict:
    with bench.outside() as line:
        try:
            for _ in range(_ENDLESS // 4096):
                line.send(b"a" * 4096)
            line.receive(2.0)
            if line.ended:
                return passed("the connection was ended")
            if line.unread:
                # Who runs the line in pieces answers each, and not all at once.
                line.is_ended(1.0)
                answers = line.unread.count(b"\n")
                return judged(answers == 1, f"it got {answers} answers before its end")
            line.send(b"\r\n")
            trouble = _one_answer(line, b"")
        except Ended:
            return passed("the connection was ended")
        except Silent:
            try:
                trouble = _one_answer(line, b"\r\n")
            except Ended:
                return passed("the connection was ended")
        return judged(not trouble, trouble or f"a line of {_ENDLESS} octets got one answer")


def _short_answers(bench: Bench) -> Verdict:
    with bench.outside() as line:
        for command in (b"DOCTOR " + b"b" * (COMMAND_OCTETS - 9), b"STAT", b"USER " + b"c" * (COMMAND_OCTETS - 7)):
            try:
                raw = line.ask_text(command)
            except Ended:
                break
            if len(raw) > STATUS_OCTETS:
                return failed(f"an answer had {len(raw)} octets")
    return passed(f"no answer had more than {STATUS_OCTETS} octets")


def _bad_commands_end(bench: Bench) -> Verdict:
    line = bench.fresh()
    began = bench.world.clock()
    answers = 0
    try:
        for _ in range(_BAD_COMMANDS):
            if not line.ask(b"DOCTOR", 5.0).ok:
                answers += 1
    except LineFault:
        return passed(f"after {answers} bad commands it answered no longer")
    finally:
        line.close()
    seconds = bench.world.clock() - began
    return judged(seconds > _BAD_COMMANDS / 10, f"{answers} bad commands were answered in {seconds:.1f} s")


CHECKS: Final = (
    Check(
        id="rfc2449.4.255-octets",
        level=Level.MUST,
        source="RFC 2449 §4",
        requirement="A command of 255 octets, its CRLF included, is read as one.",
        meaning="Long names, and logins by AUTH, do not come through.",
        remedy="Bring the server up to date, or raise its limit.",
        judge=_longest,
    ),
    Check(
        id="rfc2449.4.longer-line",
        level=Level.MUST,
        source="RFC 2449 §4, RFC 1939 §3",
        requirement="A line that is too long gets one answer, or the connection ends.",
        meaning="The rest of a long line is run as a command: what a program sends as data can become an order.",
        remedy="Bring the server up to date.",
        judge=_too_long,
    ),
    Check(
        id="limits.endless-line",
        level=Level.PRACTICE,
        source="common practice",
        requirement="A line of 128 KiB is refused as one, or the connection ends.",
        meaning="Anybody could fill the server's memory, or have their octets run as commands.",
        remedy="Bring the server up to date.",
        judge=_endless,
    ),
    Check(
        id="rfc2449.4.answer-length",
        level=Level.MUST,
        source="RFC 1939 §3, RFC 2449 §4",
        requirement="The first line of an answer has 512 octets at the most.",
        meaning="Programs with a buffer of that size break off.",
        remedy="Bring the server up to date.",
        judge=_short_answers,
    ),
    Check(
        id="limits.bad-commands",
        level=Level.PRACTICE,
        source="common practice",
        requirement="Who sends nothing but bad commands is slowed down or shown out.",
        meaning="Programs that guess passwords, or are broken, keep the server busy.",
        remedy="Set a limit for bad commands in a session.",
        judge=_bad_commands_end,
    ),
)
