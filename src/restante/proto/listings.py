"""What servers say in listings, read as it is meant: STAT, LIST, UIDL and CAPA, with words nobody asked for.

Nothing here raises: a line that makes no sense gives None, so that one bad line does not hide the others. Numbers
are bounded by their digits before they are made.
Sources: RFC 1939 §5 and §7, RFC 2449 §5 and §6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from restante.proto.terms import MessageNumber, Octets

__all__ = [
    "LARGEST_NUMBER",
    "LARGEST_OCTETS",
    "Capabilities",
    "DropListing",
    "drop_listing",
    "scan_listing_line",
    "unique_id_line",
]

LARGEST_NUMBER: Final = 2**31 - 1
"""A message number beyond this is taken for none: no maildrop holds so many."""

LARGEST_OCTETS: Final = 2**53 - 1
"""A count of octets beyond this is taken for none; each below it survives JSON."""

_DROP: Final = re.compile(rb"[^0-9-]*([0-9]{1,10})(?![0-9])(?:[^0-9-]+([0-9]{1,16})(?![0-9]))?")
_SCAN: Final = re.compile(rb"[ \t]*([0-9]{1,10})[:.,]?[ \t]+[^0-9-]{0,16}([0-9]{1,16})(?![0-9.])")
_NUMBERED: Final = re.compile(rb"[ \t]*([0-9]{1,10})[:.,]?(?:[ \t]+([^ \t]+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class DropListing:
    """What STAT tells: of the messages without deletion marks."""

    messages: int
    octets: Octets


def drop_listing(text: bytes) -> DropListing | None:
    """Read the text after `+OK` to STAT: `2 320`, and as well `2 messages (320 octets)`. Octets not told are 0."""
    found = _DROP.match(text)
    if found is None:
        return None
    messages, octets = int(found[1]), int(found[2] or 0)
    if messages > LARGEST_NUMBER or octets > LARGEST_OCTETS:
        return None
    return DropListing(messages=messages, octets=Octets(octets))


def scan_listing_line(line: bytes) -> tuple[MessageNumber, Octets] | None:
    """Read a line of LIST: `1 120`, and as well `1 120 octets`."""
    found = _SCAN.match(line)
    if found is None:
        return None
    number, octets = int(found[1]), int(found[2])
    if not 1 <= number <= LARGEST_NUMBER or octets > LARGEST_OCTETS:
        return None
    return MessageNumber(number), Octets(octets)


def unique_id_line(line: bytes) -> tuple[MessageNumber, bytes] | None:
    """Read a line of UIDL: a number and a unique-id, which is empty where the server left it out.

    The unique-id is given as it came, whatever its length; further columns are passed over.
    """
    found = _NUMBERED.match(line)
    if found is None:
        return None
    number = int(found[1])
    if not 1 <= number <= LARGEST_NUMBER:
        return None
    return MessageNumber(number), found[2] or b""


class Capabilities(Mapping[str, tuple[str, ...]]):
    """What a server says that it can do: tags in upper case, each with its parameters as they came.

    `"TOP" in capabilities`; `capabilities.get("SASL", ())`. `told` is False where the server knows no CAPA, and
    then a tag that is missing says nothing.
    """

    __slots__ = ("_tags", "told")

    def __init__(self, lines: Iterable[bytes] = (), *, told: bool = True) -> None:
        tags: dict[str, tuple[str, ...]] = {}
        for line in lines:
            tag, *parameters = line.decode("latin-1").split() or [""]
            if tag:
                # A tag that comes twice is one: some servers list each mechanism on a line of its own.
                tags[tag.upper()] = (*tags.get(tag.upper(), ()), *parameters)
        self._tags = MappingProxyType(tags)
        self.told = told

    def __getitem__(self, tag: str) -> tuple[str, ...]:
        return self._tags[tag]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tags)

    def __len__(self) -> int:
        return len(self._tags)

    def __repr__(self) -> str:
        return f"Capabilities({dict(self._tags)!r}, told={self.told})"

    def seconds(self, tag: str) -> int | None:
        """Give a tag's first parameter as a count, of seconds for LOGIN-DELAY; None where there is none."""
        first = next(iter(self.get(tag, ())), "")
        return int(first) if first.isascii() and first.isdigit() and len(first) <= 9 else None
