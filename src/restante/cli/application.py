"""The command line as a whole: its commands, each of which is loaded when it is asked for.

What lists of them say (`--help`, the shell's completion) stands here, so that a list loads none; a test holds that
each says the same of itself.
"""

from __future__ import annotations

import inspect
import re
from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from restante import __version__
from restante.cli.outcome import say
from restante.compiled import COMPILED

__all__ = ["application"]

_COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "serve": ("serve", "Serve POP3, and take mail by SMTP and LMTP, until SIGTERM or Ctrl-C."),
    "deliver": (
        "toolkit_forms",
        "Deliver one message to an account, for Postfix, Exim, procmail and their like.",
    ),
    "doctor": ("doctor", "Examine any POP3 server, and say in plain words what is wrong and what to do."),
    "explain": ("explain", "Tell POP3, SMTP and LMTP sessions in plain words, and say what went wrong in them."),
    "fetch": ("fetch", "Fetch mail from other servers, with nothing lost and nothing twice."),
    "list": (
        "list_mail",
        "List the mail that waits in a maildrop of another server: number, unique-id, octets, date, from, subject.",
    ),
    "read": ("read_mail", "Read one message: its headers decoded, its text, and what is attached."),
    "peek": ("peek_mail", "Look at the headers of a message and the first lines of its body."),
    "delete": ("delete_mail", "Delete messages: shows which, asks, and says what is gone."),
    "proxy": (
        "proxy",
        "Sit between a client and a server of POP3, SMTP or LMTP, and tell what they say, until SIGTERM or Ctrl-C.",
    ),
    "setup": (
        "setup",
        "Set up an account of the mail program: find its servers, keep its secret, prove it with a login.",
    ),
    "send": ("send", "Send a message by the account's server, or look after the outbox."),
    "sendmail": ("toolkit_forms", "Hand in a message as sendmail(8) does, for cron, git, mutt and scripts."),
    "talk": ("talk", "Talk to a POP3 server by hand: TLS is done for you, and each answer is explained."),
    "watch": ("watch", "Watch the sessions of the running server, until Ctrl-C."),
    "account": ("account", "Add, list, lock and remove accounts, and change their passwords."),
    "maildrop": (
        "maildrop",
        "List, check, import, migrate, export and expire maildrops, and bring removed mail back.",
    ),
    "sessions": ("sessions", "List who is connected to the running server, and end sessions."),
    "state": (
        "state",
        "What fetch remembers: show it, carry it elsewhere, take it over from getmail, fetchmail or mpop.",
    ),
}
"""The module of each, where it is among `commands`, and the first paragraph of its help."""

_Command = Any  # the toolkit does not name its types
_Context = Any  # as above


class _Commands(UserDict[str, _Command]):
    """The commands: what is taken out is loaded. `data` has them as lists show them."""

    def __init__(self) -> None:
        super().__init__({name: TyperCommand(name, help=words) for name, (_, words) in _COMMANDS.items()})

    def __getitem__(self, name: str) -> _Command:
        module, _ = _COMMANDS[name]
        holder = typer.Typer()
        holder.add_typer(import_module(f"restante.cli.{module}").commands)
        command = typer.main.get_group(holder).commands[name]
        _let_flow(command)
        return command


class _Group(TyperGroup):
    """The program: its commands are there by name, and loaded when one is run."""

    def __init__(self, **attributes: Any) -> None:  # Any: what the toolkit gives
        super().__init__(**attributes)
        self._known = _Commands()
        self.commands = self._known

    def list_commands(self, ctx: _Context) -> list[str]:
        """Give the names of all, in the order of lists."""
        del ctx
        return list(self._known)

    def get_command(self, ctx: _Context, cmd_name: str) -> _Command:
        """Give a command as lists show it, which is what asks here. None: there is no such command."""
        del ctx
        return self._known.data.get(cmd_name)

    def resolve_command(self, ctx: _Context, args: list[str]) -> tuple[str | None, _Command, list[str]]:
        """Find the command to run, and load it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, None if name is None else self._known[name], rest


def _let_flow(command: _Command) -> None:
    """Have the terminal break lines where it likes, here and below."""
    command.help = _flowing(command.help or "")
    if command.epilog is not None:
        # The toolkit takes the indent of all lines but the first away; an empty first line keeps it.
        command.epilog = "\n" + _flowing(command.epilog)
    for below in command.commands.values() if isinstance(command, TyperGroup) else ():
        _let_flow(below)


def _flowing(text: str) -> str:
    """Join the lines of each paragraph; indented lines stay."""
    return re.sub(r"(?<=\S)\n(?=\S)", " ", inspect.cleandoc(text))


def _show_version(value: bool) -> None:
    if value:
        say(f"restante {__version__}{' (compiled)' if COMPILED else ''}")
        raise typer.Exit


application = typer.Typer(
    name="restante",
    cls=_Group,
    help="A POP3 mail system: it holds mail until it is called for.",
    epilog="Try it out: restante serve --demo\n\n"
    "Commands end with 0: done; 1: failed; 2: wrong command line or setting; 75: the maildrop is in use. deliver "
    "ends with the codes of sysexits(3).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
