"""`restante maildrop`: look into a maildrop, mend it, bring mail in from another server, take it out again.

Each command takes the exclusive-access lock, as a session does, and ends with 75 while another has it. Fails with
CommandFailed, ConfigError, AccountFault and StoreFault.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restante.cli import maildrop_migrate, maildrop_policies
from restante.cli.maildrop_policies import (
    account_named,
    accounts_named,
    disk_told,
    messages_counted,
    octets_counted,
    site_policies,
)
from restante.cli.opening import in_use_told, opened, ourselves, running_store
from restante.cli.options import (
    AccountName,
    ConfigOption,
    DataOption,
    JsonOption,
)
from restante.cli.outcome import CommandFailed, ExitCode, complain, say, shown
from restante.cli.site_accounts import maildrop_folder
from restante.config import Settings
from restante.ports.accounts import Account
from restante.proto.terms import MessageNumber, UniqueId

if TYPE_CHECKING:
    from restante.stores.transfer import ImportReport, Incoming, MessageFailure

__all__ = ["commands"]

commands = typer.Typer(
    name="maildrop",
    help="List, check, import, migrate, export and expire maildrops, and bring removed mail back.",
    epilog="While a session holds the maildrop, these end with 75 and say since when and from where; of a session "
    "that began within the last two seconds they may know neither.",
    no_args_is_help=True,
)


class ExportFormat(StrEnum):
    """In which form a maildrop is written out."""

    MAILDIR = "maildir"
    MBOX = "mbox"


@commands.command("list")
def list_messages(
    name: AccountName, as_json: JsonOption = False, config: ConfigOption = None, data: DataOption = None
) -> None:
    """List the messages of a maildrop: number, octets and unique-id, as LIST and UIDL show them.

    JSON: an object with the keys account, octets (of all messages) and messages, a list of objects with the keys
    number, octets and unique_id.
    """
    settings, account = account_named(name, config, data)
    with opened(settings, account, "maildrop list") as session:
        snapshot = session.maildrop.snapshot
    rows = [
        (place, snapshot.octets(MessageNumber(place)), unique_id.decode("ascii"))
        for place, unique_id in enumerate(snapshot.unique_ids, 1)
    ]
    if as_json:
        messages = [{"number": number, "octets": octets, "unique_id": uid} for number, octets, uid in rows]
        say(json.dumps({"account": account.name, "octets": snapshot.total_octets, "messages": messages}, indent=2))
        return
    widths = [max((len(str(row[column])) for row in rows), default=0) for column in (0, 1)]
    for number, octets, unique_id in rows:
        say(f"{number:{widths[0]}}  {octets:{widths[1]}}  {unique_id}")
    say(octets_counted(len(rows), snapshot.total_octets))


@commands.command()
def check(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of the account. Default: all accounts.", show_default=False),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Find what a crash or a hand left in a maildrop, and repair what can be repaired without a loss.

    Nothing that could be mail is removed, but for what has waited its days in the trash. All messages are read.
    Ends with 0 when all is well or was repaired, with 1 when something needs a hand, else with 75 when a maildrop
    was in use and not checked.
    """
    settings, accounts = accounts_named(name, config, data)
    codes = {_check(settings, account) for account in accounts}
    if name is None:
        _tell_left_folders(settings, accounts)
    for code in (ExitCode.FAILED, ExitCode.IN_USE):
        if code in codes:
            raise typer.Exit(code)


def _check(settings: Settings, account: Account) -> ExitCode:
    """Check one maildrop and tell of it; a fault of one does not keep the others from being checked."""
    from restante.ports.stores import StoreFault
    from restante.stores.maildir import FindingKind
    from restante.stores.maildir import check as check_maildir

    hand_needed = {FindingKind.NOT_A_FILE, FindingKind.LINK, FindingKind.UNREADABLE}
    folder = maildrop_folder(settings, account)
    # Where there is no trash any more, what is still in one is the business of `expire`.
    trash_days = site_policies(settings).trash_days or None
    if account.maildir is None and not folder.exists():
        say(f"{shown(account.name)}: no mail has come yet")
        return ExitCode.OK
    try:
        with in_use_told(account.name):
            report = check_maildir(folder, now=time.time(), trash_days=trash_days)
    except CommandFailed as error:
        complain(str(error))
        return error.exit_code
    except StoreFault as error:
        complain(f"{account.name}: {error}")
        return ExitCode.FAILED
    for finding in report.findings:
        say(f"{shown(account.name)}: {shown(finding.path)}: {finding.kind.value}")
    needs_hand = any(finding.kind in hand_needed for finding in report.findings)
    verdict = "see above" if report.findings else "all is well"
    say(f"{shown(account.name)}: {messages_counted(report.messages)}, {verdict}")
    return ExitCode.FAILED if needs_hand else ExitCode.OK


def _tell_left_folders(settings: Settings, accounts: Sequence[Account]) -> None:
    """Name the maildrops that belong to no account: those of removed ones."""
    from restante.stores.maildir.places import MAILDROPS

    known = {account.id for account in accounts}
    with disk_told(), contextlib.suppress(FileNotFoundError):
        for folder in sorted((settings.data / MAILDROPS).iterdir()):
            if folder.name not in known:
                say(f"{shown(folder)}: belongs to no account: remove it by hand if its mail is not wanted")


@commands.command(
    "import",
    epilog="""
Examples:
  restante maildrop import ted /home/ted/Maildir --unique-ids /home/ted/Maildir/dovecot-uidlist
  restante maildrop import ted /home/ted/Maildir --unique-ids /home/ted/Maildir/courierpop3dsizelist
  restante maildrop import ted /var/mail/ted
""",
)
def import_(
    *,
    name: AccountName,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A Maildir, or an mbox file.", show_default=False)],
    unique_ids: Annotated[
        Path | None,
        typer.Option(
            "--unique-ids",
            metavar="FILE",
            help="Take over the unique-ids from Dovecot's dovecot-uidlist or Courier's courierpop3dsizelist, so "
            "that clients that leave mail on the server download nothing twice. For a Maildir only. Default: none, "
            "so that each message gets a new one.",
            show_default=False,
        ),
    ] = None,
    uidl_format: Annotated[
        str | None,
        typer.Option(
            "--uidl-format",
            metavar="FORMAT",
            help="What pop3_uidl_format was in Dovecot's settings: 'doveconf -h pop3_uidl_format' tells. Default: "
            "%08Xu%08Xv, as Dovecot's own.",
            show_default=False,
        ),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Bring the mail of a Maildir or an mbox into a maildrop, in order; the source stays as it is.

    Run again, it skips what is there already. Stop the old server first, and let clients in when this is done.
    """
    from restante.stores.mbox import NotAnMbox
    from restante.stores.transfer import ImportStopped, NotAMaildir, import_messages

    settings, account = account_named(name, config, data)
    if uidl_format is not None and unique_ids is None:
        raise CommandFailed("--uidl-format says how to read --unique-ids: give both", exit_code=ExitCode.USAGE)
    if unique_ids is not None and path.is_file():
        raise CommandFailed(
            "--unique-ids goes with a Maildir, and PATH is a file: leave it out", exit_code=ExitCode.USAGE
        )
    with disk_told():
        try:
            source, taken_over = _source(path, unique_ids, uidl_format)
            with running_store(settings) as (store, runner), in_use_told(account.name):
                report = runner.run(
                    import_messages(
                        store, account, source, unique_ids=taken_over, holder=ourselves("maildrop import")
                    )
                )
        except (NotAMaildir, NotAnMbox) as error:
            raise CommandFailed(str(error)) from None
        except ImportStopped as error:
            raise CommandFailed(f"{path}: {error}") from None
    _tell_import(report)


def _source(
    path: Path, unique_ids: Path | None, uidl_format: str | None
) -> tuple[Iterable[Incoming], Mapping[bytes, UniqueId] | None]:
    """Open what is to be imported. Raises CommandFailed, NotAMaildir, OSError."""
    from restante.stores.takeover import LARGEST_LIST_OCTETS, UnreadableList, read_unique_id_list, take_over
    from restante.stores.transfer import maildir_base_names, read_maildir, read_mbox
    from restante.stores.uidl_format import DEFAULT_UIDL_FORMAT, UidlFormat, UidlFormatError

    if not path.is_dir():
        return read_mbox(path), None
    if unique_ids is None:
        return read_maildir(path), None
    try:
        form = DEFAULT_UIDL_FORMAT if uidl_format is None else UidlFormat(uidl_format)
        with unique_ids.open("rb") as file:
            listed = read_unique_id_list(file.read(LARGEST_LIST_OCTETS + 1), uidl_format=form)
    except UidlFormatError as error:
        raise CommandFailed(str(error), exit_code=ExitCode.USAGE) from None
    except UnreadableList as error:
        raise CommandFailed(f"{unique_ids}: {error}") from None
    taken = take_over(listed, maildir_base_names(path))
    for fault in taken.faults:
        complain(f"{unique_ids}: line {fault.line}: {fault.reason.value}")
    return read_maildir(path, order=listed.order), taken.unique_ids


def _tell_import(report: ImportReport) -> None:
    say(f"imported {octets_counted(report.imported, report.imported_octets)}")
    if report.already_there:
        say(f"skipped {messages_counted(report.already_there)} that were there already")
    if report.under_another_id:
        say(f"skipped {messages_counted(report.under_another_id)} that were there already under another unique-id")
    if report.with_own_ids:
        say(f"{messages_counted(report.with_own_ids)} got a new unique-id: clients download these again")
    _tell_failures(report.failures, report.failed)


@commands.command(
    epilog="""
Examples:
  restante maildrop export ted /tmp/ted-maildir
  restante maildrop export ted ted.mbox --format mbox
"""
)
def export(
    name: AccountName,
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="What to write; it must not be there yet.", show_default=False),
    ],
    form: Annotated[
        ExportFormat,
        typer.Option(
            "--format",
            help="A Maildir keeps the unique-ids, in a dovecot-uidlist; an mbox has no place for them. Default: "
            "maildir.",
            show_default=False,
        ),
    ] = ExportFormat.MAILDIR,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Write all mail of a maildrop into a new Maildir or mbox; the maildrop stays as it is."""
    from restante.stores.export import export_maildir, export_mbox
    from restante.stores.mbox import TargetInTheWay

    settings, account = account_named(name, config, data)
    write = export_maildir if form is ExportFormat.MAILDIR else export_mbox
    with disk_told(), opened(settings, account, "maildrop export") as session:
        try:
            report = session.runner.run(write(session.maildrop, path, now_epoch_seconds=time.time()))
        except TargetInTheWay as error:
            raise CommandFailed(str(error)) from None
    say(f"exported {octets_counted(report.exported, report.exported_octets)} to {shown(path)}")
    _tell_failures(report.failures, report.failed)


def _tell_failures(failures: list[MessageFailure], failed: int) -> None:
    """Name the messages that were left out. Raises CommandFailed when there are any."""
    for failure in failures:
        complain(f"left out {os.fsdecode(failure.key)}: {failure.reason}")
    if failed:
        they = "it" if failed == 1 else "they"
        raise CommandFailed(
            f"{messages_counted(failed)} left out, as {they} could not be read: mend that and run the same again"
        )


commands.command("migrate", epilog=maildrop_migrate.EPILOG)(maildrop_migrate.migrate)
commands.command("expire", epilog=maildrop_policies.EXPIRE_EPILOG)(maildrop_policies.expire)
commands.command("undelete", epilog=maildrop_policies.UNDELETE_EPILOG)(maildrop_policies.undelete)
