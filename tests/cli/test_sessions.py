"""`restante sessions`, asking servers that run in threads of this process."""

import asyncio
import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from tests.cli.conftest import Ended

from restante.cli import main, sessions
from restante.doors.sessions import SessionInfo
from restante.ports.events import Door
from restante.proto.terms import State
from restante.server.control import ControlServer

_Run = Callable[..., Ended]

TED = SessionInfo(
    id="k3f1",
    door=Door.POP3,
    peer="203.0.113.5",
    account="ted",
    state=State.TRANSACTION,
    since_epoch_seconds=1_700_000_000,
    commands=12,
)
SOMEBODY = SessionInfo(
    id="k3f2",
    door=Door.POP3,
    peer="2001:db8::5\x1b[31m[bold]",
    account=None,
    state=State.AUTHORIZATION,
    since_epoch_seconds=1_600_000_000,
    commands=0,
)


class Registry:
    def __init__(self, *infos: SessionInfo) -> None:
        self.infos = list(infos)
        self.ended: list[str] = []

    def sessions(self) -> Iterator[SessionInfo]:
        return iter(tuple(self.infos))

    def end(self, session_id: str) -> bool:
        if session_id not in {one.id for one in self.infos}:
            return False
        self.ended.append(session_id)
        return True


@contextlib.contextmanager
def serving(data: Path, registry: Registry, *, process_id: int) -> Iterator[None]:
    """Serve a control socket on a loop of its own, as a worker of another process id would."""
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        control = ControlServer(data, [registry])
        control._path = data / "control" / f"{process_id}.sock"
        await control.start()
        ready.set()
        await stop.wait()
        control.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run `restante sessions` as the application does."""
    application = typer.Typer()
    application.add_typer(sessions.commands)
    application.command("other")(lambda: None)
    monkeypatch.setattr("restante.cli.application.application", application)
    monkeypatch.setenv("RESTANTE_DATA", str(tmp_path))
    monkeypatch.setattr(sessions, "_ANSWER_SECONDS", 0.5)

    def run_command(*arguments: str) -> Ended:
        capsys.readouterr()
        code = main(["sessions", *arguments])
        said = capsys.readouterr()
        return Ended(code=code, out=said.out, err=said.err)

    return run_command


def test_the_sessions_of_all_workers_are_one_list_in_the_order_of_their_beginning(
    run: _Run, tmp_path: Path
) -> None:
    with serving(tmp_path, Registry(TED), process_id=7), serving(tmp_path, Registry(SOMEBODY), process_id=8):
        ended = run()
    assert ended.code == 0
    assert ended.err == ""
    assert [line.split() for line in ended.out.splitlines()] == [
        ["session", "door", "peer", "account", "state", "since", "(UTC)", "commands"],
        ["k3f2", "pop3", r"2001:db8::5\x1b[31m[bold]", "-", "AUTHORIZATION", "2020-09-13", "12:26:40", "0"],
        ["k3f1", "pop3", "203.0.113.5", "ted", "TRANSACTION", "2023-11-14", "22:13:20", "12"],
    ]


def test_json_has_keys_that_stay_the_same(run: _Run, tmp_path: Path) -> None:
    with serving(tmp_path, Registry(TED), process_id=7):
        listed = json.loads(run("--json").out)
    assert listed == [
        {
            "session": "k3f1",
            "door": "pop3",
            "peer": "203.0.113.5",
            "account": "ted",
            "state": "TRANSACTION",
            "since": 1_700_000_000,
            "commands": 12,
            "worker": os.getpid(),
        }
    ]


def test_nobody_connected_is_said_and_is_no_failure(run: _Run, tmp_path: Path) -> None:
    with serving(tmp_path, Registry(), process_id=7):
        assert run() == Ended(code=0, out="", err="restante: nobody is connected\n")
        assert run("--json") == Ended(code=0, out="[]\n", err="")


def test_a_session_is_ended_whichever_worker_has_it(run: _Run, tmp_path: Path) -> None:
    one, other = Registry(TED), Registry(SOMEBODY)
    with serving(tmp_path, one, process_id=7), serving(tmp_path, other, process_id=8):
        assert run("end", "k3f2") == Ended(code=0, out="ended k3f2\n", err="")
    assert (one.ended, other.ended) == ([], ["k3f2"])


def test_the_data_folder_may_be_named_before_or_after_the_command(
    run: _Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTANTE_DATA", "/nonexistent")
    with serving(tmp_path, Registry(TED), process_id=7):
        assert run("--data", str(tmp_path)).code == 0
        assert run("--data", str(tmp_path), "end", "k3f1").code == 0
        assert run("end", "k3f1", "--data", str(tmp_path)).code == 0


def test_a_session_that_is_not_there_is_a_failure_with_advice(run: _Run, tmp_path: Path) -> None:
    with serving(tmp_path, Registry(TED), process_id=7):
        ended = run("end", "k3\x1b")
    assert ended.code == 1
    assert ended.err == "restante: there is no session k3\\x1b: 'restante sessions' lists those there are\n"


@pytest.mark.parametrize("arguments", [(), ("--json",), ("end", "k3f1")])
def test_without_a_server_one_line_says_so(run: _Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    expected = (
        f"restante: no server serves {tmp_path}: "
        "start one with 'restante serve', or name its data folder with --data\n"
    )
    assert run(*arguments) == Ended(code=1, out="", err=expected)
    (tmp_path / "control").mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control" / "9.sock"))
    assert run(*arguments) == Ended(code=1, out="", err=expected)


def test_without_a_data_folder_one_line_says_so(run: _Run, tmp_path: Path) -> None:
    ended = run("--data", str(tmp_path / "none"))
    assert ended.code == 1
    assert "there is no data folder yet" in ended.err


@contextlib.contextmanager
def answering(data: Path, answer: bytes) -> Iterator[None]:
    """Answer anybody who connects with these octets; without any, never."""
    (data / "control").mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(data / "control" / "6.sock"))
        listener.listen()

        def serve() -> None:
            connected, _ = listener.accept()
            with connected:
                connected.recv(4096)
                if answer:
                    connected.sendall(answer)
                else:
                    connected.recv(4096)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            thread.join()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "timed out"),
        (b'{"session":"x"}\n', "it was cut short"),
        (b'{"error":"no such thing"}\n', "no such thing"),
        (b"{", "expecting"),
        (b"[]\n", "it was cut short"),
    ],
)
def test_a_worker_that_does_not_answer_is_told_of_and_the_others_are_listed(
    run: _Run, tmp_path: Path, answer: bytes, why: str
) -> None:
    with serving(tmp_path, Registry(TED), process_id=7), answering(tmp_path, answer):
        ended = run()
    assert ended.code == 1
    assert "k3f1" in ended.out
    assert why in ended.err
    assert "1 of 2 processes did not answer" in ended.err
    assert ended.err.count("\n") == 1


def test_a_session_that_may_be_with_a_silent_worker_is_not_called_absent(run: _Run, tmp_path: Path) -> None:
    with serving(tmp_path, Registry(TED), process_id=7), answering(tmp_path, b"{"):
        ended = run("end", "k3f9")
    assert ended.code == 1
    assert "there is no session" not in ended.err


def test_the_help_says_what_the_json_holds(run: _Run) -> None:
    ended = run("--help")
    assert ended.code == 0
    for key in ("session", "door", "peer", "account", "state", "since", "commands", "worker"):
        assert key in ended.out


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "run the command as the user who owns"),
        (BlockingIOError(11, "Resource temporarily unavailable"), "process 7 does not take questions (resource"),
    ],
)
def test_a_server_that_may_not_be_asked_or_is_full_is_told_of(
    run: _Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    def refuse(_path: Path, _timeout_seconds: float) -> socket.socket:
        raise error

    with serving(tmp_path, Registry(TED), process_id=7):
        monkeypatch.setattr("restante.server.control.connect", refuse)
        ended = run()
    assert ended.code == 1
    assert words in ended.err
    assert ended.err.count("\n") == 1
