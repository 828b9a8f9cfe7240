"""Why a change of the accounts is refused: the caller's mistake, told to people with what to do next.

What the disk or SQLite did wrong is an AccountFault instead.
"""

from __future__ import annotations

from pathlib import Path

from restante.accounts.app_passwords import APP_PASSWORDS

__all__ = [
    "AccountExists",
    "AppPasswordExists",
    "MaildirTaken",
    "NoSuchAccount",
    "NoSuchAppPassword",
    "TooManyAppPasswords",
]


class AccountExists(Exception):
    """There is an account of that name already, perhaps in another case."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is an account {name} already: choose another name, or remove that one first")
        self.name = name


class NoSuchAccount(Exception):
    """There is no account of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no account {name!r}: `restante account list` shows those there are")
        self.name = name


class MaildirTaken(Exception):
    """Another account has that Maildir: two owners would read and remove each other's mail."""

    def __init__(self, maildir: Path, owner: str) -> None:
        super().__init__(
            f"the Maildir {maildir} belongs to the account {owner} already: name another with --maildir"
        )
        self.maildir = maildir
        self.owner = owner


class AppPasswordExists(Exception):
    """The account has an application password of that label, perhaps in another case."""

    def __init__(self, name: str, label: str) -> None:
        super().__init__(
            f"{name} has an application password {label!r} already: choose another label, or revoke that one first"
        )
        self.name = name
        self.label = label


class NoSuchAppPassword(Exception):
    """The account has no application password of that label."""

    def __init__(self, name: str, label: str) -> None:
        super().__init__(
            f"{name} has no application password {label!r}: `restante account app-password list {name}` shows "
            "those there are"
        )
        self.name = name
        self.label = label


class TooManyAppPasswords(Exception):
    """The account has as many application passwords as one may have."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} has {APP_PASSWORDS} application passwords, the most there may be: revoke some first"
        )
        self.name = name
