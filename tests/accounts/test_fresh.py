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


class Asking:
    """Looks, and notes what it is to forget."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.fresh = FreshAnswers(path, clock)
        self.held: list[bool] = []

    def forgets(self) -> bool:
        """Look, and tell whether what was answered before was to be forgotten."""
        self.held = []
        self.fresh.look(lambda: self.held.append(self.fresh.still_hold()))
        return bool(self.held)


@pytest.fixture
def asking(path: Path, clock: Clock) -> Iterator[Asking]:
    asking = Asking(path, clock)
    yield asking
    asking.fresh.close()


def change(path: Path) -> None:
    with Change(path) as change:
        change.run("DELETE FROM account")


def change_as_a_stranger(path: Path) -> None:
    with sqlite3.connect(path, isolation_level=None) as stranger:
        stranger.execute("DELETE FROM account")
    stranger.close()


def test_nothing_holds_before_the_first_look(asking: Asking) -> None:
    assert not asking.fresh.still_hold()
    assert asking.forgets()
    assert asking.fresh.still_hold()
    assert not asking.forgets()


def test_a_change_ends_it_at_once(path: Path, asking: Asking) -> None:
    asking.forgets()
    change(path)
    assert not asking.fresh.still_hold()
    assert asking.forgets()
    assert asking.fresh.still_hold()


def test_what_is_to_be_forgotten_is_so_before_anything_holds(path: Path, asking: Asking) -> None:
    # Whoever asks without a lock would be told the old as the new.
    for _ in range(2):
        assert asking.forgets()
        assert asking.held == [False]
        change(path)
    asking.forgets()
    asking.fresh.close()
    assert asking.forgets()
    assert asking.held == [False]


def test_a_change_that_was_taken_back_ends_nothing(path: Path, asking: Asking) -> None:
    asking.forgets()
    with pytest.raises(AccountFault), Change(path) as taken_back:
        taken_back.run("DELETE FROM nothing")
    assert asking.fresh.still_hold()


def test_a_sign_without_a_change_costs_a_look_and_no_answers(path: Path, asking: Asking) -> None:
    asking.forgets()
    give_sign(path)
    assert not asking.fresh.still_hold()
    assert not asking.forgets()


def test_a_strangers_change_is_seen_within_a_second(path: Path, asking: Asking, clock: Clock) -> None:
    asking.forgets()
    change_as_a_stranger(path)
    clock.now += LOOK_SECONDS
    assert not asking.fresh.still_hold()
    assert asking.forgets()


def test_after_the_sign_was_thrown_away_a_look_finds_the_new_one(path: Path, asking: Asking, clock: Clock) -> None:
    asking.forgets()
    path.with_name("accounts.db-changed").unlink()
    change(path)
    clock.now += LOOK_SECONDS
    assert asking.forgets()
    change(path)
    assert not asking.fresh.still_hold()


def test_without_a_sign_sqlite_is_asked_each_time(path: Path, asking: Asking) -> None:
    path.with_name("accounts.db-changed").mkdir()
    asking.forgets()
    assert not asking.fresh.still_hold()
    change(path)
    assert asking.forgets()


def test_nothing_holds_once_it_was_closed(asking: Asking) -> None:
    asking.forgets()
    asking.fresh.close()
    assert not asking.fresh.still_hold()
    assert asking.forgets()
