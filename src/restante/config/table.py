"""The table of all settings, made from the model: each one's name in its three spellings, and all there is to say.

The loader, the flags of `restante serve` and the reference page of the docs read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any, Final

from restante.config.kinds import Kind
from restante.config.settings import (
    AccountSettings,
    AuthSettings,
    DeliverySettings,
    LdapSettings,
    LimitSettings,
    LogSettings,
    MaildropSettings,
    OAuthSettings,
    PamSettings,
    PasswdFileSettings,
    Settings,
    TlsSettings,
)

__all__ = ["ENVIRONMENT_PREFIX", "SETTINGS", "TABLES", "Setting", "as_typed"]

ENVIRONMENT_PREFIX: Final = "RESTANTE_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table: a setting's one name in its three spellings, and all that is said about it."""

    table: str | None
    """The TOML table, or None at the top."""
    key: str
    kind: Kind[Any]  # Any: the rows are of many kinds, and each reads its own
    default: Any  # Any: as above
    default_words: str
    """The default as one would type it, or in words where it depends on the machine."""
    description: str

    @property
    def name(self) -> str:
        """As it stands in the TOML file, its table before it: `limits.autologout_seconds`."""
        return f"{self.table}.{self.key}" if self.table else self.key

    @property
    def variable(self) -> str:
        """As it stands in the environment: `RESTANTE_LIMITS_AUTOLOGOUT_SECONDS`."""
        return ENVIRONMENT_PREFIX + self.name.replace(".", "_").upper()

    @property
    def flag(self) -> str:
        """As it stands on the command line: `--limits-autologout-seconds`."""
        return "--" + re.sub(r"[._]", "-", self.name)


TABLES: Final[dict[str, type]] = {
    "tls": TlsSettings,
    "auth": AuthSettings,
    "accounts": AccountSettings,
    "passwd_file": PasswdFileSettings,
    "ldap": LdapSettings,
    "pam": PamSettings,
    "oauth": OAuthSettings,
    "limits": LimitSettings,
    "delivery": DeliverySettings,
    "maildrop": MaildropSettings,
    "log": LogSettings,
}


def as_typed(value: object) -> str:
    """Give a setting's value as one would type it in the environment."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return " ".join(str(item) for item in value)
        case _:
            return str(value)


def _rows(table: str | None, model: type) -> list[Setting]:
    return [
        Setting(
            table=table,
            key=each.name,
            kind=each.metadata["kind"],
            default=each.default,
            default_words=each.metadata["default_words"] or as_typed(each.default) or "none",
            description=each.metadata["description"],
        )
        for each in fields(model)
        if each.name not in TABLES or table is not None
    ]


SETTINGS: Final[tuple[Setting, ...]] = tuple(
    row for table, model in ((None, Settings), *TABLES.items()) for row in _rows(table, model)
)
"""Every setting there is, in the order of the reference."""
