"""The rows of the table: what is measured, against whom, and what the goal is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from benchmarks import mail
from benchmarks.bed import ACCOUNTS, COMPILED_PYTHON, LONG_MESSAGES, MARKED, Bed, CannotRun, Measured, Option
from benchmarks.servers import PASSWORD, Dovecot, Restante, Server, tree_cpu_seconds, tree_pss_octets

__all__ = ["COMPILED", "ROWS", "Goal", "Row", "Side"]

COMPILED: Final = "compiled"
"""The name of the side that is left out where there is no compiled build."""

IDLE_MESSAGES: Final = 20
"""In the maildrop of each idle session, since people leave mail on the server."""

Measure: TypeAlias = Callable[[Bed, int], Measured]
"""One run; the number counts the runs of this side of this row, and 0 is for warming up."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What the ratio should be."""

    bound: float
    at_least: bool = True

    def met(self, ratio: float) -> bool:
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that a row compares."""

    name: str
    measure: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row."""

    key: str
    title: str
    unit: str
    goal: Goal | None
    sides: tuple[Side, ...]
    """The last one is the other side, against which those before it are measured."""
    once: bool = False
    """Memory does not vary: one pair is enough."""
    in_files: bool = False
    """It is about files, or measures another server than the bed's: in memory there is no such row."""


def _restante(bed: Bed) -> Restante:
    return bed.restante


def _compiled(bed: Bed) -> Restante:
    return bed.compiled()


def _dovecot(bed: Bed) -> Dovecot:
    return bed.dovecot()


def _rate(server: Callable[[Bed], Server], **options: Option) -> Measure:
    def measure(bed: Bed, run: int) -> Measured:
        chosen = server(bed)
        port = chosen.pop3s if options.get("tls") else chosen.pop3
        if run == 0:
            # Each account once, so that maildrops are listed and measured, and passwords proven.
            return bed.rate(port, **{**options, "sessions": ACCOUNTS})
        return bed.rate(port, **options)

    return measure


def _against(
    measure: Callable[[Callable[[Bed], Restante]], Measure], name: str, other: Measure
) -> tuple[Side, Side, Side]:
    """Give both builds of Restante, and the other side."""
    return Side("Restante", measure(_restante)), Side(COMPILED, measure(_compiled)), Side(name, other)


def _rates(name: str, other: Callable[[Bed], Server], **options: Option) -> tuple[Side, Side, Side]:
    return _against(lambda server: _rate(server, **options), name, _rate(other, **options))


# --- a very big maildrop -----------------------------------------------------------------------------------------


def _listings(server: Callable[[Bed], Server], *, after_start: bool) -> Measure:
    def measure(bed: Bed, run: int) -> Measured:
        chosen = server(bed)
        if after_start and run:
            chosen.restart()
        one: dict[str, Option] = {"accounts": 1, "connections": 1, "prefix": "big", "messages": bed.many}
        result = bed.load(chosen.pop3, mode="listings", sessions=1, **one)
        return Measured(value=result["all_seconds"] * 1000)

    return measure


# --- UPDATE and deliveries ---------------------------------------------------------------------------------------


def _removals(server: Callable[[Bed], Restante | Dovecot]) -> Measure:
    def measure(bed: Bed, run: int) -> Measured:
        chosen = server(bed)
        folder = chosen.mail
        owner = chosen.owner if isinstance(chosen, Dovecot) else -1
        for n in range(MARKED):
            # A name is never used again, so that no server takes new mail for what it has just removed.
            source = folder.parent / f"{folder.name}-to-mark" / "new"
            mail.refill(folder / f"mark{n}", source, owner, batch=next(_BATCHES))
        of_them: dict[str, Option] = {"prefix": "mark", "accounts": MARKED, "messages": 100, "sessions": MARKED}
        # Look in once, so that what is measured is the removal and not the arrival of a hundred messages.
        bed.load(chosen.pop3, mode="sessions", **of_them)
        return bed.rate(chosen.pop3, mode="dele", **of_them)

    return measure


_BATCHES: Final = iter(range(1, 1_000_000))


def _always(bed: Bed) -> Dovecot:
    return bed.dovecot_always()


def _deliveries(server: Callable[[Bed], Restante | Dovecot]) -> Measure:
    def measure(bed: Bed, run: int) -> Measured:
        chosen = server(bed)
        folders = [chosen.mail / f"in{n}" for n in range(ACCOUNTS)]
        for folder in folders:
            mail.empty(folder)
        options: dict[str, Option] = {"mode": "lmtp", "prefix": "in", "letter": str(bed.folder / "letter")}
        if run == 0:
            options["sessions"] = ACCOUNTS
        result = bed.load(chosen.lmtp, **options)
        there = sum(len(list(folder.glob("new/*"))) for folder in folders)
        if there < result["count"]:
            raise CannotRun(f"{result['count']} deliveries were acknowledged, and {there} messages are there")
        return Measured(
            value=result["count"] / result["seconds"], busy=result["cpu_seconds"] / result["all_seconds"]
        )

    return measure


# --- memory and CPU ----------------------------------------------------------------------------------------------


def _idle(make: Callable[[Bed, Sequence[str]], Server], *, messages: int = IDLE_MESSAGES) -> Measure:
    def measure(bed: Bed, run: int) -> Measured:
        prefix = "idle" if messages else "empty"
        server = make(bed, [f"{prefix}{n}" for n in range(bed.idle)])
        bed.start(server)
        try:
            one: dict[str, Option] = {"prefix": prefix, "messages": messages}
            bed.load(server.pop3, sessions=1, **{**one, "accounts": 1, "connections": 1})
            before = tree_pss_octets(server.pid)
            command = bed.command(
                server.pop3, mode="idle", **{**one, "accounts": bed.idle, "connections": bed.idle}
            )
            with subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=partial(os.sched_setaffinity, 0, bed.load_cores),  # noqa: PLW1509 - no threads here
            ) as clients:
                assert clients.stdout is not None
                bed.read_result(clients.stdout.readline())
                after = tree_pss_octets(server.pid)
                assert clients.stdin is not None
                clients.stdin.close()
            return Measured(value=(after - before) / bed.idle / 1024)
        finally:
            server.stop()

    return measure


def _idle_mail(bed: Bed, server: Restante | Dovecot, names: Sequence[str]) -> None:
    owner = server.owner if isinstance(server, Dovecot) else -1
    source = bed.folder / "idle-letters"
    if not source.exists():
        mail.make_maildrop(source, mail.Form.CRLF, IDLE_MESSAGES)
    for name in names:
        if (server.mail / name).exists():
            continue
        if name.startswith("empty"):
            mail.make_maildrop(server.mail / name, mail.Form.CRLF, 0, owner=owner)
        else:
            mail.refill(server.mail / name, source / "new", owner, batch=0)


def _idle_restante(bed: Bed, names: Sequence[str], *, python: Path | None = None) -> Server:
    # Thousands of argon2id hashes take minutes, and none of their memory stays: here they are weak.
    server = Restante(
        bed.folder / "restante-idle",
        names,
        cores=bed.server_cores,
        hash_memory_kib=8,
        python=python,
    )
    _idle_mail(bed, server, names)
    return server


def _idle_dovecot(bed: Bed, names: Sequence[str], *, shared: int) -> Server:
    bed.dovecot()
    kind = names[0].rstrip("0123456789")
    folder = bed.folder / f"dovecot-{kind}-{shared}"
    folder.mkdir(exist_ok=True)
    server = Dovecot(
        folder,
        dict.fromkeys(names, "{PLAIN}" + PASSWORD),
        cores=bed.server_cores,
        pair=bed.pair,
        processes=len(names) + 100,
        sessions_in_a_process=shared,
    )
    _idle_mail(bed, server, names)
    return server


def _cpu(workers: int) -> Measure:
    def measure(bed: Bed, run: int) -> Measured:
        server = bed.with_workers(workers)

        def spent() -> float:
            before = tree_cpu_seconds(server.pid)
            result = bed.load(server.pop3, mode="retr", sessions=max(40, int(100 * bed.seconds)))
            return (tree_cpu_seconds(server.pid) - before) / result["count"] * 1e6

        # The least of three: what else the machine does can only add to it.
        return Measured(value=min(spent() for _ in range(3)))

    return measure


def _spent(server: Callable[[Bed], Server], **options: Option) -> Measure:
    """What a server spends, by the clock of its own processes: what the client spends beside it is left out."""

    def measure(bed: Bed, run: int) -> Measured:
        chosen = server(bed)
        port = chosen.pop3s if options.get("tls") else chosen.pop3
        before = tree_cpu_seconds(chosen.pid)
        result = bed.load(port, **options, **({"warm_up": 0} if run else {"sessions": ACCOUNTS}))
        return Measured(value=(tree_cpu_seconds(chosen.pid) - before) / result["count"] * 1e6)

    return measure


def _limit(bed: Bed) -> Server:
    return bed.limit


def _apart(bed: Bed) -> Dovecot:
    return bed.dovecot_apart()


_RETR: Final[dict[str, Option]] = {"mode": "retr"}
_LONG: Final[dict[str, Option]] = {"mode": "retr", "prefix": "long", "messages": LONG_MESSAGES, "repeat": 5}

ROWS: Final[tuple[Row, ...]] = (
    Row(
        key="sessions",
        title="sessions (USER PASS STAT QUIT; 200 messages, 20 accounts, 16 at once)",
        unit="/s",
        goal=Goal(8),
        sides=_rates("Dovecot", _dovecot, mode="sessions"),
    ),
    Row(
        key="sessions-tls",
        title="the same, over TLS 1.3 without resumption",
        unit="/s",
        goal=Goal(2),
        sides=_rates("Dovecot", _dovecot, mode="sessions", tls=1),
    ),
    Row(
        key="spent-tls",
        title="CPU for a session over TLS 1.3, whatever the client's half costs",
        unit="µs",
        goal=Goal(0.5, at_least=False),
        sides=_against(
            lambda server: _spent(server, mode="sessions", tls=1),
            "Dovecot",
            _spent(_dovecot, mode="sessions", tls=1),
        ),
    ),
    Row(
        key="sessions-argon2id",
        title="sessions, argon2id in both",
        unit="/s",
        goal=None,
        sides=_against(
            lambda server: _rate(server, mode="sessions"),
            "Dovecot",
            _rate(_dovecot, mode="sessions", prefix="argon"),
        ),
    ),
    Row(
        key="retr",
        title="RETR of 5.5 KB one at a time, 16 at once",
        unit="/s",
        goal=Goal(4),
        sides=_rates("Dovecot", _dovecot, **_RETR),
    ),
    Row(
        key="retr-apart",
        title="the same, Dovecot with a process for each session, as its manual advises",
        unit="/s",
        goal=None,
        sides=_rates("Dovecot", _apart, **_RETR),
    ),
    Row(
        key="retr-pipelined",
        title="RETR of 5.5 KB, 200 pipelined, 16 at once",
        unit="/s",
        goal=Goal(4),
        sides=_rates("Dovecot", _dovecot, mode="retr", pipelined=1),
    ),
    Row(
        key="retr-long",
        title="RETR of 1 MiB",
        unit="/s",
        goal=Goal(3),
        sides=_rates("Dovecot", _dovecot, **_LONG),
    ),
    Row(
        key="retr-tls",
        title="RETR of 5.5 KB one at a time, over TLS",
        unit="/s",
        goal=Goal(2),
        sides=_rates("Dovecot", _dovecot, mode="retr", tls=1),
    ),
    Row(
        key="retr-postfix",
        title="RETR of 5.5 KB from a Maildir that Postfix filled (LF lines, bare names)",
        in_files=True,
        unit="/s",
        goal=Goal(2),
        sides=_rates("Dovecot", _dovecot, mode="retr", prefix="post"),
    ),
    Row(
        key="many-again",
        title="login, STAT, UIDL, LIST on a very big maildrop, second time",
        unit="ms",
        goal=Goal(0.5, at_least=False),
        sides=_against(
            lambda server: _listings(server, after_start=False), "Dovecot", _listings(_dovecot, after_start=False)
        ),
    ),
    Row(
        key="many-first",
        title="the same, the first time after a start",
        in_files=True,
        unit="ms",
        goal=Goal(1, at_least=False),
        sides=_against(
            lambda server: _listings(server, after_start=True), "Dovecot", _listings(_dovecot, after_start=True)
        ),
    ),
    Row(
        key="dele",
        title="sessions with DELE of 100 and QUIT, durable, 16 at once",
        in_files=True,
        unit="/s",
        goal=Goal(1),
        sides=_against(_removals, "Dovecot", _removals(_always)),
    ),
    Row(
        key="dele-optimized",
        title="the same, Dovecot not waiting for the disk (mail_fsync = optimized)",
        in_files=True,
        unit="/s",
        goal=None,
        sides=(
            Side("Restante", _removals(_restante)),
            Side("Dovecot", _removals(_dovecot)),
        ),
    ),
    Row(
        key="lmtp",
        title="LMTP deliveries of 5.5 KB, durable, 16 at once",
        in_files=True,
        unit="/s",
        goal=Goal(1.5),
        sides=_against(_deliveries, "Dovecot", _deliveries(_apart)),
    ),
    Row(
        key="limit",
        title="RETR of 5.5 KB one at a time, against open, sendfile and close in C",
        unit="/s",
        goal=Goal(0.6),
        sides=_rates("limit server", _limit, **_RETR),
    ),
    Row(
        key="limit-sessions",
        title="sessions, against fixed answers in C",
        unit="/s",
        goal=None,
        sides=_rates("limit server", _limit, mode="sessions"),
    ),
    Row(
        key="limit-pipelined",
        title="RETR of 5.5 KB pipelined, against open, sendfile and close in C",
        unit="/s",
        goal=None,
        sides=_rates("limit server", _limit, mode="retr", pipelined=1),
    ),
    Row(
        key="idle",
        title="memory (PSS) of a logged-in idle session, 20 messages in its maildrop",
        in_files=True,
        unit="KiB",
        goal=Goal(0.01, at_least=False),
        sides=(
            Side("Restante", _idle(_idle_restante)),
            Side(COMPILED, _idle(partial(_idle_restante, python=COMPILED_PYTHON))),
            Side("Dovecot", _idle(partial(_idle_dovecot, shared=1))),
        ),
        once=True,
    ),
    Row(
        key="idle-empty",
        title="the same, the maildrop empty",
        in_files=True,
        unit="KiB",
        goal=None,
        sides=(
            Side("Restante", _idle(_idle_restante, messages=0)),
            Side("Dovecot", _idle(partial(_idle_dovecot, shared=1), messages=0)),
        ),
        once=True,
    ),
    Row(
        key="idle-shared",
        title="with 20 messages, Dovecot with 100 sessions in a process",
        in_files=True,
        unit="KiB",
        goal=None,
        sides=(
            Side("Restante", _idle(_idle_restante)),
            Side("Dovecot", _idle(partial(_idle_dovecot, shared=100))),
        ),
        once=True,
    ),
    Row(
        key="cpu",
        title="CPU for a message, two workers against one",
        in_files=True,
        unit="µs",
        goal=Goal(1.1, at_least=False),
        sides=(Side("two workers", _cpu(2)), Side("one worker", _cpu(1))),
    ),
)
