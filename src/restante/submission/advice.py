"""What a person can do about a refusal: told from the enhanced status code, which says more than the reply's own.

What it is not: a list of all codes. Where one says nothing that helps, there is no advice, and the server's words
stand alone. Pure. Sources: RFC 3463 §3 (the codes), RFC 7372 (logins), RFC 5321 §4.2.3 (552: too long).
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["advice_on"]

_ENHANCED: Final = re.compile(r"[245]\.(\d{1,3}\.\d{1,3})(?!\S)")

_TOO_LONG: Final = "make it smaller, or send it in parts"
_NOT_ALLOWED: Final = "it does not let this account send this: look at the addresses, or ask who runs it"

_ADVICE: Final = {
    "1.1": "check the address",
    "1.2": "check the address",
    "1.3": "check the address",
    "1.6": "that mailbox has moved: ask for the new address",
    "1.7": "check the address of the account",
    "1.8": "check the address of the account",
    "1.10": "that domain takes no mail: check the address",
    "2.1": "that mailbox is closed: reach them another way",
    "2.2": "that mailbox is full: reach them another way",
    "2.3": _TOO_LONG,
    "3.4": _TOO_LONG,
    "7.1": _NOT_ALLOWED,
}
"""By subject and detail; the class is the same news for now or for good."""


def advice_on(code: int, text: str) -> str | None:
    """Give what to do about a reply, without its end; None where it does not say enough. `text` is hostile."""
    found = _ENHANCED.match(text.strip())
    if found is not None:
        return _ADVICE.get(found[1])
    return _TOO_LONG if code == 552 else None
