"""What is known is told at once, without a lock or a look at the file, and never once it was changed."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from restante.accounts.answers import CACHED_NAMES, AccountAnswers
from restante.accounts.change_sign import give_sign
from restante.accounts.credentials import Credentials
from restante.accounts.sql import SqlDirectory
from restante.ports.accounts import AccountFault, AccountStatus


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.db"


@pytest.fixture
def answers(path: Path) -> Iterator[AccountAnswers]:
    # The clock stands still: nothing is looked at because a second is over.
    answers = AccountAnswers(path, None, lambda: 1000.0)
    yield answers
    answers.close()


@pytest.fixture
def directory(path: Path) -> Iterator[SqlDirectory]:
    """Whoever makes changes."""
    directory = SqlDirectory(path)
    yield directory
    directory.close()


def statements(answers: AccountAnswers) -> list[str]:
    """Give the list that each statement from now on goes to."""
    run: list[str] = []
    connection = answers._fresh._connection
    assert connection is not None
    connection.set_trace_callback(run.append)
    return run


def test_what_is_known_is_told_without_a_look_at_the_file(answers: AccountAnswers, directory: SqlDirectory) -> None:
    added = directory.add("Ted", "hash")
    for name in ("ted", "tim"):
        answers.find(name)
    assert not answers.any_apop()
    run = statements(answers)
    for _ in range(3):
        assert answers.find("ted") == added
        found = answers.credentials("ted")
        assert found is not None
        assert found.password_hash == "hash"
        assert answers.credentials("tim") is None
        assert not answers.any_apop()
    assert run == []


def test_a_name_in_capitals_costs_one_look_and_no_second_answer(
    answers: AccountAnswers, directory: SqlDirectory
) -> None:
    added = directory.add("Ted", "hash")
    assert answers.find("TED") == added
    run = statements(answers)
    assert answers.find("TeD") == added
    assert run == ["PRAGMA data_version"]


def test_a_name_beyond_ascii_is_nobody_and_costs_no_look(answers: AccountAnswers, directory: SqlDirectory) -> None:
    directory.add("ken", "hash")
    assert answers.find("ken") is not None
    run = statements(answers)
    # The Kelvin sign is a `k` in lower case.
    assert answers.find("\u212aen") is None
    assert run == []


def test_a_sign_without_a_change_costs_one_look_and_no_second_answer(
    path: Path, answers: AccountAnswers, directory: SqlDirectory
) -> None:
    directory.enable_apop(directory.add("ted", "hash").name, b"sealed")
    asking: tuple[Callable[[], object], ...] = (lambda: answers.find("ted"), answers.any_apop)
    for ask in asking:
        assert ask()
        run = statements(answers)
        give_sign(path)
        assert ask()
        assert run == ["PRAGMA data_version"]


def test_what_is_known_waits_for_no_other_thread(answers: AccountAnswers, directory: SqlDirectory) -> None:
    directory.add("ted", "hash")
    assert answers.find("ted") is not None
    assert not answers.any_apop()
    has_the_file, asked = threading.Event(), threading.Event()

    def ask_at_length() -> None:
        with answers._lock:
            has_the_file.set()
            assert asked.wait(timeout=60)

    other = threading.Thread(target=ask_at_length)
    other.start()
    assert has_the_file.wait(timeout=60)
    assert answers.find("ted") is not None
    assert not answers.any_apop()
    asked.set()
    other.join()


class Raced(dict[str, Credentials | None]):
    """What is known, with another thread that asks while it is looked up."""

    def __init__(self, known: dict[str, Credentials | None], ask: Callable[[], object]) -> None:
        super().__init__(known)
        self.ask: Callable[[], object] | None = ask

    def get(self, name: str, default: Any = None) -> Any:  # Any: as dict has it
        found = super().get(name, default)
        ask, self.ask = self.ask, None
        if ask is not None:
            ask()
        return found


def test_what_another_thread_was_told_anew_makes_nothing_old_hold(
    answers: AccountAnswers, directory: SqlDirectory
) -> None:
    for name in ("ted", "tim"):
        directory.add(name, "hash")
    assert answers.find("ted") is not None
    assert answers.find("tim") is not None
    locked = directory.set_status("ted", AccountStatus.LOCKED)
    answers._known = Raced(answers._known, lambda: answers.find("tim"))
    assert answers.find("ted") == locked


def test_no_thread_is_told_what_was_before_a_change_that_is_over(
    path: Path, answers: AccountAnswers, directory: SqlDirectory
) -> None:
    directory.enable_apop(directory.add("ted", "hash").name, b"sealed")
    least, over = 2, threading.Event()
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            while not over.is_set():
                expected = least
                found = answers.find("ted")
                assert found is not None
                assert found.generation >= expected
                assert answers.any_apop()
        except BaseException as failure:
            failures.append(failure)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=ask) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        for _ in range(40):
            least = directory.enable_apop("ted", b"sealed").generation
            time.sleep(0)
            # Nobody trips over a file that is let go of, either.
            answers.close()
    finally:
        over.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(before)
    assert failures == []


def test_names_that_are_not_there_fill_no_memory_without_bound(
    answers: AccountAnswers, directory: SqlDirectory
) -> None:
    directory.add("ted", "hash")
    for number in range(CACHED_NAMES + 10):
        assert answers.find(f"x{number}") is None
    assert len(answers._known) <= CACHED_NAMES
    assert answers.find("ted") is not None


def test_a_fault_is_remembered_by_nobody(path: Path, answers: AccountAnswers, directory: SqlDirectory) -> None:
    path.mkdir()
    for _ in range(2):
        for ask in (lambda: answers.find("ted"), answers.any_apop, answers.list_accounts):
            with pytest.raises(AccountFault, match="see that its folder is there"):
                ask()
    path.rmdir()
    directory.add("ted", "hash")
    assert answers.find("ted") is not None
    assert not answers.any_apop()
