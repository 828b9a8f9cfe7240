"""`restante account`: who has a maildrop here, and with which password.

A running server sees each change at its next question; nothing has to be restarted. Fails with CommandFailed,
ConfigError and AccountFault. No command shows a password, or takes one as an argument: the list of processes is for
everybody to read.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restante.cli import app_password
from restante.cli.data_folder import existing_data_folder, make_data_folder
from restante.cli.options import (
    AccountName,
    ConfigOption,
    DataOption,
    JsonOption,
    settings_of,
)
from restante.cli.outcome import CommandFailed, ExitCode, complain, say, shown
from restante.cli.password_input import ask_new_password, ask_password
from restante.cli.site_accounts import directory_of, found_account, listed_accounts, maildrop_folder
from restante.config import Settings
from restante.config.values import AccountSourceName
from restante.ports.accounts import Account, AccountId, AccountStatus
from restante.proto.terms import Secret

if TYPE_CHECKING:
    from restante.accounts import SqlDirectory

__all__ = ["commands"]

commands = typer.Typer(
    name="account",
    help="Add, list, lock and remove accounts, and change their passwords.",
    epilog="A running server heeds each change at once.",
    no_args_is_help=True,
)
commands.add_typer(app_password.commands)

_PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin",
        metavar="",
        help="Read the password as one line of standard input. Without it you are asked on the terminal.",
    ),
]


@commands.command(
    epilog="""
Examples:
  restante account add ted
  pass show mail/ted | restante account add ted@example.org --password-stdin
  restante account add ann --maildir /var/vmail/ann/Maildir
"""
)
def add(
    name: AccountName,
    password_stdin: _PasswordStdin = False,
    maildir: Annotated[
        Path | None,
        typer.Option(
            "--maildir",
            metavar="PATH",
            help="Serve this Maildir, which other programs fill. Default: as the setting maildir_pattern says, "
            "else a maildrop in the data folder.",
            show_default=False,
        ),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Add an account. A name is ted or ted@example.org, and is found in upper and lower case alike."""
    from restante import app
    from restante.accounts import AccountExists, IllegalName, parse_account_name

    settings = settings_of(config, data)
    try:
        legal = parse_account_name(name)
    except IllegalName as error:
        raise CommandFailed(str(error)) from None
    if maildir is not None and not maildir.is_dir():
        raise CommandFailed(f"{maildir}: there is no such folder: make the Maildir first, or mend the path")
    make_data_folder(settings.data)
    with directory_of(settings) as directory:
        # Asked before the password is: nobody wants to type it twice for nothing. `add` asks again.
        if directory.find(name) is not None:
            raise AccountExists(str(legal))
        password = ask_new_password(str(legal), from_stdin=password_stdin)
        hashed = app.open_hasher(settings).hash(password)
        place = None if maildir is None else maildir.absolute()
        account = directory.add(name, hashed, place, _seals_scram(settings, password))
    say(f"added {account.name}; its mail lies in {shown(maildrop_folder(settings, account))}")


@commands.command("list")
def list_accounts(as_json: JsonOption = False, config: ConfigOption = None, data: DataOption = None) -> None:
    """List all accounts: name, status, whether APOP is on, and the folder that holds the mail.

    With more than one source of accounts each one's is told, too. LDAP and PAM have no list.

    JSON: a list of objects with the keys name, source, id, status (active or locked), apop (true or false),
    maildir (a path when another program fills it, else null) and folder (where the mail lies).
    """
    settings = settings_of(config, data)
    existing_data_folder(settings.data)
    accounts = listed_accounts(settings)
    if as_json:
        say(json.dumps([_as_json(settings, account, source) for account, source in accounts], indent=2))
        return
    if not accounts:
        complain("there are no accounts yet: 'restante account add NAME' makes one")
    width = max((len(account.name) for account, _ in accounts), default=0)
    several = len(settings.accounts.sources) > 1
    for account, source in accounts:
        apop = "apop" if account.apop else "-"
        folder = shown(maildrop_folder(settings, account))
        where = f"{source.value:11}  " if several else ""
        say(f"{shown(account.name):{width}}  {account.status.value:6}  {apop:4}  {where}{folder}")


def _as_json(
    settings: Settings, account: Account, source: AccountSourceName
) -> dict[str, Any]:  # Any: what JSON holds
    return {
        "name": account.name,
        "source": source.value,
        "id": account.id,
        "status": account.status.value,
        "apop": account.apop,
        "maildir": None if account.maildir is None else str(account.maildir),
        "folder": str(maildrop_folder(settings, account)),
    }


@commands.command()
def password(
    name: AccountName,
    password_stdin: _PasswordStdin = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Change the password of an account. Sessions that are open go on."""
    from restante import app

    settings = settings_of(config, data)
    existing_data_folder(settings.data)
    with directory_of(settings) as directory:
        account = found_account(settings, directory, name)
        chosen = ask_new_password(account.name, from_stdin=password_stdin)
        hashed = app.open_hasher(settings).hash(chosen)
        sealed = app.open_sealer(settings).seal(account.id, chosen) if account.apop else None
        seal_scram = _seals_scram(settings, chosen)
        directory.set_password(name, hashed, sealed, seal_scram(account.id) if seal_scram else None)
        known = directory.credentials(name)
    say(f"changed the password of {account.name}")
    if account.apop:
        say("APOP stays on: the new password was sealed in place of the old one")
    if known is not None and known.app_passwords:
        say(f"application passwords go on working: 'restante account app-password list {shown(name)}' shows them")


def _seals_scram(settings: Settings, password: Secret) -> Callable[[AccountId], bytes] | None:
    """Make the SCRAM keys of a new password; what is given seals them. None where the server offers no SCRAM."""
    from restante import app
    from restante.accounts import make_scram_keys, needs_scram_keys, seal_scram_keys

    keys = make_scram_keys(password) if needs_scram_keys(settings.auth.mechanisms) else None
    if keys is None:
        return None
    sealer = app.open_sealer(settings)
    return lambda account_id: seal_scram_keys(sealer, account_id, keys)


@commands.command()
def lock(name: AccountName, config: ConfigOption = None, data: DataOption = None) -> None:
    """Lock an account: logins are refused like a wrong password, mail is taken all the same."""
    _set_status(name, AccountStatus.LOCKED, config, data)
    say(f"locked {shown(name)}: logins are refused, mail is taken all the same")


@commands.command()
def unlock(name: AccountName, config: ConfigOption = None, data: DataOption = None) -> None:
    """Unlock an account: its owner can log in again."""
    _set_status(name, AccountStatus.ACTIVE, config, data)
    say(f"unlocked {shown(name)}")


def _set_status(name: str, status: AccountStatus, config: Path | None, data: str | None) -> None:
    settings = settings_of(config, data)
    existing_data_folder(settings.data)
    with directory_of(settings) as directory:
        directory.set_status(name, status)


@commands.command()
def remove(
    name: AccountName,
    yes: Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask.")] = False,
    with_mail: Annotated[
        bool,
        typer.Option(
            "--with-mail", metavar="", help="Remove the mail too. Without it the maildrop's folder stays on disk."
        ),
    ] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Remove an account. Its mail stays on disk, in the folder that is then named, unless --with-mail is given.

    With it the exclusive-access lock is taken: while a session holds the maildrop this ends with 75.
    """
    from restante.cli.opening import opened

    settings = settings_of(config, data)
    existing_data_folder(settings.data)
    with directory_of(settings) as directory:
        account = found_account(settings, directory, name)
        folder = maildrop_folder(settings, account)
        if with_mail and account.maildir is not None:
            raise CommandFailed(
                f"{folder}: this Maildir belongs to another program and is not removed: leave --with-mail out",
                exit_code=ExitCode.USAGE,
            )
        if not yes:
            _confirm(f"Remove the account {account.name}{' and all its mail' if with_mail else ''}?")
        # A crash after each step leaves: all; the mail without an account, in a folder that no other account can
        # come to; part of that mail. At no point is there an account whose mail went without it.
        with opened(settings, account, "account remove") if with_mail else contextlib.nullcontext():
            directory.remove(name)
            if with_mail:
                _remove_folder(folder)
    say(f"removed {account.name}")
    if not with_mail and folder.exists():
        say(f"its mail stays in {shown(folder)}")


def _remove_folder(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise CommandFailed(
            f"the account is removed, but its mail is not ({(error.strerror or str(error)).lower()}): "
            f"remove {folder} by hand"
        ) from None


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise CommandFailed("there is no terminal to ask on: give --yes", exit_code=ExitCode.USAGE)
    if not typer.confirm(question):
        raise CommandFailed("nothing was changed")


@commands.command(
    epilog="""
Examples:
  restante account apop ted --enable
  restante account apop ted --disable
"""
)
def apop(
    name: AccountName,
    enable: Annotated[
        bool | None,
        typer.Option(
            "--enable/--disable",
            metavar="",
            help="Turn APOP on or off. One of the two has to be given.",
            show_default=False,
        ),
    ] = None,
    password_stdin: _PasswordStdin = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Turn APOP on or off for an account.

    APOP proves a password without sending it, and for that the server has to be able to read the password. Enabling
    asks for it, checks it, and keeps it sealed: encrypted under the key in the data folder. Whoever can read that
    folder can then recover it. Passwords of other accounts are kept as hashes only.
    """
    if enable is None:
        raise CommandFailed("give --enable or --disable", exit_code=ExitCode.USAGE)
    settings = settings_of(config, data)
    existing_data_folder(settings.data)
    with directory_of(settings) as directory:
        account = found_account(settings, directory, name)
        if enable:
            _enable_apop(settings, directory, account, password_stdin=password_stdin)
            say(f"APOP is on for {account.name}")
            say(f"its password is now kept in a recoverable form, sealed under the key in {shown(settings.data)}")
        else:
            directory.disable_apop(name)
            say(f"APOP is off for {account.name}, and the sealed password is forgotten")


def _enable_apop(settings: Settings, directory: SqlDirectory, account: Account, *, password_stdin: bool) -> None:
    from restante import app

    secret = ask_password(account.name, from_stdin=password_stdin)
    known = directory.credentials(account.name)
    if known is None:
        raise CommandFailed(f"the account {account.name} was removed meanwhile: nothing was changed")
    if not app.open_hasher(settings).verify(known.password_hash, secret):
        raise CommandFailed(f"that is not the password of {account.name}, and nothing was changed: try again")
    changed = directory.enable_apop(account.name, app.open_sealer(settings).seal(account.id, secret))
    if changed.generation != known.account.generation + 1:
        # Somebody changed the password after it was checked: what was sealed may be the old one.
        directory.disable_apop(account.name)
        raise CommandFailed(f"the account {account.name} was changed meanwhile, so APOP is off: try again")
