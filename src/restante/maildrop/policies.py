"""What a site decides about maildrops: how long mail stays, how often one may log in, how much one may keep.

Pure: times come as arguments, in seconds since the epoch, and nothing here removes or refuses anything. A store
enforces what these decide; a server announces it. Everything is off unless an administrator says otherwise.
Fails with ValueError for a policy that cannot be meant.
Sources: RFC 1939 §8 (site policies), RFC 2449 §6.5 (LOGIN-DELAY) and §6.7 (EXPIRE).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

__all__ = [
    "DAY_SECONDS",
    "NEVER",
    "LoginDelay",
    "MaildropPolicies",
    "Quota",
    "RetentionPolicy",
    "Usage",
]

DAY_SECONDS: Final = 86_400

NEVER: Final = math.inf
"""Stands where a message is never due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """How long mail stays on the server. Whichever end comes first counts.

    Raises ValueError for days that cannot be meant: mail that nobody retrieved stays a day at least.
    """

    expire_days: int | None = None
    """Days after a message came; None: that is no reason to remove it."""
    expire_after_retrieval_days: int | None = None
    """Days after it was first retrieved by RETR; 0: at the end of that very session; None: no reason either."""

    def __post_init__(self) -> None:
        if self.expire_days is not None and self.expire_days < 1:
            raise ValueError(
                f"expire_days is {self.expire_days}: name at least 1 day, or none to keep mail for ever"
            )
        if self.expire_after_retrieval_days is not None and self.expire_after_retrieval_days < 0:
            raise ValueError(
                f"expire_after_retrieval_days is {self.expire_after_retrieval_days}: name 0 days or more, or none"
            )

    @property
    def is_on(self) -> bool:
        """Whether any mail is ever due."""
        return self.expire_days is not None or self.expire_after_retrieval_days is not None

    @property
    def capability(self) -> bytes:
        """What CAPA says: the fewest days that a message is sure to stay. Source: RFC 2449 §6.7."""
        days = [each for each in (self.expire_days, self.expire_after_retrieval_days) if each is not None]
        return b"EXPIRE %d" % min(days) if days else b"EXPIRE NEVER"

    def due_at(self, *, received: float, retrieved: float | None) -> float:
        """Say from when on a message is to be removed, or NEVER. `retrieved` None: it was not, so far."""
        due = NEVER
        if self.expire_days is not None:
            due = received + self.expire_days * DAY_SECONDS
        if self.expire_after_retrieval_days is not None and retrieved is not None:
            due = min(due, retrieved + self.expire_after_retrieval_days * DAY_SECONDS)
        return due


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginDelay:
    """The fewest seconds from one login of an account to its next. Raises ValueError for less than 0."""

    seconds: int = 0
    """0: no delay."""

    def __post_init__(self) -> None:
        if self.seconds < 0:
            raise ValueError(f"a login delay of {self.seconds} seconds: name 0 for none, or more")

    @property
    def capability(self) -> bytes | None:
        """What CAPA says, or None where there is nothing to say. Source: RFC 2449 §6.5."""
        return b"LOGIN-DELAY %d" % self.seconds if self.seconds else None

    def wait_seconds(self, *, last: float | None, now: float) -> int:
        """Say how many whole seconds are left to wait since the last login; 0: come in.

        A last login in the future is the work of a clock that was set back, and keeps nobody out.
        """
        if not self.seconds or last is None or not last <= now < last + self.seconds:
            return 0
        return math.ceil(last + self.seconds - now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a maildrop holds."""

    messages: int = 0
    octets: int = 0
    """As LIST tells them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much an account may keep. Raises ValueError for less than 0."""

    messages: int | None = None
    """None: as many as come."""
    octets: int | None = None
    """As LIST tells them; None: as many as come."""

    def __post_init__(self) -> None:
        if (self.messages or 0) < 0 or (self.octets or 0) < 0:
            raise ValueError(f"{self}: name 0 or more, or none for no bound")

    def has_room(self, usage: Usage, octets: int) -> bool:
        """Tell whether one more message of that many octets fits."""
        return (self.messages is None or usage.messages < self.messages) and (
            self.octets is None or usage.octets + octets <= self.octets
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildropPolicies:
    """What holds for all maildrops of a site."""

    retention: RetentionPolicy = field(default_factory=RetentionPolicy)
    login_delay: LoginDelay = field(default_factory=LoginDelay)
    trash_days: int = 0
    """Days that removed mail can still be brought back; 0: what is removed is gone."""

    def __post_init__(self) -> None:
        if self.trash_days < 0:
            raise ValueError(f"trash_days is {self.trash_days}: name 0 for no trash, or more")
