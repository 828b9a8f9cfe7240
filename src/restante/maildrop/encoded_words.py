"""Writing a header field in ASCII: encoded-words, parameters in percents, and folded lines.

`FieldWriter` takes pieces of a field's value, in order, and folds between them. It knows no grammar of fields: what
may be encoded where is `downgrade`'s affair. It never fails, and its work is linear in the text.
Sources: RFC 2047 §2 and §4 (encoded-words), RFC 2231 §3–4 (parameters), RFC 5322 §2.2.3 (folding), RFC 1428 §3
(unknown-8bit).
"""

from __future__ import annotations

import base64
from enum import Enum
from typing import Final

__all__ = ["Charset", "FieldWriter", "parameter_pieces", "read_text"]

LINE_OCTETS: Final = 76
"""How long a line with an encoded-word may be, its end left aside. Source: RFC 2047 §2."""

ENCODED_WORD_OCTETS: Final = 74
"""RFC 2047 §2 has 75; one is left for a `)` that stands right behind."""

PARAMETER_OCTETS: Final = 50
"""How much of a parameter's value stands in one piece."""

_Q_LITERALS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
"""What a Q word holds as it is, wherever it stands. Source: RFC 2047 §5 (3)."""

_PERCENT_LITERALS: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~"
)
"""Source: RFC 2231 §7, attribute-char."""

_Q: Final = [
    "_" if octet == 0x20 else chr(octet) if octet in _Q_LITERALS else f"={octet:02X}" for octet in range(256)
]
_PERCENT: Final = [chr(octet) if octet in _PERCENT_LITERALS else f"%{octet:02X}" for octet in range(256)]


class Charset(Enum):
    """What the octets of a field are."""

    UTF8 = "UTF-8"
    UNKNOWN = "unknown-8bit"
    """Some 8-bit charset; which one, nobody said. Source: RFC 1428 §3."""

    def octets(self, text: str) -> bytes:
        """Give back the octets that `read_text` made the text of."""
        return text.encode("utf-8" if self is Charset.UTF8 else "latin-1")


def read_text(octets: bytes) -> tuple[str, Charset]:
    """Read octets as UTF-8 where they are that; else each octet becomes one character, of an unknown charset."""
    try:
        return octets.decode("utf-8"), Charset.UTF8
    except UnicodeDecodeError:
        return octets.decode("latin-1"), Charset.UNKNOWN


class FieldWriter:
    """Writes one field. Text that is put in as it is must be in ASCII and without line ends."""

    __slots__ = ("_charset", "_column", "_name_octets", "_parts")

    def __init__(self, name: str, charset: Charset) -> None:
        self._charset = charset
        self._parts = [name, ":"]
        self._column = self._name_octets = len(name) + 1

    def text(self, space: str, text: str, *, room: int = 0) -> None:
        """Put in text behind `space`; on a new line where it, and `room` for more, do not fit on this one."""
        octets = len(space) + len(text) + room
        if space and self._column + octets > LINE_OCTETS and self._column > self._name_octets:
            self._fold()
        self._parts += (space, text)
        self._column += len(space) + len(text)

    def encoded(self, space: str, text: str) -> None:
        """Put in text as encoded-words behind `space`."""
        words = [self._charset.octets(character) for character in text]
        quoted = [sum([len(_Q[octet]) for octet in word]) for word in words]
        octets_in_all = sum(map(len, words))
        # Q can be read by eye; B is shorter where most is not Latin.
        beyond_ascii = sum([len(word) for word in words if not word.isascii()])
        as_q = self._charset is Charset.UNKNOWN or 5 * beyond_ascii <= 3 * octets_in_all
        frame = len(f"=?{self._charset.value}?Q??=")
        start = 0
        while start < len(words):
            room = min(ENCODED_WORD_OCTETS, LINE_OCTETS - self._column - len(space)) - frame
            if space and room < 16 and self._column > 1:
                self._fold()
                room = min(ENCODED_WORD_OCTETS, LINE_OCTETS - len(space)) - frame
            end, used = start, 0
            while end < len(words):
                used += quoted[end] if as_q else len(words[end])
                if end > start and (used if as_q else (used + 2) // 3 * 4) > room:
                    break
                end += 1
            octets = b"".join(words[start:end])
            coded = "".join([_Q[octet] for octet in octets]) if as_q else base64.b64encode(octets).decode("ascii")
            word = f"=?{self._charset.value}?{'Q' if as_q else 'B'}?{coded}?="
            self._parts += (space, word)
            self._column += len(space) + len(word)
            start, space = end, " "

    def finish(self, space: str = "") -> bytes:
        """Give the field with its line end; `space` is what stood at the end of it."""
        self._parts += (space, "\r\n")
        return "".join(self._parts).encode("ascii")

    def _fold(self) -> None:
        self._parts.append("\r\n")
        self._column = 0


def parameter_pieces(attribute: str, value: str, charset: Charset) -> list[str]:
    """Give a parameter in percents: one piece, or more that belong together. Source: RFC 2231 §3–4."""
    stem, star, section = attribute.rpartition("*")
    if star and section.isdecimal():
        # One piece of several already: it stays the piece that it is.
        opening = f"{charset.value}''" if int(section) == 0 else ""
        return [f"{stem}*{section}*={opening}{_in_percents(value, charset)}"]
    text = _in_percents(value, charset)
    if len(text) <= PARAMETER_OCTETS:
        return [f"{attribute}*={charset.value}''{text}"]
    pieces: list[str] = []
    start = 0
    while start < len(text):
        end = start + PARAMETER_OCTETS
        # Never within the three octets of a percent.
        end -= 1 if text[end - 1 : end] == "%" else 2 if text[end - 2 : end - 1] == "%" else 0
        opening = "" if pieces else f"{charset.value}''"
        pieces.append(f"{attribute}*{len(pieces)}*={opening}{text[start:end]}")
        start = end
    return pieces


def _in_percents(value: str, charset: Charset) -> str:
    return "".join([_PERCENT[octet] for octet in charset.octets(value)])
