"""`restante setup`: from an address to an account that is proven to work; and the list of accounts.

The options are here, the steps in `setting_up.py`. Fails with CommandFailed.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from restante.cli.exit_codes import ExitCode
from restante.cli.options import JsonOption
from restante.cli.outcome import CommandFailed, say, shown
from restante.cli.remote import ExplainOption, telling_of

__all__ = ["commands"]

_EPILOG = """
The servers are looked for in what is known of large providers, in what the domain publishes (autoconfig, SRV
records), and under usual names; with TLS only. The password is kept in the keyring, unless an option names another
place; it goes to no server before its certificate was checked.

Ends with 0: done; 2: wrong command line; 3: a server cannot be reached; 4: its TLS is not to be trusted; 5: the
login was refused; 9: the account or the place of its secret is wrong, or no server was found.

Examples:
  restante setup ted@example.org
  restante setup ted@gmail.com --client-id ID --client-secret SECRET
  restante setup ted@example.org --password-command "pass show mail/ted"
  restante setup ted@example.org --no-discovery --pop3 pop.example.org --smtp smtp.example.org
  restante setup --list
"""


commands = typer.Typer()


@commands.command("setup", epilog=_EPILOG)
def setup(  # noqa: PLR0917 - the toolkit reads the options from the arguments
    address: Annotated[
        str | None, typer.Argument(metavar="ADDRESS", help="Your mail address.", show_default=False)
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help="What to call the account. Default: the address.", show_default=False
        ),
    ] = None,
    real_name: Annotated[
        str, typer.Option("--real-name", metavar="TEXT", help="Your name, for From.", show_default=False)
    ] = "",
    login: Annotated[
        str | None,
        typer.Option(
            "--login",
            metavar="NAME",
            help="The name to log in with. Default: as found, else the address.",
            show_default=False,
        ),
    ] = None,
    pop3: Annotated[
        str | None,
        typer.Option(
            "--pop3", metavar="HOST[:PORT]", help="The POP3 server, instead of the one found.", show_default=False
        ),
    ] = None,
    pop3_security: Annotated[
        str,
        typer.Option(
            "--pop3-security", metavar="WAY", help="How it is secured: tls, stls, or plain by your word only."
        ),
    ] = "tls",
    smtp: Annotated[
        str | None,
        typer.Option(
            "--smtp",
            metavar="HOST[:PORT]",
            help="The submission server, instead of the one found.",
            show_default=False,
        ),
    ] = None,
    smtp_security: Annotated[
        str,
        typer.Option(
            "--smtp-security", metavar="WAY", help="How it is secured: tls, starttls, or plain by your word only."
        ),
    ] = "tls",
    authorities: Annotated[
        Path | None,
        typer.Option(
            "--authorities",
            metavar="FILE",
            help="Authorities (PEM) that are trusted for these servers instead of the system's.",
            show_default=False,
        ),
    ] = None,
    fingerprint: Annotated[
        str | None,
        typer.Option(
            "--fingerprint",
            metavar="HEX",
            help="SHA-256 of the POP3 server's certificate (and the SMTP server's, on the same host): that one "
            "is trusted, and no other.",
            show_default=False,
        ),
    ] = None,
    discovery: Annotated[
        bool,
        typer.Option(
            "--discovery/--no-discovery", metavar="", help="Look for the servers, or use what the options say."
        ),
    ] = True,
    password_command: Annotated[
        str | None,
        typer.Option(
            "--password-command",
            metavar="COMMAND",
            help="Get the password from a command each time, such as 'pass show mail'.",
            show_default=False,
        ),
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(
            "--password-file",
            metavar="FILE",
            help="Keep the password, or the refresh token, in a file that only you can read.",
            show_default=False,
        ),
    ] = None,
    password_env: Annotated[
        str | None,
        typer.Option(
            "--password-env", metavar="NAME", help="Get the password from a variable each time.", show_default=False
        ),
    ] = None,
    ask: Annotated[
        bool,
        typer.Option("--ask-each-time", metavar="", help="Keep the password nowhere, and ask for it each time."),
    ] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", metavar="", help="Read the password from standard input.")
    ] = False,
    oauth: Annotated[
        str | None,
        typer.Option(
            "--oauth",
            metavar="ISSUER",
            help="Log in with tokens of google or microsoft. Default: where --client-id is given.",
            show_default=False,
        ),
    ] = None,
    client_id: Annotated[
        str | None,
        typer.Option("--client-id", metavar="ID", help="Your own client id at the issuer.", show_default=False),
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(
            "--client-secret", metavar="TEXT", help="Its secret, where the issuer gave one.", show_default=False
        ),
    ] = None,
    device_code: Annotated[
        bool,
        typer.Option("--device-code", metavar="", help="Say yes by a code on another device, without a browser."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check/--no-check", metavar="", help="Prove the account with a login at each server.")
    ] = True,
    default: Annotated[
        bool, typer.Option("--default", metavar="", help="Make it the account that is meant where none is named.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", metavar="", help="Ask nothing: take what was found, replace what is there."),
    ] = False,
    listed: Annotated[bool, typer.Option("--list", metavar="", help="List the accounts.")] = False,
    remove: Annotated[
        str | None,
        typer.Option(
            "--remove", metavar="NAME", help="Take an account and its kept secret out.", show_default=False
        ),
    ] = None,
    new_secret: Annotated[
        str | None,
        typer.Option(
            "--new-secret",
            metavar="NAME",
            help="Give an account a new password, or say yes to its issuer anew.",
            show_default=False,
        ),
    ] = None,
    explain: ExplainOption = None,
    json: JsonOption = False,
) -> int:
    """Set up an account of the mail program: find its servers, keep its secret, prove it with a login."""
    from restante.cli import setting_up
    from restante.cli.mail_faults import faults_told
    from restante.mail_accounts import accounts_file

    given = [each for each in (address, remove, new_secret, "list" if listed else None) if each is not None]
    if len(given) != 1:
        raise CommandFailed(
            "give an ADDRESS, or one of --list, --remove NAME and --new-secret NAME", exit_code=ExitCode.USAGE
        )
    with faults_told():
        file = accounts_file(os.environ)
        world = setting_up.world_here(password_stdin=password_stdin, yes=yes, telling=telling_of(explain))
        if listed:
            return setting_up.show_list(file, as_json=json)
        if remove is not None:
            return setting_up.take_out(file, remove, world)
        if new_secret is not None:
            return asyncio.run(setting_up.renew(file, new_secret, world, device_code=device_code, check=check))
        assert address is not None
        wishes = setting_up.Wishes(
            address=address,
            name=name,
            real_name=real_name,
            login=login,
            pop3=pop3,
            pop3_security=pop3_security,
            smtp=smtp,
            smtp_security=smtp_security,
            authorities=authorities,
            fingerprint=fingerprint,
            discovery=discovery,
            place=setting_up.place_of(password_command, password_file, password_env, ask=ask),
            oauth=oauth,
            client_id=client_id,
            client_secret=client_secret,
            device_code=device_code,
            check=check,
            default=default,
        )
        account = asyncio.run(setting_up.set_up(file, wishes, world))
    say(f"account '{shown(account.name)}' is in {shown(file)}")
    return ExitCode.OK
