r"""What of a message's text a terminal may be given: letters of all scripts, and nothing that it would obey.

Not `observe.hostile`, which lets ASCII through and nothing else: mail is written in all languages. Control
characters, what turns the order of a line around (UAX 9), and what cannot be printed are written out as `\xNN` or
`\uNNNN`; what has no width and no meaning here (soft hyphens, zero-width spaces, direction marks) goes. Heaps of
combining marks, which paint over other lines, are cut. Linear; nothing here fails.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["many_lines", "one_line"]

_DROPPED: Final = re.compile("[\u00ad\u180e\u200b\u200e\u200f\u2060\ufeff]")
_LINE_ENDS: Final = re.compile("\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS: Final = re.compile(r"\s+")
_LINE_BLANKS: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_COMBINING: Final = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_HEAP: Final = re.compile(f"({_COMBINING}{{3}}){_COMBINING}+")
_JOINERS: Final = frozenset("\u200c\u200d")
"""Hold letters of Persian and Indian scripts, and emoji, together or apart."""

TAB_COLUMNS: Final = 8


def one_line(text: str) -> str:
    """Give a text on one line, with single spaces."""
    return _printable(_BLANKS.sub(" ", text).strip())


def many_lines(text: str) -> str:
    """Give a text with its lines, ended by LF; tabs become spaces."""
    lines = _LINE_ENDS.split(text)
    return "\n".join(
        _printable(_LINE_BLANKS.sub(_narrow, line.expandtabs(TAB_COLUMNS))).rstrip(" ") for line in lines
    )


def _narrow(found: re.Match[str]) -> str:
    return found.group() if found.group() == "\u3000" else " "


def _printable(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = _HEAP.sub(r"\1", _DROPPED.sub("", text))
    return "".join([c if c.isprintable() or c in _JOINERS else _written_out(c) for c in text])


def _written_out(character: str) -> str:
    if character == "\u3000":
        return "  "
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # an octet that no charset explained
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
