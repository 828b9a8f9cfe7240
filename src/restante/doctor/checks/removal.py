"""What QUIT removes, and what nothing else does. Only where the maildrop is disposable. Source: RFC 1939 §6."""

from __future__ import annotations

from typing import Final

from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged

__all__ = ["CHECKS"]


def _broken(bench: Bench) -> Verdict:
    with bench.own() as line:
        before = bench.unique_ids(line)
        if not before:
            raise NotApplicable("the maildrop is empty")
        if not line.ask(b"DELE 1").ok:
            raise Obstacle("DELE 1 was refused")
        line.close()
    bench.world.pause(1.0)
    with bench.own() as line:
        after = set(bench.unique_ids(line).values())
    return judged(before[1] in after, f"the marked message is {'still there' if before[1] in after else 'gone'}")


def _removes(bench: Bench) -> Verdict:
    with bench.own() as line:
        before = bench.unique_ids(line)
        if not before:
            raise NotApplicable("the maildrop is empty")
        if not line.ask(b"DELE 1").ok:
            raise Obstacle("DELE 1 was refused")
        if not line.ask(b"QUIT").ok:
            return failed("QUIT was refused")
    with bench.own() as line:
        after = set(bench.unique_ids(line).values())
    lost = set(before.values()) - after - {before[1]}
    if lost:
        return failed(f"{len(lost)} messages that had no mark are gone")
    return judged(
        before[1] not in after, f"the marked message is {'still there' if before[1] in after else 'gone'}"
    )


CHECKS: Final = (
    Check(
        id="rfc1939.6.broken-removes-nothing",
        level=Level.MUST,
        source="RFC 1939 §6",
        requirement="A connection that breaks removes nothing.",
        meaning="Mail that was never stored anywhere is gone.",
        remedy="Do not use this server for mail that matters until it is brought up to date.",
        needs=Need.DISPOSABLE,
        judge=_broken,
    ),
    Check(
        id="rfc1939.6.quit-removes",
        level=Level.MUST,
        source="RFC 1939 §6",
        requirement="QUIT removes the messages with a deletion mark, and no other.",
        meaning="Mail comes back, or more goes than was meant.",
        remedy="See the server's log; its disk may be full, or its maildrop not writable.",
        needs=Need.DISPOSABLE,
        judge=_removes,
    ),
)
