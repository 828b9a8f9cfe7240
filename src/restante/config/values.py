"""What single settings take: closed sets of words, and forms of text.

The kinds behind them are in `kinds`; which setting takes which, in `settings`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from restante.config.kinds import MechanismName, Text

__all__ = [
    "DELIMITER",
    "DOMAIN",
    "HOSTNAME",
    "LDAP_URL",
    "MECHANISM",
    "NETWORK",
    "WEB_URL",
    "WORD",
    "AccountSourceName",
    "BareLineEnds",
    "Capability",
    "CertificateName",
    "LogEvents",
    "LogFormat",
    "LoginRequired",
    "OverQuota",
    "Plaintext",
    "one_line",
]

HOST: Final = r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?"
HOSTNAME: Final = Text(pattern=HOST, words="a host's name: letters, digits, `.`, `-`, `_`", placeholder="HOST")
DOMAIN: Final = Text(pattern=HOST, words="a domain: letters, digits, `.`, `-`, `_`", placeholder="DOMAIN")
MECHANISM: Final = MechanismName()
NETWORK: Final = Text(
    pattern=r"unix|[0-9.]+(?:/[0-9]{1,2})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?",
    words="an address or a network such as 10.0.0.0/8, or unix",
    placeholder="NETWORK",
)
DELIMITER: Final = Text(pattern=r"[!#$%&'*+/=?^_`{|}~-]", words="one character such as + or -", placeholder="CHAR")
WORD: Final = Text(
    pattern=r"[A-Za-z0-9_.:;-]{1,100}", words="a word of letters, digits, `.`, `-`, `_`", placeholder="WORD"
)
WEB_URL: Final = Text(
    pattern=r"https?://[!-~]{1,500}", words="an address that starts with https://", placeholder="URL"
)
LDAP_URL: Final = Text(
    pattern=r"ldap[si]?://[!-~]{1,500}", words="an address that starts with ldaps://", placeholder="URL"
)


def one_line(words: str, placeholder: str) -> Text:
    """Give the kind for any text of one line; `words` go on after "has to be"."""
    return Text(pattern=r"[^\x00-\x1f\x7f]{1,500}", words=words, placeholder=placeholder)


class AccountSourceName(StrEnum):
    """Where accounts can be."""

    BUILT_IN = "built-in"
    PASSWD_FILE = "passwd-file"  # noqa: S105 - a name, not a password
    LDAP = "ldap"
    PAM = "pam"


class Capability(StrEnum):
    """What can be switched off: all that are registered."""

    TOP = "TOP"
    USER = "USER"
    SASL = "SASL"
    RESP_CODES = "RESP-CODES"
    LOGIN_DELAY = "LOGIN-DELAY"
    PIPELINING = "PIPELINING"
    EXPIRE = "EXPIRE"
    UIDL = "UIDL"
    IMPLEMENTATION = "IMPLEMENTATION"
    STLS = "STLS"
    AUTH_RESP_CODE = "AUTH-RESP-CODE"
    UTF8 = "UTF8"
    LANG = "LANG"


class CertificateName(StrEnum):
    """What in a client's certificate names an account."""

    EMAIL = "email"
    COMMON_NAME = "common-name"


class BareLineEnds(StrEnum):
    """What happens to a message that comes with a CR or LF that is not part of a CRLF."""

    NORMALISE = "normalise"
    REFUSE = "refuse"


class LoginRequired(StrEnum):
    """Where a client of SMTP has to log in before it may send."""

    NEVER = "never"
    SMTPS = "smtps"
    ALWAYS = "always"


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
