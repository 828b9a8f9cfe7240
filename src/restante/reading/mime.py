"""The parts of a message: a tree of MIME from any octets, in bounded depth, number and time.

Not the parser of the standard library: its time grows with lines times depth, and a thousand boundaries within
each other end it by a RecursionError. Never fails: what is no MIME is one part of text, and what is broken is shown
as far as it goes, with a remark. Sources: RFC 5322 §2, RFC 2045, RFC 2046 §5.1 (boundaries), RFC 2183.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from restante.reading.words import from_base64, parameters, unfolded, words_decoded

__all__ = ["Fields", "Part", "leaves", "parsed"]

DEEPEST: Final = 20
MOST_PARTS: Final = 1000
MOST_FIELDS: Final = 2000
MOST_FIELD_OCTETS: Final = 64 * 1024
"""Of one header field; what is longer is cut. RFC 5322 §2.1.1 has lines of 998 octets, and no bound on folding."""
MOST_BOUNDARY_OCTETS: Final = 200
"""RFC 2046 §5.1.1 has 70."""

_FIELD: Final = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_FIELD_END: Final = re.compile(rb"\r?\n(?![ \t])")
_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")
_LINE_END: Final = re.compile(rb"\r?\n")
_TYPE: Final = re.compile(r"[!-.0-~]+/[!-.0-~]+")


@dataclass(frozen=True, slots=True)
class Fields:
    """The header fields of a message or a part, in their order, unfolded."""

    all: tuple[tuple[str, bytes], ...]

    def first(self, name: str) -> bytes | None:
        """Give the value of the first field of that name, or None."""
        name = name.lower()
        return next((value for known, value in self.all if known.lower() == name), None)

    def text(self, name: str) -> str:
        """Give the decoded value of the first field of that name; empty where there is none."""
        return words_decoded(self.first(name) or b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a message, or the message as a whole."""

    number: int
    """Leaves are counted from 1 in the order of the message; 0 is what has parts itself."""
    fields: Fields
    type: str
    """`text/plain`, in lower case."""
    parameters: dict[str, str]
    disposition: str
    """`inline`, `attachment`, or empty where the part does not say."""
    name: str | None
    """What the sender calls the file; hostile."""
    encoded: bytes
    parts: tuple[Part, ...] = ()
    remarks: tuple[str, ...] = ()

    def octets(self) -> tuple[bytes, str | None]:
        """Give the content, and a remark where it could not be decoded as it says."""
        encoding = (self.fields.first("Content-Transfer-Encoding") or b"7bit").split(b";")[0].strip().lower()
        match encoding:
            case b"base64":
                octets = from_base64(self.encoded)
                junk = re.search(rb"[^A-Za-z0-9+/=\s]", self.encoded)
                return octets, "its base64 holds what is no base64, which was passed over" if junk else None
            case b"quoted-printable":
                return binascii.a2b_qp(self.encoded), None
            case b"" | b"7bit" | b"8bit" | b"binary":
                return self.encoded, None
            case _:
                name = words_decoded(encoding[:40])
                return self.encoded, f"its encoding {name!r} is not known; it is given as it came"


def parsed(octets: bytes) -> Part:
    """Parse a message. Never raises."""
    return _Parser(octets).part(0, len(octets), depth=0, default="text/plain")


def leaves(part: Part) -> Iterator[Part]:
    """Give the parts that have none themselves, in order."""
    if part.parts:
        for below in part.parts:
            yield from leaves(below)
    else:
        yield part


class _Parser:
    """Parses one message; counts its parts. Places in the message are passed on, not copies of it."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._leaves = 0
        self._parts = 0

    def part(self, start: int, end: int, *, depth: int, default: str) -> Part:
        """Parse what stands from `start` to `end`."""
        self._parts += 1
        fields, body, remark = self._header(start, end)
        remarks = [] if remark is None else [remark]
        kind, values = parameters(fields.first("Content-Type") or b"")
        if not _TYPE.fullmatch(kind):
            kind = default
        disposition, more = parameters(fields.first("Content-Disposition") or b"")
        below: tuple[Part, ...] = ()
        if kind.startswith("multipart/"):
            below, troubles = self._below(body, end, kind, values.get("boundary", ""), depth)
            remarks += troubles
            if not below:
                kind = "text/plain"
        if not below:
            self._leaves += 1
        return Part(
            number=0 if below else self._leaves,
            fields=fields,
            type=kind,
            parameters=values,
            disposition=disposition,
            name=more.get("filename") or values.get("name") or None,
            encoded=b"" if below else self._octets[body:end],
            parts=below,
            remarks=tuple(remarks),
        )

    def _header(self, start: int, end: int) -> tuple[Fields, int, str | None]:
        """Read the fields, and tell where the body begins; with a remark where the header is no good one."""
        octets = self._octets
        empty = _LINE_END.match(octets, start, end)
        if empty is not None or start >= end:
            return Fields(()), end if empty is None else empty.end(), None
        found = _HEADER_END.search(octets, start, end)
        head_end, body = (end, end) if found is None else found.span()
        fields: list[tuple[str, bytes]] = []
        remark = None
        at = start
        while at < head_end:
            line_end = _FIELD_END.search(octets, at, head_end)
            stop, following = (head_end, head_end) if line_end is None else line_end.span()
            line, begins, at = octets[at : min(stop, at + MOST_FIELD_OCTETS)], at, following
            field = _FIELD.fullmatch(line)
            if field is None:
                if begins == start and line.startswith(b"From "):  # an mbox's line, which programs leave on
                    continue
                if not fields:
                    return Fields(()), start, "it has no header: all of it is shown as text"
                if line.strip():
                    remark = "its header holds lines that are no fields"
                continue
            if len(fields) >= MOST_FIELDS:
                remark = f"its header has more than {MOST_FIELDS:,} fields; the others are left out"
                break
            if stop - begins > MOST_FIELD_OCTETS:
                remark = f"its header has a field of {stop - begins:,} octets, which is cut"
            fields.append((field[1].decode("ascii"), unfolded(field[2])))
        return Fields(tuple(fields)), body, remark

    def _below(
        self, start: int, end: int, kind: str, boundary: str, depth: int
    ) -> tuple[tuple[Part, ...], list[str]]:
        if not boundary:
            return (), ["it says that it has several parts, and not what parts them: it is shown as text"]
        if depth >= DEEPEST:
            return (), [f"its parts are more than {DEEPEST} deep; what is deeper is shown as text"]
        marks = boundary.encode("utf-8", "surrogateescape")[:MOST_BOUNDARY_OCTETS]
        pattern = re.compile(rb"(?<=\n)--" + re.escape(marks) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        parts: list[Part] = []
        begun: int | None = None
        for found in pattern.finditer(self._octets, start, end):
            if self._parts >= MOST_PARTS:
                return tuple(parts), [f"it has more than {MOST_PARTS:,} parts; the others are left out"]
            if begun is not None:
                # The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
                stop = found.start() - 1
                if self._octets[stop - 1 : stop] == b"\r":
                    stop -= 1
                parts.append(self.part(begun, max(begun, stop), depth=depth + 1, default=default))
            begun = found.end()
            if found[1]:
                return tuple(parts), []
        if begun is None:
            return (), ["it says that it has several parts, and none is there: it is shown as text"]
        parts.append(self.part(begun, end, depth=depth + 1, default=default))
        return tuple(parts), ["its last part has no end: it may have been cut"]
