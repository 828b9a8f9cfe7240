"""Mail on its whole way: in by SMTP, out by POP3, octet for octet. Only where the maildrop is disposable.

Two messages go out at once: one in ASCII, with all that a program on the way may trip over, and one with 8-bit text
where the server announces 8BITMIME. What is compared is the body's digest; header fields may be added on the way.
What was sent is removed again. Sources: RFC 5321 §4.5.2, RFC 6152 §2, RFC 1939 §3, §5 and §11.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.checks.submission import log_in_to_send, secured
from restante.doctor.line import Body, Line
from restante.doctor.smtp import ask
from restante.proto.listings import scan_listing_line

__all__ = ["CHECKS"]

_ARRIVAL_SECONDS: Final = 20.0
_QUICK_SECONDS: Final = 10.0
_LOOKED_AT: Final = 6
"""The newest messages: others may come in between."""

LONGEST_LINE_OCTETS: Final = 998
"""Without its CRLF. Source: RFC 5322 §2.1.1."""

ASCII: Final = (
    b"A message of restante doctor.",
    b".",
    b"..",
    b".dot",
    b". dot and space",
    b"",
    b"From here on",
    b">From there on",
    b"a" * LONGEST_LINE_OCTETS,
    b"." + b"b" * (LONGEST_LINE_OCTETS - 1),
    b"\ttab and spaces  ",
    b"   ",
    b"=3D=20 %0D%0A &amp; \\r\\n \\",
    b"--",
    b"-- ",
    b"+OK 1 2",
    b"QUIT",
    b"  ends. ",
    b"",
    b"",
    b".",
)
LINE_END: Final = b"\r\n"

EIGHT_BIT: Final = (
    "Grüße, 世界, с приветом".encode(),
    bytes(range(0x80, 0x100)),
    b".\xe9t\xe9",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrived:
    """A message at the end of its way."""

    body: bytes
    octets: int
    """As RETR gave them, header and all."""
    told_octets: int
    """By LIST."""
    seconds: float


def _octets(lines: tuple[bytes, ...]) -> bytes:
    return b"".join(line + LINE_END for line in lines)


def _round(bench: Bench) -> dict[tuple[bytes, ...], _Arrived | None]:
    """Send messages, and give what arrived by what was sent; None for what did not.

    Raises Obstacle, NotApplicable.
    """
    bench.check_that_the_password_is_safe()
    line = secured(bench)
    marks: dict[bytes, tuple[bytes, ...]] = {}
    eight_bit = "8BITMIME" in log_in_to_send(bench, line)
    for lines in (ASCII, EIGHT_BIT)[: 1 + eight_bit]:
        mark = b"doctor-" + bench.world.entropy(8).hex().encode() + b"-%d" % len(marks)
        _hand_in(bench, line, mark, lines, eight_bit=lines is EIGHT_BIT)
        marks[mark] = lines
    line.send(b"QUIT\r\n")
    began = bench.world.clock()
    found: dict[tuple[bytes, ...], _Arrived | None] = dict.fromkeys(marks.values())
    while None in found.values() and bench.world.clock() - began < _ARRIVAL_SECONDS:
        with bench.own() as session:
            found |= _collected(
                session, {mark: lines for mark, lines in marks.items() if found[lines] is None}, bench, began
            )
            session.ask(b"QUIT")
        if None in found.values():
            bench.world.pause(1.0)
    return found


def _hand_in(bench: Bench, line: Line, mark: bytes, lines: tuple[bytes, ...], *, eight_bit: bool) -> None:
    """Send one message. Raises Obstacle."""
    address = bench.patient.mail_address.encode()
    how = b" BODY=8BITMIME" if eight_bit else b""
    for command in (b"MAIL FROM:<%s>%s" % (address, how), b"RCPT TO:<%s>" % address, b"DATA"):
        if not (answer := ask(line, command)).ok:
            raise Obstacle(f"{command.split(b':')[0].decode()} was answered with {answer.code}")
    header = (
        b"From: <%s>" % address,
        b"To: <%s>" % address,
        b"Subject: " + mark,
        b"Message-ID: <%s@doctor.invalid>" % mark,
        b"MIME-Version: 1.0",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: " + (b"8bit" if eight_bit else b"7bit"),
    )
    stuffed = [b"." + text if text.startswith(b".") else text for text in (*header, b"", *lines)]
    if not (answer := ask(line, b"\r\n".join([*stuffed, b"."]), 30.0)).ok:
        raise Obstacle(f"the message was answered with {answer.code}")


def _collected(
    session: Line, marks: dict[bytes, tuple[bytes, ...]], bench: Bench, began: float
) -> dict[tuple[bytes, ...], _Arrived | None]:
    """Take those of the messages that are there, and mark them for removal."""
    listed = session.ask_body(b"LIST")
    told = dict(one for text in (listed.lines if listed else ()) if (one := scan_listing_line(text)))
    found: dict[tuple[bytes, ...], _Arrived | None] = {}
    for number in sorted(told, reverse=True)[:_LOOKED_AT]:
        body = session.ask_body(b"RETR %d" % number)
        mark = None if body is None else _mark_in(body, marks)
        if body is None or mark is None:
            continue
        cut = body.lines.index(b"") + 1 if b"" in body.lines else len(body.lines)
        found[marks[mark]] = _Arrived(
            body=_octets(body.lines[cut:]),
            octets=body.octets,
            told_octets=told[number],
            seconds=bench.world.clock() - began,
        )
        session.ask(b"DELE %d" % number)
    return found


def _mark_in(body: Body, marks: dict[bytes, tuple[bytes, ...]]) -> bytes | None:
    return next((mark for mark in marks if any(mark in text for text in body.lines)), None)


def _arrived(bench: Bench, lines: tuple[bytes, ...]) -> _Arrived:
    """Give a message at the end of its way. Raises Obstacle, and NotApplicable for one that was not sent."""
    found = bench.known("round trip", lambda: _round(bench))
    if lines not in found:
        raise NotApplicable("8BITMIME is not announced")
    one = found[lines]
    if one is None:
        raise Obstacle(f"the message had not arrived after {_ARRIVAL_SECONDS:.0f} s")
    return one


def _arrives(bench: Bench) -> Verdict:
    one = bench.known("round trip", lambda: _round(bench))[ASCII]
    if one is None:
        return failed(f"the message had not arrived after {_ARRIVAL_SECONDS:.0f} s")
    return judged(one.seconds <= _QUICK_SECONDS, f"the message arrived after {one.seconds:.1f} s")


def _compared(sent: tuple[bytes, ...], one: _Arrived) -> Verdict:
    octets = _octets(sent)
    digest = hashlib.sha256(octets).hexdigest()[:16]
    if one.body == octets:
        return passed(f"{len(octets)} octets went in and came out, SHA-256 {digest}…")
    other = hashlib.sha256(one.body).hexdigest()[:16]
    return failed(
        f"{len(octets)} octets (SHA-256 {digest}…) went in, {len(one.body)} ({other}…) came out; "
        f"{_first_difference(sent, tuple(one.body.split(LINE_END)[:-1]))}"
    )


def _first_difference(sent: tuple[bytes, ...], came: tuple[bytes, ...]) -> str:
    for number, (line, other) in enumerate(zip(sent, came, strict=False), 1):
        if line != other:
            return f"line {number} was '{shown(line[:60])}', and is '{shown(other[:60])}'"
    return f"{len(sent)} lines became {len(came)}"


def _same(bench: Bench) -> Verdict:
    return _compared(ASCII, _arrived(bench, ASCII))


def _same_eight_bit(bench: Bench) -> Verdict:
    return _compared(EIGHT_BIT, _arrived(bench, EIGHT_BIT))


def _size(bench: Bench) -> Verdict:
    one = _arrived(bench, ASCII)
    return judged(one.octets == one.told_octets, f"LIST told {one.told_octets} octets, RETR gave {one.octets}")


CHECKS: Final = (
    Check(
        id="round-trip.arrives",
        level=Level.PRACTICE,
        source="common practice",
        requirement="Mail that one sends to oneself is there within ten seconds.",
        meaning="People wait for codes and confirmations.",
        remedy="Look into the queue for what holds mail up: greylisting, filters, a slow disk.",
        needs=Need.DISPOSABLE,
        judge=_arrives,
    ),
    Check(
        id="round-trip.same",
        level=Level.MUST,
        source="RFC 5321 §4.5.2, RFC 1939 §3",
        requirement="The body comes out as it went in, octet for octet: dots, empty lines, spaces, long lines.",
        meaning="Signatures break, and attachments cannot be opened.",
        remedy="See which program on the way rewrites mail.",
        needs=Need.DISPOSABLE,
        judge=_same,
    ),
    Check(
        id="round-trip.eight-bit",
        level=Level.MUST,
        source="RFC 6152 §2, RFC 1939 §3",
        requirement="With 8BITMIME announced, a body of 8-bit text comes out as it went in.",
        meaning="Letters with accents, and all that is not Latin, come out as question marks.",
        remedy="See which program on the way rewrites mail, or do not announce 8BITMIME.",
        needs=Need.DISPOSABLE,
        judge=_same_eight_bit,
    ),
    Check(
        id="round-trip.size",
        level=Level.MUST,
        source="RFC 1939 §11",
        requirement="LIST tells of the message that arrived the octets that RETR gives.",
        meaning="Progress bars are wrong, and careful programs take the message for cut.",
        remedy="Let the server count line ends as two octets, and dots as they are in the message.",
        needs=Need.DISPOSABLE,
        judge=_size,
    ),
)
