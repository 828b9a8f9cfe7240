"""What a maildrop held when the session opened: immutable, and numbered once.

A snapshot knows numbers, octets, unique-ids, and how much byte-stuffing a message needs; where the messages lie is
the store's affair. Stores may share one snapshot among many sessions, which is why the two listings are rendered
once and kept here.
Sources: RFC 1939 §4 (numbers), §5 (scan listing), §7 (unique-id listing).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from restante.proto.lines import DOTS_UNKNOWN
from restante.proto.terms import (
    LARGEST_UNIQUE_ID_OCTETS,
    MessageNumber,
    Octets,
    UniqueId,
    is_legal_unique_id,
)

__all__ = ["Snapshot"]

_LEGAL_UNIQUE_IDS: Final = re.compile(rb"(?:[!-~]{1,%d}\n)*+" % LARGEST_UNIQUE_ID_OCTETS)
"""`is_legal_unique_id` for many, each ended by LF."""


_MOST_DOTS: Final = 127
"""A message with more is looked through: an octet for each message is enough for all others."""


class Snapshot:
    """Messages 1 to n of a maildrop, by octets and unique-id.

    Raises ValueError when the two columns differ in length, or a unique-id is illegal or doubled: a store that
    builds one has to mend that first, since a client that sees it would lose or double mail.
    """

    __slots__ = ("_dots", "_octets", "_scan_listing", "_unique_id_listing", "_unique_ids", "count", "total_octets")

    count: int
    """How many messages there are."""
    total_octets: Octets
    """The sum over all messages; exact past 4 GiB."""

    def __init__(
        self, *, octets: Iterable[int], unique_ids: Sequence[bytes], dots: Iterable[int] | None = None
    ) -> None:
        """`dots`: how many lines of each message begin with a dot; None where that is not known."""
        self._octets = array("Q", octets)
        self._unique_ids = tuple(unique_ids)
        if len(self._octets) != len(self._unique_ids):
            raise ValueError(f"{len(self._octets)} sizes for {len(self._unique_ids)} unique-ids")
        if len(set(self._unique_ids)) != len(self._unique_ids):
            raise ValueError("a unique-id stands twice")
        # All at once, since 100,000 calls of a function would be felt at each listing.
        lines = b"".join([unique_id + b"\n" for unique_id in self._unique_ids])
        if lines.count(b"\n") != len(self._unique_ids) or not _LEGAL_UNIQUE_IDS.fullmatch(lines):
            wrong = next(each for each in self._unique_ids if not is_legal_unique_id(each))
            raise ValueError(f"not a legal unique-id: {wrong!r}")
        told = [DOTS_UNKNOWN] * len(self._octets) if dots is None else dots
        self._dots = array("b", [each if each <= _MOST_DOTS else DOTS_UNKNOWN for each in told])
        self.count = len(self._octets)
        self.total_octets = Octets(sum(self._octets))
        self._scan_listing: bytes | None = None
        self._unique_id_listing: bytes | None = None

    def __len__(self) -> int:
        return len(self._octets)

    def octets(self, number: MessageNumber) -> Octets:
        """Give a message's size. Raises IndexError past the end."""
        return Octets(self._octets[number - 1])

    def dots(self, number: MessageNumber) -> int:
        """Give how many lines of a message begin with a dot, or DOTS_UNKNOWN. Raises IndexError past the end."""
        return self._dots[number - 1]

    def unique_id(self, number: MessageNumber) -> UniqueId:
        """Give a message's unique-id. Raises IndexError past the end."""
        return UniqueId(self._unique_ids[number - 1])

    @property
    def unique_ids(self) -> tuple[bytes, ...]:
        """All unique-ids, in the order of the message numbers."""
        return self._unique_ids

    @property
    def scan_listing(self) -> bytes:
        """The lines of LIST for all messages, without the terminating line; rendered once."""
        if self._scan_listing is None:
            self._scan_listing = b"".join([b"%d %d\r\n" % row for row in enumerate(self._octets, 1)])
        return self._scan_listing

    @property
    def unique_id_listing(self) -> bytes:
        """The lines of UIDL for all messages, without the terminating line; rendered once."""
        if self._unique_id_listing is None:
            self._unique_id_listing = b"".join([b"%d %s\r\n" % row for row in enumerate(self._unique_ids, 1)])
        return self._unique_id_listing
