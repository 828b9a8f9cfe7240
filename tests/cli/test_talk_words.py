from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.cli.talk_prompt import _History, history_file
from restante.cli.talk_words import HELP, completions, help_asked, help_lines, hint, may_be_kept, shown_until
from restante.proto.spec import SPECS, CommandSpec
from restante.proto.terms import State


def offered(text: str, state: State) -> list[str]:
    return [word for word, _ in completions(text, state)]


def test_completion_offers_the_commands_of_the_state_and_help() -> None:
    at_login = {spec.keyword.decode() for spec in SPECS.values() if State.AUTHORIZATION in spec.states}
    assert set(offered("", State.AUTHORIZATION)) == at_login | {HELP}
    assert offered("r", State.AUTHORIZATION) == []
    assert offered("r", State.TRANSACTION) == ["RETR", "RSET"]


def test_help_completes_every_command_and_arguments_complete_nothing() -> None:
    assert offered("help r", State.AUTHORIZATION) == ["RETR", "RSET"]
    assert offered("RETR ", State.TRANSACTION) == []
    assert offered("help RETR ", State.TRANSACTION) == []


@pytest.mark.parametrize(
    ("typed", "rest"),
    [
        ("TOP", " msg n"),
        ("top ", "msg n"),
        ("TOP 1", ""),
        ("TOP 1 ", "n"),
        ("TOP 1 0", ""),
        ("TOP 1 0 ", ""),
        ("STAT", ""),
        ("LIST", " [msg]"),
        ("FOO", ""),
        ("", ""),
    ],
)
def test_a_hint_is_what_has_not_been_typed_of_the_arguments(typed: str, rest: str) -> None:
    assert hint(typed) == rest


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("PASS SECRET", "PASS "),
        ("pass  two words", "pass "),
        ("/PASS SECRET", "/PASS "),
        ("APOP ted c4c9334b", "APOP ted "),
        ("AUTH PLAIN AHRlZABT", "AUTH PLAIN "),
        ("AUTH PLAIN", "AUTH PLAIN"),
        ("USER ted", "USER ted"),
        ("RETR 1", "RETR 1"),
    ],
)
def test_what_is_typed_of_a_secret_is_not_seen(typed: str, seen: str) -> None:
    assert typed[: shown_until(typed)] == seen


@pytest.mark.parametrize(
    "line", ["PASS x", "pass x", " PASS x", "APOP ted d", "AUTH PLAIN x", "/PASS x", "PSAS x", "x"]
)
def test_no_line_that_may_hold_a_secret_enters_the_history(line: str) -> None:
    assert not may_be_kept(line)


@pytest.mark.parametrize("line", ["RETR 1", "stat", "help RETR", "?"])
def test_other_lines_enter_the_history(line: str) -> None:
    assert may_be_kept(line)


@given(st.text())
def test_anything_can_be_typed(text: str) -> None:
    assert 0 <= shown_until(text) <= len(text)
    hint(text)
    may_be_kept(text)
    list(completions(text, State.TRANSACTION))
    help_lines(help_asked(text) or "", State.AUTHORIZATION)


def test_the_local_words_are_no_commands() -> None:
    assert {b"HELP", b"?"}.isdisjoint(SPECS)
    assert help_asked("help retr") == "retr"
    assert help_asked(" ? ") == ""
    assert help_asked("/help") is None
    assert help_asked("helpful") is None


def test_help_tells_what_can_be_said_now() -> None:
    now, *others = help_lines("", State.TRANSACTION)
    assert "TRANSACTION" in now
    assert any(line.startswith("  RETR msg ") for line in others)
    assert not any(line.startswith("  USER") for line in others)


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.keyword.decode())
def test_help_of_each_command_has_its_arguments_states_and_source(spec: CommandSpec) -> None:
    told = "\n".join(help_lines(spec.keyword.decode().lower(), State.AUTHORIZATION))
    assert told.startswith(f"{spec.syntax}\n  {spec.summary}\n")
    assert spec.source in told
    for state in spec.states:
        assert state.value in told


def test_help_of_no_command_names_those_there_are() -> None:
    assert "RETR" in help_lines("FOO", State.AUTHORIZATION)[0]


def test_the_history_is_for_its_owner_alone_and_holds_no_password(tmp_path: Path) -> None:
    file = history_file({"XDG_STATE_HOME": str(tmp_path)})
    history = _History(file)
    for line in ("USER Ted", "PASS SECRET", "STAT", "AUTH PLAIN AFRlZABTRUNSRVQ="):
        history.append_string(line)
    assert file.read_text() == "STAT\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(_History(file).load_history_strings()) == ["STAT"]


def test_a_history_that_cannot_be_written_is_kept_for_the_session(tmp_path: Path) -> None:
    (tmp_path / "restante").write_text("a file where a folder belongs")
    history = _History(history_file({"XDG_STATE_HOME": str(tmp_path)}))
    history.append_string("STAT")
    assert history.get_strings() == ["STAT"]
