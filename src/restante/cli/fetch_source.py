"""Which remote maildrop a command means: an account of the file, or one that options alone describe.

Nothing is asked of a server here, and no secret is brought until a connection is made, but for one that a person
has to type. Fails with CommandFailed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from restante.cli.outcome import CommandFailed, ExitCode

if TYPE_CHECKING:
    from restante.client import Maildrop, Server
    from restante.explain.telling import Telling
    from restante.mail_accounts import Account, Logins, Secrets
    from restante.mail_accounts.model import SecretPlace
    from restante.proto.terms import Secret

__all__ = [
    "AdHoc",
    "SecurityChoice",
    "Source",
    "ad_hoc_account",
    "brought",
    "named_accounts",
    "secrets_here",
    "server_of",
    "source_of",
]

MOST_MESSAGES: Final = 1_000_000
"""In a listing. People move mail because there is much of it; this many take some 300 MB."""
LONGEST_LISTING_OCTETS: Final = 96 * 1024 * 1024
"""With a unique-id of 70 octets for each of them."""

_SERVER: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]/]+))(?::(?P<port>\d{1,5}))?")


class SecurityChoice(StrEnum):
    """How `--security` calls the ways to secure a connection."""

    TLS = "tls"
    STLS = "stls"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdHoc:
    """What the options say of a server that stands in no file."""

    server: str
    user: str | None
    password_command: str | None
    security: SecurityChoice
    fingerprint: str | None
    authorities: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A remote maildrop, and the way into it."""

    account: Account
    maildrop_name: str
    """What the state calls it."""
    connect: Callable[[], Awaitable[Maildrop]]
    """Raises ClientFault, SetupFault, UnusableArgument."""


def server_of(options: AdHoc, *, option: str) -> Server:
    """Make the settings of a server of options; `option` is what named it. Raises CommandFailed."""
    from restante.client import Security, Server

    found = _SERVER.fullmatch(options.server)
    try:
        if found is None:
            raise ValueError(f"{option} is HOST or HOST:PORT, with [brackets] around an IPv6 address")
        return Server(
            host=found["six"] or found["host"],
            port=int(found["port"]) if found["port"] else None,
            security=Security[options.security.name],
            fingerprint=options.fingerprint,
            authorities=options.authorities,
        )
    except ValueError as error:
        raise CommandFailed(str(error), exit_code=ExitCode.USAGE) from None


def ad_hoc_account(options: AdHoc) -> Account:
    """Make an account of options. Raises CommandFailed."""
    from restante.mail_accounts import Account
    from restante.mail_accounts.model import ASK, InCommand

    if options.user is None:
        raise CommandFailed("--server says where, and not who: give --user NAME too", exit_code=ExitCode.USAGE)
    server = server_of(options, option="--server")
    command = options.password_command
    address = options.user if "@" in options.user else f"{options.user}@{server.host}"
    return Account(
        name=address,
        address=address,
        login=options.user,
        credential=ASK if command is None else InCommand(command=command),
        pop3=server,
    )


def named_accounts(names: Sequence[str], *, everyone: bool) -> list[Account]:
    """Give accounts of the file: all that fetch, those named, or the default one. Raises CommandFailed."""
    from restante.mail_accounts import MailAccountFault, accounts_file, find_account, load_accounts

    try:
        accounts = load_accounts(accounts_file(os.environ))
        if everyone:
            chosen = [account for account in accounts.by_name.values() if account.pop3 is not None]
            if not chosen:
                find_account(accounts, None)
        else:
            chosen = [find_account(accounts, name) for name in names or (None,)]
    except MailAccountFault as error:
        raise CommandFailed(str(error), exit_code=ExitCode.CONFIGURATION) from None
    for account in chosen:
        if account.pop3 is None:
            raise CommandFailed(
                f"account '{account.name}' only sends: give it a [accounts.{account.name}.pop3] with a host",
                exit_code=ExitCode.USAGE,
            )
    return chosen


def secrets_here() -> Secrets:
    """Give the places of secrets, with the terminal for those in somebody's head."""
    from restante.cli.password_input import ask_secret
    from restante.mail_accounts import Secrets

    return Secrets(environ=os.environ, ask=ask_secret)


def brought(secrets: Secrets, place: SecretPlace, *, name: str, what: str = "password") -> Secret:
    """Bring a secret. Raises CommandFailed."""
    from restante.mail_accounts import MailAccountFault

    try:
        return secrets.get(place, name=name, what=what)
    except MailAccountFault as error:
        raise CommandFailed(str(error), exit_code=ExitCode.CONFIGURATION) from None


def source_of(account: Account, logins: Logins, *, telling: Telling | None = None) -> Source:
    """Make the source of an account, whose sessions `telling` hears.

    Raises CommandFailed where its password is asked for and nobody answers.
    """
    from restante.client import Login, connect
    from restante.fetch.runner import SetupFault
    from restante.fetch.state import maildrop_name
    from restante.mail_accounts import MailAccountFault
    from restante.mail_accounts.model import Ask

    assert account.pop3 is not None
    limits = replace(account.pop3.limits, messages=MOST_MESSAGES, listing_octets=LONGEST_LISTING_OCTETS)
    server = replace(account.pop3, limits=limits)
    typed: Secret | None = None
    if isinstance(account.credential, Ask):
        # Once and now: not in the middle of a progress bar, and not again each five minutes.
        typed = brought(logins.secrets, account.credential, name=account.name)

    async def login() -> Login:
        if typed is not None:
            return Login(name=account.login, password=typed, mechanism=account.mechanism)
        return await logins.for_pop3(account)

    async def open_() -> Maildrop:
        try:
            observe = None if telling is None else telling.session(account.name)
            return await connect(server, login=await login(), observe=observe)
        except MailAccountFault as error:
            raise SetupFault(str(error)) from error

    return Source(
        account=account,
        maildrop_name=maildrop_name(account.login, server.host, server.real_port),
        connect=open_,
    )
