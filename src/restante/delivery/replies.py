"""Why mail was not taken, and what is said about it on the wire: the one place where that is chosen.

Sources: RFC 5321 §4.2 (codes), RFC 3463 (status codes), RFC 2034 (how the two go together).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

__all__ = ["BareLineEnds", "Cause", "OverQuotaAnswer", "Rejection"]


class BareLineEnds(Enum):
    """What happens to a message in which a CR or an LF stands alone (wire rule M1)."""

    NORMALISE = "normalise"
    """Each becomes a CRLF, once, on the way in."""
    REFUSE = "refuse"
    """The message is refused; so are commands that end with LF alone."""


class OverQuotaAnswer(Enum):
    """What happens to mail for an account whose quota has no room for it."""

    DEFER = "defer"
    """The sender keeps it and tries again: 452."""
    REFUSE = "refuse"
    """The sender is told that it cannot be delivered: 552."""


class Cause(Enum):
    """Why a recipient or a message was not taken."""

    NO_SUCH_ACCOUNT = "no such account"
    FOREIGN_DOMAIN = "not a domain of ours, and this is no relay"
    BAD_ADDRESS = "not an address"
    TOO_LONG = "longer than the message limit"
    BARE_LINE_END = "a bare CR or LF in the message"
    NO_ROOM = "no room in the store"
    OVER_QUOTA_NOW = "over quota"
    OVER_QUOTA_FOR_GOOD = "over quota, and such mail is refused"
    STORE_FAULT = "the store failed"
    ACCOUNTS_FAULT = "the account directory failed"
    TOO_MUCH_HELD = "too many octets held by deliveries under way"
    FAULT = "a fault of our own"


_TEMPORARY = frozenset(
    {
        *(Cause.NO_ROOM, Cause.OVER_QUOTA_NOW, Cause.STORE_FAULT, Cause.ACCOUNTS_FAULT, Cause.TOO_MUCH_HELD),
        Cause.FAULT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A recipient or a message was not taken."""

    cause: Cause
    detail: str = ""
    """For the log only; may name paths."""

    @property
    def is_temporary(self) -> bool:
        """Whether the sender should try again."""
        return self.cause in _TEMPORARY

    @property
    def reason(self) -> str:
        """One sentence for the log."""
        return f"{self.cause.value}: {self.detail}" if self.detail else self.cause.value

    @property
    def reply(self) -> str:
        """What goes out on the wire, without its line end."""
        match self.cause:
            case Cause.NO_SUCH_ACCOUNT:
                return "550 5.1.1 No such account here; check the address for typing errors"
            case Cause.FOREIGN_DOMAIN:
                return "550 5.7.1 Relaying denied: mail for that domain is not taken here"
            case Cause.BAD_ADDRESS:
                return "553 5.1.3 Not an address this server can read; write <name@domain>"
            case Cause.TOO_LONG:
                return "552 5.3.4 The message is longer than this server takes; EHLO tells the limit"
            case Cause.BARE_LINE_END:
                return "550 5.6.11 The message holds a bare CR or LF; end each line with CRLF"
            case Cause.NO_ROOM:
                return "452 4.3.1 No room to keep the message; try again later"
            case Cause.OVER_QUOTA_NOW:
                return "452 4.2.2 The maildrop is full; try again when its owner has removed mail"
            case Cause.OVER_QUOTA_FOR_GOOD:
                return "552 5.2.2 The maildrop is full; tell its owner by other means"
            case Cause.TOO_MUCH_HELD:
                return "452 4.3.1 Too much mail is coming in at once; try again later"
            case Cause.STORE_FAULT | Cause.ACCOUNTS_FAULT | Cause.FAULT:
                return "451 4.3.0 The server could not do it now; try again later"
            case _:
                assert_never(self.cause)
