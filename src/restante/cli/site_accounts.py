"""The accounts of all sources, for commands that look at them, and the built-in ones, which are changed here.

Fails with CommandFailed, and with AccountFault where a source cannot tell.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from restante.cli.outcome import CommandFailed, complain, shown
from restante.config import Settings
from restante.config.values import AccountSourceName
from restante.ports.accounts import Account
from restante.ports.soon import Later

if TYPE_CHECKING:
    from restante.accounts import SqlDirectory

__all__ = ["directory_of", "found_account", "listed_accounts", "maildrop_folder", "site_account"]


def site_account(settings: Settings, name: str) -> Account:
    """Give the account of that name, in whichever source. Raises CommandFailed, AccountFault."""
    from restante import app

    async def find() -> Account | None:
        async with AsyncExitStack() as closing:
            found = app.open_accounts(settings, closing).find(name)
            return await found if isinstance(found, Later) else found

    try:
        if settings.accounts.sources == (AccountSourceName.BUILT_IN,):
            # The one that answers without waiting.
            with contextlib.closing(app.open_directory(settings)) as built_in:
                account = built_in.find(name)
        else:
            account = asyncio.run(find())
    except app.NotSetUp as error:
        raise CommandFailed(str(error)) from None
    if account is None:
        raise CommandFailed(f"there is no account '{shown(name)}': 'restante account list' shows those there are")
    return account


def listed_accounts(settings: Settings) -> Sequence[tuple[Account, AccountSourceName]]:
    """Give the accounts of the sources that have a list, by source. Raises CommandFailed, AccountFault.

    Of two accounts of one name only the first is one. Which sources have no list is told on standard error.
    """
    from restante import app

    try:
        found, without = app.list_accounts(settings)
    except app.NotSetUp as error:
        raise CommandFailed(str(error)) from None
    for source in without:
        complain(f"accounts in {source.value} are not listed: it answers for one name at a time")
    return found


@contextlib.contextmanager
def directory_of(settings: Settings) -> Iterator[SqlDirectory]:
    """Open the directory, and tell in words what it refuses. Raises CommandFailed, AccountFault."""
    from restante import app
    from restante.accounts import (
        AccountExists,
        BrokenHash,
        IllegalName,
        IllegalPassword,
        MaildirTaken,
        NoSuchAccount,
        SealingFault,
    )

    directory = app.open_directory(settings)
    try:
        with contextlib.closing(directory):
            yield directory
    except (
        AccountExists,
        BrokenHash,
        IllegalName,
        IllegalPassword,
        MaildirTaken,
        SealingFault,
    ) as error:
        # `from None`: the causes of some hold what a password was checked against.
        raise CommandFailed(str(error)) from None
    except NoSuchAccount as error:
        raise _no_such_account(settings, error.name) from None


def found_account(settings: Settings, directory: SqlDirectory, name: str) -> Account:
    """Give the built-in account of that name. Raises CommandFailed, AccountFault."""
    account = directory.find(name)
    if account is None:
        raise _no_such_account(settings, name)
    return account


def maildrop_folder(settings: Settings, account: Account) -> Path:
    """Give the folder in which an account's mail lies, there or not."""
    from restante import app

    return app.open_store(settings).location(account)


def _no_such_account(settings: Settings, name: str) -> CommandFailed:
    """Say that there is no account of that name that could be changed here."""
    if settings.accounts.sources == (AccountSourceName.BUILT_IN,):
        return CommandFailed(f"there is no account '{shown(name)}': 'restante account list' shows those there are")
    return CommandFailed(
        f"there is no built-in account '{shown(name)}': those of other sources are changed where they are"
    )
