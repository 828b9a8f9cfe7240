"""Numbers that several processes keep together: a row for each, in memory that all of them share.

The board is made before the processes are forked. Each claims a row of its own and is the only one to write there,
so that counting is an addition in memory, without lock or system call; whoever is asked adds up all rows.

A process that dies leaves its row as it is: what it counted did happen, and a sum that fell back would look like a
restart of all. The process that takes its place goes on in that row; only what is true of a living process alone
(a gauge) begins at zero. A row is claimed by a record lock of the kernel, which a process loses when it dies,
however it does. There are no files, and so nothing is left behind after a crash of the whole.

How it fails: `BoardFull` when there are more processes than rows.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
from collections.abc import Iterable
from typing import Final

__all__ = ["Board", "BoardFull"]

_CELL_OCTETS: Final = 8
"""A double: exact for whole numbers up to 2**53, which is nine million GB in octets. Written at once, as it is
aligned, so that nobody reads half of it."""


class BoardFull(Exception):
    """All rows are claimed: there are more processes than the board was made for."""


class Board:
    """`rows` rows of `cells` numbers, all zero."""

    def __init__(self, *, rows: int, cells: int) -> None:
        """Make the board; call it before the fork. Raises OSError."""
        self._rows = rows
        self._cells = cells
        # Shared by the fork. Anonymous, but a file of its own, since locks need one.
        self._file = os.memfd_create("restante-board", os.MFD_CLOEXEC)
        os.ftruncate(self._file, rows * cells * _CELL_OCTETS)
        self._memory = mmap.mmap(self._file, rows * cells * _CELL_OCTETS)
        self._numbers = memoryview(self._memory).cast("d")
        # A lock keeps other processes out, not this one.
        self._claimed: set[tuple[int, int]] = set()

    def claim(self, *, from_zero: Iterable[int] = ()) -> memoryview[float]:
        """Give this process a row, to write in until it ends. The cells of `from_zero` are set to zero.

        Call it after the fork. Raises BoardFull, OSError.
        """
        process = os.getpid()
        for row in range(self._rows):
            if (process, row) in self._claimed:
                continue
            with contextlib.suppress(BlockingIOError, PermissionError):
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
                self._claimed.add((process, row))
                mine = self._numbers[row * self._cells : (row + 1) * self._cells]
                for cell in from_zero:
                    mine[cell] = 0.0
                return mine
        raise BoardFull(f"all {self._rows} rows are claimed: make the board with a row for each process")

    def totals(self) -> list[float]:
        """Add up all rows, cell by cell."""
        rows = [self._numbers[row * self._cells : (row + 1) * self._cells].tolist() for row in range(self._rows)]
        return [sum(column) for column in zip(*rows, strict=True)]
