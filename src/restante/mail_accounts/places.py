"""Where the mail program keeps what it keeps: the folders of the XDG base directory specification.

Nothing is made or opened here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from restante.mail_accounts.faults import MailAccountFault

__all__ = ["ACCOUNTS_VARIABLE", "accounts_file", "mail_data_folder"]

ACCOUNTS_VARIABLE: Final = "RESTANTE_ACCOUNTS"
"""Names the file of accounts where it is not in its usual place."""


def accounts_file(environ: Mapping[str, str]) -> Path:
    """Give the file of accounts. Raises MailAccountFault where there is no home."""
    if named := environ.get(ACCOUNTS_VARIABLE):
        return Path(named)
    return _base(environ, "XDG_CONFIG_HOME", ".config") / "restante" / "accounts.toml"


def mail_data_folder(environ: Mapping[str, str]) -> Path:
    """Give the folder for what the mail program remembers: the outbox, and what was fetched."""
    return _base(environ, "XDG_DATA_HOME", ".local/share") / "restante" / "mail"


def _base(environ: Mapping[str, str], variable: str, usual: str) -> Path:
    if (base := environ.get(variable, "")).startswith("/"):
        return Path(base)
    if home := environ.get("HOME"):
        return Path(home) / usual
    raise MailAccountFault(f"HOME is not set, so there is no place for accounts: set HOME or {variable}")
