"""Names of files in a Maildir: reading anybody's, and making ours.

`<seconds>.M<micros>P<pid>Q<counter>R<random>.<host>,S=<octets in the file>,W=<octets on the wire>,D=<dots>`

and then, as in everybody's names, `:2,<flags>`. The base name is all before that; it stays when another program
moves the file or sets flags, and so it serves as the unique-id. S equal to W means that the file is in canonical
form. D, which only such files have, counts the lines that begin with a dot. Behind it stands
`,U=<version><difference>`, as in `,U=1+37`, where the header is not in ASCII: by how many octets the surrogate
differs from W, and by which version of it. A name with a D tells all that was found when the octets came in (see
`measure.Facts`). The file's own time is then that of its name, so that a later change of the octets shows: a name
is taken at its word for a listing, and with that time for what is sent.

Names of others may lack any of this, or lie. Theirs have no D, and what S and W say is never sent by.
Sources: RFC 1939 §7 (unique-ids); the Maildir format as Maildir++ extends it (S, W).
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from restante.maildrop.downgrade import SURROGATE_VERSION
from restante.proto.terms import LARGEST_UNIQUE_ID_OCTETS, UniqueId

__all__ = [
    "NO_SURROGATE",
    "UNKNOWN",
    "ParsedName",
    "base_of",
    "build",
    "hashed_id",
    "id_from_base",
    "is_its_own_id",
    "parse",
    "told_mtime_ns",
]

UNKNOWN = -1
"""Stands where a name does not tell the octets, or the dots."""

NO_SURROGATE = 0
"""Stands for a surrogate's octets where the header is in ASCII as it is."""

FLAGS_MARK = b":2,"

_OURS = re.compile(
    rb"([0-9]{1,12})\.M([0-9]{6})P[0-9]+Q([0-9]{1,18})R[^,:]*,S=([0-9]{1,18}),W=([0-9]{1,18})"
    rb"(?:,D=([0-9]{1,18})(?:,U=([0-9]{1,4})([+-][0-9]{1,18}))?)?(?::2,.*)?",
    re.DOTALL,
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
    surrogate_octets: int
    """NO_SURROGATE where there is none, or where that is not known."""
    dots: int
    """Lines that begin with a dot; UNKNOWN when the file has to be looked at, for the surrogate too."""


def base_of(name: bytes) -> bytes:
    """Give what stays of a name when its flags change."""
    return name.partition(FLAGS_MARK)[0]


def parse(name: bytes) -> ParsedName:
    """Read a name, whoever made it. Never fails."""
    base = name.partition(FLAGS_MARK)[0] if FLAGS_MARK in name else name
    ours = _OURS.fullmatch(name)
    if ours is not None:
        seconds, micros, counter, in_file, on_wire, dots, version, difference = ours.groups()
        delivered, file_octets, wire_octets = int(seconds) * 1_000_000 + int(micros), int(in_file), int(on_wire)
        if not _believable(file_octets, wire_octets):
            return ParsedName(delivered, int(counter), base, UNKNOWN, UNKNOWN, NO_SURROGATE, UNKNOWN)
        surrogate_octets = NO_SURROGATE
        if version is not None:
            surrogate_octets = wire_octets + int(difference)
            if int(version) != SURROGATE_VERSION or surrogate_octets <= 0:
                dots = None
        if dots is None or file_octets != wire_octets:
            return ParsedName(delivered, int(counter), base, file_octets, wire_octets, NO_SURROGATE, UNKNOWN)
        return ParsedName(delivered, int(counter), base, file_octets, wire_octets, surrogate_octets, int(dots))
    time = _TIME.match(base)
    delivered = int(time[1]) * 1_000_000 + int(time[2] or 0) if time else 0
    in_file, on_wire = _FILE_OCTETS.search(base), _WIRE_OCTETS.search(base)
    if in_file is None or on_wire is None or not _believable(int(in_file[1]), int(on_wire[1])):
        return ParsedName(delivered, 0, base, UNKNOWN, UNKNOWN, NO_SURROGATE, UNKNOWN)
    return ParsedName(delivered, 0, base, int(in_file[1]), int(on_wire[1]), NO_SURROGATE, UNKNOWN)


def told_mtime_ns(name: bytes) -> int:
    """Give the time that a name of ours tells, as its file bears it: for names known to be such, of 2001 to 2286.

    For others it gives anything, or raises ValueError.
    """
    return int(name[:10]) * 1_000_000_000 + int(name[12:18]) * 1000


def _believable(file_octets: int, wire_octets: int) -> bool:
    # Canonical form only ever adds: at most one octet for each octet, and a line end after the last line.
    return file_octets <= wire_octets <= 2 * file_octets + 2


def build(
    *,
    micros: int,
    pid: int,
    counter: int,
    random: str,
    host: str,
    file_octets: int,
    wire_octets: int,
    surrogate_octets: int,
    dots: int,
) -> bytes:
    """Make the name of a message of ours, at most 70 octets so that it can be its unique-id.

    `micros` is since the epoch; the file is to bear that time. A host name too long for the rest of the room is
    replaced by as much of its hash as fits. Where there is no room for D and U even so, and for a file that is not
    canonical, they are left out: it is looked at like those of others.
    """
    front = b"%d.M%06dP%dQ%dR%s." % (*divmod(micros, 1_000_000), pid, counter, random.encode())
    back = b",S=%d,W=%d" % (file_octets, wire_octets)
    found = b",D=%d" % dots
    if surrogate_octets != NO_SURROGATE:
        found += b",U=%d%+d" % (SURROGATE_VERSION, surrogate_octets - wire_octets)
    room = LARGEST_UNIQUE_ID_OCTETS - len(front) - len(back)
    if file_octets == wire_octets and len(found) <= room:
        back += found
        room -= len(found)
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
