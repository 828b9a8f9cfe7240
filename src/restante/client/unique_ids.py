"""A name for every message, also where the server has none that can be used.

What UIDL tells is taken as it is, longer than 70 octets too. Where it tells nothing for a message, or the same for
several, the name is made here: `sha256:` and 40 hex digits over the message's headers and its octets as listed. It
is the same in every session as long as the server shows the same headers; those that servers are known to change
(Status, X-Status, X-UIDL) are left out. Copies of one message, which nothing tells apart, are counted: `…~2`.
Sources: RFC 1939 §7 (unique-ids, which are optional there).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from restante.proto.terms import MessageNumber, Octets, UniqueId

__all__ = ["digest_id", "distinct", "unnamed"]

_CHANGING: Final = re.compile(rb"(?im)^(?:Status|X-Status|X-UIDL):[^\n]*\n(?:[ \t][^\n]*\n)*")
_HEX_DIGITS: Final = 40


def unnamed(numbers: Iterable[MessageNumber], told: Mapping[MessageNumber, bytes]) -> list[MessageNumber]:
    """Give the messages for which a name has to be made: none told, or one that several have."""
    known = [(number, told.get(number, b"")) for number in numbers]
    times = Counter(unique_id for _, unique_id in known)
    return [number for number, unique_id in known if not unique_id or times[unique_id] > 1]


def digest_id(headers: bytes, octets: Octets) -> UniqueId:
    """Make a name from what a message's headers and octets are."""
    headers = _CHANGING.sub(b"", headers.rstrip(b"\r\n") + b"\r\n")
    digest = hashlib.sha256(b"%d\r\n%s" % (octets, headers)).hexdigest()[:_HEX_DIGITS]
    return UniqueId(b"sha256:" + digest.encode())


def distinct(names: Iterable[UniqueId]) -> list[UniqueId]:
    """Give the names in their order, with copies counted from the second on."""
    seen: Counter[bytes] = Counter()
    taken = []
    for name in names:
        seen[name] += 1
        taken.append(name if seen[name] == 1 else UniqueId(b"%s~%d" % (name, seen[name])))
    return taken
