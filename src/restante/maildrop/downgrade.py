"""A message with UTF-8 in its header, made readable for a client that takes only ASCII there.

The surrogate has the same body, octet for octet, and a header in ASCII: text becomes encoded-words, parameters are
written in percents, addresses as `addresses` says. Fields that say nothing in such a form (Message-ID and its kin)
are kept for people as `Downgraded-…`. Fields in ASCII stay as they came, octet for octet, and so does a message
whose whole header is. Octets that are not UTF-8 become encoded-words of an unknown charset.

Each field is dressed by itself, so that a long header is never held: `Downgrader` works in chunks, and gives the
same octets however they are cut. It never fails: what has no grammar is taken for unstructured text. Headers of
body parts belong to the body and stay as they are.

LIST tells the octets that come out, and stores remember them: what changes these changes `SURROGATE_VERSION`.
Sources: RFC 6856 §2.1, RFC 6857 (what becomes of each field), RFC 6858 (what is kept and lost), RFC 1428 §3.
"""

from __future__ import annotations

import re
from typing import Final

from restante.maildrop.addresses import addresses_in_ascii
from restante.maildrop.encoded_words import Charset, FieldWriter, parameter_pieces, read_text
from restante.maildrop.structured import Kind, Token, is_ascii, put, text_of, tokens_of

__all__ = ["SURROGATE_VERSION", "Downgrader", "downgraded", "needs_utf8"]

SURROGATE_VERSION: Final = 1
"""What a store's note of a surrogate's octets holds for; a note for another version is void."""

FIELD_OCTETS: Final = 64 * 1024
"""A longer field is not read: its octets outside ASCII become `?`."""

DRESSED_OCTETS: Final = 256 * 1024
"""How much of a header is read. Fields that begin behind this are treated as those that are too long."""

_ADDRESS_FIELDS: Final = frozenset(
    {
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "bcc",
        "resent-from",
        "resent-sender",
        "resent-reply-to",
        "resent-to",
        "resent-cc",
        "resent-bcc",
        "return-path",
        "disposition-notification-to",
    }
)
"""Source: RFC 6857 §3.2.1."""

_ENCAPSULATED_FIELDS: Final = frozenset(
    {"message-id", "resent-message-id", "in-reply-to", "references", "original-recipient", "final-recipient"}
)
"""Kept as `Downgraded-…` when more than a comment is not in ASCII. Source: RFC 6857 §3.1.10 and §3.2."""

_PARAMETER_FIELDS: Final = frozenset({"content-type", "content-disposition"})

_COMMENTED_FIELDS: Final = frozenset(
    {
        "date",
        "resent-date",
        "mime-version",
        "content-id",
        "content-transfer-encoding",
        "content-language",
        "accept-language",
        "auto-submitted",
    }
)
"""Structured ones in which only a comment may be other than ASCII."""

_CRUDE: Final = bytes(octet if octet < 0x80 else 0x3F for octet in range(256))
_FIELD_NAME: Final = re.compile(rb"([!-9;-~]+)[ \t]*:")
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_LINE_END: Final = re.compile(r"[\r\n]")
_WORD: Final = re.compile(r"([ \t]*)([^ \t]+)")
_ENCODED_WORD: Final = re.compile(r"=\?[^?]*\?[^?]*\?[^?]*\?=")


def needs_utf8(octets: bytes) -> bool:
    """Tell whether a message's header holds octets outside ASCII. The header may come without its body."""
    return not octets[: _header_end(octets)].isascii()


def downgraded(octets: bytes) -> bytes:
    """Give a canonical message with its header in ASCII; a message that needs nothing comes back as it is."""
    if not needs_utf8(octets):
        return octets
    downgrader = Downgrader()
    return downgrader.feed(octets) + downgrader.finish()


def _header_end(octets: bytes) -> int:
    if octets.startswith(b"\r\n"):
        return 0
    found = octets.find(b"\r\n\r\n")
    return len(octets) if found < 0 else found + 2


class Downgrader:
    """`downgraded` in chunks. It holds one field at most."""

    __slots__ = ("_crude", "_held", "_read", "_sought", "in_body")

    in_body: bool
    """Whether the header is over: from here on each chunk comes back as it is."""

    def __init__(self) -> None:
        self.in_body = False
        self._held = b""
        # How far it was looked for the end of the field that is held.
        self._sought = 0
        # Whether that field is too long, and its beginning has gone out.
        self._crude = False
        # The octets of the fields before it.
        self._read = 0

    def feed(self, chunk: bytes) -> bytes:
        """Give what is ready of the surrogate; the end of a chunk may be held back."""
        if self.in_body:
            return chunk
        held, start = self._held + chunk, 0
        out: list[bytes] = []
        while not self.in_body:
            if held[start : start + 2] == b"\r\n" and not self._crude:
                self.in_body = True
                out.append(held[start:])
                start = len(held)
                break
            end = self._field_end(held, start)
            if end is None:
                break
            out.append(self._dressed(held[start:end]))
            start, self._sought, self._crude = end, 0, False
        held = held[start:]
        if len(held) > FIELD_OCTETS or self._crude:
            # All but what may turn out to be its end.
            ready = held[:-2]
            out.append(self._dressed_crudely(ready))
            held = held[len(ready) :]
            self._crude, self._sought = True, 0
        self._held = held
        return b"".join(out)

    def finish(self) -> bytes:
        """Give what is held at the end of a message that has no body."""
        held, self._held = self._held, b""
        self.in_body = True
        return self._dressed(held)

    def _field_end(self, held: bytes, start: int) -> int | None:
        """Say where the field ends that starts there: behind a line end that no space follows."""
        position = start + self._sought
        while True:
            found = held.find(b"\r\n", position)
            if found < 0 or found + 2 >= len(held):
                # What follows the line end has to be seen.
                self._sought = max(len(held) - start - 2, 0)
                return None
            position = found + 2
            if held[position] not in b" \t":
                return position

    def _dressed(self, field: bytes) -> bytes:
        if self._crude or self._read > DRESSED_OCTETS or len(field) > FIELD_OCTETS:
            return self._dressed_crudely(field)
        self._read += len(field)
        return field if field.isascii() else _downgraded_field(field)

    def _dressed_crudely(self, octets: bytes) -> bytes:
        self._read += len(octets)
        return octets.translate(_CRUDE)


def _downgraded_field(field: bytes) -> bytes:
    named = _FIELD_NAME.match(field)
    if named is None:
        return field.translate(_CRUDE)
    name = named[1].decode("ascii")
    text, charset = read_text(field[named.end() :])
    value = _LINE_END.sub(" ", _FOLD.sub("", text.removesuffix("\r\n")))
    kind = name.lower()
    result: bytes | None = None
    if kind in _ADDRESS_FIELDS:
        result = addresses_in_ascii(name, value, charset)
    elif kind in _PARAMETER_FIELDS:
        result = _parameters(name, value, charset)
    elif kind == "received":
        result = _received(name, value, charset)
    elif kind in _COMMENTED_FIELDS:
        result = _commented(name, value, charset)
    elif kind in _ENCAPSULATED_FIELDS:
        result = _commented(name, value, charset) or _unstructured(f"Downgraded-{name}", value, charset)
    return result or _unstructured(name, value, charset)


# --- unstructured text --------------------------------------------------------------------------------------------


def _unstructured(name: str, value: str, charset: Charset) -> bytes:
    """Encode each run of words that are not in ASCII. Source: RFC 6857 §3.1.2."""
    writer = FieldWriter(name, charset)
    run = run_space = ""
    before_is_encoded = False
    end = 0
    for match in _WORD.finditer(value):
        end = match.end()
        space, word = match[1], match[2]
        if not word.isascii():
            if run:
                run += space + word
            else:
                run_space = space
                # The space between two encoded-words does not show (RFC 2047 §6.2), so this one holds its own.
                run = (space if before_is_encoded else "") + word
            continue
        before_is_encoded = _ENCODED_WORD.fullmatch(word) is not None
        if run:
            writer.encoded(run_space, run + (space if before_is_encoded else ""))
            run = ""
        writer.text(space, word)
    if run:
        writer.encoded(run_space, run)
    return writer.finish(value[end:])


# --- structured fields --------------------------------------------------------------------------------------------


def _commented(name: str, value: str, charset: Charset) -> bytes | None:
    """Encode comments; None where anything else is not in ASCII. Source: RFC 6857 §3.1.4."""
    tokens = tokens_of(value)
    if tokens is None or not is_ascii(tokens, but_for_comments=True):
        return None
    writer = FieldWriter(name, charset)
    put(writer, tokens)
    return writer.finish()


def _received(name: str, value: str, charset: Charset) -> bytes | None:
    """Leave out a FOR clause that is not in ASCII. Source: RFC 6857 §3.1.1."""
    tokens = tokens_of(value)
    if tokens is None:
        return None
    kept: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        end = position + 1
        if token.kind is Kind.ATOM and token.text.lower() == "for":
            while end < len(tokens) and tokens[end].kind is Kind.SPACE:
                end += 1
            while end < len(tokens) and tokens[end].kind is not Kind.SPACE and tokens[end].text != ";":
                end += 1
            if is_ascii(tokens[position:end]):
                kept += tokens[position:end]
            elif kept and kept[-1].kind is Kind.SPACE:
                kept.pop()
        else:
            kept.append(token)
        position = end
    if not is_ascii(kept, but_for_comments=True):
        return None
    writer = FieldWriter(name, charset)
    put(writer, kept)
    return writer.finish()


def _parameters(name: str, value: str, charset: Charset) -> bytes | None:
    """Write parameters in percents. Source: RFC 6857 §3.1.5, RFC 2231."""
    tokens = tokens_of(value)
    if tokens is None:
        return None
    groups: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind is Kind.SPECIAL and token.text == ";":
            groups.append([])
        else:
            groups[-1].append(token)
    if not is_ascii(groups[0], but_for_comments=True):
        return None
    texts = [text_of(group).strip(" \t") for group in groups]
    attributes = {text.partition("=")[0].rstrip(" \t").lower() for text in texts}
    writer = FieldWriter(name, charset)
    put(writer, groups[0])
    for group, text in zip(groups[1:], texts[1:], strict=True):
        if text.isascii():
            pieces = [text]
        else:
            attribute, equals, _ = text.partition("=")
            attribute = attribute.rstrip(" \t")
            if not equals or not re.fullmatch(r"[!#$&*+\-.0-9A-Z^_`a-z{|}~]+", attribute):
                return None
            if f"{attribute.lower()}*" in attributes:
                continue  # said in the right way, too
            pieces = parameter_pieces(attribute.rstrip("*"), _parameter_value(group), charset)
        for piece in pieces:
            writer.text("", ";")
            writer.text(" ", piece)
    return writer.finish()


def _parameter_value(group: list[Token]) -> str:
    """Give the value without its quotes and comments; what stands behind the first `=`."""
    text = "".join(token.plain for token in group if token.kind is not Kind.COMMENT)
    return text.partition("=")[2].strip(" \t")
