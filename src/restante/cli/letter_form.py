"""A readable message as lines for a terminal: its header, its text, what is attached, and remarks."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Final

from restante.cli.mail_table import octets_told

if TYPE_CHECKING:
    from restante.reading import Readable

__all__ = ["attachment_lines", "letter_lines"]

WIDEST: Final = 100
"""Paragraphs are broken there at the latest: longer lines are hard to read."""

_BOLD, _DIM, _QUOTE, _WARNING, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[36m", "\x1b[33m", "\x1b[0m"


def letter_lines(letter: Readable, *, all_fields: bool, colour: bool) -> list[str]:
    """Give the lines, in colours of the terminal where they are wished for."""

    def tone(sequence: str, text: str) -> str:
        return f"{sequence}{text}{_PLAIN}" if colour and text else text

    fields = letter.all_fields if all_fields else letter.header
    lines = [f"{tone(_BOLD, name + ':')} {value}".rstrip() for name, value in fields]
    lines += [tone(_WARNING, f"({remark})") for remark in letter.remarks]
    lines.append("")
    for line in letter.text.split("\n") if letter.text else ["(no text)"]:
        lines += [tone(_QUOTE, part) if line.startswith(">") else part for part in _broken(line)]
    if letter.attached:
        lines.append("")
        lines += [tone(_DIM, line) for line in attachment_lines(letter)]
    return lines


def attachment_lines(letter: Readable) -> list[str]:
    """Tell what is attached: number, name, type, octets."""
    from restante.reading import one_line

    return [
        f"[part {each.part.number}] {each.name or '(no name)'}, {one_line(each.part.type)[:100]}, "
        f"{octets_told(each.octets)} octets"
        for each in letter.attached
    ]


def _broken(line: str) -> list[str]:
    """Break a long line on a terminal; in a pipe it stays whole."""
    if not sys.stdout.isatty():
        return [line]
    from restante.explain.columns import wrapped

    width = min(WIDEST, shutil.get_terminal_size().columns)
    quote = line[: len(line) - len(line.lstrip("> "))] if line.startswith(">") else ""
    blank = quote or line[: len(line) - len(line.lstrip(" "))]
    if len(line) * 2 <= width or len(blank) > width // 2:
        return [line]
    return wrapped(line.removeprefix(blank), width, first=blank, indent=blank)
