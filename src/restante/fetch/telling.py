"""What a fetch tells while it runs: a closed union of values, for the progress bar, the lines and the JSON.

Texts that came from a server or a destination are in them as they came: who shows them escapes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from restante.fetch.plan import Plan

__all__ = [
    "Compared",
    "Ended",
    "Failure",
    "LeftOut",
    "Listing",
    "Result",
    "Stored",
    "Tell",
    "Telling",
    "Waiting",
]


class Failure(Enum):
    """Where it failed. Each has an exit code of its own."""

    SETUP = "set-up"
    CONNECT = "connect"
    TLS = "TLS"
    LOGIN = "login"
    IN_USE = "in use"
    TRANSFER = "transfer"
    STORAGE = "local storage"
    LEFT_OUT = "messages left out"
    """All went well but for some messages, which are still at the server."""


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of one account's run."""

    listed: int = 0
    stored: int = 0
    stored_octets: int = 0
    was_there: int = 0
    """Retrieved, and found to be stored already."""
    left_out: int = 0
    """Refused by the server or by the destination, now or for good."""
    removed: int = 0
    left: int = 0
    """Still at the server."""
    failure: Failure | None = None
    words: str = ""
    """Of the failure: what happened and what to do next."""
    wait_seconds: float | None = None
    """What the server wants to be waited before the next login; None: it said nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An account's maildrop was listed, and this is what will be done."""

    account: str
    messages: int
    octets: int
    """Of all that is listed."""
    plan: Plan
    unique_ids: tuple[bytes, ...]
    """By place."""
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A message is stored."""

    account: str
    unique_id: bytes
    octets: int
    listed_octets: int
    """What the server had said."""
    destination: str
    was_there: bool
    headers_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A message was retrieved, not to be stored but to be compared."""

    account: str
    unique_id: bytes
    octets: int
    listed_octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A message was not stored, and stays at the server."""

    account: str
    unique_id: bytes
    listed_octets: int
    words: str
    for_good: bool
    """It is not tried again by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An account's run is over."""

    account: str
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Time passes until an account's next run."""

    account: str
    seconds: float


Telling: TypeAlias = Listing | Stored | Compared | LeftOut | Ended | Waiting
Tell: TypeAlias = Callable[[Telling], None]
