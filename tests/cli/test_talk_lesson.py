from __future__ import annotations

from restante.cli.talk_lesson import STEPS, Lesson
from restante.proto.spec import SPECS


def test_each_step_is_a_command_of_the_table() -> None:
    assert {step.keyword.encode() for step in STEPS} <= SPECS.keys()
    assert STEPS[-1].keyword == "QUIT"


def test_who_types_what_is_asked_comes_to_the_end() -> None:
    lesson = Lesson()
    for step in STEPS:
        assert lesson.asks()[-1] == f"Type: {step.line}"
        assert lesson.heard(step.line.lower(), ok=True) == [step.after]
    assert lesson.is_over
    assert lesson.asks() == []


def test_a_step_is_asked_for_once() -> None:
    lesson = Lesson()
    assert lesson.asks()
    assert lesson.asks() == []


def test_another_command_leaves_the_step_where_it_is() -> None:
    lesson = Lesson()
    (told,) = lesson.heard("CAPA", ok=True)
    assert told.endswith(f"Now type: {STEPS[0].line}")
    assert lesson.asks()[-1] == f"Type: {STEPS[0].line}"


def test_a_refused_command_is_to_be_tried_again() -> None:
    lesson = Lesson()
    assert lesson.heard("USER", ok=False)[0].endswith(STEPS[0].line)


def test_after_a_refused_password_the_name_is_asked_for_again() -> None:
    lesson = Lesson()
    lesson.heard("USER Ted", ok=True)
    lesson.heard("PASS wrong", ok=False)
    assert lesson.asks()[-1] == f"Type: {STEPS[0].line}"


def test_who_leaves_early_is_told_how_much_was_to_come() -> None:
    assert f"{len(STEPS)} steps" in Lesson().heard("QUIT", ok=True)[0]
