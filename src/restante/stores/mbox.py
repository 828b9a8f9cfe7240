r"""The mbox format: many messages in one file, each after a line that starts with `From `.

Reading streams: memory holds one message at a time. Writing is mboxrd with LF, whole or not at all. Not a store:
nobody is served from an mbox, it is a way in and a way out. Sources: RFC 4155 (what an mbox is, and that nobody
agrees); RFC 5321 §4.4 (the reverse-path). Fails with NotAnMbox, TargetInTheWay and OSError.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import mkstemp
from types import TracebackType
from typing import BinaryIO, Final

from restante.proto.lines import canonical

__all__ = [
    "FROM_LINE_OCTETS",
    "LARGEST_MESSAGE_OCTETS",
    "MboxDialect",
    "MboxMessage",
    "MboxWriter",
    "NotAnMbox",
    "OversizedMessage",
    "TargetInTheWay",
    "read_messages",
]

LARGEST_MESSAGE_OCTETS: Final = 512 * 1024 * 1024
"""A message is held whole on its way in; ten times what the largest mail services take is not mail."""

FROM_LINE_OCTETS: Final = 1024
"""A longer line starts no message: a path has 256 octets (RFC 5321 §4.5.3.1.3), a date has 40."""

_PIECE_OCTETS: Final = 64 * 1024
_HEADER_OCTETS: Final = 1024 * 1024
"""How much of a message is searched for Content-Length and the mark of internal data."""

_MONTHS: Final = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_DATE: Final = re.compile(
    rb" (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? {1,2}(?P<month>" + b"|".join(_MONTHS) + rb") {1,2}(?P<day>\d{1,2}) {1,2}"
    rb"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
    rb"(?: {1,2}(?:[A-Z]{1,5}|[+-]\d{4})){0,2} {1,2}(?P<year>\d{4})(?![0-9])"
)
_QUOTED_ONCE_OR_MORE: Final = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_QUOTED_ONCE: Final = re.compile(rb"^>(?=From )", re.MULTILINE)
_CONTENT_LENGTH: Final = re.compile(rb"^content-length:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_INTERNAL_SUBJECT: Final = re.compile(
    rb"^subject:[ \t]*DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
_INTERNAL_FIELD: Final = re.compile(rb"^x-imap(?:base)?:", re.IGNORECASE | re.MULTILINE)


class MboxDialect(Enum):
    """How the writer of an mbox kept body lines that start with `From ` apart from the start of a message.

    A file does not tell. MBOXRD is the default, and safe: it is exact for files of that dialect, and in mboxo
    files it is wrong only about lines that were `>From ` before they were quoted, which mboxo itself confuses.
    Content-Length is looked at only where it is asked for: it stands in the message, so it is the sender's word,
    and in a file of another dialect a sender could swallow the messages behind his own with it.
    """

    MBOXRD = "mboxrd"
    """`From `, `>From `, `>>From ` each got one `>` more."""
    MBOXO = "mboxo"
    """Only `From ` got a `>`."""
    MBOXCL = "mboxcl"
    """As mboxo, and Content-Length says where the body ends."""
    MBOXCL2 = "mboxcl2"
    """Nothing is quoted; Content-Length alone says where the body ends."""


class NotAnMbox(Exception):
    """The file does not start with a line that starts with `From `."""

    def __init__(self) -> None:
        super().__init__("not an mbox: its first line does not start with 'From '; check the path and the format")


class TargetInTheWay(Exception):
    """What is to be written is there already, and is left as it was."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is there already; name a path that is not, or move that away")
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class MboxMessage:
    """One message of an mbox."""

    number: int
    """Its place in the file, from 1; internal data of another server has a place too."""
    octets: bytes
    """In canonical form."""
    reverse_path: bytes
    """As it stands in the `From ` line; hostile."""
    received_epoch_seconds: int | None
    """The date of the `From ` line, taken as UTC as RFC 4155 has it; None when it has no legal one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OversizedMessage:
    """Stands where a message was longer than the limit; it was skipped without being held."""

    number: int
    octets: int
    """In the file."""


def read_messages(
    file: BinaryIO,
    *,
    dialect: MboxDialect = MboxDialect.MBOXRD,
    largest_octets: int = LARGEST_MESSAGE_OCTETS,
) -> Iterator[MboxMessage | OversizedMessage]:
    """Give the messages of an open mbox one by one, in order.

    A message starts at a line of `From `, an envelope and a date; the empty line before it belongs to neither
    message. At the very start of the file any line that starts with `From ` will do. The first message is left
    out where it is the internal data that UW-IMAP, and Dovecot after it, keep there. `file` must be seekable for
    the two dialects with a Content-Length; one that does not lead to a `From ` line or the end is not believed.
    Raises NotAnMbox, and OSError as the file does.
    """
    from_line = _first_line(file)
    number = 0
    while from_line is not None:
        number += 1
        body, octets, next_from_line = _message(file, dialect=dialect, largest_octets=largest_octets)
        if body is None:
            yield OversizedMessage(number=number, octets=octets)
        elif not (number == 1 and _is_internal_data(body)):
            reverse_path, received = _envelope(from_line)
            yield MboxMessage(
                number=number,
                octets=canonical(_unquoted(body, dialect)),
                reverse_path=reverse_path,
                received_epoch_seconds=received,
            )
        from_line = next_from_line


def _first_line(file: BinaryIO) -> bytes | None:
    line = file.readline(FROM_LINE_OCTETS)
    while line in {b"\n", b"\r\n"}:
        line = file.readline(FROM_LINE_OCTETS)
    if not line:
        return None
    if not line.startswith(b"From ") or not (line.endswith(b"\n") or len(line) < FROM_LINE_OCTETS):
        raise NotAnMbox
    return line


def _message(
    file: BinaryIO, *, dialect: MboxDialect, largest_octets: int
) -> tuple[bytes | None, int, bytes | None]:
    """Read up to the next `From ` line: the message (None when too long), its octets in the file, that line."""
    # One array, not a list of lines: half a gigabyte of empty lines would be a list of many gigabytes.
    body: bytearray | None = bytearray()
    octets = 0
    at_line_start = True
    in_headers = dialect in {MboxDialect.MBOXCL, MboxDialect.MBOXCL2}
    # An empty line is held back: before a `From ` line or the end of the file it belongs to no message.
    held = b""
    while True:
        piece = file.readline(_PIECE_OCTETS)
        if not piece or (at_line_start and _is_from_line(piece)):
            return (None if body is None else bytes(body)), octets, piece or None
        is_empty_line = at_line_start and piece in {b"\n", b"\r\n"}
        at_line_start = piece.endswith(b"\n")
        held, taken = (piece, held) if is_empty_line else (b"", held + piece)
        octets += len(taken)
        if body is not None:
            if octets <= largest_octets:
                body += taken
            else:
                body = None
        if in_headers and is_empty_line:
            in_headers = False
            believed = _believed_body(file, body, room=largest_octets - octets) if body is not None else None
            if believed is not None and body is not None:
                body += held + believed
                octets += len(held) + len(believed)
                held = b""


def _believed_body(file: BinaryIO, headers: bytearray, *, room: int) -> bytes | None:
    """Give the body by its Content-Length if a `From ` line or the end comes after it; else None, nothing read."""
    found = _CONTENT_LENGTH.search(headers[:_HEADER_OCTETS])
    if found is None or (length := int(found[1])) > room:
        return None
    start = file.tell()
    try:
        if start + length > file.seek(0, os.SEEK_END):
            return None
        # The octet before it too: a `From ` line starts a line.
        file.seek(start + length - 1)
        ended = file.read(1) == b"\n"
        line = file.readline(FROM_LINE_OCTETS)
        if line in {b"\n", b"\r\n"}:
            ended, line = True, file.readline(FROM_LINE_OCTETS)
        if line and not (ended and _is_from_line(line)):
            return None
        file.seek(start)
        body = file.read(length)
        start += length
        return body
    finally:
        file.seek(start)


def _is_from_line(line: bytes) -> bool:
    return len(line) <= FROM_LINE_OCTETS and line.startswith(b"From ") and _DATE.search(line, 4) is not None


def _envelope(from_line: bytes) -> tuple[bytes, int | None]:
    """Give the reverse-path and the date of a `From ` line."""
    date = _DATE.search(from_line, 4)
    if date is None:
        return from_line[5:].strip(), None
    year, day = int(date["year"]), int(date["day"])
    clock = int(date["hour"]), int(date["minute"]), int(date["second"] or b"0")
    legal = year >= 1970 and 1 <= day <= 31 and clock[0] <= 23 and clock[1] <= 59 and clock[2] <= 60
    received = timegm((year, _MONTHS.index(date["month"]) + 1, day, *clock)) if legal else None
    return from_line[5 : date.start()].strip(), received


def _is_internal_data(message: bytes) -> bool:
    head = message[:_HEADER_OCTETS]
    end = re.search(rb"^\r?\n", head, re.MULTILINE)
    if end:
        head = head[: end.start()]
    return bool(_INTERNAL_SUBJECT.search(head) and _INTERNAL_FIELD.search(head))


def _unquoted(message: bytes, dialect: MboxDialect) -> bytes:
    if dialect is MboxDialect.MBOXCL2 or b">From " not in message:
        return message
    pattern = _QUOTED_ONCE_OR_MORE if dialect is MboxDialect.MBOXRD else _QUOTED_ONCE
    return pattern.sub(b"", message)


class MboxWriter:
    """Writes an mbox (mboxrd, LF): beside its place first, and into it at `close`, whole or not at all.

    A crash before the rename leaves a hidden file beside the place (`.NAME.….part`, safe to remove) and what was
    there before; a crash after it leaves the new file, which was durable before. As a context manager it closes
    when all went well and gives up otherwise. Raises TargetInTheWay when something is there and `overwrite` is
    false, and OSError.
    """

    __slots__ = ("_file", "_fresh", "_held", "_message_start", "_overwrite", "_path", "_temporary")

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self._path = path
        self._overwrite = overwrite
        if not overwrite and (path.exists() or path.is_symlink()):
            raise TargetInTheWay(path)
        descriptor, name = mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        self._temporary = Path(name)
        self._file = os.fdopen(descriptor, "wb", _PIECE_OCTETS)
        self._message_start = 0
        self._fresh = True
        self._held = b""

    def begin(self, *, reverse_path: bytes = b"", received_epoch_seconds: float = 0) -> None:
        """Start a message. An empty or unfit reverse-path becomes MAILER-DAEMON, as for a bounce."""
        self._message_start = self._file.tell()
        fit = 0 < len(reverse_path) <= 256 and min(reverse_path) > 0x20 and 0x7F not in reverse_path
        # asctime, since strftime would write the months of the locale.
        date = time.asctime(time.gmtime(received_epoch_seconds)).encode("ascii")
        self._file.write(b"From %s %s\n" % (reverse_path if fit else b"MAILER-DAEMON", date))
        self._fresh, self._held = True, b""

    def write(self, chunk: bytes) -> None:
        """Take the next canonical octets of the message, cut anywhere."""
        data = self._held + chunk
        self._held = b""
        if data.endswith(b"\r"):
            data, self._held = data[:-1], b"\r"
        data = data.replace(b"\r\n", b"\n")
        # Where the last line so far is only `>`s and a part of `From `, that part waits for the rest. Quoting
        # adds a `>` to a row of them, so it does not matter that the row itself has gone out.
        line_start = data.rfind(b"\n") + 1
        continues = line_start == 0 and not self._fresh
        begun = data[line_start:].lstrip(b">")
        waits = not continues and not self._held and len(begun) < 5 and b"From ".startswith(begun)
        if waits:
            data, self._held = data[: len(data) - len(begun)], begun
        if b"From " in data:
            pattern = rb"(^|\n)(>*From )" if self._fresh else rb"(\n)(>*From )"
            data = re.sub(pattern, rb"\1>\2", data)
        self._file.write(data)
        self._fresh = waits

    def end(self) -> None:
        """Finish the message."""
        self._file.write(self._held + b"\n")
        self._held = b""
        self._message_start = self._file.tell()

    def abandon(self) -> None:
        """Take back the message that was begun and not ended, if any: it could not be read to its end."""
        self._file.flush()
        self._file.seek(self._message_start)
        self._file.truncate()
        self._held = b""

    def close(self) -> None:
        """Make the file durable and put it in its place."""
        try:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())
            self._put_in_place()
        except OSError:
            self.discard()
            raise
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _put_in_place(self) -> None:
        if not self._overwrite:
            try:
                # A link fails where something came into the way meanwhile; a rename would replace it.
                os.link(self._temporary, self._path)
            except FileExistsError:
                self.discard()
                raise TargetInTheWay(self._path) from None
            except OSError:
                # No links on this file system: what came within the last instant is replaced.
                if self._path.exists():
                    self.discard()
                    raise TargetInTheWay(self._path) from None
            else:
                self._temporary.unlink()
                return
        self._temporary.replace(self._path)

    def discard(self) -> None:
        """Give up: what was written goes, what was there before stays."""
        # On a full disk closing fails as well, since it writes what is buffered; the file is closed all the same.
        with contextlib.suppress(OSError):
            self._file.close()
        self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> MboxWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()
