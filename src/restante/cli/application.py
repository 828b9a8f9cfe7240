"""The command line as a whole: the groups of commands, their help, and the toolkit's form of `deliver`."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Annotated

import typer

from restante import __version__
from restante.cli import account, app_password, maildrop, sessions, state
from restante.cli import delete_mail as deleting
from restante.cli import doctor as examining
from restante.cli import explain as explaining
from restante.cli import fetch as fetching
from restante.cli import list_mail as listing
from restante.cli import peek_mail as peeking
from restante.cli import proxy as proxying
from restante.cli import read_mail as reading
from restante.cli import send as sending
from restante.cli import sendmail as as_sendmail
from restante.cli import serve as serving
from restante.cli import setup as setting
from restante.cli import talk as talking
from restante.cli import watch as watching
from restante.cli.deliver import DeliverRequest
from restante.cli.deliver import deliver as run_deliver
from restante.cli.options import AccountName, ConfigOption, DataOption
from restante.cli.outcome import say
from restante.compiled import COMPILED

__all__ = ["application"]

_HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}

application = typer.Typer(
    name="restante",
    help="A POP3 mail system: it holds mail until it is called for.",
    epilog="Try it out: restante serve --demo\n\n"
    "Commands end with 0: done; 1: failed; 2: wrong command line or setting; 75: the maildrop is in use. deliver "
    "ends with the codes of sysexits(3).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings=_HELP_OPTIONS,
)


def _flowing(text: str) -> str:
    """Join the lines of each paragraph, since the terminal breaks them where it likes; indented lines stay."""
    return re.sub(r"(?<=\S)\n(?=\S)", " ", inspect.cleandoc(text))


def _let_flow(group: typer.Typer) -> None:
    for command in group.registered_commands:
        if command.callback is not None and command.callback.__doc__ is not None:
            command.help = _flowing(command.callback.__doc__)
        if command.epilog is not None:
            # The toolkit takes the indent of all lines but the first away; an empty first line keeps it.
            command.epilog = "\n" + _flowing(command.epilog)


def _show_version(value: bool) -> None:
    if value:
        say(f"restante {__version__}{' (compiled)' if COMPILED else ''}")
        raise typer.Exit


@application.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", help="Show the version and exit.", callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None:
    del version  # its callback has done all there is to do


application.command("serve", epilog=serving.EPILOG)(serving.serve)
account.commands.add_typer(app_password.commands)
application.add_typer(account.commands)


@application.command(
    "deliver",
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
""",
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


application.command("doctor", epilog=examining.EPILOG)(examining.doctor)
application.command("explain", epilog=explaining.EPILOG)(explaining.explain)
application.command("fetch", epilog=fetching.EPILOG)(fetching.fetch)
application.command("list", epilog=listing.EPILOG)(listing.list_mail)
application.command("read", epilog=reading.EPILOG)(reading.read_mail)
application.command("peek", epilog=peeking.EPILOG)(peeking.peek_mail)
application.command("delete", epilog=deleting.EPILOG)(deleting.delete_mail)
application.add_typer(maildrop.commands)
application.command("proxy", epilog=proxying.EPILOG)(proxying.proxy)
application.command("setup", epilog=setting.EPILOG)(setting.setup)
application.command("send", epilog=sending.EPILOG)(sending.send)
application.command(
    "sendmail",
    epilog=as_sendmail.EPILOG,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False},
)(as_sendmail.sendmail_command)
application.add_typer(sessions.commands)
application.add_typer(state.commands)
application.command("talk", epilog=talking.EPILOG)(talking.talk)
application.command("watch", epilog=watching.EPILOG)(watching.watch)

for _group in (
    application,
    account.commands,
    app_password.commands,
    maildrop.commands,
    sessions.commands,
    state.commands,
):
    _let_flow(_group)
