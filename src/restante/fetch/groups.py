"""Messages on their way to the destination, gathered into groups: so the disk is waited for once a group.

While one group is on its way to the disk the next one gathers. A group goes off when it is full, when its first
message has waited long enough, or when nothing more comes: so a slow server's messages are stored as they come.
What a kill makes the next run retrieve again is bounded by two groups. It opens nothing and knows no message from
another. Nothing here fails.
"""

from __future__ import annotations

import asyncio
from typing import Final, Generic, TypeVar

__all__ = ["GROUP_MESSAGES", "GROUP_OCTETS", "GROUP_SECONDS", "Gathering"]

T = TypeVar("T")

GROUP_MESSAGES: Final = 256
"""How many messages a group has at most: as many as the client asks for ahead."""

GROUP_OCTETS: Final = 4 * 1024 * 1024
"""With how many octets a group is full. A group that has less takes one more message, however long it is."""

GROUP_SECONDS: Final = 0.2
"""How long the first message of a group waits for others."""


class Gathering(Generic[T]):
    """Between one who retrieves and one who stores: each calls its own methods, and no others are there."""

    def __init__(self, at_once: int) -> None:
        """Take how many messages the destination takes at once; with 1 nothing gathers while one is stored."""
        self._at_once = min(at_once, GROUP_MESSAGES)
        self._waiting: list[T] = []
        self._octets = 0
        self._storing = False
        self._ended = False
        self._closed = False
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._has_some = asyncio.Event()
        self._goes_off = asyncio.Event()

    # --- for the one who retrieves --------------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        """Tell whether `room` has to be waited for."""
        return not self._has_room.is_set()

    async def room(self) -> bool:
        """Wait until one more message may be retrieved. False: none is wanted, for the storing has ended."""
        await self._has_room.wait()
        return not self._closed

    def put(self, message: T, octets: int) -> None:
        """Add a message. Wait for `room` before the next."""
        self._waiting.append(message)
        self._octets += octets
        self._look()

    def end(self) -> None:
        """Say that nothing more comes. What was gathered is still stored."""
        self._ended = True
        self._look()

    def drop(self) -> None:
        """Say that nothing more comes, and forget what was gathered; a group that is being stored is."""
        self._waiting, self._octets = [], 0
        self.end()

    # --- for the one who stores -----------------------------------------------------------------------------------

    async def next_group(self) -> list[T]:
        """Give the next group, in the order in which it came: the one before is stored. Empty: it is over."""
        self._storing = False
        self._look()
        await self._has_some.wait()
        if not self._goes_off.is_set():
            try:
                async with asyncio.timeout(GROUP_SECONDS):
                    await self._goes_off.wait()
            except TimeoutError:
                pass
        group, self._waiting, self._octets = self._waiting, [], 0
        self._storing = bool(group)
        self._look()
        return group

    def close(self) -> None:
        """Say that no more groups are asked for."""
        self._closed = True
        self._look()

    def _look(self) -> None:
        """Let each go on who can."""
        is_full = len(self._waiting) >= self._at_once or self._octets >= GROUP_OCTETS
        is_held = is_full or (self._storing and self._at_once == 1)
        _set(self._has_room, self._closed or not is_held)
        _set(self._has_some, bool(self._waiting) or self._ended)
        _set(self._goes_off, is_full or self._ended)


def _set(event: asyncio.Event, it_is_so: object) -> None:
    if it_is_so:
        event.set()
    else:
        event.clear()
