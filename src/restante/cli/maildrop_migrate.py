"""`restante maildrop migrate`: a maildrop of another POP3 server into one of ours, and the proof of it.

The command hangs on the group of `restante.cli.maildrop`; the work is in `restante.fetch.migrate`. What was brought
is remembered in the data folder. Fails with CommandFailed, ConfigError, AccountFault and StoreFault.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from restante.cli.fetch_source import (
    AdHoc,
    SecurityChoice,
    Source,
    ad_hoc_account,
    named_accounts,
    secrets_here,
    source_of,
)
from restante.cli.maildrop_policies import account_named
from restante.cli.opening import in_use_told, running_store
from restante.cli.options import AccountName, ConfigOption, DataOption, JsonOption
from restante.cli.outcome import CommandFailed, ExitCode, say, shown
from restante.cli.remote import (
    WITHOUT_AN_ACCOUNT,
    AuthoritiesOption,
    ExplainOption,
    FingerprintOption,
    PasswordCommandOption,
    SecurityOption,
    UserOption,
    telling_of,
)

if TYPE_CHECKING:
    from restante.fetch.migrate import Migration, MigrationReport

__all__ = ["EPILOG", "migrate"]

EPILOG = """
Ends with 0: both sides are the same, but for what it names; 8: they are not, or messages were left out; 3, 4, 5, 6:
no connection, TLS, login, transfer; 75: one of the two maildrops is in use.

Examples:
  restante maildrop migrate ted --from-server pop.old.example --user ted --password-command 'pass old/ted'
  restante maildrop migrate ted --from old --verify
"""

_TOLD: Final = 20
"""How many differences of a kind are named; all of them with --json."""

_STATE: Final = "migrations.sqlite3"


def migrate(
    *,
    name: AccountName,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ACCOUNT",
            help="The account at the other server, as restante setup made it.",
            show_default=False,
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            "--from-server",
            metavar="HOST[:PORT]",
            help="The other server, without an account.",
            show_default=False,
            rich_help_panel=WITHOUT_AN_ACCOUNT,
        ),
    ] = None,
    user: UserOption = None,
    password_command: PasswordCommandOption = None,
    security: SecurityOption = SecurityChoice.TLS,
    fingerprint: FingerprintOption = None,
    authorities: AuthoritiesOption = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            metavar="",
            help="Bring nothing; retrieve every message of the other server and compare it with the one here.",
        ),
    ] = False,
    explain: ExplainOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Bring a maildrop from another POP3 server, with its unique-ids and order, so that no client downloads anew.

    Run it as often as you like until the switch: it brings what is new, and removes nothing on either side. At its
    end it proves that both sides list the same unique-ids, octets and digests, or names each difference.
    """
    if (source is None) == (server is None):
        raise CommandFailed("say from where: --from ACCOUNT, or --from-server HOST", exit_code=ExitCode.USAGE)
    settings, account = account_named(name, config, data)
    if server is None:
        (other,) = named_accounts([source or ""], everyone=False)
    else:
        options = AdHoc(
            server=server,
            user=user,
            password_command=password_command,
            security=security,
            fingerprint=fingerprint,
            authorities=authorities,
        )
        other = ad_hoc_account(options)
    from restante.cli.fetch_faces import face
    from restante.cli.fetch_running import opened_state
    from restante.fetch.migrate import Migration
    from restante.mail_accounts import Logins

    remote = source_of(other, Logins(secrets_here()), telling=telling_of(explain))
    with (
        opened_state(settings.data / _STATE) as state,
        running_store(settings) as (store, runner),
        in_use_told(account.name),
        face(in_json=as_json, answers=sys.stdout, every=False) as tell,
    ):
        migration: Migration[Any] = Migration(  # Any: what a message of the other server is concerns it alone
            source=other.name,
            maildrop_name=remote.maildrop_name,
            store=store,
            account=account,
            state=state,
            tell=tell,
            clock=time.time,
        )
        report = runner.run(_moved(migration, remote, verify=verify))
    if as_json:
        say(json.dumps(_as_json(report)))
    else:
        _tell_report(report, other.name, account.name, verify=verify)
    raise typer.Exit(ExitCode.OK if report.proved else ExitCode.LEFT_OUT)


async def _moved(migration: Migration[Any], source: Source, *, verify: bool) -> MigrationReport:  # Any: as above
    """Take as many sessions as it needs, as long as each brings something. Raises CommandFailed."""
    from restante.cli.fetch_exit import EXIT_CODES
    from restante.client import ClientFault, UnusableArgument
    from restante.fetch.runner import SetupFault, failure_of
    from restante.fetch.state import StateFault

    while True:
        before = migration.report.brought
        try:
            remote = await source.connect()
            try:
                return await (migration.verify(remote) if verify else migration.run(remote))
            finally:
                await remote.close()
        except (ClientFault, UnusableArgument, SetupFault, StateFault) as error:
            brought = migration.report.brought
            if isinstance(error, ClientFault) and brought > before:
                continue
            so_far = f" (after {brought} messages; run the same again to go on)" if brought else ""
            raise CommandFailed(f"{error}{so_far}", exit_code=EXIT_CODES[failure_of(error)]) from None


def _tell_report(report: MigrationReport, source: str, name: str, *, verify: bool) -> None:
    from restante.cli.fetch_faces import counted

    if not verify:
        say(f"{shown(name)}: brought {counted(report.brought, report.brought_octets)} from {shown(source)}")
    if report.renamed:
        say(
            f"{counted(report.renamed)} without a unique-id that RFC 1939 allows got one that is made here: "
            "clients download these again"
        )
    counts: Counter[str] = Counter()
    for difference in report.differences:
        kind = difference.kind.value
        counts[kind] += 1
        if counts[kind] <= _TOLD:
            words = f": {difference.words}" if difference.words else ""
            say(f"{shown(difference.unique_id.decode('ascii', 'backslashreplace'))} {kind}{words}")
    for kind, count in counts.items():
        if count > _TOLD:
            say(f"... and {count - _TOLD} more: {kind}")
    if report.proved:
        how = "retrieved and compared" if verify else "compared"
        say(f"proved: {counted(report.same)} {how}, the same unique-ids, order, octets and digests on both sides")
    else:
        say(f"not the same: {counted(report.same)} of {report.listed} are; see above, mend it, run this again")


def _as_json(report: MigrationReport) -> dict[str, Any]:  # Any: what JSON holds
    return {
        "event": "compared",
        "listed": report.listed,
        "brought": report.brought,
        "brought_octets": report.brought_octets,
        "renamed": report.renamed,
        "left_out": report.left_out,
        "same": report.same,
        "proved": report.proved,
        "differences": [
            {
                "kind": each.kind.name.lower(),
                "unique_id": each.unique_id.decode("ascii", "backslashreplace"),
                "words": each.words or None,
            }
            for each in report.differences
        ],
    }
