"""`restante maildrop expire` and `undelete`: what a site's policies remove between sessions, and what comes back.

The commands themselves hang on the group of `restante.cli.maildrop`. Each takes the exclusive-access lock of one
maildrop after the other. Fails with CommandFailed, ConfigError, AccountFault and StoreFault.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from restante.cli.data_folder import existing_data_folder
from restante.cli.opening import in_use_told
from restante.cli.options import AccountName, ConfigOption, DataOption, settings_of
from restante.cli.outcome import CommandFailed, ExitCode, complain, say, shown
from restante.cli.site_accounts import listed_accounts, maildrop_folder, site_account
from restante.config import Settings
from restante.maildrop.policies import LoginDelay, MaildropPolicies
from restante.ports.accounts import Account
from restante.proto.terms import UniqueId

__all__ = [
    "EXPIRE_EPILOG",
    "UNDELETE_EPILOG",
    "account_named",
    "accounts_named",
    "disk_told",
    "expire",
    "messages_counted",
    "octets_counted",
    "site_policies",
    "undelete",
]

EXPIRE_EPILOG = """
Examples:
  restante maildrop expire
  restante maildrop expire ted --expire-days 90 --dry-run
"""

UNDELETE_EPILOG = """
Examples:
  restante maildrop undelete ted
  restante maildrop undelete ted --all
"""


def expire(
    *,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of the account. Default: all accounts.", show_default=False),
    ] = None,
    expire_days: Annotated[
        int | None,
        typer.Option(
            "--expire-days",
            metavar="N",
            min=1,
            help="Remove mail that came this many days ago. Default: as the settings say.",
            show_default=False,
        ),
    ] = None,
    after_retrieval_days: Annotated[
        int | None,
        typer.Option(
            "--expire-after-retrieval-days",
            metavar="N",
            min=0,
            help="Remove mail that was first retrieved this many days ago. Default: as the settings say.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar="", help="Say what would be removed, and remove nothing.")
    ] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Remove the mail whose days are over, and what has waited its days in the trash; for a timer to run daily.

    A session does the same at its QUIT; this is for maildrops that nobody opens. Says nothing of maildrops in which
    nothing is due. Ends with 0, with 1 when a maildrop could not be read, else with 75 when one was in use and has
    to wait for the next time.
    """
    settings, accounts = accounts_named(name, config, data)
    policies = site_policies(settings)
    retention = policies.retention
    if expire_days is not None:
        retention = replace(retention, expire_days=expire_days)
    if after_retrieval_days is not None:
        retention = replace(retention, expire_after_retrieval_days=after_retrieval_days)
    policies = replace(policies, retention=retention)
    codes = {
        _expire(settings, account, policies, dry_run=dry_run, tell_always=name is not None) for account in accounts
    }
    for code in (ExitCode.FAILED, ExitCode.IN_USE):
        if code in codes:
            raise typer.Exit(code)


def _expire(
    settings: Settings, account: Account, policies: MaildropPolicies, *, dry_run: bool, tell_always: bool
) -> ExitCode:
    """See to one maildrop and tell of it; a fault of one does not keep the others waiting."""
    from restante.ports.stores import StoreFault
    from restante.stores.maildir import expire as expire_maildir

    folder = maildrop_folder(settings, account)
    if account.maildir is None and not folder.exists():
        return ExitCode.OK
    try:
        with in_use_told(account.name):
            report = expire_maildir(folder, policies=policies, now=time.time(), dry_run=dry_run)
    except CommandFailed as error:
        complain(str(error))
        return error.exit_code
    except StoreFault as error:
        complain(f"{account.name}: {error}")
        return ExitCode.FAILED
    would = "would be " if dry_run else ""
    if dry_run:
        for unique_id in report.expired:
            say(f"{shown(account.name)}: {unique_id.decode('ascii')}")
    if report.expired or tell_always:
        counted = octets_counted(len(report.expired), report.expired_octets)
        say(f"{shown(account.name)}: {counted} {would}removed, {report.left} left")
    if report.swept:
        say(f"{shown(account.name)}: {messages_counted(report.swept)} in the trash {would}removed for good")
    return ExitCode.OK


def undelete(
    *,
    name: AccountName,
    unique_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="UNIQUE-ID",
            help="Messages to bring back. Default: none, so that the trash is listed.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", metavar="", help="Bring back all there is.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Bring mail back from the trash, or list what is in it: the day of its removal, octets and unique-id.

    A message comes back with its unique-id and in its old place, so that clients that still know it do not download
    it twice. Its days begin anew where mail expires.
    """
    from restante.stores.maildir import list_trash
    from restante.stores.maildir import undelete as undelete_messages

    if everything and unique_ids:
        raise CommandFailed("name unique-ids or --all, not both", exit_code=ExitCode.USAGE)
    settings, account = account_named(name, config, data)
    folder = maildrop_folder(settings, account)
    if account.maildir is None and not folder.exists():
        raise CommandFailed(f"no mail has come for {account.name} yet: there is nothing to bring back")
    with in_use_told(account.name):
        if not everything and not unique_ids:
            there = list_trash(folder, now=time.time())
            width = max((len(str(one.octets)) for one in there), default=0)
            for one in there:
                say(f"{one.removed}  {one.octets:{width}}  {one.unique_id.decode('ascii')}")
            say(f"{octets_counted(len(there), sum(one.octets for one in there))} in the trash")
            return
        wanted = None if everything else {UniqueId(each.encode("utf-8", "replace")) for each in unique_ids or ()}
        done = undelete_messages(
            folder, unique_ids=wanted, retention=site_policies(settings).retention, now=time.time()
        )
    say(f"brought back {octets_counted(len(done.back), sum(one.octets for one in done.back))}")
    for one in done.in_the_way:
        complain(f"left {one.unique_id.decode('ascii')} in the trash: another message has its name by now")
    for unique_id in sorted(done.unknown):
        complain(f"{unique_id.decode('utf-8', 'replace')} is not in the trash")
    if done.in_the_way or done.unknown:
        raise CommandFailed(
            f"not all came back: 'restante maildrop undelete {account.name}' lists what there is in the trash"
        )


def site_policies(settings: Settings) -> MaildropPolicies:
    """Give the policies of the settings. A login delay holds for clients and not for commands."""
    from restante import app

    return replace(app.policies_of(settings), login_delay=LoginDelay())


def account_named(name: str, config: Path | None, data: str | None) -> tuple[Settings, Account]:
    """Give the settings, and the account of that name. Raises CommandFailed, ConfigError, AccountFault."""
    settings, (account,) = accounts_named(name, config, data)
    return settings, account


def accounts_named(name: str | None, config: Path | None, data: str | None) -> tuple[Settings, Sequence[Account]]:
    """Give the settings, and the one account of that name, or all. Raises as `account_named` does."""
    settings = settings_of(config, data)
    existing_data_folder(settings.data)
    if name is not None:
        return settings, [site_account(settings, name)]
    return settings, [account for account, _ in listed_accounts(settings)]


@contextlib.contextmanager
def disk_told() -> Iterator[None]:
    """Turn what the disk refuses into words. Raises CommandFailed."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        where = f"{error.filename}: " if error.filename else ""
        raise CommandFailed(f"{where}{reason}: check the path, and that this user may use it") from None


def messages_counted(count: int) -> str:
    """Count messages in words."""
    return f"{count} message{'' if count == 1 else 's'}"


def octets_counted(count: int, octets: int) -> str:
    """Count messages and their octets in words."""
    return f"{messages_counted(count)}, {octets} octets"
