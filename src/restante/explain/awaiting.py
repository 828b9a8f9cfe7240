"""Commands whose answers have not come: which one the next reply belongs to, and what it must not repeat.

Replies come in the order of commands (RFC 2449 §6.6). Bounded by `MOST_AWAITED`, and by what is kept of secrets.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from restante.explain.events import CommandSent

__all__ = ["MOST_AWAITED", "TOLD_UNANSWERED", "Awaited", "Awaiting"]

MOST_AWAITED: Final = 10_000
"""Commands that wait for their answer. Beyond it commands are told, and their answers stand for themselves."""

TOLD_UNANSWERED: Final = 100
"""Commands that the end of a session names as unanswered."""

_MOST_SECRETS: Final = 8
"""Of one command: an AUTH exchange has several lines."""

_SECRET_OCTETS: Final = 2048
"""Looked for in an answer, whose line has 512."""


@dataclass(slots=True)
class Awaited:
    """A command whose answer has not come, or is under way."""

    sent: CommandSent
    secrets: list[bytes] = field(default_factory=list)
    challenges: int = 0
    """Challenges of AUTH that no response has come to."""

    def hide(self, secret: bytes) -> None:
        """Take note of what the answer must not repeat."""
        if secret and len(self.secrets) < _MOST_SECRETS:
            self.secrets.append(secret[:_SECRET_OCTETS])


class Awaiting:
    """The commands of one session that wait, in their order."""

    __slots__ = ("_commands",)

    def __init__(self) -> None:
        self._commands: deque[Awaited] = deque()

    def __bool__(self) -> bool:
        return bool(self._commands)

    def add(self, sent: CommandSent, secret: bytes) -> None:
        """Let a command wait. `secret` is what was hidden of it."""
        if len(self._commands) < MOST_AWAITED:
            awaited = Awaited(sent)
            awaited.hide(secret)
            self._commands.append(awaited)

    @property
    def first(self) -> Awaited | None:
        """The command that the next reply answers."""
        return self._commands[0] if self._commands else None

    @property
    def exchange(self) -> Awaited | None:
        """The AUTH whose lines come now: nothing but its exchange may stand behind it."""
        last = self._commands[-1] if self._commands else None
        return last if last is not None and last.sent.keyword == b"AUTH" and last.sent.has_argument else None

    def answered(self) -> Awaited | None:
        """Take the command out that was answered; None: nothing was asked."""
        return self._commands.popleft() if self._commands else None

    def clear(self) -> None:
        """Wait for nothing more."""
        self._commands.clear()

    def unanswered(self) -> tuple[CommandSent, ...]:
        """Give the first of those that wait."""
        return tuple([awaited.sent for awaited in self._commands][:TOLD_UNANSWERED])
