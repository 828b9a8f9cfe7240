"""Measuring a file: how many octets its message has in canonical form, without making that form.

The canonical form adds one octet for each bare CR and each bare LF, and a line end to a last line that has none;
it takes nothing away. So a file is in canonical form exactly when the two counts are equal.
Source: RFC 1939 §11. `proto.lines.canonical` owns the form; a test holds this count to it.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

__all__ = ["LineEnds", "Measure", "NotAFile", "measure", "open_message"]

READ_OCTETS = 256 * 1024
"""How much of a file is held at once."""


class NotAFile(OSError):
    """What stands under a message's name is no regular file: a link, a pipe, a folder, a device."""


class Measure(NamedTuple):
    """A file's octets, and what tells whether they still hold."""

    file_octets: int
    mtime_ns: int
    wire_octets: int


class LineEnds:
    """Counts octets in canonical form, chunk by chunk. Linear, and at the speed of memchr."""

    __slots__ = ("_ended", "_held_cr", "_owed", "file_octets")

    def __init__(self) -> None:
        self.file_octets = 0
        self._owed = 0
        self._held_cr = False
        self._ended = True

    def feed(self, chunk: bytes) -> None:
        """Count a chunk; a CR at its end waits for what follows."""
        if not chunk:
            return
        self.file_octets += len(chunk)
        crlf = chunk.count(b"\r\n")
        if self._held_cr:
            # The CR before belongs to this LF, or was a bare one.
            self._owed += -1 if chunk[0] == 0x0A else 1
        self._held_cr = chunk[-1] == 0x0D
        self._owed += chunk.count(b"\n") - crlf + chunk.count(b"\r") - crlf - self._held_cr
        self._ended = self._held_cr or chunk[-1] == 0x0A

    @property
    def wire_octets(self) -> int:
        """The octets in canonical form, if nothing more comes."""
        return self.file_octets + self._owed + self._held_cr + (0 if self._ended else 2)

    @property
    def owed_so_far(self) -> int:
        """The octets that canonical form adds to what came, its very end left aside."""
        return self._owed


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


def measure(path: bytes) -> Measure:
    """Measure a file, reading all of it. Raises NotAFile and OSError."""
    descriptor, facts = open_message(path)
    try:
        ends = LineEnds()
        while chunk := os.read(descriptor, READ_OCTETS):
            ends.feed(chunk)
    finally:
        os.close(descriptor)
    return Measure(ends.file_octets, facts.st_mtime_ns, ends.wire_octets)
