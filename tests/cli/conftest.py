"""Runs the command line in this process, with a data folder and a standard input of the test's own."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pytest

from restante.cli import main

MESSAGE: Final = b"From: ann@example.org\r\nSubject: tea\r\n\r\nAt four?\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a command answered, and how it ended."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs a command."""

    def __call__(self, *arguments: str | Path, given: bytes = b"") -> Ended: ...


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run commands on the test's data folder. Passwords are hashed weakly: what is tested here is not argon2."""
    monkeypatch.setenv("RESTANTE_DATA", str(data))
    monkeypatch.setenv("RESTANTE_AUTH_HASH_MEMORY_KIB", "64")
    monkeypatch.setenv("RESTANTE_AUTH_HASH_PASSES", "1")
    monkeypatch.setenv("RESTANTE_HOSTNAME", "pop.example.org")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("SENDER", raising=False)

    def run_command(*arguments: str | Path, given: bytes = b"") -> Ended:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(code=code, out=said.out, err=said.err)

    return run_command


@pytest.fixture
def add(run: Run) -> Callable[..., Ended]:
    """Add an account, with mail that came by `restante deliver`."""

    def add_account(name: str = "ted", *messages: bytes, password: bytes = b"SECRET") -> Ended:
        ended = run("account", "add", name, "--password-stdin", given=password + b"\n")
        assert ended.code == 0, ended.err
        for message in messages:
            assert run("deliver", name, given=message).code == 0
        return ended

    return add_account


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put somebody at a terminal who types these lines, one at each question; the last of them may be Ctrl-D."""

    def typed(*lines: str | type[EOFError]) -> None:
        answers = iter(lines)

        def answer(prompt: str = "") -> str:
            line = next(answers)
            if isinstance(line, str):
                return line
            raise line

        monkeypatch.setattr("getpass.getpass", answer)

    return typed
