"""What single settings take: closed sets of words, and forms of text.

The kinds behind them are in `kinds`; which setting takes which, in `settings`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from restante.config.kinds import Text

__all__ = [
    "DELIMITER",
    "DOMAIN",
    "HOSTNAME",
    "MECHANISM",
    "NETWORK",
    "BareLineEnds",
    "LogEvents",
    "LogFormat",
    "OverQuota",
    "Plaintext",
]

HOST: Final = r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?"
HOSTNAME: Final = Text(pattern=HOST, words="a host's name: letters, digits, `.`, `-`, `_`", placeholder="HOST")
DOMAIN: Final = Text(pattern=HOST, words="a domain: letters, digits, `.`, `-`, `_`", placeholder="DOMAIN")
MECHANISM: Final = Text(
    pattern=r"[A-Za-z0-9_-]{1,20}",
    words="the name of a SASL mechanism, such as SCRAM-SHA-256",
    placeholder="MECHANISM",
)
NETWORK: Final = Text(
    pattern=r"unix|[0-9.]+(?:/[0-9]{1,2})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?",
    words="an address or a network such as 10.0.0.0/8, or unix",
    placeholder="NETWORK",
)
DELIMITER: Final = Text(pattern=r"[!#$%&'*+/=?^_`{|}~-]", words="one character such as + or -", placeholder="CHAR")


class BareLineEnds(StrEnum):
    """What happens to a message that comes with a CR or LF that is not part of a CRLF."""

    NORMALISE = "normalise"
    REFUSE = "refuse"


class OverQuota(StrEnum):
    """What becomes of mail for an account that may keep no more."""

    DEFER = "defer"
    REFUSE = "refuse"


class Plaintext(StrEnum):
    """Where a password may cross a line that is not under TLS."""

    TLS = "tls"
    LOOPBACK = "loopback"
    ALWAYS = "always"


class LogFormat(StrEnum):
    """How a line of the log is written."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class LogEvents(StrEnum):
    """Which events get a line in the log."""

    ALL = "all"
    PROBLEMS = "problems"
