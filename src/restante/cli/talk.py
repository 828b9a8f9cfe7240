"""`restante talk`: the telnet that understands. A person types POP3; TLS is done, and answers are explained.

The session is `restante.client.conversation`'s, the words to type are `talk_words`', the explaining is
`restante.explain`'s, and all wording its languages'. Lines come from a prompt on a terminal, else from standard
input, one after each answer. Ends with the code of the phase in which something went wrong, with LOGIN where the
last login was refused, and with 0 else: a command that the server refuses is no failure of the talk. Fails with
CommandFailed.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from restante.cli.fetch_source import AdHoc, SecurityChoice, named_accounts, server_of
from restante.cli.outcome import CommandFailed, ExitCode
from restante.cli.remote import WITHOUT_AN_ACCOUNT, AuthoritiesOption, FingerprintOption, account_names
from restante.cli.telling import LanguageOption, ViewOption, language_of
from restante.explain.view import View

if TYPE_CHECKING:
    from restante.client import Server

__all__ = ["commands"]

_EPILOG = """
help tells what can be said now, help RETR what RETR does and whether this server has it. PASS without a password
asks for it and does not show it, AUTH with a mechanism makes the exchange for you. A long answer stops at the
screen's end; more goes on. Ctrl-C drops the line, Ctrl-D hangs up without QUIT.

Ends with 0: done; 2: wrong command line; 3: no connection; 4: TLS; 5: login refused, or the connection lost before
it; 6: the connection lost after it; 75: in use, try again; 78: wrong account.

Examples:
  restante talk pop.example.org
  restante talk --security stls --view lesson pop.example.org
  restante talk --security plain 127.0.0.1:1110
  restante talk --account work
  restante talk --as-client lesson --language es
  printf 'CAPA\\nQUIT\\n' | restante talk pop.example.org
"""

DEMO_ADDRESS: Final = "127.0.0.1:1110"
"""Where `restante serve --demo` listens."""


class AsClient(StrEnum):
    """Who leads the session."""

    LESSON = "lesson"


commands = typer.Typer()


@commands.command("talk", epilog=_EPILOG)
def talk(
    *,
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="HOST[:PORT]",
            help="The server to talk to. Only the lesson has a default: that of restante serve --demo.",
            show_default=False,
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            "-a",
            metavar="ACCOUNT",
            help="Account, as restante setup made it: its server, its login by password or token.",
            autocompletion=account_names,
            show_default=False,
        ),
    ] = None,
    security: Annotated[
        SecurityChoice | None,
        typer.Option(
            "--security",
            metavar="HOW",
            help="How the connection is secured: tls from the first octet, on port 995; stls, on port 110; plain, "
            "on port 110, where STLS can still be typed, and everybody on the way can read along. Default: tls, "
            "but plain for the lesson on this machine.",
            show_default=False,
            rich_help_panel=WITHOUT_AN_ACCOUNT,
        ),
    ] = None,
    fingerprint: FingerprintOption = None,
    authorities: AuthoritiesOption = None,
    as_client: Annotated[
        AsClient | None,
        typer.Option(
            "--as-client",
            metavar="WHO",
            help="Be led. lesson: a first session on restante serve --demo, step by step; you type.",
            show_default=False,
        ),
    ] = None,
    view: ViewOption = View.BOTH,
    language: LanguageOption = None,
) -> int:
    """Talk to a POP3 server by hand: TLS is done for you, and each answer is explained.

    What you type is POP3, at a prompt that completes commands and knows what each does. Passwords are neither shown
    nor remembered.
    """
    from restante.cli.mail_faults import faults_told
    from restante.cli.talk_session import Talk
    from restante.demo import LOOPBACK

    spoken = language_of(language)
    is_lesson = as_client is AsClient.LESSON
    if address is None and account is None and is_lesson:
        address = DEMO_ADDRESS
    if address is None and account is None:
        raise CommandFailed("talk to which server? Give HOST or HOST:PORT, or --account", exit_code=ExitCode.USAGE)
    if address is not None and account is not None:
        raise CommandFailed("HOST stands for an account: give one of the two", exit_code=ExitCode.USAGE)
    meant = None if account is None else named_accounts((account,), everyone=False)[0]
    if meant is not None:
        assert meant.pop3 is not None
        server, in_plain = meant.pop3, False
    else:
        assert address is not None
        if security is None:
            is_near = is_lesson and address.startswith(LOOPBACK)
            security = SecurityChoice.PLAIN if is_near else SecurityChoice.TLS
        server, in_plain = _server(address, security, fingerprint, authorities)
    with faults_told(), ExitStack() as at_the_end:
        led = Talk(server, account=meant, view=view, language=spoken, is_lesson=is_lesson)
        at_the_end.callback(led.close)
        at_the_end.enter_context(led.terminal(os.environ))
        led.begin(in_plain=in_plain)
        led.go_on()
    return ExitCode.LOGIN if led.login_refused else ExitCode.OK


def _server(
    address: str, security: SecurityChoice, fingerprint: str | None, authorities: Path | None
) -> tuple[Server, bool]:
    """Give the settings of a server, and whether its line begins in plain. Raises CommandFailed."""
    # A certificate is pinned for when STLS is typed.
    in_plain = security is SecurityChoice.PLAIN and fingerprint is not None
    options = AdHoc(
        server=address,
        user=None,
        password_command=None,
        security=SecurityChoice.STLS if in_plain else security,
        fingerprint=fingerprint,
        authorities=authorities,
    )
    return server_of(options, option="the server"), in_plain
