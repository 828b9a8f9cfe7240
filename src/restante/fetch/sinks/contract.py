"""What a destination of fetched mail has to do, and how it fails.

A sink stores a group of messages at a time, in their order. When `store_group` returns, those that are kept are
durable, as far as that destination can promise it: only then may they be removed where they came from. So a sink
that does not know says no. A destination that could not tell after a kill which of a group it has takes one at a
time.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from restante.fetch.plan import SeenMessage

__all__ = [
    "Kept",
    "Letter",
    "NotNow",
    "OneByOne",
    "Outcome",
    "RefusedForGood",
    "Sink",
    "SinkFault",
    "WithoutPlaces",
    "message_id_of",
    "reverse_path_of",
]

_HEADERS_OCTETS: Final = 256 * 1024
"""How far the two fields below are looked for."""
_MESSAGE_ID: Final = re.compile(rb"^message-id:(?:[ \t]|\r\n[ \t])*(<[!-~]{1,900}>)[ \t]*\r?$", re.I | re.M)
_RETURN_PATH: Final = re.compile(rb"return-path:[ \t]*<([!-;=?-~]{0,256})>[ \t]*\r\n", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message on its way to a destination."""

    octets: bytes
    """In canonical form."""
    digest: bytes
    """What tells it from others: see `digest`."""
    maildrop: str
    """Where it comes from, as the state names it."""
    unique_id: bytes
    """There. Hostile."""
    since_epoch_seconds: float
    """When it was first in hand: the same at each try."""
    place: str = ""
    """What `intend` said, at this try or, where `may_be_there`, at the one before it."""
    may_be_there: bool = False
    """A run before this one ended while it was in hand: look before you store it."""
    headers_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The message is durable."""

    place: str = ""
    """What the destination knows it by; empty when it does not tell."""
    was_there: bool = False
    """It was there already, and was not stored once more."""


class SinkFault(Exception):
    """The destination cannot be used now: nothing more is retrieved for it. The text ends with what to do next."""


class NotNow(Exception):
    """The destination does not take this message now, and may later. It stays at the server."""


class RefusedForGood(Exception):
    """The destination will never take this message. It stays at the server, and is not offered again."""


Outcome: TypeAlias = Kept | NotNow | RefusedForGood | SinkFault
"""What came of a letter."""


class Sink(Protocol):
    """A destination, open from `open` to `close`."""

    @property
    def takes_at_once(self) -> int:
        """How many messages may be in hand at once: 1 where a kill could double them, or where more is no gain."""
        ...

    @property
    def label(self) -> str:
        """What the state calls it: the same for the same place in each run."""
        ...

    async def open(self) -> None:
        """Get ready, before anything is retrieved. Raises SinkFault."""
        ...

    async def intend(self, letters: Sequence[Letter]) -> Sequence[str]:
        """Say for each of a group where it will be, for the state, before they are stored. Raises SinkFault."""
        ...

    async def store_group(self, letters: Sequence[Letter]) -> Sequence[Outcome]:
        """Store letters durably, and say what came of each.

        Either all were in hand before or none. After a letter with a SinkFault none is stored, and each has one.
        """
        ...

    async def removed(self, messages: Sequence[SeenMessage]) -> frozenset[SeenMessage] | None:
        """Say which of the messages that were stored here are here no more. None: it cannot be told.

        Raises SinkFault.
        """
        ...

    async def close(self) -> None:
        """Let go. Safe to call twice."""
        ...


class OneByOne(ABC):
    """What the destinations share that take one message at a time."""

    takes_at_once: Final = 1

    @abstractmethod
    async def store(self, letter: Letter) -> Kept:
        """Store a letter durably. Raises NotNow, RefusedForGood, SinkFault."""

    async def store_group(self, letters: Sequence[Letter]) -> Sequence[Outcome]:
        """Store one after the other."""
        outcomes: list[Outcome] = []
        for letter in letters:
            if outcomes and isinstance(outcomes[-1], SinkFault):
                outcomes.append(outcomes[-1])
                continue
            try:
                outcomes.append(await self.store(letter))
            except (NotNow, RefusedForGood, SinkFault) as outcome:
                outcomes.append(outcome)
        return outcomes


class WithoutPlaces:
    """What the destinations share whose messages have no names: they cannot be asked for one later."""

    async def open(self) -> None:
        """Get ready: nothing to do."""

    async def intend(self, letters: Sequence[Letter]) -> Sequence[str]:
        """Give no places."""
        return [""] * len(letters)

    async def removed(self, messages: Sequence[SeenMessage]) -> frozenset[SeenMessage] | None:
        """Say that it cannot be told."""
        del messages
        return None

    async def close(self) -> None:
        """Let go: nothing to do."""


def message_id_of(octets: bytes) -> bytes | None:
    """Give a message's Message-ID with its brackets, if there is one that is plain."""
    found = _MESSAGE_ID.search(_headers(octets))
    return found[1] if found else None


def reverse_path_of(octets: bytes) -> bytes:
    """Give the reverse-path of a Return-Path that stands among the first fields; empty: none, or a bounce's."""
    for line in _headers(octets).split(b"\r\n")[:20]:
        found = _RETURN_PATH.fullmatch(line + b"\r\n")
        if found:
            return found[1]
    return b""


def _headers(octets: bytes) -> bytes:
    end = octets.find(b"\r\n\r\n", 0, _HEADERS_OCTETS)
    return octets[: end + 2] if end >= 0 else octets[:_HEADERS_OCTETS]
