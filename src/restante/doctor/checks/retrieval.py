"""RETR: the octets that were told, line by line as the wire wants them. Sources: RFC 1939 §3, §5 and §11."""

from __future__ import annotations

from typing import Final

from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.line import LARGEST_BODY_OCTETS, Body

__all__ = ["CHECKS"]

_SOME: Final = 3
_LARGEST_OCTETS: Final = 4 * 1024 * 1024


def _some(bench: Bench) -> dict[int, Body]:
    """Give the smallest messages. Raises NotApplicable where all are large."""
    listing = bench.listing()
    numbers = [
        number for number in bench.smallest(_SOME) if listing[number] <= min(_LARGEST_OCTETS, LARGEST_BODY_OCTETS)
    ]
    if not numbers:
        raise NotApplicable("all messages are very large")
    return {number: bench.message(number) for number in numbers}


def _octets(bench: Bench) -> Verdict:
    listing, bodies = bench.listing(), _some(bench)
    for number, body in bodies.items():
        if body.octets != listing[number]:
            return failed(f"message {number} is told to have {listing[number]} octets, and has {body.octets}")
    return passed(f"{len(bodies)} messages have the octets that LIST tells")


def _stuffed(bench: Bench) -> Verdict:
    bad = [number for number, body in _some(bench).items() if body.unstuffed]
    return judged(
        not bad, f"message {bad[0]} has a line with a single dot before it" if bad else "no dot stands alone"
    )


def _crlf(bench: Bench) -> Verdict:
    bad = [number for number, body in _some(bench).items() if body.bare]
    return judged(not bad, f"message {bad[0]} has bare CRs or LFs" if bad else "each line ends with CRLF alone")


def _same(bench: Bench) -> Verdict:
    number = bench.smallest()[0]
    first = bench.message(number)
    again = bench.inside().ask_body(b"RETR %d" % number)
    if again is None:
        raise Obstacle(f"the second RETR {number} was refused")
    return judged(
        again == first, f"message {number} came {'the same' if again == first else 'otherwise'} the second time"
    )


def _header(bench: Bench) -> Verdict:
    number = bench.smallest()[0]
    first = next(iter(bench.message(number).lines), b"")
    good = b":" in first and not first.startswith((b" ", b"\t", b">From ", b"From "))
    return judged(good, f"message {number} begins with {'a' if good else 'what is no'} header field")


CHECKS: Final = (
    Check(
        id="rfc1939.11.octets",
        level=Level.MUST,
        source="RFC 1939 §11",
        requirement="RETR gives as many octets as LIST tells, a line end counted as two, stuffed dots not.",
        meaning="Progress bars are wrong, and careful programs take the message for cut.",
        remedy="Let the server count CRLF line ends (old maildrops: rebuild the index); else bring it up to date.",
        needs=Need.READING,
        judge=_octets,
    ),
    Check(
        id="rfc1939.3.byte-stuffing",
        level=Level.MUST,
        source="RFC 1939 §3",
        requirement="A line that begins with a dot is sent with one more.",
        meaning="Lines lose their first dot, or the message ends in the middle and its rest is taken for answers.",
        remedy="Bring the server, or the filter that rewrites its mail, up to date.",
        needs=Need.READING,
        judge=_stuffed,
    ),
    Check(
        id="rfc1939.3.message-crlf",
        level=Level.MUST,
        source="RFC 1939 §3, RFC 5322 §2.3",
        requirement="Each line of a message ends with CRLF, and there is no other CR or LF.",
        meaning="Signatures break, and what checks mail may see another message than the person does.",
        remedy="Let line ends be made whole where mail comes in, or where it goes out.",
        needs=Need.READING,
        judge=_crlf,
    ),
    Check(
        id="retrieval.same-twice",
        level=Level.MUST,
        source="RFC 1939 §5 (RETR)",
        requirement="A message comes the same when it is retrieved twice.",
        meaning="A program that goes on after a broken connection puts two messages together.",
        remedy="See what rewrites messages on their way: filters, status headers.",
        needs=Need.READING,
        judge=_same,
    ),
    Check(
        id="retrieval.begins-with-header",
        level=Level.SHOULD,
        source="RFC 5322 §2.1",
        requirement="A message begins with a header field, and not with an mbox's From line.",
        meaning="Programs show headers as text, or no sender and no subject.",
        remedy="Let the delivery leave the From line out, or the server take it off.",
        needs=Need.READING,
        judge=_header,
    ),
)
