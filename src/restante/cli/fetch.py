"""`restante fetch`: mail of other servers into a Maildir, an mbox, an IMAP folder, a mail server, or a command.

The work is in `restante.fetch`; here are its options. Ends with a code for each phase (see
`fetch_exit`). Fails with CommandFailed and ConfigError.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from restante.cli.fetch_running import Delivering, Wishes, run
from restante.cli.fetch_source import (
    AdHoc,
    SecurityChoice,
    ad_hoc_account,
    named_accounts,
    secrets_here,
    source_of,
)
from restante.cli.options import ConfigOption, DataOption, JsonOption
from restante.cli.outcome import CommandFailed, ExitCode
from restante.cli.remote import (
    ExplainOption,
    FingerprintOption,
    PasswordCommandOption,
    SecurityOption,
    ServerOption,
    UserOption,
    telling_of,
)

__all__ = ["StateOption", "commands"]

_EPILOG = """
Mail is removed at the server once it is stored, unless --keep or one of the other two say otherwise; with --to - it
is kept, since nobody can tell what becomes of it. What cannot be stored stays where it is.

Ends with 0: done; 2: wrong command line; 3: no connection; 4: TLS; 5: login refused; 6: the transfer broke off;
7: the destination or the state cannot be written; 8: done, but for messages that were left out; 9: wrong account
or secret; 75: in use, try again.

Examples:
  restante fetch work --to maildir:~/Mail --keep-days 30
  restante fetch --all --every 5m
  restante fetch --server pop.example.org --user ted --to maildir:~/Mail
  restante fetch --server pop.example.org --user ted --to imap:ted@imap.example.org/INBOX --every 5m
"""

_DURATION: Final = re.compile(r"(\d{1,9})([smhd]?)")
_UNIT_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_OCTETS: Final = re.compile(r"(\d{1,15})([kKmMgG]?)(?:i?B)?")
_UNIT_OCTETS: Final = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
SHORTEST_PAUSE_SECONDS: Final = 10

StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Where it is remembered what was fetched. Default: restante/mail/fetch.sqlite3 in "
        "$XDG_DATA_HOME, else in ~/.local/share.",
        show_default=False,
    ),
]


commands = typer.Typer()


@commands.command("fetch", epilog=_EPILOG)
def fetch(
    *,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ACCOUNT...",
            help="Accounts to fetch, as restante setup made them. Default: the default account.",
            show_default=False,
        ),
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", metavar="", help="Fetch all accounts.")] = False,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DESTINATION",
            help="Where the mail goes: maildir:PATH, mbox:PATH, imap:USER@HOST/FOLDER, lmtp:HOST:PORT or "
            "lmtp:unix:PATH, smtp:HOST:PORT, pipe:COMMAND, restante:NAME for a maildrop of this machine, or - for "
            "standard output, as an mbox. Default: as the account says.",
            show_default=False,
        ),
    ] = None,
    server: ServerOption = None,
    user: UserOption = None,
    password_command: PasswordCommandOption = None,
    security: SecurityOption = SecurityChoice.TLS,
    fingerprint: FingerprintOption = None,
    authorities: Annotated[
        Path | None,
        typer.Option(
            "--authorities",
            metavar="FILE",
            help="Certificates in PEM to trust instead of the system's, for --server and for the destination.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        bool | None,
        typer.Option(
            "--keep/--delete",
            metavar="",
            help="Leave the mail at the server, or remove it once it is stored. Default: --delete, "
            "but with --to -.",
            show_default=False,
        ),
    ] = None,
    keep_days: Annotated[
        int | None,
        typer.Option(
            "--keep-days",
            metavar="N",
            min=1,
            help="Leave the mail at the server for N days after it was stored.",
            show_default=False,
        ),
    ] = None,
    delete_when_removed: Annotated[
        bool,
        typer.Option(
            "--delete-when-removed",
            metavar="",
            help="Leave the mail at the server until you remove it at the destination: a Maildir, an IMAP folder, "
            "or a maildrop of ours.",
        ),
    ] = False,
    max_octets: Annotated[
        str | None,
        typer.Option(
            "--max-octets",
            metavar="N",
            help="Leave longer messages where they are. 500K and 10M are understood.",
            show_default=False,
        ),
    ] = None,
    headers_only: Annotated[
        bool, typer.Option("--headers-only", metavar="", help="Fetch the headers, and remove nothing.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help="Fetch at most N messages in a run.", show_default=False),
    ] = None,
    newest_first: Annotated[
        bool, typer.Option("--newest-first", metavar="", help="Begin with the newest message.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", metavar="", help="Fetch also what was fetched, or refused, before.")
    ] = False,
    recipient: Annotated[
        str | None,
        typer.Option(
            "--recipient",
            metavar="ADDRESS",
            help="For whom, with smtp: and lmtp:. Default: the address of the account.",
            show_default=False,
        ),
    ] = None,
    to_password_command: Annotated[
        str | None,
        typer.Option(
            "--to-password-command",
            metavar="COMMAND",
            help="Prints the password for imap: in its first line. Default: it is asked for.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(
            "--every",
            metavar="TIME",
            help="Stay, and fetch again after this time: 90s, 5m, 1h. Ends orderly on SIGTERM and Ctrl-C.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar="", help="Say what would be fetched and removed, and do neither.")
    ] = False,
    explain: ExplainOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Fetch mail from other servers, with nothing lost and nothing twice.

    What was fetched is remembered, through kills and power cuts, so that mail which is left at the server comes
    once. A message is removed there only when the destination has it, durably.
    """
    if server is not None and (names or everyone):
        raise CommandFailed("--server stands for an account: name none beside it", exit_code=ExitCode.USAGE)
    if server is None:
        accounts = named_accounts(names or (), everyone=everyone)
    else:
        options = AdHoc(
            server=server,
            user=user,
            password_command=password_command,
            security=security,
            fingerprint=fingerprint,
            authorities=authorities,
        )
        accounts = [ad_hoc_account(options)]
    wishes = Wishes(
        to=to,
        recipient=recipient,
        keep=keep,
        keep_days=keep_days,
        delete_when_removed=delete_when_removed,
        max_octets=None if max_octets is None else octets_of(max_octets),
        headers_only=headers_only,
        limit=limit,
        newest_first=newest_first,
        again=again,
    )
    for account in accounts:
        wishes.policy(account)
    pause = None if every is None else seconds_of(every)
    delivering = Delivering(password_command=to_password_command, authorities=authorities, config=config, data=data)
    from restante.mail_accounts import Logins

    logins, telling = Logins(secrets_here()), telling_of(explain)
    raise typer.Exit(
        run(
            [source_of(account, logins, telling=telling) for account in accounts],
            wishes,
            delivering,
            pause_seconds=pause,
            state=state,
            in_json=as_json,
            dry_run=dry_run,
        )
    )


def seconds_of(text: str) -> float:
    """Read a time such as 5m. Raises CommandFailed."""
    found = _DURATION.fullmatch(text.strip())
    seconds = int(found[1]) * _UNIT_SECONDS[found[2]] if found else 0
    if seconds < SHORTEST_PAUSE_SECONDS:
        raise CommandFailed(
            f"--every {text}: give a time of at least {SHORTEST_PAUSE_SECONDS} seconds, such as 5m",
            exit_code=ExitCode.USAGE,
        )
    return float(seconds)


def octets_of(text: str) -> int:
    """Read a count of octets such as 10M. Raises CommandFailed."""
    found = _OCTETS.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise CommandFailed(f"--max-octets {text}: give a count such as 500K or 10M", exit_code=ExitCode.USAGE)
    return int(found[1]) * _UNIT_OCTETS[found[2].lower()]
