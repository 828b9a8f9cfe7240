"""`restante list`: what is in a remote maildrop, its newest messages first looked at.

Headers are asked for by TOP, and only of the messages that are shown. Fails with CommandFailed.
"""

from __future__ import annotations

import json
import re
import sys
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from restante.cli.fetch_source import SecurityChoice
from restante.cli.mail_table import Row, counted, handles_of, looked_up, row_json, show_rows
from restante.cli.options import JsonOption
from restante.cli.outcome import CommandFailed, ExitCode, complain, say
from restante.cli.remote import (
    AccountArgument,
    AuthoritiesOption,
    ExplainOption,
    FingerprintOption,
    PasswordCommandOption,
    Remote,
    SecurityOption,
    ServerOption,
    UserOption,
)

if TYPE_CHECKING:
    from restante.client import blocking
    from restante.reading import Handles

__all__ = ["commands"]

_EPILOG = """
The newest messages are shown, newest last, 50 unless --limit or --all say otherwise: of a maildrop with 20,000 that
is what one wants to see, without asking for the headers of all. Looking marks nothing and deletes nothing.

A message is named by its number, which is good until something is deleted, or by the short unique-id beside it,
which stays.

Examples:
  restante list
  restante list work --since 3d
  restante list --json | jq -r '.messages[].subject'
  restante list --server pop.example.org --user ted
"""

SHOWN_AT_FIRST: Final = 50
_LOOKED_AHEAD: Final = 100
"""How many messages --since looks at, at a time: when none of them is young enough, it goes back no further."""

_AGO: Final = re.compile(r"(\d{1,4})([hdw])")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


commands = typer.Typer()


@commands.command("list", epilog=_EPILOG)
def list_mail(
    account: AccountArgument = None,
    *,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", metavar="N", min=1, help="Show N messages. Default: 50.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", metavar="", help="Show all messages.")] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="WHEN",
            help="Show what came since: 2026-11-02, or 12h, 3d, 2w for hours, days, weeks ago.",
            show_default=False,
        ),
    ] = None,
    newest: Annotated[bool, typer.Option("--newest", metavar="", help="Show the newest message first.")] = False,
    explain: ExplainOption = None,
    as_json: JsonOption = False,
    server: ServerOption = None,
    user: UserOption = None,
    password_command: PasswordCommandOption = None,
    security: SecurityOption = SecurityChoice.TLS,
    fingerprint: FingerprintOption = None,
    authorities: AuthoritiesOption = None,
) -> int:
    """List the mail that waits in a maildrop of another server: number, unique-id, octets, date, from, subject."""
    if everything and limit is not None:
        raise CommandFailed("--all and --limit contradict each other: give one of them", exit_code=ExitCode.USAGE)
    begin = None if since is None else since_when(since, datetime.now(UTC).astimezone())
    remote = Remote(
        account=account,
        server=server,
        user=user,
        password_command=password_command,
        security=security,
        fingerprint=fingerprint,
        authorities=authorities,
        explain=explain,
    )
    with remote.opened() as maildrop:
        handles = handles_of(maildrop)
        messages = list(maildrop.messages())
        most = len(messages) if everything else limit or (SHOWN_AT_FIRST if begin is None else len(messages))
        if begin is None:
            rows = list(looked_up(maildrop, messages[-most:], handles))
        else:
            rows = _since(maildrop, messages, handles, begin)[-most:]
    octets = sum(message.octets for message in messages)
    if newest:
        rows.reverse()
    if as_json:
        answer = {"messages": [row_json(row) for row in rows], "total": len(messages), "total_octets": octets}
        say(json.dumps(answer))
        return ExitCode.OK
    if rows:
        show_rows(rows)
    _say_totals(rows, len(messages), octets, is_since=begin is not None)
    return ExitCode.OK


def since_when(text: str, now: datetime) -> datetime:
    """Read what --since says. Raises CommandFailed."""
    if found := _AGO.fullmatch(text.strip()):
        return now - int(found[1]) * _UNITS[found[2]]
    try:
        date = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CommandFailed(
            f"--since {text}: give a date such as 2026-11-02, or 12h, 3d, 2w", exit_code=ExitCode.USAGE
        ) from None
    return date.replace(tzinfo=now.tzinfo) if date.tzinfo is None else date


def _since(
    maildrop: blocking.Maildrop,
    messages: Sequence[blocking.Message],
    handles: Handles[blocking.Message],
    begin: datetime,
) -> list[Row]:
    """Go back from the newest message until a whole stretch of them is older."""
    rows: deque[Row] = deque()
    for end in range(len(messages), 0, -_LOOKED_AHEAD):
        stretch = messages[max(0, end - _LOOKED_AHEAD) : end][::-1]
        young = [
            row
            for row in looked_up(maildrop, stretch, handles)
            if row.summary is not None and row.summary.arrived is not None and row.summary.arrived >= begin
        ]
        rows.extendleft(young)
        if not young:
            break
    return list(rows)


def _say_totals(rows: Sequence[Row], messages: int, octets: int, *, is_since: bool) -> None:
    totals = counted(messages, octets)
    if not messages:
        words = "the maildrop is empty"
    elif len(rows) == messages:
        words = totals
    elif is_since:
        words = f"{len(rows):,} of {totals}"
    else:
        words = f"the newest {len(rows):,} of {totals}; --limit N and --all show more"
    if sys.stdout.isatty():
        say(("" if not rows else "\n") + words)
    elif len(rows) != messages or not messages:
        # In a pipe there are rows and nothing else.
        complain(words)
