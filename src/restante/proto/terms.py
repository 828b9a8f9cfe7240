"""The words of the protocol as types: what the RFCs name, and nothing else.

Kinds of number are kinds of type, so that a message number cannot be passed where octets are meant.
Sources: RFC 1939 (states, status indicators, message numbers, unique-ids), RFC 2449 §8 and RFC 3206
(response codes).
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NewType

__all__ = [
    "LARGEST_UNIQUE_ID_OCTETS",
    "MessageNumber",
    "Octets",
    "ResponseCode",
    "Secret",
    "State",
    "StatusIndicator",
    "UniqueId",
    "is_legal_unique_id",
]

MessageNumber = NewType("MessageNumber", int)
"""A message's place in the maildrop as numbered when the session opened, from 1. Only the parser makes one."""

UniqueId = NewType("UniqueId", bytes)
"""1 to 70 octets of 0x21 to 0x7E that name a message for ever. Source: RFC 1939 §7."""

Octets = NewType("Octets", int)
"""A count of octets in which each line end counts as two and stuffed dots do not count. RFC 1939 §11."""

LARGEST_UNIQUE_ID_OCTETS: Final = 70
"""Source: RFC 1939 §7."""


class State(Enum):
    """The states of a session. Source: RFC 1939 §3."""

    AUTHORIZATION = "AUTHORIZATION"
    TRANSACTION = "TRANSACTION"
    UPDATE = "UPDATE"

    # An Enum hashes by name, in Python, and a state is looked up at each command.
    __hash__ = object.__hash__


class StatusIndicator(Enum):
    """The two kinds of answer there are. Source: RFC 1939 §3."""

    OK = b"+OK"
    ERR = b"-ERR"


class ResponseCode(Enum):
    """What stands in brackets after the status indicator. Sources: RFC 2449 §8.1, RFC 3206, RFC 6856."""

    IN_USE = b"IN-USE"
    LOGIN_DELAY = b"LOGIN-DELAY"
    SYS_TEMP = b"SYS/TEMP"
    SYS_PERM = b"SYS/PERM"
    AUTH = b"AUTH"
    UTF8 = b"UTF8"


class Secret:
    """Octets that never show by accident: neither repr, str, format nor pickling gives them away.

    `reveal` is the one way to them, so that a search for that word finds each use.
    """

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def reveal(self) -> bytes:
        """Give the octets. Only for verifying or sending them."""
        return self._octets

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._octets == other._octets

    def __hash__(self) -> int:
        return hash((Secret, self._octets))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is not pickled")


def is_legal_unique_id(octets: bytes) -> bool:
    """Tell whether octets may stand as a unique-id: 1 to 70 of 0x21 to 0x7E. Source: RFC 1939 §7."""
    return 1 <= len(octets) <= LARGEST_UNIQUE_ID_OCTETS and min(octets) >= 0x21 and max(octets) <= 0x7E
