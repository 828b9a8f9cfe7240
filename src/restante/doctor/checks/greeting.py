"""What the server says first. Sources: RFC 1939 §4 and §7 (APOP), RFC 2449 §4 and §8."""

from __future__ import annotations

import re
from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, NotApplicable, Verdict, judged
from restante.doctor.logging_in import TIMESTAMP
from restante.proto.client import Status

__all__ = ["CHECKS"]

STATUS_OCTETS: Final = 512
_VERSION: Final = re.compile(rb"(?<![\d.])\d+\.\d+(\.\d+)*(?![\d.]*@)")


def _good(bench: Bench) -> Verdict:
    line = bench.greeting().line
    return judged(line.startswith(b"+OK"), f"it greets with {shown(line)}")


def _short(bench: Bench) -> Verdict:
    octets = len(bench.greeting().line) + 2
    return judged(octets <= STATUS_OCTETS, f"the greeting has {octets} octets")


def _nothing_more(bench: Bench) -> Verdict:
    with bench.outside() as line:
        more = line.says_more()
        return judged(not more, "it says more than its greeting" if more else "it waits after its greeting")


def _timestamp(status: Status) -> bytes:
    # A greeting that mentions no bracket at all offers no APOP.
    if b"<" not in status.line:
        raise NotApplicable("there is no APOP timestamp in the greeting")
    found = TIMESTAMP.search(status.line)
    return b"" if found is None else found[0]


def _formed(bench: Bench) -> Verdict:
    stamp = _timestamp(bench.greeting())
    return judged(stamp, f"the timestamp is {shown(stamp)}" if stamp else "what stands in brackets is no msg-id")


def _unique(bench: Bench) -> Verdict:
    stamps = [_timestamp(bench.greeting())]
    for _ in range(2):
        with bench.outside() as line:
            if line.greeting is not None:
                stamps.append(_timestamp(line.greeting))
    return judged(len(set(stamps)) == len(stamps), f"three connections got {', '.join(map(shown, stamps))}")


def _tells_no_version(bench: Bench) -> Verdict:
    text = TIMESTAMP.sub(b"", bench.greeting().line)
    found = _VERSION.search(text)
    return judged(found is None, f"the greeting says {shown(found[0])}" if found else "no version is told")


CHECKS: Final = (
    Check(
        id="rfc1939.4.greeting",
        level=Level.MUST,
        source="RFC 1939 §4, RFC 1939 §3",
        requirement="The server greets with +OK, in upper case.",
        meaning="Strict programs take anything else for a refusal, and show no mail.",
        remedy="See the server's log for why it refuses, or bring it up to date.",
        judge=_good,
    ),
    Check(
        id="rfc2449.4.greeting-length",
        level=Level.MUST,
        source="RFC 1939 §3, RFC 2449 §4",
        requirement="The greeting has 512 octets at the most.",
        meaning="Programs with a buffer of that size break off.",
        remedy="Shorten the banner in the settings.",
        judge=_short,
    ),
    Check(
        id="rfc1939.4.one-greeting",
        level=Level.MUST,
        source="RFC 1939 §4",
        requirement="The greeting is one line, and then the server waits.",
        meaning="A program takes each further line for the answer to a command, and is out of step from there on.",
        remedy="Take line ends out of the banner.",
        judge=_nothing_more,
    ),
    Check(
        id="rfc1939.7.timestamp-form",
        level=Level.MUST,
        source="RFC 1939 §7 (APOP)",
        requirement="What stands in angle brackets in the greeting is a msg-id: <something@host>.",
        meaning="Programs that log in by APOP cannot, and others may try it for nothing.",
        remedy="Take the brackets out of the banner, or bring the server up to date.",
        judge=_formed,
    ),
    Check(
        id="rfc1939.7.timestamp-unique",
        level=Level.MUST,
        source="RFC 1939 §7 (APOP)",
        requirement="The timestamp in the greeting is another one on each connection.",
        meaning="Who overheard one login by APOP can log in themselves.",
        remedy="Switch APOP off; logins under TLS need none.",
        judge=_unique,
    ),
    Check(
        id="greeting.tells-no-version",
        level=Level.PRACTICE,
        source="common practice, RFC 2449 §6.9",
        requirement="The greeting does not tell the version of the server.",
        meaning="Who looks for servers with a known hole finds this one by its first line.",
        remedy="Shorten the banner in the settings.",
        judge=_tells_no_version,
    ),
)
