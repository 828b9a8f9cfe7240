r"""What may be shown of text that came from outside: one line, no colours, no disguise.

A name, an address or an error can hold what forges a line of the log (CR, LF), what a terminal obeys (ESC, C1
controls), or what turns the order of a line around (bidirectional marks, and right-to-left letters as such). So
only printable ASCII passes; the rest is written as `\xNN`, `\uNNNN` or `\UNNNNNNNN`. Nothing here fails.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["SHOWN_CHARACTERS", "plain", "plain_octets", "quoted", "whole"]

SHOWN_CHARACTERS: Final = 500
"""Of one field. A path of SMTP may be 256 octets (RFC 5321 §4.5.3.1.3); an error of a disk names two file paths."""

_UNFIT: Final = re.compile(r"[^ -~]")
_BARE_WORD: Final = re.compile(r"[A-Za-z0-9._@:/%+-]+")
"""What needs no quotes: names of accounts, addresses of both families, mechanisms, numbers."""


def whole(text: str) -> str:
    """Give a text that every reader of UTF-8 takes (no lone surrogates), of at most `SHOWN_CHARACTERS`.

    For formats that do their own escaping, such as JSON. `...` tells that there was more.
    """
    if len(text) > SHOWN_CHARACTERS:
        text = text[: SHOWN_CHARACTERS - 3] + "..."
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(text: str) -> str:
    """Give at most `SHOWN_CHARACTERS` of a text as printable ASCII, on one line."""
    if len(text) > SHOWN_CHARACTERS:
        text = text[: SHOWN_CHARACTERS - 3] + "..."
    # The search costs less than the substitution, and nearly every text passes it.
    return text if _UNFIT.search(text) is None else _UNFIT.sub(_written_out, text)


def plain_octets(octets: bytes) -> str:
    """Give octets of the wire as printable ASCII, on one line; UTF-8 is read as such, so that `…` is one sign."""
    return plain(octets.decode("utf-8", "backslashreplace"))


def quoted(text: str) -> str:
    r"""Give a value of a `key=value` pair: bare when it is one word, else in quotes, with `"` and `\` escaped."""
    if len(text) <= SHOWN_CHARACTERS and _BARE_WORD.fullmatch(text):
        return text
    return '"' + plain(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _written_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
