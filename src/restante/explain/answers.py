"""Which phrase tells a reply: by the command that it answers, by its response code, and by what it says.

Numbers of STAT, LIST and UIDL are read from the reply, as a client reads them; where they cannot be read, the
answer is told without them. Sources: RFC 1939 §5-7, RFC 2449 §8, RFC 3206.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from restante.explain.events import Replied
from restante.explain.phrases import Phrase
from restante.explain.wire_lines import printable
from restante.proto.terms import State

__all__ = ["answer_phrase", "drop_listing", "scan_listing"]

_Answer: TypeAlias = tuple[Phrase, Mapping[str, str | int]]

_TWO_NUMBERS: Final = re.compile(rb"([0-9]{1,18}) ([0-9]{1,18})(?![^\s])")
_NUMBER_AND_ID: Final = re.compile(rb"[0-9]{1,18} ([!-~]{1,200})\s*$")

_GOOD: Final[Mapping[bytes, Phrase]] = {
    b"USER": Phrase.ANSWERS_USER,
    b"PASS": Phrase.ANSWERS_LOGIN,
    b"APOP": Phrase.ANSWERS_LOGIN,
    b"STLS": Phrase.ANSWERS_STLS,
    b"UTF8": Phrase.ANSWERS_UTF8,
    b"LIST": Phrase.ANSWERS_LIST,
    b"UIDL": Phrase.ANSWERS_UIDL,
    b"RETR": Phrase.ANSWERS_RETR,
    b"TOP": Phrase.ANSWERS_TOP,
    b"DELE": Phrase.ANSWERS_DELE,
    b"NOOP": Phrase.ANSWERS_NOOP,
    b"RSET": Phrase.ANSWERS_RSET,
    b"CAPA": Phrase.ANSWERS_CAPA,
    b"LANG": Phrase.ANSWERS_LANG,
}
_CODES: Final[Mapping[bytes, Phrase]] = {
    b"AUTH": Phrase.REFUSES_CREDENTIALS,
    b"IN-USE": Phrase.REFUSES_IN_USE,
    b"LOGIN-DELAY": Phrase.REFUSES_LOGIN_DELAY,
    b"SYS/TEMP": Phrase.REFUSES_FOR_NOW,
    b"SYS/PERM": Phrase.REFUSES_FOR_GOOD,
    b"UTF8": Phrase.REFUSES_UTF8,
}
_LOGINS: Final = frozenset({b"PASS", b"APOP", b"AUTH"})


def drop_listing(text: bytes) -> tuple[int, int] | None:
    """Read the count and the octets that STAT tells."""
    found = _TWO_NUMBERS.match(text)
    return (int(found[1]), int(found[2])) if found else None


def scan_listing(line: bytes) -> tuple[int, int] | None:
    """Read the number and the octets of a line of LIST."""
    return drop_listing(line)


def answer_phrase(event: Replied, *, marked: int) -> _Answer:
    """Give the phrase for a reply, and its values. `marked` counts the deletion marks that stand."""
    text = printable(event.text)
    if event.to is None:
        return Phrase.SAYS_UNASKED, {"text": text}
    return _good_answer(event, marked) if event.good else _bad_answer(event, text)


def _good_answer(event: Replied, marked: int) -> _Answer:
    assert event.to is not None
    keyword, number = event.to.keyword, event.to.number
    if keyword == b"STAT" and (told := drop_listing(event.text)) is not None:
        count, octets = told
        if not count:
            return Phrase.ANSWERS_STAT_NONE, {}
        if count == 1:
            return Phrase.ANSWERS_STAT_ONE, {"octets": octets}
        return Phrase.ANSWERS_STAT_MANY, {"count": count, "octets": octets}
    if keyword == b"LIST" and number is not None and (one := scan_listing(event.text)) is not None:
        return Phrase.ANSWERS_LIST_ONE, {"octets": one[1]}
    if keyword == b"UIDL" and number is not None and (found := _NUMBER_AND_ID.match(event.text)) is not None:
        return Phrase.ANSWERS_UIDL_ONE, {"unique_id": printable(found[1])}
    if keyword == b"QUIT":
        if event.state is not State.UPDATE:
            return Phrase.ANSWERS_QUIT_BEFORE_LOGIN, {}
        if not marked:
            return Phrase.ANSWERS_QUIT, {}
        if marked == 1:
            return Phrase.ANSWERS_QUIT_REMOVED_ONE, {}
        return Phrase.ANSWERS_QUIT_REMOVED_MANY, {"count": marked}
    if keyword == b"AUTH":
        return Phrase.ANSWERS_LOGIN if event.to.has_argument else Phrase.ANSWERS_LIST, {}
    return _GOOD.get(keyword, Phrase.ANSWERS_WELL), {}


def _bad_answer(event: Replied, text: str) -> _Answer:
    assert event.to is not None
    if event.code is not None and event.code in _CODES:
        return _CODES[event.code], {"text": text}
    if event.to.keyword in _LOGINS and event.to.has_argument:
        return Phrase.REFUSES_LOGIN, {"text": text}
    if event.to.keyword == b"QUIT":
        return Phrase.REFUSES_QUIT, {"text": text}
    if event.to.number is not None:
        return Phrase.REFUSES_MESSAGE, {"number": str(event.to.number), "text": text}
    return Phrase.REFUSES, {"text": text}
