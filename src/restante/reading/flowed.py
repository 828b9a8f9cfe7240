"""Text with `format=flowed` back into paragraphs, each on one line, quotes kept in their depth.

Pure. Source: RFC 3676 §4 (space-stuffing, quoting, the signature's line).
"""

from __future__ import annotations

from typing import Final

__all__ = ["unflowed"]

_SIGNATURE: Final = "-- "


def unflowed(text: str, *, drop_space: bool) -> str:
    """Join flowed lines; `drop_space` is the parameter DelSp."""
    lines: list[str] = []
    depth: int | None = None
    flows = False
    paragraph: list[str] = []

    def end() -> None:
        if depth is not None:
            quote = ">" * depth
            joined = "".join(paragraph)
            lines.append(f"{quote} {joined}".rstrip(" ") if quote else joined)
        paragraph.clear()

    for line in text.split("\n"):
        rest = line.removesuffix("\r")
        content = rest.lstrip(">")
        quotes = len(rest) - len(content)
        content = content.removeprefix(" ")
        if not flows or quotes != depth or content == _SIGNATURE:
            end()
        depth = quotes
        flows = content.endswith(" ") and content != _SIGNATURE
        paragraph.append(content[:-1] if flows and drop_space else content)
        if not flows:
            end()
            depth = None
    end()
    return "\n".join(lines)
