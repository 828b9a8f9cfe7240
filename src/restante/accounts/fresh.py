"""The connection that questions about accounts go over, and whether what it answered before still holds.

A sign in memory that all processes share tells whether any of them committed a change (`change_sign`). Once a
second SQLite itself is asked (`PRAGMA data_version`): what another program changed, or a process that died before
it gave the sign, shows then. Where the sign cannot be had SQLite is asked each time.
Any thread may ask whether answers still hold, at any time; all else is not for two at once. Not to be carried into
a child. It fails as SQLite and the disk do: use it within `schema.faults_told`.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from restante.accounts.change_sign import ChangeSign
from restante.accounts.schema import open_for_questions

__all__ = ["LOOK_SECONDS", "FreshAnswers"]

LOOK_SECONDS: Final = 1.0
"""How long a change without its sign may go unseen."""


class FreshAnswers:
    """Asks one file, and knows when to ask again. `clock` gives seconds that never go back."""

    __slots__ = ("_clock", "_connection", "_known_sign", "_look_at_seconds", "_path", "_sign", "_version")

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._version = -1
        self._sign: ChangeSign | None = None
        # What was answered holds while the sign is this one, and until then.
        self._known_sign = b""
        self._look_at_seconds = -math.inf

    def still_hold(self) -> bool:
        """Tell whether what was answered, and not forgotten, is as good as a new answer. Never fails."""
        sign = self._sign
        return sign is not None and sign.memory[:] == self._known_sign and self._clock() < self._look_at_seconds

    def look(self, forget: Callable[[], None]) -> sqlite3.Connection:
        """Give the connection, opened on need; `forget` is called where what it answered before holds no more."""
        connection = self._connection
        if connection is None:
            connection = self._connection = open_for_questions(self._path)
        sign = self._present_sign()
        # Each is read before what is then remembered: a change in between is seen at the next question, not missed.
        signed = b"" if sign is None else sign.memory[:]
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            # Before what comes holds: whoever asks without a lock is told nothing that is to be forgotten.
            forget()
            self._version = version
        self._known_sign, self._look_at_seconds = signed, self._clock() + LOOK_SECONDS
        return connection

    def close(self) -> None:
        """Let go of the file. The next look opens it again."""
        self._version = -1
        self._look_at_seconds = -math.inf
        self._take_sign()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _present_sign(self) -> ChangeSign | None:
        """Give the sign that others give; None where it cannot be had."""
        if self._sign is not None and not self._sign.is_in_place():
            self._take_sign()
        if self._sign is None:
            with contextlib.suppress(OSError):
                self._sign = ChangeSign(self._path)
        return self._sign

    def _take_sign(self) -> ChangeSign | None:
        """Give the sign away, which ends with whoever has it last: another thread may be reading it.

        It must not end in being overwritten: that lets other threads run, and in the compiled build they would find
        in its place what is no more.
        """
        sign, self._sign = self._sign, None
        return sign
