"""How a person names a message: by its number in this session, or by a piece of its unique-id that only it has.

Unique-ids have up to 70 characters, and many servers let all of them begin alike, others end alike. So a piece may
be a beginning or, behind `...`, an end; a list shows the shorter kind. Digits alone are a message number, `uid:`
before them makes them a unique-id. Pure. Fails with MessageChoiceFault. Source: RFC 1939 §7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, Generic, TypeVar

from restante.client.session import Listed
from restante.reading.showing import one_line

__all__ = ["Handles", "MessageChoiceFault"]

M = TypeVar("M", bound=Listed)

SHORTEST: Final = 6
WHOLE: Final = 10
"""Unique-ids that are no longer are shown whole."""

_MARKS: Final = ("...", "\N{HORIZONTAL ELLIPSIS}")


class MessageChoiceFault(Exception):
    """No message is meant, or more than one. Its text is one line that ends with what to do next."""


class Handles(Generic[M]):
    """The short names of the messages of one maildrop."""

    def __init__(self, messages: Sequence[M]) -> None:
        self._messages = messages
        ids = [bytes(message.unique_id) for message in messages]
        longest = max(map(len, ids), default=0)
        head, tail = _needed(ids), _needed([unique_id[::-1] for unique_id in ids])
        self._head, self._tail = (longest if longest <= WHOLE else head), 0
        if longest > WHOLE and tail + len(b"...") < head:
            self._tail = tail

    def of(self, message: M) -> str:
        """Give the short name of a message, fit for a terminal."""
        octets = bytes(message.unique_id)
        if not self._tail:
            short = octets[: self._head]
        else:
            short = octets if len(octets) <= self._tail + 3 else b"..." + octets[-self._tail :]
        text = one_line(short.decode("ascii", "backslashreplace"))
        return f"uid:{text}" if text.isdecimal() else text

    def named(self, text: str) -> M:
        """Give the message that is meant. Raises MessageChoiceFault."""
        if text.isascii() and text.isdecimal():
            return self._numbered(int(text[:12]), text)
        wanted = text.removeprefix("uid:")
        mark = next((mark for mark in _MARKS if wanted.startswith(mark)), "")
        octets = wanted.removeprefix(mark).encode("utf-8", "surrogateescape")
        if not octets:
            raise MessageChoiceFault(f"'{text}' names no message: give its number, or its unique-id")
        whole = wanted.encode("utf-8", "surrogateescape")
        for message in self._messages:
            if bytes(message.unique_id) == whole:
                return message
        found = [
            message
            for message in self._messages
            if (bytes(message.unique_id).endswith(octets) if mark else bytes(message.unique_id).startswith(octets))
        ]
        if not found:
            raise MessageChoiceFault(
                f"there is no message with the unique-id '{wanted}': 'restante list' shows those there are"
            )
        if len(found) > 1:
            raise MessageChoiceFault(f"{len(found)} messages have a unique-id like '{wanted}': give more of it")
        return found[0]

    def all_named(self, texts: Iterable[str]) -> list[M]:
        """Give the messages that are meant, each once, in the order of the maildrop. Raises MessageChoiceFault."""
        chosen = {message.number: message for message in map(self.named, texts)}
        return [chosen[number] for number in sorted(chosen)]

    def _numbered(self, number: int, text: str) -> M:
        for message in self._messages:
            if message.number == number:
                return message
        last = self._messages[-1].number if self._messages else 0
        there = f"the maildrop has messages 1 to {last}" if last else "the maildrop is empty"
        raise MessageChoiceFault(f"there is no message {text}: {there}; put uid: before a unique-id of digits")


def _needed(ids: list[bytes]) -> int:
    """Tell how many octets from the beginning tell all ids apart."""
    ordered = sorted(ids)
    needed = SHORTEST
    for one, other in pairwise(ordered):
        common = 0
        for left, right in zip(one, other, strict=False):
            if left != right:
                break
            common += 1
        needed = max(needed, common + 1)
    return needed
