from __future__ import annotations

import pytest

from restante.cli.talk_lesson import LINES, Lesson
from restante.explain.languages import ENGLISH, LANGUAGES, Language
from restante.explain.talk_phrases import TalkPhrase
from restante.proto.spec import SPECS

each = pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.tag)


def test_each_step_is_a_command_of_the_table_and_comes_once() -> None:
    keywords = [line.split()[0].encode() for line in LINES]
    assert set(keywords) <= SPECS.keys()
    assert len(set(keywords)) == len(LINES)
    assert keywords[-1] == b"QUIT"


@each
def test_each_language_tells_what_each_step_is_for(language: Language) -> None:
    assert [line.split()[0].encode() for line in LINES] == list(language.steps)


@each
def test_who_types_what_is_asked_comes_to_the_end(language: Language) -> None:
    lesson = Lesson(language)
    for line in LINES:
        assert lesson.asks()[-1] == language.at_prompt(TalkPhrase.TYPE, line=line)
        (after,) = lesson.heard(line.lower(), ok=True)
        assert after == language.steps[line.split()[0].encode()][1]
    assert lesson.is_over
    assert lesson.asks() == []


def test_a_step_is_asked_for_once() -> None:
    lesson = Lesson(ENGLISH)
    assert lesson.asks()
    assert lesson.asks() == []


def test_another_command_leaves_the_step_where_it_is() -> None:
    lesson = Lesson(ENGLISH)
    (told,) = lesson.heard("CAPA", ok=True)
    assert told.endswith(f"Now type: {LINES[0]}")
    assert lesson.asks()[-1] == f"Type: {LINES[0]}"


def test_a_refused_command_is_to_be_tried_again() -> None:
    lesson = Lesson(ENGLISH)
    assert lesson.heard("USER", ok=False)[0].endswith(LINES[0])


def test_after_a_refused_password_the_name_is_asked_for_again() -> None:
    lesson = Lesson(ENGLISH)
    lesson.heard("USER Ted", ok=True)
    lesson.heard("PASS wrong", ok=False)
    assert lesson.asks()[-1] == f"Type: {LINES[0]}"


@each
def test_who_leaves_early_is_told_how_much_was_to_come(language: Language) -> None:
    assert str(len(LINES)) in Lesson(language).heard("QUIT", ok=True)[0]
