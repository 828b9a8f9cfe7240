"""`restante peek`: the headers of a message and the first lines of its body, by TOP.

Fails with CommandFailed.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from restante.cli.fetch_source import SecurityChoice
from restante.cli.mail_table import handles_of
from restante.cli.outcome import ExitCode, say
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
What comes is what the server gives, encoded as it is: for a look before a large message is retrieved. In a pipe the
octets are given as they came.

Examples:
  restante peek 3
  restante peek 3 0 --account work
"""


commands = typer.Typer()


@commands.command("peek", epilog=_EPILOG)
def peek_mail(
    message: Annotated[
        str, typer.Argument(metavar="MESSAGE", help="Message: its number, or its unique-id.", show_default=False)
    ],
    lines: Annotated[
        int,
        typer.Argument(metavar="LINES", min=0, max=1_000_000, help="Lines of the body; 0 for the headers alone."),
    ] = 10,
    *,
    account: AccountOption = None,
    explain: ExplainOption = None,
    server: ServerOption = None,
    user: UserOption = None,
    password_command: PasswordCommandOption = None,
    security: SecurityOption = SecurityChoice.TLS,
    fingerprint: FingerprintOption = None,
    authorities: AuthoritiesOption = None,
) -> int:
    """Look at the headers of a message and the first lines of its body."""
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
        with choices_told():
            chosen = handles_of(maildrop).named(message)
        octets = chosen.peek(lines)
    if sys.stdout.isatty():
        from restante.reading import many_lines

        say(many_lines(octets.decode("utf-8", "surrogateescape")).rstrip("\n"))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
    return ExitCode.OK
