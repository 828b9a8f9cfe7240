"""`restante watch` at servers that run: whole sessions, joined ones, a watcher that is slow, and deaths."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.e2e.bed import RESTANTE, WAIT_SECONDS, until
from tests.e2e.wire import Wire

from restante.server.control import connect, control_sockets
from restante.server.watching import MOST_WATCHES, WAITING_OCTETS
from restante.testing.running import RunningServer

NAME, PASSWORD = "ted", "SECRET-of-ted"


class Watcher:
    """A `restante watch` that runs, and what it has said."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self._folder = folder
        until("the watcher to be there", lambda: "watching" in self.complaints or process.poll() is not None)

    @property
    def told(self) -> str:
        return (self._folder / "told").read_text("utf-8")

    @property
    def complaints(self) -> str:
        return (self._folder / "complaints").read_text("utf-8")

    def has_told(self, words: str) -> None:
        until(f"{words!r} to be told", lambda: words in self.told)

    def ends_with(self, code: int) -> None:
        assert self.process.wait(WAIT_SECONDS) == code, self.complaints
        assert "Traceback" not in self.complaints


@contextlib.contextmanager
def watching(data: Path, folder: Path, *options: str) -> Iterator[Watcher]:
    folder.mkdir(exist_ok=True)
    argv = [str(RESTANTE), "watch", "--data", str(data), "--language", "en", *options]
    with (folder / "told").open("wb") as told, (folder / "complaints").open("wb") as complaints:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=told, stderr=complaints)
    try:
        yield Watcher(process, folder)
    finally:
        process.kill()
        process.wait(WAIT_SECONDS)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer(arguments=["--workers", "2"]) as running:
        running.add_account(NAME, PASSWORD)
        running.add_account("ann", PASSWORD)
        running.deliver(NAME, b"Subject: x\n\nThe text that nobody else is to see\n")
        yield running


def data_of(server: RunningServer) -> Path:
    return server.certificate.parent


def workers_of(server: RunningServer) -> list[int]:
    return [int(path.stem) for path in control_sockets(data_of(server))]


def a_session_at_each_worker(server: RunningServer) -> dict[int, Wire]:
    """Connect until each worker has a session; the others are closed."""
    found: dict[int, Wire] = {}

    def look() -> bool:
        before = {path: sessions_at(path) for path in control_sockets(data_of(server))}
        wire = Wire(server.pop3)
        worker = next(int(path.stem) for path, count in before.items() if sessions_at(path) > count)
        if worker in found:
            wire.say("QUIT")
            assert wire.ended()
            wire.close()
        else:
            found[worker] = wire
        return len(found) == 2

    until("a session at each worker", look)
    return found


def sessions_at(path: Path) -> int:
    with connect(path, WAIT_SECONDS) as asking:
        asking.sendall(b'{"do":"list"}\n')
        return int(json.loads(asking.makefile("rb").read().splitlines()[-1])["sessions"])


def log_in(wire: Wire, name: str = NAME) -> None:
    assert wire.say(f"USER {name}").startswith(b"+OK")
    assert wire.say(f"PASS {PASSWORD}").startswith(b"+OK")


def test_all_workers_are_watched_sessions_that_went_on_too_and_secrets_never_show(
    server: RunningServer, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        first, second = a_session_at_each_worker(server).values()
        stack.callback(first.close)
        stack.callback(second.close)
        log_in(first)
        both, objects, only_ann = (
            stack.enter_context(watching(data_of(server), tmp_path / name, *options))
            for name, options in (("both", []), ("json", ["--json"]), ("ann", ["--account", "Ann"]))
        )
        first.say("NOOP")
        log_in(second, "ann")
        second.say("STAT")
        first.multi("RETR 1")
        for wire in (first, second):
            wire.say("QUIT")
        for watcher, ends in ((both, 2), (objects, 2), (only_ann, 1)):
            assert "watching 2 processes" in watcher.complaints
            until("the ends", partial(_has_ended, watcher, ends))
            for secret in (PASSWORD, "nobody else is to see", f"USER {NAME}", "USER ann"):
                assert secret not in watcher.told
        assert "joined midway" in both.told
        assert "USER" in only_ann.told
        assert "NOOP" not in only_ann.told
        assert {json.loads(line)["tls"] for line in objects.told.splitlines()} == {False}
        both.process.send_signal(signal.SIGINT)
        both.ends_with(0)
        assert both.complaints.count("\n") == 1


def test_a_watcher_that_stops_reading_slows_nobody_and_is_told_what_it_missed(
    server: RunningServer, tmp_path: Path
) -> None:
    with watching(data_of(server), tmp_path, "--view", "wire") as watcher, Wire(server.pop3) as wire:
        log_in(wire)
        watcher.has_told("PASS")
        watcher.process.send_signal(signal.SIGSTOP)
        count = 3 * WAITING_OCTETS // 150  # an event in JSON has about half as many octets
        wire.socket.sendall(b"NOOP\r\n" * count)
        for _ in range(count):
            assert wire.line() == b"+OK\r\n"
        watcher.process.send_signal(signal.SIGCONT)
        watcher.has_told("events were not shown")
        found = re.search(r"=== ([\d,]+) events were not shown", watcher.told)
        assert found is not None
        assert 0 < int(found[1].replace(",", "")) < 2 * count
        wire.say("STAT")
        watcher.has_told("STAT")
        assert "joined midway" in watcher.told


def test_a_worker_that_is_killed_is_told_and_the_one_in_its_place_is_watched(
    server: RunningServer, tmp_path: Path
) -> None:
    with watching(data_of(server), tmp_path, "--view", "wire") as watcher:
        before = set(workers_of(server))
        sessions = a_session_at_each_worker(server)
        victim = next(iter(sessions))
        os.kill(victim, signal.SIGKILL)
        until("the death to be told", lambda: f"process {victim} of the server has ended" in watcher.complaints)
        watcher.has_told("the server's process ended")
        for wire in sessions.values():
            wire.close()
        until("a new worker", lambda: set(workers_of(server)) - before)
        newcomer = (set(workers_of(server)) - before).pop()
        until("the new one to be watched", lambda: _is_watched(data_of(server), newcomer))


def _has_ended(watcher: Watcher, ends: int) -> bool:
    return watcher.told.count("The counter closes.") == ends


def _is_watched(data: Path, worker: int) -> bool:
    """Tell whether somebody watches a process: as many more as may are let in, but for one."""
    path = data / "control" / f"{worker}.sock"
    with contextlib.ExitStack() as stack:
        answers = [_attached(stack.enter_context(connect(path, WAIT_SECONDS))) for _ in range(MOST_WATCHES)]
    return not all(answers)


def _attached(asking: socket.socket) -> bool:
    asking.sendall(b'{"do":"watch"}\n')
    return b"watching" in asking.recv(1000)


def test_a_server_that_is_killed_is_told_with_what_to_do(tmp_path: Path) -> None:
    with RunningServer() as server, watching(data_of(server), tmp_path) as watcher:
        assert server.process_id is not None
        os.kill(server.process_id, signal.SIGKILL)
        watcher.ends_with(1)
        assert "gone without having said that it stops: look at the end of its log" in watcher.complaints


def test_a_watcher_that_is_killed_leaves_nothing_and_a_server_that_stops_says_so_to_another(tmp_path: Path) -> None:
    with RunningServer() as server, watching(data_of(server), tmp_path) as watcher:
        (worker,) = workers_of(server)
        assert _is_watched(data_of(server), worker)
        watcher.process.kill()
        watcher.process.wait(WAIT_SECONDS)
        until("it to be taken off", lambda: not _is_watched(data_of(server), worker))
        with Wire(server.pop3) as wire, watching(data_of(server), tmp_path / "other") as other:
            assert wire.say("CAPA").startswith(b"+OK")
            assert server.process_id is not None
            os.kill(server.process_id, signal.SIGTERM)
            other.ends_with(1)
            assert "has stopped: start it with 'restante serve', then watch again" in other.complaints
