"""SASLprep: names and passwords brought to one spelling before they are compared.

Composed and decomposed letters, wide and narrow ones, no-break and common spaces become the same; what cannot be
seen or would show in the wrong order is refused. All strings are treated as queries: code points that Unicode 3.2
did not have yet pass as they are. For passwords to be stored RFC 4013 §2.5 would refuse them, and with them most
emoji; but then a password that PLAIN takes could not be used with SCRAM, which helps nobody.
Sources: RFC 4013, RFC 3454 (tables and the rule for text from right to left).
"""

from __future__ import annotations

import stringprep
from typing import Final
from unicodedata import ucd_3_2_0

__all__ = ["NotPreparable", "prepared", "prepared_octets"]

_PROHIBITED: Final = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)
"""Source: RFC 4013 §2.3."""


class NotPreparable(ValueError):
    """A name or password that SASLprep refuses. Holds none of it but the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def prepared(text: str) -> str:
    """Prepare a name or a password; doing it twice changes nothing more.

    Raises NotPreparable for what is prohibited, mixes directions, or comes out empty. Source: RFC 4013 §2.
    """
    if text.isascii() and text.isprintable():
        result = text
    else:
        mapped = "".join(map(_mapped, text))
        # The tables are those of Unicode 3.2, and so must the normal form be, or old passwords would change.
        result = ucd_3_2_0.normalize("NFKC", mapped)
        if any(prohibits(c) for prohibits in _PROHIBITED for c in result):
            raise NotPreparable("holds a character that SASLprep prohibits")
        _check_direction(result)
    if not result:
        raise NotPreparable("is empty")
    return result


def prepared_octets(octets: bytes) -> bytes:
    """Give a password the form under which it is hashed: prepared where it can be, else as it is.

    For whoever stores a password or takes one by USER and PASS, so that it is the same one for PLAIN and SCRAM.
    """
    try:
        return prepared(octets.decode()).encode()
    except ValueError:
        return octets


def _mapped(character: str) -> str:
    """Map spaces to the space, and what cannot be seen to nothing. Source: RFC 4013 §2.1."""
    # U+200B is in both tables; as the first that the RFC names, and as others do it, the space wins.
    if stringprep.in_table_c12(character):
        return " "
    return "" if stringprep.in_table_b1(character) else character


def _check_direction(text: str) -> None:
    """Hold the rule for text from right to left. Source: RFC 3454 §6."""
    if not any(map(stringprep.in_table_d1, text)):
        return
    if any(map(stringprep.in_table_d2, text)):
        raise NotPreparable("mixes letters from right to left with letters from left to right")
    if not (stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])):
        raise NotPreparable("holds letters from right to left, but does not begin and end with one")
