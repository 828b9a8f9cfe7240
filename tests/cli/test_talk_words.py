from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.cli.talk_prompt import _History, history_file
from restante.cli.talk_words import (
    HELP,
    MORE,
    Known,
    completions,
    help_asked,
    help_lines,
    hint,
    may_be_kept,
    more_asked,
    shown_until,
)
from restante.explain.columns import display_width
from restante.explain.languages import ENGLISH, LANGUAGES, Language
from restante.explain.talk_phrases import TalkPhrase
from restante.proto.listings import Capabilities
from restante.proto.spec import SPECS, CommandSpec
from restante.proto.terms import State
from restante.sasl.registry import MECHANISMS

AT_LOGIN = Known(state=State.AUTHORIZATION)
LOGGED_IN = Known(state=State.TRANSACTION)
each = pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.tag)


def announced(*lines: bytes, state: State = State.AUTHORIZATION, told: bool = True) -> Known:
    return Known(state=state, capabilities=Capabilities(lines, told=told))


def offered(text: str, known: Known) -> list[str]:
    return [word for word, _ in completions(text, known, ENGLISH)]


def helped(about: str, known: Known, language: Language = ENGLISH) -> str:
    return "\n".join(help_lines(about, known, language, width=200))


def test_completion_offers_the_commands_of_the_state_and_the_local_words() -> None:
    at_login = {spec.keyword.decode() for spec in SPECS.values() if State.AUTHORIZATION in spec.states}
    assert set(offered("", AT_LOGIN)) == at_login | {HELP, MORE}
    assert offered("r", AT_LOGIN) == []
    assert offered("r", LOGGED_IN) == ["RETR", "RSET"]


def test_help_completes_every_command_and_what_has_no_choice_completes_nothing() -> None:
    assert offered("help r", AT_LOGIN) == ["RETR", "RSET"]
    assert offered("RETR ", LOGGED_IN) == []
    assert offered("help RETR ", LOGGED_IN) == []
    assert offered("USER t", AT_LOGIN) == []


def test_what_the_server_does_not_announce_is_offered_last_and_is_marked() -> None:
    offers = list(completions("", announced(b"SASL PLAIN", b"STLS"), ENGLISH))
    commands = [word for word, _ in offers if word.isupper()]
    assert commands == ["APOP", "AUTH", "STLS", "CAPA", "QUIT", "USER", "PASS", "UTF8", "LANG"]
    marked = [word for word, does in offers if does.startswith(ENGLISH.talk[TalkPhrase.NOT_ANNOUNCED])]
    assert marked == ["USER", "PASS", "UTF8", "LANG"]


@pytest.mark.parametrize("known", [AT_LOGIN, announced(told=False)])
def test_nothing_is_marked_where_the_server_has_not_said_what_it_can_do(known: Known) -> None:
    does = [does for _, does in completions("", known, ENGLISH)]
    assert not any(each.startswith(ENGLISH.talk[TalkPhrase.NOT_ANNOUNCED]) for each in does)


def test_message_numbers_are_offered_but_for_those_that_are_marked() -> None:
    known = Known(state=State.TRANSACTION, highest_number=12, marked=frozenset({2, 11}))
    assert offered("RETR ", known) == ["1", "3", "4", "5", "6", "7", "8", "9", "10", "12"]
    assert offered("top 1", known) == ["1", "10", "12"]
    assert offered("RETR x", known) == []
    assert offered("TOP 1 ", known) == []


def test_of_very_many_messages_a_screen_or_two_is_offered_at_once() -> None:
    known = Known(state=State.TRANSACTION, highest_number=2**31 - 1)
    assert len(offered("RETR ", known)) == 100
    assert offered("RETR 99999", known) == ["99999"]


def test_mechanisms_are_those_that_are_announced_else_all() -> None:
    assert offered("AUTH ", announced(b"SASL SCRAM-SHA-256 x-own PLAIN")) == ["SCRAM-SHA-256", "x-own", "PLAIN"]
    assert offered("auth p", announced(b"SASL SCRAM-SHA-256 PLAIN")) == ["PLAIN"]
    assert offered("AUTH ", AT_LOGIN) == [mechanism.name for mechanism in MECHANISMS]
    assert offered("AUTH PLAIN ", AT_LOGIN) == []


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
        ("help", " [command]"),
        ("help ", "[command]"),
        ("FOO", ""),
        ("", ""),
    ],
)
def test_a_hint_is_what_has_not_been_typed_of_the_arguments(typed: str, rest: str) -> None:
    assert hint(typed, ENGLISH) == rest


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


@pytest.mark.parametrize("line", ["RETR 1", "stat", "help RETR", "?", "more"])
def test_other_lines_enter_the_history(line: str) -> None:
    assert may_be_kept(line)


@given(st.text(), st.sampled_from(list(LANGUAGES.values())))
def test_anything_can_be_typed(text: str, language: Language) -> None:
    known = Known(state=State.TRANSACTION, capabilities=Capabilities([b"TOP", b"SASL \x1b"]), highest_number=3)
    assert 0 <= shown_until(text) <= len(text)
    hint(text, language)
    may_be_kept(text)
    for word, does in completions(text, known, language):
        assert f"{word}{does}".isprintable()
    help_lines(help_asked(text) or text, known, language, width=40)


def test_the_local_words_are_no_commands() -> None:
    assert {b"HELP", b"?", b"MORE"}.isdisjoint(SPECS)
    assert help_asked("help retr") == "retr"
    assert help_asked(" ? ") == ""
    assert help_asked("/help") is None
    assert help_asked("helpful") is None
    assert more_asked(" More ")
    assert not more_asked("/more")


@each
def test_help_tells_what_can_be_said_now(language: Language) -> None:
    now, *others = help_lines("", LOGGED_IN, language, width=100)
    assert "TRANSACTION" in now
    assert any(line.startswith("  RETR msg ") for line in others)
    assert not any(line.startswith("  USER") for line in others)
    assert any("USER" in line for line in others)


@each
@pytest.mark.parametrize("width", [40, 80, 100])
def test_help_fits_the_screen(language: Language, width: int) -> None:
    for about in ("", *(keyword.decode() for keyword in SPECS)):
        for known in (AT_LOGIN, announced(b"SASL PLAIN LOGIN")):
            lines = help_lines(about, known, language, width=width)
            assert max(display_width(line) for line in lines) <= width


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.keyword.decode())
def test_help_of_each_command_has_its_arguments_states_and_source(spec: CommandSpec) -> None:
    told = helped(spec.keyword.decode().lower(), AT_LOGIN)
    assert told.startswith(f"{spec.syntax}\n  {spec.summary}\n")
    assert spec.source in told
    for state in spec.states:
        assert state.value in told


def test_help_tells_whether_this_server_has_a_command() -> None:
    assert "not asked for yet" in helped("STLS", AT_LOGIN)
    assert "This server has it" in helped("STLS", announced(b"STLS"))
    assert "does not announce it" in helped("STLS", announced(b"TOP"))
    assert "knows no CAPA" in helped("STLS", announced(told=False))
    assert "It offers PLAIN, XOAUTH2." in helped("AUTH", announced(b"SASL PLAIN XOAUTH2"))


def test_a_command_of_another_state_need_not_be_announced_now() -> None:
    assert "announce" not in helped("STLS", announced(b"TOP", state=State.TRANSACTION))


def test_help_of_no_command_names_those_there_are() -> None:
    assert "RETR" in helped("FOO", AT_LOGIN)


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
