"""Notes when application passwords were last used, to the day, at a price that no login feels.

An owner wants to know which of them is still in use, and the day tells that. Each use would cost a durable write,
and since a write makes every process forget what it knew of the accounts, some look-ups more. So a use is noted
only where the day (UTC) is another than the noted one, and uses that come together are written together, after the
logins were answered, with a pause before the next writing: one write in ten seconds for each process at the most,
however many clients begin their day at midnight.
How it fails: a note that cannot be written is told, and made again with the next login; no login fails for it. A
crash loses what was not written yet, at most ten seconds of notes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from restante.accounts.credentials import AppPassword, CredentialDirectory
from restante.accounts.passwords import HashPool, HashQueueFull
from restante.ports.accounts import AccountFault, AccountId

__all__ = ["PAUSE_SECONDS", "LastUses"]

PAUSE_SECONDS: Final = 10.0
"""Between two writings of one process."""

_DAY_SECONDS: Final = 24 * 3600


class LastUses:
    """Writes uses down through a directory, in a thread of a pool. For one event loop."""

    def __init__(
        self,
        directory: CredentialDirectory,
        pool: HashPool,
        *,
        tell_fault: Callable[[str], None],
        clock: Callable[[], float] = time.time,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        """Begin with nothing to write. `clock` gives seconds since the epoch."""
        self._directory = directory
        self._pool = pool
        self._tell_fault = tell_fault
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._waiting: dict[tuple[AccountId, str], float] = {}
        self._in_hand: dict[tuple[AccountId, str], float] = {}
        self._writing: asyncio.Task[None] | None = None

    def note(self, account_id: AccountId, used: AppPassword) -> None:
        """Note that it was used just now, unless that is known for today. Called on the event loop; never waits."""
        now, key = self._clock(), (account_id, used.label)
        if _day(used.used_epoch_seconds) == _day(now) or key in self._waiting or key in self._in_hand:
            return
        self._waiting[key] = now
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._waiting:
                uses = self._in_hand = self._waiting
                self._waiting = {}
                try:
                    await self._pool.run(lambda uses=uses: self._directory.note_uses(uses))  # type: ignore[misc]
                except (AccountFault, HashQueueFull) as fault:
                    self._tell_fault(f"the last use of application passwords could not be noted: {fault}")
                self._in_hand = {}
                await asyncio.sleep(self._pause_seconds)
        finally:
            self._in_hand, self._writing = {}, None


def _day(epoch_seconds: float | None) -> int | None:
    return None if epoch_seconds is None else int(epoch_seconds // _DAY_SECONDS)
