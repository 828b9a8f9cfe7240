"""The board: rows of processes, what stays of those that died, and what does not."""

import os
import signal
import warnings
from collections.abc import Callable

import pytest

from restante.observe.board import Board, BoardFull

GAUGE, COUNTER = 0, 1


def in_a_child(work: Callable[[], None], *, killed: bool = False) -> None:
    """Run work in a forked process and wait for its end."""
    with warnings.catch_warnings():
        # From Python 3.12 on, where other tests have left threads: the child below uses none of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == (-signal.SIGKILL if killed else 0)
        return
    code = 1
    try:
        work()
        if killed:
            os.kill(os.getpid(), signal.SIGKILL)
        code = 0
    finally:
        os._exit(code)


def counting(board: Board, *, gauge: float, counter: float) -> Callable[[], None]:
    def work() -> None:
        row = board.claim(from_zero=[GAUGE])
        row[GAUGE] += gauge
        row[COUNTER] += counter

    return work


def test_what_each_process_counts_is_added_up() -> None:
    board = Board(rows=2, cells=2)
    mine = board.claim()
    mine[COUNTER] += 5
    in_a_child(counting(board, gauge=1, counter=2))
    assert board.totals() == [1, 7]


@pytest.mark.parametrize("killed", [False, True])
def test_who_takes_the_place_of_a_dead_process_goes_on_with_its_counts_but_not_its_gauges(killed: bool) -> None:
    board = Board(rows=2, cells=2)
    board.claim()
    for done in range(1, 5):
        in_a_child(counting(board, gauge=3, counter=10), killed=killed)
        assert board.totals() == [3, done * 10]


def test_two_rows_are_never_one_while_both_processes_live() -> None:
    board = Board(rows=3, cells=2)
    board.claim()[COUNTER] = 1

    def parent() -> None:
        board.claim()[COUNTER] = 2
        in_a_child(counting(board, gauge=0, counter=4))

    in_a_child(parent)
    rows = [board._numbers[row * 2 + COUNTER] for row in range(3)]
    assert rows == [1, 2, 4]


def test_one_process_can_hold_two_rows() -> None:
    board = Board(rows=2, cells=1)
    board.claim()[0] = 1
    board.claim()[0] = 2
    assert board.totals() == [3]


def test_one_process_too_many_is_refused() -> None:
    board = Board(rows=1, cells=1)
    board.claim()
    with pytest.raises(BoardFull, match="a row for each process"):
        board.claim()

    def refused() -> None:
        with pytest.raises(BoardFull):
            board.claim()

    in_a_child(refused)


def test_octets_past_four_gib_are_exact() -> None:
    board = Board(rows=2, cells=1)
    row, other = board.claim(), board.claim()
    for _ in range(3):
        row[0] += 2**50 + 1
    other[0] += 1
    assert board.totals() == [3 * 2**50 + 4]
