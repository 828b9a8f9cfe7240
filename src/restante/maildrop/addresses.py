"""Addresses in a header field, said in ASCII where that can be, and shown where it cannot.

Display names become encoded-words and domains A-labels. An address whose local part is not in ASCII becomes a group
of that name without members: people see it, and nobody answers to another address by mistake.
Sources: RFC 6857 §3.1.6–§3.1.9, RFC 5322 §3.4 (mailboxes and groups), RFC 5890–5892 (A-labels).
"""

from __future__ import annotations

import unicodedata
from typing import Final

from restante.maildrop.encoded_words import Charset, FieldWriter
from restante.maildrop.structured import Kind, Token, is_ascii, put, text_of, tokens_of

__all__ = ["addresses_in_ascii"]

LABEL_CHARACTERS: Final = 63
"""Source: RFC 1035 §2.3.4."""

_LETTERS: Final = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
"""The categories of Unicode of which U-labels are made. Source: RFC 5892 §2.1."""


def addresses_in_ascii(name: str, value: str, charset: Charset) -> bytes | None:
    """Write a field of mailboxes and groups; None where it has no grammar."""
    tokens = tokens_of(value)
    if tokens is None:
        return None
    writer = FieldWriter(name, charset)
    element: list[Token] = []
    group: list[Token] | None = None
    in_angle = False
    for token in [*tokens, Token(Kind.END, "")]:
        mark = token.text if token.kind is Kind.SPECIAL else ""
        in_angle = mark == "<" or (in_angle and mark != ">")
        if in_angle and token.kind is not Kind.END:
            element.append(token)
        elif mark == ":" and group is None:
            # A group begins: its name stands before.
            group, element = element, []
        elif group is not None:
            if mark == ";" or token.kind is Kind.END:
                _write_group(writer, group, element, closed=mark == ";")
                group, element = None, []
            else:
                element.append(token)
        elif mark == "," or token.kind is Kind.END:
            _write_mailbox(writer, element)
            element = []
            writer.text("", mark)
        else:
            element.append(token)
    return writer.finish()


def _write_group(writer: FieldWriter, name: list[Token], members: list[Token], *, closed: bool) -> None:
    mailboxes = _parted(members)
    _write_phrase(writer, name)
    if all(_address_in_ascii(mailbox) is not None for mailbox in mailboxes):
        writer.text("", ":")
        for position, mailbox in enumerate(mailboxes):
            writer.text("", "," if position else "")
            _write_mailbox(writer, mailbox)
        writer.text("", ";" if closed else "")
    else:
        # The space between two encoded-words does not show (RFC 2047 §6.2), so this one holds its own.
        space = "" if is_ascii(name) else " "
        writer.encoded(" ", space + text_of(members).strip(" \t"))
        writer.text(" ", ":;")


def _parted(tokens: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind is Kind.SPECIAL and token.text == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _write_mailbox(writer: FieldWriter, tokens: list[Token]) -> None:
    address = _address_in_ascii(tokens)
    if address is None:
        writer.encoded(_leading_space(tokens) or " ", text_of(tokens, plain_quotes=True).strip(" \t"))
        writer.text(" ", ":;")
        return
    opening = _opening(tokens)
    if opening is None:
        put(writer, address)
        return
    _write_phrase(writer, tokens[:opening])
    put(writer, address)


def _write_phrase(writer: FieldWriter, tokens: list[Token]) -> None:
    """Put in a display name. Source: RFC 6857 §3.1.6."""
    if is_ascii(tokens, but_for_comments=True):
        put(writer, tokens)
        return
    comments = [token for token in tokens if token.kind is Kind.COMMENT]
    words = "".join(token.plain for token in tokens if token.kind is not Kind.COMMENT)
    writer.encoded(_leading_space(tokens) or " ", words.strip(" \t"))
    for comment in comments:
        put(writer, [Token(Kind.SPACE, " "), comment])
    if tokens[-1].kind is Kind.SPACE:
        writer.text(" ", "")


def _leading_space(tokens: list[Token]) -> str:
    return tokens[0].text if tokens and tokens[0].kind is Kind.SPACE else ""


def _opening(tokens: list[Token]) -> int | None:
    """Say where the `<` stands."""
    return next((n for n, token in enumerate(tokens) if token.kind is Kind.SPECIAL and token.text == "<"), None)


def _address_in_ascii(tokens: list[Token]) -> list[Token] | None:
    """Give what stands from the `<` on, or all, with the domain in ASCII; None where that cannot be."""
    tokens = tokens[_opening(tokens) or 0 :]
    if is_ascii(tokens, but_for_comments=True):
        return tokens
    found: list[Token] = []
    in_domain = False
    for token in tokens:
        text = token.text
        if token.kind is Kind.SPECIAL:
            in_domain = text == "@"
        elif token.kind is not Kind.COMMENT and not text.isascii():
            domain = _a_labels(text) if in_domain and token.kind is Kind.ATOM else None
            if domain is None:
                return None
            text = domain
        found.append(Token(token.kind, text))
    return found


def _a_labels(domain: str) -> str | None:
    """Give a domain's A-labels; None where a label is none that IDNA2008 could know. Source: RFC 5891 §5."""
    labels: list[str] = []
    for label in domain.split("."):
        if label.isascii():
            labels.append(label)
            continue
        # IDNA2003, which Python has, would make another name of some: ß would be ss.
        normal = unicodedata.normalize("NFC", label.lower()) if len(label) <= LABEL_CHARACTERS else ""
        if not normal or not all(c == "-" or unicodedata.category(c) in _LETTERS for c in normal):
            return None
        encoded = "xn--" + normal.encode("punycode").decode("ascii")
        if len(encoded) > LABEL_CHARACTERS:
            return None
        labels.append(encoded)
    return ".".join(labels)
