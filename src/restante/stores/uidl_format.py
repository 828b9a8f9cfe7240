"""Dovecot's setting `pop3_uidl_format`: a small language that says how a unique-id is made.

Both syntaxes are read: that of Dovecot 2.3 and before, and that of 2.4. Pure. Source: what Dovecot itself answers,
held by tests against a real one. Fails with UidlFormatError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import md5
from typing import Final, TypeAlias

__all__ = ["DEFAULT_UIDL_FORMAT", "UidlFormat", "UidlFormatError"]

_WIDTH_LIMIT: Final = 70
"""A unique-id has no more octets; a width past it makes an illegal one all the same. Source: RFC 1939 §7."""


class UidlFormatError(Exception):
    """A `pop3_uidl_format` that cannot be followed."""

    def __init__(self, text: str, place: int, why: str) -> None:
        super().__init__(
            f"pop3_uidl_format {text!r}, at character {place + 1}: {why}; "
            "give the value that `doveconf -h pop3_uidl_format` prints on the old server"
        )
        self.text = text
        self.place = place


class UidlFormat:
    """Dovecot's setting `pop3_uidl_format`: how it makes a unique-id where none is stored.

    Known are the variables of Dovecot 2.3 and before (`%v` UID validity, `%u` UID, `%f` base name, `%g` GUID, with
    a width, and with the modifiers X, L, U and M before the letter) and those of 2.4 (`%{uid}`, `%{uidvalidity}`,
    `%{filename}`, `%{guid}`, with the filters hex, upper, lower, md5 and hexlify). `%m`, the MD5 of the headers of
    an mbox, is not: nothing in a list tells it. Raises UidlFormatError.
    """

    __slots__ = ("_parts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = tuple(_parts(text))

    def expand(self, *, uid_validity: int, uid: int, base: bytes, guid: bytes) -> bytes:
        """Give the unique-id of a message; whether it is a legal one is for the caller to judge."""
        values = {
            "uidvalidity": b"%d" % uid_validity,
            "uid": b"%d" % uid,
            "filename": base,
            "guid": guid,
        }
        return b"".join([part if isinstance(part, bytes) else part(values) for part in self._parts])


_Part: TypeAlias = bytes | Callable[[Mapping[str, bytes]], bytes]
_Step: TypeAlias = Callable[[bytes], bytes]

_LETTERS: Final = {"v": "uidvalidity", "u": "uid", "f": "filename", "g": "guid"}
_SHORT: Final = re.compile(r"%(?P<zero>0?)(?P<width>\d{0,3})(?P<modifiers>[XLUM]*)(?P<letter>[a-zA-Z])")
_LONG: Final = re.compile(r"%\{\s*(?P<name>[a-z0-9_]+)(?P<filters>[^{}]*)\}")
_FILTER: Final = re.compile(r"\s*\|\s*(?P<name>[a-z0-9_]+)\s*(?:\(\s*(?P<width>\d{1,3})?\s*\))?\s*")


def _parts(text: str) -> Iterator[_Part]:
    """Parse a format into literal octets and steps. Raises UidlFormatError."""
    place = 0
    names_a_message = False
    while place < len(text):
        if text[place] != "%":
            end = text.find("%", place)
            end = len(text) if end < 0 else end
            yield text[place:end].encode("utf-8")
            place = end
            continue
        if text.startswith("%%", place):
            yield b"%"
            place += 2
            continue
        if found := _SHORT.match(text, place):
            name = _LETTERS.get(found["letter"], found["letter"])
            steps = _short_steps(found)
        elif found := _LONG.match(text, place):
            name = found["name"]
            steps = _long_steps(text, found)
        else:
            raise UidlFormatError(text, place, "not a variable that is known here")
        if name in {"m", "md5"}:
            raise UidlFormatError(text, place, "the MD5 of the headers is for mbox only, and no list tells it")
        if name not in _LETTERS.values():
            raise UidlFormatError(text, place, f"there is no variable {name!r}")
        names_a_message |= name != "uidvalidity"
        yield _variable(name, steps)
        place = found.end()
    if not names_a_message:
        raise UidlFormatError(text, 0, "all messages would have the same unique-id")


def _variable(name: str, steps: tuple[_Step, ...]) -> _Part:
    def expand(values: Mapping[str, bytes]) -> bytes:
        value = values[name]
        for step in steps:
            value = step(value)
        return value

    return expand


def _short_steps(found: re.Match[str]) -> tuple[_Step, ...]:
    modifiers: dict[str, _Step] = {"X": _hex, "L": bytes.lower, "U": bytes.upper, "M": _md5}
    steps = [modifiers[letter] for letter in found["modifiers"]]
    width = min(int(found["width"] or "0"), _WIDTH_LIMIT + 1)
    if found["zero"]:
        # With a zero, short values are filled up and long ones stay; without it, long ones are cut.
        steps.append(lambda value: value.rjust(width, b"0"))
    elif width:
        steps.append(lambda value: value[:width])
    return tuple(steps)


def _long_steps(text: str, found: re.Match[str]) -> tuple[_Step, ...]:
    steps: list[_Step] = []
    place, end = found.span("filters")
    while place < end:
        step = _FILTER.match(text, place, end)
        if step is None:
            raise UidlFormatError(text, place, "not a filter that is known here")
        width = min(int(step["width"] or "0"), _WIDTH_LIMIT + 1)
        match step["name"]:
            case "hex":
                steps.append(_hex_of_width(width))
            case "upper":
                steps.append(bytes.upper)
            case "lower":
                steps.append(bytes.lower)
            case "md5":
                steps.append(_md5)
            case "hexlify" if steps and steps[-1] is _md5:
                # The digest is hexadecimal here already.
                pass
            case name:
                raise UidlFormatError(text, place, f"the filter {name!r} is not known here")
        place = step.end()
    return tuple(steps)


def _hex(value: bytes) -> bytes:
    """Write a number in lower-case hexadecimal; what is no number is 0, as for Dovecot."""
    return b"%x" % (int(value) if value.isdigit() else 0)


def _hex_of_width(width: int) -> _Step:
    return lambda value: _hex(value).rjust(width, b"0")[-width:] if width else _hex(value)


def _md5(value: bytes) -> bytes:
    return md5(value, usedforsecurity=False).hexdigest().encode("ascii")


DEFAULT_UIDL_FORMAT: Final = UidlFormat("%08Xu%08Xv")
"""Dovecot's own default: two numbers of eight lower-case hexadecimal digits. 2.4 writes it in its new syntax."""
