"""The toolkit's form of `deliver` and `sendmail`, which have a short way in that does without the toolkit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from restante.cli.deliver import DeliverRequest
from restante.cli.deliver import deliver as run_deliver
from restante.cli.options import AccountName, ConfigOption, DataOption
from restante.cli.sendmail import sendmail

__all__ = ["commands"]

commands = typer.Typer()


@commands.command(
    epilog="""
Ends with the codes of sysexits(3): 0 delivered; 64 wrong command line; 65 the message is refused; 66 FILE cannot be
read; 67 no such account; 75 try again later, a wrong setting among it.

Postfix, in master.cf:
  restante unix - n n - - pipe flags=q user=restante null_sender=
    argv=/usr/bin/restante deliver -f ${sender} -- ${recipient}

Exim, in a pipe transport:
  command = /usr/bin/restante deliver -f "$sender_address" -- "$local_part@$domain"

procmail:
  | restante deliver ted
"""
)
def deliver(
    name: AccountName,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="File that holds the message. Default: standard input.", show_default=False
        ),
    ] = None,
    sender: Annotated[
        str | None,
        typer.Option(
            "-f",
            "--sender",
            metavar="ADDR",
            help="Reverse-path of the message, for its Return-Path; empty for a bounce. Default: $SENDER.",
            show_default=False,
        ),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> int:
    """Deliver one message to an account, for Postfix, Exim, procmail and their like.

    When it ends with 0, the message is durable in the maildrop.
    """
    return run_deliver(DeliverRequest(name=name, file=file, sender=sender, config=config, data=data))


@commands.command(
    "sendmail",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False},
    epilog="""
Options that are read: -t (recipients from the message), -i and -oi (a lone dot does not end it), -f and -r ADDR
(reverse-path), -F NAME (display name), -bp (list the outbox), -q (try it again), -a NAME (account). Those about a
server of one's own are passed over; -bs and -bd, which would be one, are refused.

A link by the name of sendmail does the same: ln -s /usr/bin/restante /usr/local/sbin/sendmail

Ends with the codes of sysexits(3): 0 sent; 64 wrong command line; 65 the message or an address cannot be sent; 69
refused for good, kept aside in the outbox; 74 the outbox cannot be written; 75 it waits in the outbox; 78 the
account is wrong.
""",
)
def sendmail_command(context: typer.Context) -> int:
    """Hand in a message as sendmail(8) does, for cron, git, mutt and scripts."""
    return sendmail(context.args)
