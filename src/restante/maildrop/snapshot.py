"""What a maildrop held when the session opened: immutable, and numbered once.

A snapshot knows numbers, octets, unique-ids, and how much byte-stuffing a message needs; where the messages lie is
the store's affair. Stores may share one snapshot among many sessions, which is why the two listings are rendered
once and kept here. One that nobody asked for a listing or a message yet may rest: then it knows its sums only, and
its columns are elsewhere.
Sources: RFC 1939 §4 (numbers), §5 (scan listing), §7 (unique-id listing).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from restante.maildrop.runs import Run
from restante.proto.lines import DOTS_UNKNOWN
from restante.proto.terms import (
    LARGEST_UNIQUE_ID_OCTETS,
    MessageNumber,
    Octets,
    UniqueId,
    is_legal_unique_id,
)

__all__ = ["Snapshot", "Source"]

_LEGAL_UNIQUE_IDS: Final = re.compile(rb"(?:[!-~]{1,%d}\0)*+" % LARGEST_UNIQUE_ID_OCTETS)
"""`is_legal_unique_id` for many, each ended by `runs.END`."""


class Source(Protocol):
    """Where a snapshot has its columns again that let go of them."""

    def figures(self) -> tuple[Sequence[int], Sequence[int], Run]:
        """Give octets, dots and unique-ids, as they were."""
        ...


class Snapshot:
    """Messages 1 to n of a maildrop, by octets and unique-id.

    Raises ValueError when the two columns differ in length, or a unique-id is illegal or doubled: a store that
    builds one has to mend that first, since a client that sees it would lose or double mail.
    """

    __slots__ = (
        "_dots",
        "_octets",
        "_scan_listing",
        "_source",
        "_unique_id_listing",
        "_unique_ids",
        "count",
        "total_octets",
    )

    count: int
    """How many messages there are."""
    total_octets: Octets
    """The sum over all messages; exact past 4 GiB."""

    def __init__(
        self,
        *,
        octets: Sequence[int],
        unique_ids: Iterable[bytes] | Run,
        dots: Sequence[int] | None = None,
    ) -> None:
        """Take columns that nobody changes: they are kept as they are.

        `dots`: how many lines of each message begin with a dot; None where that is not known.
        """
        run = unique_ids if isinstance(unique_ids, Run) else Run.of(unique_ids)
        # All at once, since 100,000 calls of a function would be felt at each listing.
        if not _LEGAL_UNIQUE_IDS.fullmatch(run.octets):
            wrong = next(each for each in run if not is_legal_unique_id(each))
            raise ValueError(f"not a legal unique-id: {wrong!r}")
        if len(octets) != len(run):
            raise ValueError(f"{len(octets)} sizes for {len(run)} unique-ids")
        if len(set(run)) != len(run):
            raise ValueError("a unique-id stands twice")
        self._octets: Sequence[int] | None = octets
        self._dots = dots
        self._unique_ids: Run | None = run
        self._source: Source | None = None
        self.count = len(octets)
        self.total_octets = Octets(sum(octets))
        self._scan_listing: bytes | None = None
        self._unique_id_listing: bytes | None = None

    def rest(self, source: Source) -> None:
        """Let go of the columns until somebody asks for more than how many messages and octets there are."""
        self._octets = self._dots = self._unique_ids = None
        self._source = source

    def _wake(self) -> tuple[Sequence[int], Sequence[int], Run]:
        assert self._source is not None, "only a snapshot that rests has no columns"
        figures = self._octets, self._dots, self._unique_ids = self._source.figures()
        self._source = None
        return figures

    def __len__(self) -> int:
        return self.count

    def octets(self, number: MessageNumber) -> Octets:
        """Give a message's size. Raises IndexError past the end."""
        octets = self._octets
        if octets is None:
            octets = self._wake()[0]
        return Octets(octets[number - 1])

    def dots(self, number: MessageNumber) -> int:
        """Give how many lines of a message begin with a dot, or DOTS_UNKNOWN. Raises IndexError past the end."""
        dots = self._dots
        if dots is None:
            if self._source is None:
                return DOTS_UNKNOWN
            dots = self._wake()[1]
        return dots[number - 1]

    def unique_id(self, number: MessageNumber) -> UniqueId:
        """Give a message's unique-id. Raises IndexError past the end."""
        unique_ids = self._unique_ids
        if unique_ids is None:
            unique_ids = self._wake()[2]
        return UniqueId(unique_ids[number - 1])

    @property
    def unique_ids(self) -> tuple[bytes, ...]:
        """All unique-ids, in the order of the message numbers; made when asked for."""
        unique_ids = self._unique_ids
        return tuple(self._wake()[2] if unique_ids is None else unique_ids)

    @property
    def scan_listing(self) -> bytes:
        """The lines of LIST for all messages, without the terminating line; rendered once."""
        if self._scan_listing is None:
            octets = self._octets
            if octets is None:
                octets = self._wake()[0]
            self._scan_listing = b"".join([b"%d %d\r\n" % row for row in enumerate(octets, 1)])
        return self._scan_listing

    @property
    def unique_id_listing(self) -> bytes:
        """The lines of UIDL for all messages, without the terminating line; rendered once."""
        if self._unique_id_listing is None:
            unique_ids = self._unique_ids
            if unique_ids is None:
                unique_ids = self._wake()[2]
            self._unique_id_listing = b"".join([b"%d %s\r\n" % row for row in enumerate(unique_ids, 1)])
        return self._unique_id_listing
