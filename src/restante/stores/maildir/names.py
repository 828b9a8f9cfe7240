"""Names of files in a Maildir: reading anybody's, and making ours.

`<seconds>.M<micros>P<pid>Q<counter>R<random>.<host>,S=<octets in the file>,W=<octets on the wire>:2,<flags>`

The base name is all before `:2,`; it stays when another program moves the file or sets flags, and so it serves as
the unique-id. S equal to W means that the file is in canonical form. Names of others may lack any of this, or lie:
a name is only ever taken at its word for a listing, and the octets are counted again when they are sent.
Sources: RFC 1939 §7 (unique-ids); the Maildir format as Maildir++ extends it (S, W).
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from restante.proto.terms import LARGEST_UNIQUE_ID_OCTETS, UniqueId

__all__ = ["UNKNOWN", "ParsedName", "base_of", "build", "hashed_id", "id_from_base", "is_its_own_id", "parse"]

UNKNOWN = -1
"""Stands where a name does not tell the octets."""

FLAGS_MARK = b":2,"

_OURS = re.compile(
    rb"([0-9]{1,12})\.M([0-9]{6})P[0-9]+Q([0-9]{1,18})R[^,:]*,S=([0-9]{1,18}),W=([0-9]{1,18})(?::2,.*)?", re.DOTALL
)
_TIME = re.compile(rb"([0-9]{1,12})(?:\.[^.,:M]*M([0-9]{1,6}))?")
_FILE_OCTETS = re.compile(rb",S=([0-9]{1,18})(?=,|\Z)")
_WIRE_OCTETS = re.compile(rb",W=([0-9]{1,18})(?=,|\Z)")
_HOST_TO_ESCAPE = re.compile(rb"[^0-9A-Za-z.\-]")

_LEGAL_ID = re.compile(rb"[!-~]{1,%d}" % LARGEST_UNIQUE_ID_OCTETS)
_HASHED_ID = re.compile(rb"h-[0-9a-f]{40}")


class ParsedName(NamedTuple):
    """What a name tells. Sorts by time of delivery, then by our counter, then by base name."""

    delivered_micros: int
    """Since the epoch; 0 when the name does not begin with a time."""
    counter: int
    base: bytes
    file_octets: int
    """UNKNOWN unless W is known too."""
    wire_octets: int
    """UNKNOWN when it has to be measured."""


def base_of(name: bytes) -> bytes:
    """Give what stays of a name when its flags change."""
    return name.partition(FLAGS_MARK)[0]


def parse(name: bytes) -> ParsedName:
    """Read a name, whoever made it. Never fails."""
    base = name.partition(FLAGS_MARK)[0] if FLAGS_MARK in name else name
    ours = _OURS.fullmatch(name)
    if ours is not None:
        seconds, micros, counter, in_file, on_wire = map(int, ours.groups())
        return ParsedName(seconds * 1_000_000 + micros, counter, base, *_believable(in_file, on_wire))
    time = _TIME.match(base)
    delivered = int(time[1]) * 1_000_000 + int(time[2] or 0) if time else 0
    file_octets, wire_octets = _FILE_OCTETS.search(base), _WIRE_OCTETS.search(base)
    if file_octets is None or wire_octets is None:
        return ParsedName(delivered, 0, base, UNKNOWN, UNKNOWN)
    return ParsedName(delivered, 0, base, *_believable(int(file_octets[1]), int(wire_octets[1])))


def _believable(in_file: int, on_wire: int) -> tuple[int, int]:
    # Canonical form only ever adds: at most one octet for each octet, and a line end after the last line.
    return (in_file, on_wire) if in_file <= on_wire <= 2 * in_file + 2 else (UNKNOWN, UNKNOWN)


def build(
    *, seconds: float, pid: int, counter: int, random: str, host: str, file_octets: int, wire_octets: int
) -> bytes:
    """Make the name of a message of ours, at most 70 octets so that it can be its unique-id.

    A host name too long for the rest of the room is replaced by as much of its hash as fits.
    """
    micros = int(seconds * 1_000_000)
    front = b"%d.M%06dP%dQ%dR%s." % (*divmod(micros, 1_000_000), pid, counter, random.encode())
    back = b",S=%d,W=%d" % (file_octets, wire_octets)
    room = LARGEST_UNIQUE_ID_OCTETS - len(front) - len(back)
    escaped = _HOST_TO_ESCAPE.sub(lambda octet: b"\\%03o" % octet[0][0], host.encode())
    if len(escaped) > room:
        escaped = hashlib.sha256(escaped).hexdigest().encode()[: max(room, 0)]
    return front + escaped + back


def id_from_base(base: bytes) -> UniqueId:
    """Give the unique-id of a base name: itself where that is legal, else a hash of it.

    A base name that looks like a hash is hashed too, so that the two kinds can never be the same.
    """
    return UniqueId(base) if is_its_own_id(base) else hashed_id(base)


def is_its_own_id(base: bytes) -> bool:
    """Tell whether a base name is its unique-id by itself."""
    return _LEGAL_ID.fullmatch(base) is not None and (base[:2] != b"h-" or _HASHED_ID.fullmatch(base) is None)


def hashed_id(base: bytes, *more: int) -> UniqueId:
    """Give a unique-id by hash: 42 octets; `more` tells apart what has one base name."""
    told = b"/".join([base, *(b"%d" % number for number in more)])
    return UniqueId(b"h-" + hashlib.sha256(told).hexdigest()[:40].encode())
