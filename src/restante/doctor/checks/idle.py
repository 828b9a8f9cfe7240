"""How long a server waits for a command. Source: RFC 1939 §3."""

from __future__ import annotations

from typing import Final

from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, Verdict, failed, passed
from restante.doctor.line import LineFault

__all__ = ["CHECKS"]

AUTOLOGOUT_SECONDS: Final = 600.0
SLICE_SECONDS: Final = 5.0
"""How often somebody who waits is told how long it will be."""
_MARGIN_SECONDS: Final = 2.0
"""A server that ends the session after ten minutes to the second does right, and our clock is not its own."""


def _waits(bench: Bench) -> Verdict:
    line = bench.inside()
    line.ask(b"NOOP")
    began = bench.world.clock()
    while (left := began + AUTOLOGOUT_SECONDS - _MARGIN_SECONDS - bench.world.clock()) > 0:
        bench.waiting(left)
        if line.is_ended(min(left, SLICE_SECONDS)):
            return failed(f"the server ended the session after {bench.world.clock() - began:.0f} s")
    try:
        line.ask(b"NOOP")
    except LineFault:
        return failed("the session was no longer there after ten minutes")
    return passed("the session stood after ten minutes of silence")


CHECKS: Final = (
    Check(
        id="rfc1939.3.autologout",
        level=Level.MUST,
        source="RFC 1939 §3",
        requirement="A session may be silent for ten minutes before the server ends it.",
        meaning="Who reads a long message, or has a slow program, loses the session and its deletion marks.",
        remedy="Set the idle time to ten minutes or more.",
        needs=Need.IDLE,
        judge=_waits,
    ),
)
