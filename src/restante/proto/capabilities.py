"""What a server announces by CAPA.

Announced means that it works: a server builds its list from what it was set up with, and a test tries each tag.
Sources: RFC 2449 §5–6, RFC 2595 §4, RFC 3206 §6, RFC 5034 §3, RFC 6856 §2–3.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

__all__ = ["CAPABILITIES", "capability_lines"]

CAPABILITIES: Final = frozenset(
    {
        *("TOP", "USER", "SASL", "RESP-CODES", "LOGIN-DELAY", "PIPELINING", "EXPIRE", "UIDL", "IMPLEMENTATION"),
        *("STLS", "AUTH-RESP-CODE", "UTF8", "LANG"),
    }
)
"""All that are registered; each can be switched off."""


def capability_lines(
    *,
    user: bool,
    mechanisms: Iterable[str],
    stls: bool,
    implementation: bytes,
    withheld: Collection[str] = (),
    expire: bytes = b"EXPIRE NEVER",
    login_delay: bytes | None = None,
) -> bytes:
    """Render the capability list, each line ended, without the terminating line.

    `user` says whether USER and PASS are taken, `mechanisms` what AUTH takes, `stls` whether STLS would be accepted
    now: that alone may be announced before the login and not after it (RFC 2449 §5, RFC 2595 §4). `expire` and
    `login_delay` are the site's policies as tags. `withheld` are the capabilities that are switched off.
    """
    user = user and "USER" not in withheld
    names = " ".join(mechanisms)
    tags = {
        "TOP": b"TOP",
        "UIDL": b"UIDL",
        "RESP-CODES": b"RESP-CODES",
        # Without any response codes there are none of logins either.
        "AUTH-RESP-CODE": b"" if "RESP-CODES" in withheld else b"AUTH-RESP-CODE",
        "PIPELINING": b"PIPELINING",
        "EXPIRE": expire,
        "LOGIN-DELAY": login_delay or b"",
        "USER": b"USER" if user else b"",
        "SASL": b"SASL " + names.encode("ascii") if names else b"",
        "STLS": b"STLS" if stls else b"",
        # Names and passwords may be in UTF-8 where they are taken as they are (RFC 6856 §2.2).
        "UTF8": b"UTF8 USER" if user else b"UTF8",
        "LANG": b"LANG",
        "IMPLEMENTATION": b"IMPLEMENTATION " + implementation,
    }
    return b"".join([tag + b"\r\n" for name, tag in tags.items() if tag and name not in withheld])
