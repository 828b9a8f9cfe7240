"""A message on its whole way: in by SMTP, out by POP3, the same. Only where the maildrop is disposable.

Sources: RFC 5321 §4.5.2, RFC 1939 §3 and §5.
"""

from __future__ import annotations

from typing import Final

from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged
from restante.doctor.checks.submission import log_in_to_send, secured
from restante.doctor.smtp import ask

__all__ = ["CHECKS"]

_ARRIVAL_SECONDS: Final = 20.0
_QUICK_SECONDS: Final = 10.0
_BODY: Final = (
    b"A message of restante doctor.",
    b".",
    b"..",
    b".dot",
    b"",
    b"From here on",
    b"a" * 900,
    b"  ends. ",
)


def _sent(bench: Bench) -> tuple[bytes, ...] | None:
    """Send a message and give its body's lines as they arrive, or None. Raises NotApplicable."""
    login = bench.patient.login
    assert login is not None
    bench.check_that_the_password_is_safe()
    line = secured(bench)
    if line.tls is None or not (line.tls.trusted or bench.patient.plaintext):
        raise NotApplicable("the door for sending shows no certificate that is trusted")
    mark = b"doctor-" + bench.world.entropy(8).hex().encode()
    address = bench.patient.mail_address.encode()
    log_in_to_send(bench, line)
    for command in (b"MAIL FROM:<%s>" % address, b"RCPT TO:<%s>" % address, b"DATA"):
        if not (answer := ask(line, command)).ok:
            raise Obstacle(f"{command.split(b':')[0].decode()} was answered with {answer.code}")
    header = (
        b"From: <%s>" % address,
        b"To: <%s>" % address,
        b"Subject: " + mark,
        b"Message-ID: <%s@doctor.invalid>" % mark,
    )
    stuffed = [b"." + text if text.startswith(b".") else text for text in (*header, b"", *_BODY)]
    if not (answer := ask(line, b"\r\n".join([*stuffed, b"."]), 30.0)).ok:
        raise Obstacle(f"the message was answered with {answer.code}")
    began = bench.world.clock()
    while bench.world.clock() - began < _ARRIVAL_SECONDS:
        with bench.own() as session:
            listing = session.ask_body(b"LIST")
            for number in range(len(listing.lines) if listing else 0, 0, -1)[:5]:
                body = session.ask_body(b"RETR %d" % number)
                if body is not None and any(mark in text for text in body.lines):
                    bench.known("arrival", lambda: bench.world.clock() - began)
                    session.ask(b"DELE %d" % number)
                    session.ask(b"QUIT")
                    return body.lines[body.lines.index(b"") + 1 :] if b"" in body.lines else ()
        bench.world.pause(1.0)
    return None


def _arrives(bench: Bench) -> Verdict:
    if bench.known("round trip", lambda: _sent(bench)) is None:
        return failed(f"the message had not arrived after {_ARRIVAL_SECONDS:.0f} s")
    seconds = bench.known("arrival", lambda: 0.0)
    return judged(seconds <= _QUICK_SECONDS, f"the message arrived after {seconds:.1f} s")


def _same(bench: Bench) -> Verdict:
    body = bench.known("round trip", lambda: _sent(bench))
    if body is None:
        raise Obstacle("the message has not arrived")
    return judged(
        body == _BODY, "the body came out " + ("as it went in" if body == _BODY else "otherwise than it went in")
    )


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
        requirement="The body comes out as it went in: dots, blank lines and long lines.",
        meaning="Signatures break, and attachments cannot be opened.",
        remedy="See which program on the way rewrites mail.",
        needs=Need.DISPOSABLE,
        judge=_same,
    ),
)
