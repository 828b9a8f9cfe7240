"""The end of a session. Source: RFC 1939 §6."""

from __future__ import annotations

from typing import Final

from restante.client.faults import shown
from restante.doctor.bench import Bench
from restante.doctor.check import Check, Level, Need, Verdict, failed, judged

__all__ = ["CHECKS"]


def _quits(bench: Bench) -> Verdict:
    bench.need_logins()
    with bench.own() as line:
        status = line.ask(b"QUIT")
        if not status.ok:
            return failed(f"QUIT was answered with {shown(status.line)}")
        return judged(line.is_ended(), f"the connection {'ended' if line.ended else 'stays open'} after QUIT")


CHECKS: Final = (
    Check(
        id="rfc1939.6.quit",
        level=Level.MUST,
        source="RFC 1939 §6",
        requirement="QUIT after the login is answered with +OK, and ends the connection.",
        meaning="Programs tell people of an error at the end of each session.",
        remedy="See the server's log for what fails in the UPDATE state.",
        needs=Need.LOGIN,
        judge=_quits,
    ),
)
