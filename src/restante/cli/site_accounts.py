"""The accounts of all sources, for commands that look at them; what changes an account is for the built-in ones.

Fails with CommandFailed, and with AccountFault where a source cannot tell.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from contextlib import AsyncExitStack

from restante.cli.outcome import CommandFailed, complain, shown
from restante.config import Settings
from restante.config.values import AccountSourceName
from restante.ports.accounts import Account
from restante.ports.soon import Later

__all__ = ["listed_accounts", "no_such_account", "site_account"]


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


def no_such_account(settings: Settings, name: str) -> CommandFailed:
    """Say that there is no account of that name that could be changed here."""
    if settings.accounts.sources == (AccountSourceName.BUILT_IN,):
        return CommandFailed(f"there is no account '{shown(name)}': 'restante account list' shows those there are")
    return CommandFailed(
        f"there is no built-in account '{shown(name)}': those of other sources are changed where they are"
    )
