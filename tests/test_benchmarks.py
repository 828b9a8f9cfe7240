"""The benchmark works: its load generator checks what it gets, and a short row gives a figure."""

from __future__ import annotations

import asyncio
import gc
import json
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks import client, explain, fetch, handshake, inside, mail, pythons
from benchmarks.bed import Bed, CannotRun, Measured
from benchmarks.plot import lines_of, plot
from benchmarks.rows import Goal, Row, Side
from benchmarks.run import Outcome, measure, table
from benchmarks.servers import InMemory, Limit, Restante
from benchmarks.shares import shares

MESSAGES = 3

# Of connect, USER, PASS, STAT and QUIT; a tenth above what CPython 3.11 makes of it, since others count otherwise.
CALLS_OF_PYTHON = 246
CALLS_OF_C = 189
INSTRUCTIONS = 6170

# The same over TLS 1.3, the client's own among them.
CALLS_OF_PYTHON_OVER_TLS = 395
CALLS_OF_C_OVER_TLS = 268

# The same of a RETR one at a time, the client's own among them.
CALLS_OF_PYTHON_BY_RETR = 30
CALLS_OF_C_BY_RETR = 29
INSTRUCTIONS_BY_RETR = 800


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with Bed(tmp_path_factory.mktemp("bench"), seconds=0.2, idle=2, many=10) as made:
        made.prepare()
        yield made


@pytest.fixture
def limit(bed: Bed) -> Iterator[Limit]:
    shutil.rmtree(bed.folder / "served", ignore_errors=True)
    mail.make_maildrop(bed.folder / "served", mail.Form.CRLF, MESSAGES)
    server = Limit(bed.folder / "limit", bed.folder / "served" / "new", cores=bed.server_cores)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("mode", ["sessions", "retr", "listings", "dele"])
def test_load_generator_counts_right_answers(bed: Bed, limit: Limit, mode: str) -> None:
    result = bed.load(limit.pop3, mode=mode, messages=MESSAGES, sessions=40)
    assert result["sessions"] == 40
    assert result["count"] == (40 * MESSAGES if mode == "retr" else 40)


def test_pipelined_retrievals_give_the_octets_of_all_messages(bed: Bed, limit: Limit) -> None:
    result = bed.load(limit.pop3, mode="retr", pipelined=1, messages=MESSAGES, sessions=1, connections=1)
    stuffing_not_counted = sum(mail.letter(n).count(b"\n.") for n in range(MESSAGES))
    assert stuffing_not_counted, "a message with a dot at a line's start is among them"
    octets = sum(len(mail.letter(n)) for n in range(MESSAGES))
    assert result["octets"] == octets - stuffing_not_counted, "the limit server does not stuff, and says so in LIST"


def test_load_generator_refuses_a_message_with_other_octets_than_were_listed(bed: Bed, limit: Limit) -> None:
    file = sorted((bed.folder / "served" / "new").iterdir())[1]  # its body does not begin with a dot yet
    # As long as before, and one dot less that counts: whoever takes stuffing off finds one octet less.
    head, body = file.read_bytes().split(b"\r\n\r\n", 1)
    file.write_bytes(head + b"\r\n\r\n" + b"." + body[1:])
    with pytest.raises(CannotRun, match="LIST said"):
        bed.load(limit.pop3, mode="retr", messages=MESSAGES, sessions=20)


def test_load_generator_refuses_another_count_than_it_was_told(bed: Bed, limit: Limit) -> None:
    with pytest.raises(CannotRun, match="STAT has not as many"):
        bed.load(limit.pop3, mode="sessions", messages=MESSAGES + 1, sessions=5)


@pytest.mark.parametrize("octets", [b"+OK hello\r\n-ERR no\r\n", b"-ERR no\r\n", b"+OK hello\r\n"])
async def test_load_generator_tells_a_wrong_or_missing_answer(bed: Bed, octets: bytes) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(octets)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(CannotRun, match="wrong answers"):
        await asyncio.to_thread(bed.load, port, mode="sessions", sessions=3, connections=1)
    server.close()
    await server.wait_closed()


def test_a_short_row_on_restante_gives_a_figure(bed: Bed) -> None:
    names = [f"user{n}" for n in range(4)]
    server = Restante(bed.folder / "restante", names, cores=bed.server_cores, hash_memory_kib=8)
    for name in names:
        mail.make_maildrop(server.mail / name, mail.Form.CRLF, 12)
    server.start()
    few = {"accounts": 4, "connections": 3, "messages": 12}

    def retrieve(bed: Bed, run: int) -> Measured:
        return bed.rate(server.pop3, mode="retr", **few)

    def poll(bed: Bed, run: int) -> Measured:
        return bed.rate(server.pop3, mode="sessions", **few)

    row = Row(key="a", title="a row", unit="/s", goal=None, sides=(Side("A", retrieve), Side("B", poll)))
    try:
        outcome = measure(bed, row, 1, float("inf"))
        listed = bed.load(server.pop3, mode="listings", sessions=2, **few)
    finally:
        server.stop()
    assert outcome.problem == ""
    assert outcome.rounds[0][0].value > 0
    assert listed["sessions"] == 2


def test_the_server_with_its_mail_in_memory_gives_the_same_octets(bed: Bed) -> None:
    server = InMemory(bed.folder / "in-memory", ["user0", "user1"], cores=bed.server_cores, hash_memory_kib=8)
    for name in ("user0", "user1"):
        mail.make_maildrop(server.mail / name, mail.Form.CRLF, 12)
    server.start()
    shutil.rmtree(server.mail)
    try:
        told = bed.load(server.pop3, mode="retr", accounts=2, connections=2, messages=12, sessions=4)
    finally:
        server.stop()
    assert told["count"] == 4 * 12


def test_a_row_that_cannot_run_says_why_in_the_table(bed: Bed) -> None:
    def refuse(bed: Bed, run: int) -> Measured:
        raise CannotRun("there is no Dovecot")

    row = Row(key="a", title="a row", unit="/s", goal=Goal(2), sides=(Side("A", refuse), Side("B", refuse)))
    assert "not measured: there is no Dovecot" in table([measure(bed, row, 2, float("inf"))])


def test_ratios_are_taken_round_by_round_for_each_build() -> None:
    def never(bed: Bed, run: int) -> Measured:
        raise AssertionError

    sides = tuple(Side(name, never) for name in ("Restante", "compiled", "Dovecot"))
    row = Row(key="a", title="a row", unit="ms", goal=Goal(0.25, at_least=False), sides=sides)
    rounds = [tuple(Measured(value=each) for each in told) for told in ((1, 2, 4), (30, 20, 100), (5, 2, 10))]
    outcome = Outcome(row=row, rounds=rounds)
    assert [outcome.ratio(0), outcome.ratio(1)] == pytest.approx([0.3, 0.2])
    assert outcome.met == ["compiled"]
    shown = "| 5 ms | 0.3 (0.25–0.5) | 2 ms | 0.2 (0.2–0.5) | Dovecot: 10 ms | ≤ 0.25 | by compiled |"
    assert shown in table([outcome])


def test_the_same_mail_is_made_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        mail.make_maildrop(tmp_path / name, mail.Form.LF, 5)
    assert subprocess.run(["diff", "-r", tmp_path / "one", tmp_path / "two"], check=False).returncode == 0
    for file in (tmp_path / "one" / "new").iterdir():
        octets = file.read_bytes()
        line_ends = octets.count(b"\n")
        assert file.name.endswith(f",S={len(octets)},W={len(octets) + line_ends}")


def test_the_plot_shows_how_many_times_better_each_measured_row_is(tmp_path: Path) -> None:
    def row(title: str, unit: str, goal: str | None, *rounds: tuple[float, ...]) -> dict[str, object]:
        builds = range(len(rounds[0]) - 1) if rounds else range(0)
        ratios = [statistics.median(each[n] / each[-1] for each in rounds) for n in builds]
        sides = ["Restante", *["compiled"][: len(builds) - 1], "Dovecot & co"]
        return {"title": title, "unit": unit, "goal": goal, "sides": sides, "rounds": rounds, "ratios": ratios}

    rows = [
        row("more is better", "/s", "≥ 4", (30, 50, 10), (20, 50, 10), (40, 60, 10)),
        row("less is better", "KiB", "≤ 0.01", (10, 500)),
        row("not measured", "/s", "≥ 2"),
    ]
    one, other = lines_of({"rows": rows})
    assert [(bar.median, bar.lowest, bar.highest) for bar in one.bars] == [(3, 2, 4), (5, 5, 6)]
    assert (other.bars[0].median, other.goal) == (50, 100)
    file = tmp_path / "table.json"
    file.write_text(json.dumps({"rows": rows, "date": "today"}))
    plot(file)
    shown = "".join(ElementTree.fromstring(file.with_suffix(".svg").read_text()).itertext())
    assert "3, 5× Dovecot & co" in shown
    assert "50× Dovecot & co" in shown
    assert "not measured" not in shown


def test_the_readme_shows_the_table_of_the_last_run() -> None:
    root = Path(__file__).resolve().parent.parent
    assert (root / "docs" / "benchmarks" / "latest.md").read_text().strip() in (root / "README.md").read_text()


def test_pythons_are_compared_on_each_row_by_what_their_servers_spend(bed: Bed) -> None:
    figures = pythons.compare(bed, [Path(sys.executable)] * 2, rounds=1, sessions=1, messages=MESSAGES)
    assert [each.row for each in figures] == [row.name for row in pythons.ROWS for _ in range(2)]
    assert {each.server.split()[0] for each in figures} == {platform.python_version()}
    assert all(len(each.spent) == 1 for each in figures)
    assert sum(each.spent[0] for each in figures) > 0


async def test_a_session_costs_no_more_calls_than_it_did(tmp_path: Path) -> None:
    async with inside.opened(tmp_path, messages=3) as house:
        row = inside.Row(name="session", lines=[b"STAT\r\n"])
        inside.calls(house, row)
        of_python, of_c = inside.calls(house, row)
        of_the_interpreter = inside.instructions(house, row)
        gc.collect()
        house.session(0, row)
        left_to_the_collector = gc.collect()
    assert of_python <= CALLS_OF_PYTHON
    assert of_c <= CALLS_OF_C
    assert 0 < of_the_interpreter <= INSTRUCTIONS
    assert left_to_the_collector == 0


async def test_a_session_over_tls_costs_no_more_calls_than_it_did(tmp_path: Path) -> None:
    async with inside.opened(tmp_path, messages=3) as house:
        row = inside.Row(name="tls", lines=[b"STAT\r\n"], tls=True)
        inside.calls(house, row)
        of_python, of_c = inside.calls(house, row)
        gc.collect()
        writes = house.session(0, row)
        left_to_the_collector = gc.collect()
    assert of_python <= CALLS_OF_PYTHON_OVER_TLS
    assert of_c <= CALLS_OF_C_OVER_TLS
    # The hello, the greeting, and an answer for each of four commands, the last one with the close_notify.
    assert writes == 6
    # What OpenSSL keeps for a connection is 20 KiB and more.
    assert left_to_the_collector == 0


async def test_a_retr_costs_no_more_calls_than_it_did(tmp_path: Path) -> None:
    def spent(house: inside.Inside, messages: int) -> tuple[float, float, float]:
        row = inside.Row(name="retr", lines=[b"RETR 2\r\n"] * messages)
        return *inside.calls(house, row), inside.instructions(house, row)

    async with inside.opened(tmp_path, messages=3) as house:
        spent(house, 1)
        with_one, with_eleven = spent(house, 1), spent(house, 11)
    of_python, of_c, of_the_interpreter = [(b - a) / 10 for a, b in zip(with_one, with_eleven, strict=True)]
    assert of_python <= CALLS_OF_PYTHON_BY_RETR
    assert of_c <= CALLS_OF_C_BY_RETR
    assert 0 < of_the_interpreter <= INSTRUCTIONS_BY_RETR


def test_each_half_of_a_handshake_is_timed_to_its_end(tmp_path: Path) -> None:
    figures = handshake.measure(tmp_path, 3)
    assert all(0 < each < float("inf") for each in (figures.hello, figures.finish, figures.client))


@pytest.mark.parametrize(("source", "sessions"), [("capture", 4), ("server-log", 33), ("transcript", 4)])
def test_explain_is_timed_over_sessions_that_it_tells_apart(source: str, sessions: int) -> None:
    figure = explain.measured(source, 200_000)
    assert figure.sessions == sessions
    assert figure.octets_a_second > 0


@pytest.mark.peer("mpop")
def test_both_programs_that_fetch_bring_all_messages() -> None:
    ours = Path(sys.executable).with_name("restante")
    programs: dict[str, Callable[[int, Path], fetch.Took]] = {}
    programs |= {"mpop": fetch.by_mpop, "restante": partial(fetch.by_restante, ours)}
    took = fetch.compare(programs, messages=20, rounds=1)
    # It raises where one brings fewer; the time is this machine's.
    assert {name: len(runs) for name, runs in took.items()} == {"mpop": 1, "restante": 1}


def test_the_client_does_not_wait_a_round_trip_for_each_message_as_poplib_does(tmp_path: Path) -> None:
    with client.site(tmp_path, 1000) as port:
        figures = client.compare(port, messages=1000, poplib_messages=20, delay_seconds=0.02)
    # The delay is what is measured, not the machine: a busy one costs both. Without a delay the benchmark tells.
    assert figures.delayed_ratio >= 10


def test_a_sample_is_counted_for_the_last_function_of_ours_on_its_stack() -> None:
    compiled, python = "/x/restante__mypyc.cpython.so", "/x/libpython.so"
    stacks = [
        [("do_syscall", "[kernel]"), ("os_open", python), ("CPyDef_lock", compiled), ("CPyDef_open", compiled)],
        [("CPyDef_lock", compiled), ("CPyDef_open", compiled)],
        [("__libc_write", "libc"), ("try_write", "/x/uvloop/loop.so"), ("CPyDef_open", compiled)],
        [("CPyObject_like", python)],
    ]
    script = "\n".join("".join(f"\t  7f {name} ({library})\n" for name, library in stack) for stack in stacks)
    found = {name: (share.samples, dict(share.calls)) for name, share in shares(script.splitlines()).items()}
    assert found == {
        "CPyDef_lock": (2, {"os_open": 1, "CPyDef_lock": 1}),
        "try_write": (1, {"__libc_write": 1}),
        "(no function of ours)": (1, {"CPyObject_like": 1}),
    }
