from __future__ import annotations

import io
import json
import os
import re
from pathlib import Path

import pytest
from tests.explain.told import TUTORIAL

from restante.cli import main

LOGS = Path(__file__).parent.parent / "explain" / "logs"


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def transcript(tmp_path: Path) -> str:
    path = tmp_path / "tutorial.txt"
    path.write_text(TUTORIAL)
    return str(path)


def test_a_transcript_is_told(transcript: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--view", "story", transcript]) == 0
    told = capsys.readouterr().out
    assert "Client: Message 1, please." in told
    assert "SECRET" not in told
    assert "Ted" not in told


def test_the_readme_shows_what_is_told_of_its_own_transcript(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    transcript = re.search(r"^```pop3\n(.*?)^```$", readme, re.M | re.S)
    assert transcript is not None
    (tmp_path / "record").write_text(transcript[1])
    assert main(["explain", str(tmp_path / "record")]) == 0
    assert f"```{capsys.readouterr().out}```" in readme


def test_rawlogs_are_read_as_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("rawlog.in", "rawlog.out"):
        (tmp_path / name).write_bytes((LOGS / name).read_bytes())
    assert main(["explain", "--view", "wire", str(tmp_path / "rawlog.in"), str(tmp_path / "rawlog.out")]) == 0
    assert capsys.readouterr().out.count("->  RETR 1") == 1


def test_names_and_secrets_show_when_asked_for(transcript: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "--view", "story", "--show", "names", transcript])
    assert "My name is Ted." in capsys.readouterr().out
    main(["explain", "--view", "wire", "--show", "secrets", transcript])
    assert "->  PASS SECRET" in capsys.readouterr().out


def test_json_and_html(transcript: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--json", transcript]) == 0
    assert [json.loads(line)["session"] for line in capsys.readouterr().out.splitlines()].count(1) == 14
    assert main(["explain", "--html", transcript]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


def test_standard_input_is_read(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with (LOGS / "fetchmail-vv.log").open("rb") as log:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(os.fdopen(os.dup(log.fileno()), "rb")))
        assert main(["explain", "-"]) == 0
    assert "Nothing, I am afraid." in capsys.readouterr().out


def test_sessions_in_a_pipe_are_told_as_they_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    for line in (
        "a -- pop3 connection from 192.0.2.7",
        "b -- pop3 connection from 192.0.2.8",
        "b S: +OK",
        "a S: +OK",
    ):
        os.write(writing, f"12:01:02 {line}\n".encode())
    os.close(writing)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(os.fdopen(reading, "rb")))
    assert main(["explain", "--view", "wire", "-"]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "+OK" in line]
    assert told == ["b <-  +OK", "a <-  +OK"]


SMTP = "S: 220 x ESMTP\nC: EHLO me\nS: 250 ok\nC: RCPT TO:<ted@b.example>\nS: 554 5.7.1 Relay access denied\n"


def test_smtp_is_found_out_and_what_is_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "record").write_text(SMTP)
    assert main(["explain", str(tmp_path / "record")]) == 0
    told = capsys.readouterr().out
    assert "[smtp-relay-denied, RFC 5321 §3.6.2]" in told
    assert "What to do: If you are its user, log in" in told
    assert "ted@" not in told


def test_the_protocol_can_be_said(transcript: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--protocol", "smtp", transcript]) == 0
    assert "[smtp-other-server, RFC 5321 §3.1]" in capsys.readouterr().out
    assert main(["explain", "--protocol", "pop3", transcript]) == 0
    assert "Client: Message 1, please." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--format", "xyz"], "choose one of restante, "),
        (["--html", "--json"], "--html and --json exclude each other"),
        (["--language", "tlh"], "choose one of en"),
    ],
)
def test_wrong_wishes_are_told(
    arguments: list[str], complaint: str, transcript: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *arguments, transcript]) == 2
    assert complaint in capsys.readouterr().err


def test_files_that_tell_nothing_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    letter = tmp_path / "letter"
    letter.write_text("dear ted\n")
    assert main(["explain", str(letter)]) == 1
    assert "nobody speaks POP3, SMTP or LMTP here" in capsys.readouterr().err
    assert main(["explain", str(tmp_path / "none")]) == 1
    assert "no such file" in capsys.readouterr().err


def test_the_language_is_that_of_the_environment(
    transcript: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "tlh_QO.UTF-8")
    assert main(["explain", transcript]) == 0
    assert "Here it comes." in capsys.readouterr().out
