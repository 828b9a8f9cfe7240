"""The tokens of a structured header field: spaces, quoted strings, comments, domain literals, marks and atoms.

Reading is lenient, as mail in the wild asks for: an atom holds dots and whatever is no mark. What does not close
(a quote, a comment, a literal) has no tokens at all. Linear, without recursion. Source: RFC 5322 §3.2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from restante.maildrop.encoded_words import FieldWriter

__all__ = ["Kind", "Token", "is_ascii", "put", "text_of", "tokens_of"]

COMMENT_ROOM: Final = 24
"""A comment that is to be encoded begins on this line only if so much of it fits."""

_SPACE: Final = re.compile(r"[ \t]+")
_ATOM: Final = re.compile(r'[^ \t"(\[<>,;:@]+')
_IN_QUOTES: Final = re.compile(r'["\\]')
_IN_COMMENT: Final = re.compile(r"[()\\]")
_PAIR: Final = re.compile(r"\\(.)")


class Kind(Enum):
    """What a token is."""

    SPACE = auto()
    QUOTED = auto()
    COMMENT = auto()
    LITERAL = auto()
    SPECIAL = auto()
    """One of `<>,;:@`."""
    ATOM = auto()
    END = auto()
    """Stands behind the last."""


class Token(NamedTuple):
    """A piece of a field's value."""

    kind: Kind
    text: str
    """As it stood there."""

    @property
    def plain(self) -> str:
        """What it says: a quoted string without its quotes."""
        return _PAIR.sub(r"\1", self.text[1:-1]) if self.kind is Kind.QUOTED else self.text


def tokens_of(value: str) -> list[Token] | None:
    """Part an unfolded value; all the texts together are the value again. None where something does not close."""
    tokens: list[Token] = []
    position = 0
    while position < len(value):
        match value[position]:
            case " " | "\t":
                kind, end = Kind.SPACE, _behind(_SPACE, value, position)
            case '"':
                kind, end = Kind.QUOTED, _quoted_end(value, position)
            case "(":
                kind, end = Kind.COMMENT, _comment_end(value, position)
            case "[":
                kind, end = Kind.LITERAL, value.find("]", position) + 1
            case "<" | ">" | "," | ";" | ":" | "@":
                kind, end = Kind.SPECIAL, position + 1
            case _:
                kind, end = Kind.ATOM, _behind(_ATOM, value, position)
        if not end:
            return None
        tokens.append(Token(kind, value[position:end]))
        position = end
    return tokens


def is_ascii(tokens: Sequence[Token], *, but_for_comments: bool = False) -> bool:
    """Tell whether all of them are in ASCII."""
    return all(token.text.isascii() or (but_for_comments and token.kind is Kind.COMMENT) for token in tokens)


def text_of(tokens: Sequence[Token], *, plain_quotes: bool = False) -> str:
    """Put tokens together again."""
    return "".join([token.plain if plain_quotes else token.text for token in tokens])


def put(writer: FieldWriter, tokens: list[Token]) -> None:
    """Put in tokens as they are, but for comments, which are encoded where they have to be."""
    space, text = "", ""
    for token in tokens:
        if token.kind is Kind.SPACE:
            if text:
                writer.text(space, text)
                space, text = "", ""
            space += token.text
        elif token.text.isascii():
            text += token.text
        else:
            writer.text(space, text + "(", room=COMMENT_ROOM)
            writer.encoded("", token.text[1:-1])
            space, text = "", ")"
    if text or space:
        writer.text(space, text)


def _behind(run: re.Pattern[str], value: str, position: int) -> int:
    found = run.match(value, position)
    assert found is not None, "the run has its first character"
    return found.end()


def _quoted_end(value: str, position: int) -> int:
    """Say where the quoted string ends that starts there; 0 when it does not."""
    position += 1
    while found := _IN_QUOTES.search(value, position):
        if found[0] == '"':
            return found.end()
        position = found.end() + 1
    return 0


def _comment_end(value: str, position: int) -> int:
    """Say where the comment ends that starts there, with those in it; 0 when it does not."""
    depth = 0
    while found := _IN_COMMENT.search(value, position):
        position = found.end()
        match found[0]:
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if not depth:
                    return position
            case _:
                position += 1
    return 0
