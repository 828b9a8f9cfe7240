"""The form of commands and answers. Sources: RFC 1939 §3, RFC 2449 §4."""

from __future__ import annotations

from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, NotApplicable, Outcome, Verdict, failed, judged, passed
from restante.doctor.line import Ended, Line, Silent

__all__ = ["CHECKS"]

_ESCAPE: Final = b"\x1b"
_LF_SECONDS: Final = 4.0
_NUL_SECONDS: Final = 4.0


def _any_case(bench: Bench) -> Verdict:
    with bench.outside() as line:
        usual = line.ask(b"CAPA").ok
        if not usual:
            raise NotApplicable("CAPA is not known here")
        line.body()
        good = line.ask(b"cApA").ok
        if good:
            line.body()
    return judged(good, f"cApA was {'answered as CAPA is' if good else 'refused'}")


def _refused(line: Line, *commands: bytes) -> Verdict:
    for command in commands:
        status = line.ask(command)
        if status.ok:
            line.close()
            return failed(f"'{shown(command)}' was answered with {shown(status.line)}")
    return passed(f"{', '.join(shown(command) for command in commands)}: refused")


def _unknown_refused(bench: Bench) -> Verdict:
    with bench.outside() as line:
        return _refused(line, b"DOCTOR", b"DOCTOR one two")


def _state_before(bench: Bench) -> Verdict:
    # Some show out whoever sends three bad commands.
    for commands in (b"STAT", b"LIST"), (b"NOOP", b"RSET"), (b"UIDL",):
        with bench.outside() as line:
            found = _refused(line, *commands)
        if found.outcome is Outcome.FAILED:
            return found
    return passed("STAT, LIST, NOOP, RSET, UIDL: refused")


def _state_after(bench: Bench) -> Verdict:
    bench.need_logins()
    with bench.own() as line:
        return _refused(line, b"USER doctor", b"PASS doctor", b"AUTH PLAIN")


def _nul(bench: Bench) -> Verdict:
    with bench.outside() as line:
        try:
            status = line.ask(b"CA\0PA", _NUL_SECONDS)
        except Ended:
            return passed("the connection was ended")
        if status.ok:
            line.close()
        return judged(not status.ok, f"a command with a NUL in it was answered with {shown(status.line)}")


def _empty(bench: Bench) -> Verdict:
    with bench.outside() as line:
        try:
            status = line.ask(b"")
        except Ended:
            return passed("the connection was ended")
        return judged(not status.ok, f"an empty line was answered with {shown(status.line)}")


def _trailing_space(bench: Bench) -> Verdict:
    with bench.outside() as line:
        try:
            line.ask(b"DOCTOR ")
        except Ended:
            return passed("the connection was ended")
        more = line.says_more()
        return judged(
            not more, "a command with a space at its end got " + ("more than one answer" if more else "one answer")
        )


def _bare_lf(bench: Bench) -> Verdict:
    with bench.outside() as line:
        line.send(b"DOCTOR\nDOCTOR\r\n")
        try:
            line.status()
            if not line.says_more(1.0):
                return passed("a bare LF does not end a command")
            # Not the first answer's end: some send back what they did not know, with the LF in it.
            line.status()
        except Ended:
            return passed("the connection was ended")
    if "PLAIN" not in [name.upper() for name in bench.capabilities().get("SASL", ())]:
        return passed("a bare LF ends a command")
    with bench.outside() as line:
        line.send(b"AUTH PLAIN\n")
        if not line.raw_line().startswith(b"+ "):
            return passed("a bare LF ends a command")
        line.send(b"*\n")
        try:
            line.status(_LF_SECONDS)
        except Silent:
            # It would take what comes next for the rest of that line.
            line.close()
            return failed("a bare LF ends a command, and does not end what answers a challenge")
        except Ended:
            pass
    return passed("a bare LF ends a line, be it a command or what answers a challenge")


def _crlf(bench: Bench) -> Verdict:
    with bench.outside() as line:
        if line.greeting is None:
            raise NotApplicable("there was no greeting")
        for command in (b"DOCTOR", b"CAPA", b"STAT"):
            raw = line.ask_text(command)
            if not raw.endswith(b"\r\n") or b"\r" in raw[:-2]:
                return failed(f"the answer to {command.decode()} did not end with CRLF alone")
            if command == b"CAPA" and raw.startswith(b"+OK") and line.body().bare:
                return failed("a line of CAPA did not end with CRLF alone")
    return passed("each line ended with CRLF")


def _upper_case(bench: Bench) -> Verdict:
    with bench.outside() as line:
        for command in (b"DOCTOR", b"CAPA"):
            raw = line.ask_text(command)
            if not raw.startswith((b"+OK", b"-ERR")):
                return failed(f"{command.decode()} was answered with {shown(raw.rstrip())}")
            if command == b"CAPA" and raw.startswith(b"+OK"):
                line.body()
    return passed("answers begin with +OK and -ERR in upper case")


def _no_escape(bench: Bench) -> Verdict:
    with bench.outside() as line:
        try:
            raw = line.ask_text(b"DOCTOR\x1b[31m")
        except Ended:
            return passed("the connection was ended")
        return judged(
            _ESCAPE not in raw,
            "what was sent for a terminal " + ("came back" if _ESCAPE in raw else "did not come back"),
        )


def _quits(bench: Bench) -> Verdict:
    line = bench.fresh()
    try:
        status = line.ask(b"QUIT")
        if not status.ok:
            return failed(f"QUIT was answered with {shown(status.line)}")
        return judged(
            line.is_ended(), "QUIT was answered, and the connection " + ("ended" if line.ended else "stays open")
        )
    finally:
        line.close()


CHECKS: Final = (
    Check(
        id="rfc1939.3.keyword-case",
        level=Level.MUST,
        source="RFC 1939 §3",
        requirement="Keywords are understood in any case.",
        meaning="Programs that write them in lower case cannot talk to this server.",
        remedy="Bring the server up to date.",
        judge=_any_case,
    ),
    Check(
        id="rfc1939.3.unknown-refused",
        level=Level.MUST,
        source="RFC 1939 §3",
        requirement="A command that is not known is answered with -ERR.",
        meaning="A program that tries something newer waits forever, or thinks that it was done.",
        remedy="Bring the server up to date.",
        judge=_unknown_refused,
    ),
    Check(
        id="rfc1939.3.state-before-login",
        level=Level.MUST,
        source="RFC 1939 §3 and §5",
        requirement="Before the login, the commands for mail are answered with -ERR.",
        meaning="A server that mixes up its states may show mail to strangers.",
        remedy="Bring the server up to date.",
        judge=_state_before,
    ),
    Check(
        id="rfc1939.3.state-after-login",
        level=Level.MUST,
        source="RFC 1939 §3 and §7, RFC 5034 §4",
        requirement="After the login, the commands that log in are answered with -ERR.",
        meaning="Two people's sessions may run into one.",
        remedy="Bring the server up to date.",
        needs=Need.LOGIN,
        judge=_state_after,
    ),
    Check(
        id="rfc1939.3.nul-refused",
        level=Level.MUST,
        source="RFC 1939 §3",
        requirement="A command with a NUL in it is answered with -ERR, or the connection is ended.",
        meaning="What checks a line and what runs it may see two different commands.",
        remedy="Bring the server up to date.",
        judge=_nul,
    ),
    Check(
        id="grammar.empty-line",
        level=Level.PRACTICE,
        source="RFC 1939 §3",
        requirement="An empty line gets an -ERR.",
        meaning="A program that sent one by mistake waits, or is out of step from there on.",
        remedy="Bring the server up to date.",
        judge=_empty,
    ),
    Check(
        id="grammar.space-at-the-end",
        level=Level.PRACTICE,
        source="RFC 1939 §3",
        requirement="A space at the end of a command changes nothing about there being one answer.",
        meaning="A program that puts one there is out of step from there on.",
        remedy="Bring the server up to date.",
        judge=_trailing_space,
    ),
    Check(
        id="grammar.bare-lf",
        level=Level.PRACTICE,
        source="RFC 1939 §3",
        requirement="A bare LF ends each line of a client, or none.",
        meaning="A program that ends its lines so comes through some commands, and then waits for ever.",
        remedy="Bring the server up to date.",
        judge=_bare_lf,
    ),
    Check(
        id="rfc1939.3.crlf",
        level=Level.MUST,
        source="RFC 1939 §3",
        requirement="Each line of the server ends with CRLF, and holds no other CR or LF.",
        meaning="Strict programs wait for the end of a line that never comes.",
        remedy="Bring the server up to date.",
        judge=_crlf,
    ),
    Check(
        id="rfc1939.3.upper-case",
        level=Level.MUST,
        source="RFC 1939 §3",
        requirement="Answers begin with +OK or -ERR in upper case.",
        meaning="Strict programs take another form for no answer.",
        remedy="Bring the server up to date.",
        judge=_upper_case,
    ),
    Check(
        id="grammar.no-echo",
        level=Level.PRACTICE,
        source="common practice",
        requirement="Control characters that were sent do not come back in an error.",
        meaning="Whoever reads a log or a terminal can be shown what is not there.",
        remedy="Bring the server up to date.",
        judge=_no_escape,
    ),
    Check(
        id="rfc1939.4.quit-before-login",
        level=Level.MUST,
        source="RFC 1939 §4",
        requirement="QUIT before the login is answered with +OK, and ends the connection.",
        meaning="Programs that only look whether the server is there leave connections behind.",
        remedy="Bring the server up to date.",
        judge=_quits,
    ),
)
