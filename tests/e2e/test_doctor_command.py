"""How `restante doctor` ends, what it writes, and what it says while it works."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.e2e.bed import RESTANTE, run
from typer.testing import CliRunner

from restante.cli.application import application
from restante.cli.outcome import CommandFailed
from restante.testing.running import RunningServer


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as running:
        yield running


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    code: int
    said: str


def doctor(server: RunningServer, *arguments: str) -> Done:
    """Run the command in this process, which spares its start."""
    host, port = server.pop3
    argv = ["doctor", f"{host}:{port}", "--security", "stls", "--submissions", "0", *arguments]
    done = CliRunner().invoke(application, argv)
    if isinstance(done.exception, CommandFailed):
        return Done(code=done.exception.exit_code, said=str(done.exception))
    return Done(code=done.exit_code, said=done.output)


def test_the_worst_level_that_the_profile_heeds_is_the_exit_code(server: RunningServer, tmp_path: Path) -> None:
    should = ("--only", "rfc8314.3.3.pop3s-listens", "--pop3s", "1")
    assert doctor(server, *should, "--profile", "device").code == 0
    files = ("--junit", str(tmp_path / "junit.xml"), "--html", str(tmp_path / "page.html"))
    ran = doctor(server, *should, *files)
    assert ran.code == 1, ran.said
    assert ET.fromstring((tmp_path / "junit.xml").read_text()).get("failures") == "1"
    assert "with TLS from the first octet, on port 995." in (tmp_path / "page.html").read_text()
    must = ("--only", "rfc8314.5.certificate-trusted")
    assert doctor(server, *must, "--profile", "device").code == 6
    assert doctor(server, *must, "--authorities", str(server.certificate)).code == 0


def test_a_login_that_cannot_be_made_is_no_pass(server: RunningServer) -> None:
    login = ("--user", "nobody", "--password-command", "echo wrong", "--authorities", str(server.certificate))
    ran = doctor(server, *login, "--only", "rfc1939.5.noop", "--only", "rfc1939.4.greeting")
    assert ran.code == 5, ran.said
    assert "Not judged, since the login was refused" in ran.said


def test_a_file_that_cannot_be_written_is_told(server: RunningServer, tmp_path: Path) -> None:
    ran = doctor(server, "--only", "rfc1939.4.greeting", "--html", str(tmp_path / "no" / "page.html"))
    assert ran.code not in (0, 1, 6)
    assert "name another file" in ran.said


def test_a_terminal_is_told_what_is_being_tried_and_a_pipe_is_not(server: RunningServer) -> None:
    host, port = server.pop3
    argv = [str(RESTANTE), "doctor", f"{host}:{port}", "--security", "stls", "--only", "rfc1939.4"]
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=theirs, timeout=60, check=False)
        shown = os.read(ours, 65536)
    finally:
        os.close(theirs)
        os.close(ours)
    assert b"1/6 rfc1939.4.greeting" in shown
    assert shown.endswith(b"\r\x1b[K"), "the line is taken away at the end"
    assert b"\x1b" not in done.stdout
    assert run(*argv).err == b""
