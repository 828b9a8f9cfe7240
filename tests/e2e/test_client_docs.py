"""The programs in docs/howto/client-library.md run as they stand, but for the server's name and the password."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from restante.client import Login, Security, Server
from restante.testing.running import RunningServer

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "howto" / "client-library.md"
PROGRAMS: Final = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(), re.M | re.S)
MESSAGES: Final = [
    b"From: amy@example.org\r\nSubject: one\r\n\r\nbody\r\n",
    b"From: bob@example.org\r\nSubject: two\r\n\r\n.body\r\n",
]


@pytest.fixture
def running() -> Iterator[RunningServer]:
    with RunningServer() as server:
        server.add_account("ted", "secret")
        for message in MESSAGES:
            server.deliver("ted", message)
        yield server


def run(program: str, server: RunningServer) -> tuple[str, dict[str, Any]]:  # Any: what a program defines
    host, port = server.pop3
    here = f'Server(host="{host}", port={port}, security=__import__("restante.client").client.Security.PLAIN)'
    program = program.replace('Server(host="pop.example.org")\nlogin', f"{here}\nlogin")
    program = program.replace('Server(host="pop.example.org")\n    login', f"{here}\n    login")
    program = program.replace("getpass()", '"secret"')
    printed = io.StringIO()
    names: dict[str, Any] = {}  # Any: as above
    with contextlib.redirect_stdout(printed):
        exec(compile(program, str(DOCUMENT), "exec"), names)
    return printed.getvalue(), names


@pytest.mark.parametrize("number", [0, 1], ids=["asyncio", "blocking"])
def test_the_first_maildrop_is_listed(running: RunningServer, number: int) -> None:
    printed, _ = run(PROGRAMS[number], running)
    assert printed.splitlines() == [
        f"{len(MESSAGES[0])} amy@example.org one",
        f"{len(MESSAGES[1])} bob@example.org two",
    ]
    assert running.messages("ted") == MESSAGES


def test_what_is_fetched_is_stored_and_removed(
    running: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed, _ = run(PROGRAMS[2], running)
    assert printed == ""
    assert [(tmp_path / "mail" / f"{number}.eml").read_bytes() for number in (0, 1)] == MESSAGES
    assert running.messages("ted") == []


def test_each_way_to_a_server_can_be_written(running: RunningServer) -> None:
    run(PROGRAMS[3], running)


def test_errors_are_caught_as_shown(running: RunningServer) -> None:
    _, names = run(PROGRAMS[4], running)
    host, port = running.pop3
    server = Server(host=host, port=port, security=Security.PLAIN)
    assert names["waiting"](server, Login.by_password("ted", "secret")) == 2
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert names["waiting"](server, Login.by_password("ted", "wrong")) is None
    assert "check the name, and the password or token" in printed.getvalue()


def test_no_program_is_left_out() -> None:
    assert len(PROGRAMS) == 5
