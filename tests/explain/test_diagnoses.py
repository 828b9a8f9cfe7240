from __future__ import annotations

import string

import pytest
from tests.explain.recorded import BYE, HELLO, IN, LETTER, RECORDED, diagnosed, findings, listed, named

from restante.explain.diagnoses import MOST_OF_A_KIND, Diagnosis, Weight
from restante.explain.languages import LANGUAGES

each = pytest.mark.parametrize("diagnosis", list(Diagnosis), ids=lambda one: one.id)


def test_there_are_many_diagnoses_and_each_has_its_sessions() -> None:
    assert len(Diagnosis) >= 40
    assert list(RECORDED) == list(Diagnosis)


@each
def test_a_recorded_session_shows_it(diagnosis: Diagnosis) -> None:
    assert diagnosis in diagnosed(RECORDED[diagnosis][0])


@each
def test_a_session_that_is_like_it_does_not(diagnosis: Diagnosis) -> None:
    assert diagnosis not in diagnosed(RECORDED[diagnosis][1])


@each
def test_its_values_are_those_that_its_sentences_name(diagnosis: Diagnosis) -> None:
    finding = next(one for one in findings(RECORDED[diagnosis][0]) if one.diagnosis is diagnosis)
    for language in LANGUAGES.values():
        sentence, advice = language.findings[diagnosis]
        named_in = {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
        assert named_in <= finding.values.keys(), language.tag
        assert "{" not in advice
        assert language.diagnosis(diagnosis, finding.values)[0]


def test_ids_are_words_that_stay() -> None:
    ids = [diagnosis.id for diagnosis in Diagnosis]
    assert len(set(ids)) == len(ids)
    assert all(set(one) <= set(string.ascii_lowercase + string.digits + "-") for one in ids)


def test_a_session_in_order_shows_nothing() -> None:
    letter = f"{IN}C: STAT\nS: +OK 1 21\n{listed(21)}{named('a')}{LETTER}C: DELE 1\nS: +OK\n{BYE}"
    assert list(diagnosed(letter)) == []


def test_the_same_thing_is_told_a_few_times_only() -> None:
    again = f"{IN}" + "C: RETR 0\nS: -ERR what?\n" * 20
    assert list(diagnosed(again)).count(Diagnosis.NUMBER_ZERO) == MOST_OF_A_KIND


def test_a_broken_line_names_how_many_were_marked() -> None:
    found = findings(f"{IN}C: DELE 1\nS: +OK\nC: DELE 2\nS: +OK\n=closed -  timed out")
    assert [(one.diagnosis, one.values) for one in found] == [(Diagnosis.BROKEN_WITH_MARKS, {"count": 2})]


def test_the_heaviest_finding_comes_first() -> None:
    weights = [one.diagnosis.weight for one in findings(f"S: +OK\nC| {HELLO}\nS| {HELLO}")]
    assert weights == sorted(weights, key=list(Weight).index)


def test_a_password_on_this_machine_is_on_nobodys_way() -> None:
    script = "S: +OK\nC: USER ted\nS: +OK\nC: PASS x\nS: +OK"
    assert list(diagnosed(f"=at pop.example.org:110\n{script}")) == [Diagnosis.PASSWORD_IN_THE_CLEAR]
    assert list(diagnosed(f"=at 127.0.0.1:110\n{script}")) == []


def test_messages_of_a_log_are_not_measured() -> None:
    script = f"{IN}{listed(5)}{LETTER.replace('hello', '.hello')}"
    told = [one.diagnosis for one in findings(script, excerpt=True)]
    assert not {Diagnosis.OCTETS_DIFFER, Diagnosis.UNSTUFFED_DOTS} & set(told)


def test_what_a_server_says_is_printable_in_a_finding() -> None:
    (finding,) = findings("S| -ERR \\x1b[2Jno\\r\\n")
    assert finding.values == {"text": "\\x1b[2Jno"}


def test_renamed_messages_are_known_by_what_is_in_them() -> None:
    script = f"{IN}{named('a')}{LETTER}{BYE}\n---\n{IN}{named('z')}{LETTER}"
    assert Diagnosis.UNIQUE_IDS_CHANGED in diagnosed(script)
