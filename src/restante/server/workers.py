"""One process for each core: forks them, waits for them, replaces one that died, stops them all.

What they share is the listening sockets and the store; no memory. The parent runs no event loop, holds no mail and
parses nothing, so that nothing a client sends can reach it.

How it fails: a worker that dies is replaced; when workers die as fast as they are made, the parent gives up and
exits 1, so that whoever started it (systemd, a person) learns of it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

__all__ = ["supervise"]

_DEATHS: Final = 5
_DEATHS_SECONDS: Final = 10.0
"""So many deaths in so many seconds are a fault that a restart does not mend."""

_POLL_SECONDS: Final = 0.5


def supervise(
    count: int, work: Callable[[Callable[[], None]], None], *, on_ready: Callable[[], None], stop_seconds: float
) -> int:
    """Run `work` in `count` processes until SIGTERM or SIGINT. Gives the exit code.

    `work` gets a function to call when it listens, and returns when it was told to stop; it sets its own signal
    handlers. `on_ready` is called here when all have said that they listen.
    """
    return _Supervisor(count, work, on_ready, stop_seconds).run()


class _Supervisor:
    def __init__(
        self,
        count: int,
        work: Callable[[Callable[[], None]], None],
        on_ready: Callable[[], None],
        stop_seconds: float,
    ) -> None:
        self._count = count
        self._work = work
        self._on_ready = on_ready
        self._stop_seconds = stop_seconds
        self._children: set[int] = set()
        self._deaths: list[float] = []
        self._stopping = False
        self._hung_up = False
        self._ready_reader, self._ready_writer = os.pipe()
        self._wake_reader, self._wake_writer = os.pipe()
        for end in (self._wake_reader, self._wake_writer, self._ready_reader):
            os.set_blocking(end, False)

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGHUP, self._on_hangup)
        # A child's end wakes the wait below.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        for _ in range(self._count):
            self._fork()
        waiting_for_ready = self._count
        failed = False
        while not self._stopping:
            select.select([self._wake_reader, self._ready_reader], [], [], _POLL_SECONDS)
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_reader, 4096)
            if waiting_for_ready > 0:
                with contextlib.suppress(BlockingIOError):
                    waiting_for_ready -= len(os.read(self._ready_reader, 4096))
                if waiting_for_ready <= 0:
                    self._on_ready()
            if self._hung_up:
                self._hung_up = False
                self._signal_all(signal.SIGHUP)
            if not self._replace_the_dead():
                failed = True
                break
        self._stop_all()
        return 1 if failed else 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _on_hangup(self, _number: int, _frame: FrameType | None) -> None:
        self._hung_up = True

    def _fork(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child:
            self._children.add(child)
            return
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            # Until the work sets its own handler there is nothing to read anew.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.close(self._ready_reader)
            os.close(self._wake_reader)
            os.close(self._wake_writer)
            self._work(self._say_ready)
            code = 0
        except BaseException as error:
            # Whatever it is, this process must not go on as a second parent.
            sys.stderr.write(f"restante: a worker failed: {type(error).__name__}: {error}\n")
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _say_ready(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._ready_writer, b"r")

    def _replace_the_dead(self) -> bool:
        """Fork anew for each child that died. False when they die too fast."""
        for child in self._reap():
            now = time.monotonic()
            self._deaths = [death for death in self._deaths if now - death < _DEATHS_SECONDS]
            self._deaths.append(now)
            if len(self._deaths) >= _DEATHS:
                sys.stderr.write("restante: workers die as fast as they are started; the lines above say why\n")
                return False
            if not self._stopping:
                sys.stderr.write(f"restante: worker {child} died and is replaced\n")
                self._fork()
        return True

    def _reap(self) -> list[int]:
        dead: list[int] = []
        for child in list(self._children):
            pid, _ = os.waitpid(child, os.WNOHANG)
            if pid:
                self._children.discard(child)
                dead.append(child)
        return dead

    def _stop_all(self) -> None:
        """Ask them to end; those that have not by then are killed, which removes nothing from any maildrop."""
        self._signal_all(signal.SIGTERM)
        deadline = time.monotonic() + self._stop_seconds
        while self._children and time.monotonic() < deadline:
            select.select([self._wake_reader], [], [], _POLL_SECONDS / 10)
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_reader, 4096)
            self._reap()
        self._signal_all(signal.SIGKILL)
        for child in self._children:
            os.waitpid(child, 0)

    def _signal_all(self, number: int) -> None:
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
