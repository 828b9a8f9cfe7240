"""`restante delete`: messages of a remote maildrop removed, after they were shown and a person said yes.

Numbers and unique-ids are looked up in the session that deletes, so that what is shown is what goes. The marks are
set, then QUIT removes: until then nothing is gone, and a broken connection removes nothing. Fails with
CommandFailed. Source: RFC 1939 §5 (DELE) and §6 (the UPDATE state).
"""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from restante.cli.fetch_source import SecurityChoice
from restante.cli.mail_table import counted, handles_of, looked_up, row_json, show_rows
from restante.cli.options import JsonOption
from restante.cli.outcome import CommandFailed, ExitCode, complain, say
from restante.cli.read_mail import choices_told
from restante.cli.remote import (
    AccountOption,
    AuthoritiesOption,
    ExplainOption,
    FingerprintOption,
    PasswordCommandOption,
    Remote,
    SecurityOption,
    ServerOption,
    UserOption,
)

__all__ = ["commands"]

_EPILOG = """
What was deleted cannot be brought back by POP3: there is no restore. Where the server is ours, 'restante maildrop
undelete' may, if its trash is on.

A number is good in one session only; messages are shown before they go. In a script give unique-ids, with uid:
before them: some servers make them of digits alone, which would be a number.

Examples:
  restante delete 3 5
  restante delete --yes uid:6723cdb1 --account work
"""


commands = typer.Typer()


@commands.command("delete", epilog=_EPILOG)
def delete_mail(
    messages: Annotated[
        list[str],
        typer.Argument(metavar="MESSAGE...", help="Messages: numbers or unique-ids.", show_default=False),
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask.")] = False,
    account: AccountOption = None,
    explain: ExplainOption = None,
    as_json: JsonOption = False,
    server: ServerOption = None,
    user: UserOption = None,
    password_command: PasswordCommandOption = None,
    security: SecurityOption = SecurityChoice.TLS,
    fingerprint: FingerprintOption = None,
    authorities: AuthoritiesOption = None,
) -> int:
    """Delete messages: shows which, asks, and says what is gone."""
    if not yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandFailed(
            "there is no terminal to ask on: give --yes if you are sure, and unique-ids in place of numbers",
            exit_code=ExitCode.USAGE,
        )
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
        with choices_told():
            chosen = handles.all_named(messages)
        rows = list(looked_up(maildrop, chosen, handles))
        if not as_json:
            show_rows(rows)
        if not yes and not _agreed(len(rows)):
            say("nothing was deleted")
            return ExitCode.OK
        # A person may have thought for long; a server that ended the session meanwhile says so here.
        refused = {each.message.number: each.refusal for each in maildrop.mark_many(chosen)}
        maildrop.quit()
    gone = [row for row in rows if row.message.number not in refused]
    octets = sum(row.message.octets for row in gone)
    if as_json:
        answer = {"deleted": [row_json(row) for row in gone], "refused": len(refused)}
        say(json.dumps(answer))
    else:
        say(f"gone: {counted(len(gone), octets)}")
    for refusal in refused.values():
        complain(str(refusal))
    return ExitCode.TRANSFER if refused else ExitCode.OK


def _agreed(messages: int) -> bool:
    what = "this message? It" if messages == 1 else f"these {messages:,} messages? They"
    sys.stdout.write(f"\nDelete {what} cannot be brought back. [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
