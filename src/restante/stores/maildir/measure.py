"""Looking at a message once: all that has to be known of its octets, and what tells whether it still holds.

One look gives the octets in canonical form without making that form, the lines that begin with a dot, and the
octets of the ASCII surrogate where the header needs one. Our own deliveries are looked at on their way in, and
their names remember; files of other programs are looked at once, and the index remembers. A later change of a
file shows by its octets or its time.

The canonical form adds one octet for each bare CR and each bare LF, and a line end to a last line that has none;
it takes nothing away. So a file is in canonical form exactly when the two counts are equal.
Sources: RFC 1939 §3 (byte-stuffing), §11 (octets), RFC 6856 §2.1. `proto.lines.canonical` owns the form and
`maildrop.downgrade` the surrogate; tests hold these counts to them.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from restante.maildrop.downgrade import Downgrader
from restante.proto.lines import Canonicalizer, TopCutter
from restante.stores.maildir.names import NO_SURROGATE

__all__ = [
    "CLOCK_GRAIN_NS",
    "UNSETTLED",
    "Facts",
    "Measure",
    "NotAFile",
    "facts_of",
    "is_settled",
    "measure",
    "open_message",
]

READ_OCTETS = 256 * 1024
"""How much of a file is held at once."""

CLOCK_GRAIN_NS = 50_000_000
"""How old a last change must be before its time proves that nothing changed since, in nanoseconds.

The kernel stamps files from a clock that ticks as seldom as every 10 ms (CONFIG_HZ=100; finer since Linux 6.13):
two changes within a tick bear one time, so what is read between them looks valid for ever. Five ticks leave room
for a busy machine. On a network file system the server's clock stamps: one that is slower than ours by more than
this makes the proof void there, which is one more reason to keep maildrops on a local disk.
"""

UNSETTLED = -1
"""Stands for the time of a file that changed so lately, or while it was read, that the time proves nothing."""

_DOT = 0x2E


class NotAFile(OSError):
    """What stands under a message's name is no regular file: a link, a pipe, a folder, a device."""


class Facts(NamedTuple):
    """What a look at a message's octets finds."""

    file_octets: int
    wire_octets: int
    surrogate_octets: int
    """Of the message with its header in ASCII, on the wire; NO_SURROGATE where it is in ASCII as it is."""
    dots: int
    """Lines that begin with a dot."""
    bare_lf: bool
    """Whether each line, and there are some, ends in LF without CR, and there is no CR at all."""


class Measure(NamedTuple):
    """A file's facts, and the time with which they hold."""

    mtime_ns: int
    """Nanoseconds since the epoch, or UNSETTLED."""
    facts: Facts


def facts_of(chunks: Iterable[bytes]) -> Facts:
    """Look at a message in chunks. They are gone through twice where something in them is not ASCII."""
    octets = owed = dots = returns = 0
    at_line_start, held_cr, ended, in_ascii = True, False, True, True
    for chunk in chunks:
        if not chunk:
            continue
        octets += len(chunk)
        pairs, feeds, carriage = chunk.count(b"\r\n"), chunk.count(b"\n"), chunk.count(b"\r")
        returns += carriage
        dots += chunk.count(b"\n.") + (at_line_start and chunk[0] == _DOT)
        if carriage != pairs:
            dots += chunk.count(b"\r.")
        if held_cr:
            # The CR before belongs to this LF, or was a bare one.
            owed += -1 if chunk[0] == 0x0A else 1
        held_cr = chunk[-1] == 0x0D
        owed += feeds + carriage - 2 * pairs - held_cr
        at_line_start = ended = held_cr or chunk[-1] == 0x0A
        in_ascii = in_ascii and chunk.isascii()
    wire_octets = octets + owed + held_cr + (0 if ended else 2)
    difference = None if in_ascii else _surrogate_difference(chunks)
    return Facts(
        file_octets=octets,
        wire_octets=wire_octets,
        surrogate_octets=NO_SURROGATE if difference is None else wire_octets + difference,
        dots=dots,
        bare_lf=octets > 0 and ended and not returns,
    )


def _surrogate_difference(chunks: Iterable[bytes]) -> int | None:
    """Give by how many octets the surrogate differs from the canonical form; None where there is none."""
    canonicalizer, header, downgrader = Canonicalizer(), TopCutter(0), Downgrader()
    before = after = 0
    in_ascii = True
    for piece in _canonical(canonicalizer, chunks):
        part = header.feed(piece)
        in_ascii = in_ascii and part.isascii()
        before += len(part)
        after += len(downgrader.feed(part))
        if header.done:
            break
    after += len(downgrader.finish())
    return None if in_ascii else after - before


def _canonical(canonicalizer: Canonicalizer, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield canonicalizer.feed(chunk)
    yield canonicalizer.finish()


def open_message(path: bytes) -> tuple[int, os.stat_result]:
    """Open a message's file for reading, and give its descriptor and its facts.

    No link is followed and no pipe waited for. Raises NotAFile, or OSError as the system gave it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise NotAFile(f"{os.fsdecode(path)} is not a regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, facts


def measure(path: bytes, *, wait: bool = False) -> Measure:
    """Measure a file, reading all of it. Raises NotAFile and OSError.

    `wait`: for one that changed a moment ago, until its time proves something.
    """
    now_ns = time.time_ns()
    descriptor, status = open_message(path)
    try:
        facts = facts_of(_Chunks(descriptor))
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    mtime_ns = status.st_mtime_ns
    if not is_settled(mtime_ns, now_ns):
        if wait:
            time.sleep(CLOCK_GRAIN_NS / 1e9)
            return measure(path)
        mtime_ns = UNSETTLED
    unchanged = after.st_mtime_ns == status.st_mtime_ns and after.st_size == facts.file_octets
    return Measure(mtime_ns if unchanged else UNSETTLED, facts)


def is_settled(mtime_ns: int, now_ns: int) -> bool:
    """Tell whether a later change gives a file or folder another time than this one, by the time it is now."""
    return abs(now_ns - mtime_ns) > CLOCK_GRAIN_NS


class _Chunks:
    """A file's octets, from their beginning each time they are asked for."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __iter__(self) -> Iterator[bytes]:
        position = 0
        while chunk := os.pread(self._descriptor, READ_OCTETS, position):
            position += len(chunk)
            yield chunk
