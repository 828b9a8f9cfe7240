"""Text in columns: broken at spaces, with characters of East Asia counted as the two columns that they take."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

__all__ = ["beside", "display_width", "wrapped"]


_AT_SPACES: Final = re.compile(r"[^ ]* +|[^ ]+")


def display_width(text: str) -> int:
    """Give the columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum([_character_width(character) for character in text])


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrapped(text: str, width: int, *, first: str = "", indent: str = "") -> list[str]:
    """Break a text into lines of at most `width` columns; a word that is longer is broken, too.

    `first` and `indent` begin the first line and the others.
    """
    if display_width(first) + display_width(text) <= width:
        # Most lines fit.
        return [(first + text).rstrip()]
    lines: list[str] = []
    line, is_empty = first, True
    for word in _words(text):
        if not is_empty and display_width(line + word.rstrip(" ")) > width:
            lines.append(line.rstrip())
            line = indent
        line += word
        while display_width(line.rstrip(" ")) > width and len(line) > len(indent) + 1:
            part = _head(line, width)
            lines.append(part)
            line = indent + line[len(part) :]
        is_empty = False
    return [*lines, line.rstrip()]


def beside(left: Sequence[str], right: Sequence[str], width: int) -> list[str]:
    """Set two columns side by side; the left one has `width` columns."""
    return [
        f"{one}{' ' * (width - display_width(one))}   {other}".rstrip()
        for one, other in zip_longest(left, right, fillvalue="")
    ]


def _words(text: str) -> list[str]:
    """Part a text where a line may end: behind spaces, and behind wide characters, which need none."""
    if text.isascii():
        return _AT_SPACES.findall(text)
    words, word = [], ""
    for character in text:
        if word and character != " " and (word[-1] == " " or (_is_wide(word[-1]) and not _is_closing(character))):
            words.append(word)
            word = ""
        word += character
    return [*words, word] if word else words


def _is_wide(character: str) -> bool:
    return not character.isascii() and _character_width(character) == 2


def _is_closing(character: str) -> bool:
    """Tell whether no line begins with a character: closing punctuation stays with what it closes."""
    return unicodedata.category(character) in ("Pe", "Po", "Pf")


def _head(word: str, width: int) -> str:
    used = 0
    for at, character in enumerate(word):
        used += _character_width(character)
        if used > width:
            return word[: max(at, 1)]
    return word
