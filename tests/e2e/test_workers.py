"""Several workers: a signal to the parent reaches them all, and one that dies is replaced."""

import os
import resource
import signal
import socket
import time
from pathlib import Path

from restante.testing.running import RunningServer

WAIT_SECONDS = 20


def greeting(server: RunningServer) -> bytes:
    with socket.create_connection(server.pop3, WAIT_SECONDS) as link:
        return link.recv(200)


def children(server: RunningServer) -> set[int]:
    assert server.process_id is not None
    tasks = Path(f"/proc/{server.process_id}/task/{server.process_id}/children")
    return {int(pid) for pid in tasks.read_text().split()}


def until(what: str, holds: object) -> None:
    assert callable(holds)
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_sighup_has_every_worker_read_the_certificates_anew_and_ends_none() -> None:
    with RunningServer(arguments=["--workers", "2", "--log-format", "json"]) as server:
        before = children(server)
        assert len(before) == 2
        assert server.process_id is not None
        os.kill(server.process_id, signal.SIGHUP)
        until("two workers read anew", lambda: server.log.count('"certificates_read"') == 2)
        assert children(server) == before
        assert greeting(server).startswith(b"+OK")


def test_a_worker_that_dies_is_replaced() -> None:
    with RunningServer(arguments=["--workers", "2"]) as server:
        victim = min(children(server))
        os.kill(victim, signal.SIGKILL)
        until("a new worker", lambda: len(children(server)) == 2 and victim not in children(server))
        assert greeting(server).startswith(b"+OK")


def test_a_server_may_have_as_many_files_open_as_its_hard_limit_says() -> None:
    """Shells begin with a soft limit that some hundreds of sessions reach."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard - 1), hard))
    try:
        with RunningServer(arguments=["--workers", "2"]) as server:
            assert server.process_id is not None
            for pid in {server.process_id, *children(server)}:
                assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
