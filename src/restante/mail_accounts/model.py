"""An account of the mail program: who one is, where the mail is fetched and handed in, and where the secret lies.

Not the accounts of the server (`restante.accounts`): those are other people's, these are one's own, elsewhere. The
secret itself is never in here; `secrets.py` brings it from where it lies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from restante.client.server import Server
from restante.submission.server import SubmissionServer

__all__ = [
    "ASK",
    "KEYRING",
    "Account",
    "Accounts",
    "Ask",
    "FetchWishes",
    "InCommand",
    "InEnvironment",
    "InFile",
    "InKeyring",
    "OAuth",
    "SecretPlace",
    "is_account_name",
]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


def is_account_name(text: str) -> bool:
    """Tell whether a text may name an account: it stands in command lines, in file names and in the keyring."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class InKeyring:
    """In the keyring of the desktop."""


@dataclass(frozen=True, slots=True)
class Ask:
    """In a person's head: asked for on the terminal each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InCommand:
    """What a command writes as its first line, such as `pass show mail/ted`."""

    command: str
    """For `sh -c`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InFile:
    """The first line of a file that nobody else can read."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class InEnvironment:
    """The value of an environment variable."""

    variable: str


KEYRING: Final = InKeyring()
ASK: Final = Ask()

SecretPlace: TypeAlias = InKeyring | Ask | InCommand | InFile | InEnvironment
"""Where a secret lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """How access tokens are had, in place of a password. The refresh token lies in `refresh_token`."""

    provider: str | None
    """`google`, `microsoft`, or None for an issuer that the next fields describe."""
    client_id: str
    """One's own, from the provider's console."""
    client_secret: str | None = field(default=None, repr=False)
    """Google gives one to programs on a desk too, and says that it is no secret there."""
    token_url: str
    authorize_url: str | None = None
    device_url: str | None = None
    scopes: tuple[str, ...] = ()
    refresh_token: SecretPlace = KEYRING


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchWishes:
    """What `restante fetch` does with an account where the command line does not say; None: what it does anyway."""

    to: str | None = None
    """The destination, as `--to` has it."""
    recipient: str | None = None
    to_password: SecretPlace | None = None
    """Where the password for an `imap:` destination lies."""
    keep: bool | None = None
    keep_days: int | None = None
    delete_when_removed: bool | None = None
    max_octets: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account."""

    name: str
    """What it is called on the command line, in the file and in the keyring."""
    address: str
    """For From, and the reverse-path."""
    display_name: str = ""
    login: str
    """The name to log in with."""
    mechanism: str | None = None
    """None: the strongest that a server offers."""
    credential: SecretPlace | OAuth = KEYRING
    pop3: Server | None = None
    """None: this account only sends."""
    fetch: FetchWishes = FetchWishes()
    smtp: SubmissionServer | None = None
    """None: this account only fetches."""
    smtp_login: str | None = None
    """Where it is another one than for POP3."""
    smtp_credential: SecretPlace | None = None
    """Likewise; None: the same as for POP3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What the file holds."""

    file: Path
    by_name: dict[str, Account]
    """In the order of the file."""
    default: str | None = None
    """The account that is meant where none is named; None where there is none."""
