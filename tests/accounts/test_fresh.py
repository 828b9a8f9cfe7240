"""What was answered holds until a sign is given, and for a second at most without a look."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from restante.accounts.change_sign import give_sign
from restante.accounts.fresh import LOOK_SECONDS, FreshAnswers
from restante.accounts.schema import Change
from restante.ports.accounts import AccountFault


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def answers(path: Path, clock: Clock) -> Iterator[FreshAnswers]:
    answers = FreshAnswers(path, clock)
    yield answers
    answers.close()


def change(path: Path) -> None:
    with Change(path) as change:
        change.run("DELETE FROM account")


def change_as_a_stranger(path: Path) -> None:
    with sqlite3.connect(path, isolation_level=None) as stranger:
        stranger.execute("DELETE FROM account")
    stranger.close()


def test_nothing_holds_before_the_first_look(answers: FreshAnswers) -> None:
    assert not answers.still_hold()
    assert answers.look()[1] is False
    assert answers.still_hold()
    assert answers.look()[1] is True


def test_a_change_ends_it_at_once(path: Path, answers: FreshAnswers) -> None:
    answers.look()
    change(path)
    assert not answers.still_hold()
    assert answers.look()[1] is False
    assert answers.still_hold()


def test_a_change_that_was_taken_back_ends_nothing(path: Path, answers: FreshAnswers) -> None:
    answers.look()
    with pytest.raises(AccountFault), Change(path) as taken_back:
        taken_back.run("DELETE FROM nothing")
    assert answers.still_hold()


def test_a_sign_without_a_change_costs_a_look_and_no_answers(path: Path, answers: FreshAnswers) -> None:
    answers.look()
    give_sign(path)
    assert not answers.still_hold()
    assert answers.look()[1] is True


def test_a_strangers_change_is_seen_within_a_second(path: Path, answers: FreshAnswers, clock: Clock) -> None:
    answers.look()
    change_as_a_stranger(path)
    clock.now += LOOK_SECONDS
    assert not answers.still_hold()
    assert answers.look()[1] is False


def test_after_the_sign_was_thrown_away_a_look_finds_the_new_one(
    path: Path, answers: FreshAnswers, clock: Clock
) -> None:
    answers.look()
    path.with_name("accounts.db-changed").unlink()
    change(path)
    clock.now += LOOK_SECONDS
    assert answers.look()[1] is False
    change(path)
    assert not answers.still_hold()


def test_without_a_sign_sqlite_is_asked_each_time(path: Path, answers: FreshAnswers) -> None:
    path.with_name("accounts.db-changed").mkdir()
    answers.look()
    assert not answers.still_hold()
    change(path)
    assert answers.look()[1] is False


def test_nothing_holds_once_it_was_closed(answers: FreshAnswers) -> None:
    answers.look()
    answers.close()
    assert not answers.still_hold()
    assert answers.look()[1] is False
