"""`restante account app-password`: named passwords of an account, one for each program, each revocable.

A running server sees each change at its next question. Fails as `account` does. A new one is the only password that
any command shows, once: nobody can have it back later.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from restante.cli.data_folder import existing_data_folder
from restante.cli.options import AccountName, ConfigOption, DataOption, JsonOption, settings_of
from restante.cli.outcome import CommandFailed, complain, say, shown
from restante.cli.site_accounts import directory_of, found_account

__all__ = ["commands"]

commands = typer.Typer(
    name="app-password",
    help="Give each program of an owner a password of its own, and take it back.",
    epilog="They work for USER and PASS and for AUTH PLAIN and LOGIN, beside the account's password; not for APOP, "
    "CRAM-MD5 and SCRAM.",
    no_args_is_help=True,
)

_Label = Annotated[
    str,
    typer.Argument(
        metavar="LABEL", help="What to call it: the program, and the device it runs on.", show_default=False
    ),
]


@commands.command(
    epilog="""
Examples:
  restante account app-password add ted 'Thunderbird on the laptop'
  restante account app-password add ted ticket-system > password.txt
"""
)
def add(name: AccountName, label: _Label, config: ConfigOption = None, data: DataOption = None) -> None:
    """Make an application password, and show it once on standard output.

    It is drawn by lot and kept as a digest only. Typed without its hyphens or in capitals it is the same.
    """
    from restante.accounts import (
        AppPasswordExists,
        IllegalLabel,
        TooManyAppPasswords,
        app_password_digest,
        new_app_password,
        plain_app_password,
    )

    settings = settings_of(config, data)
    existing_data_folder(settings.data)
    with directory_of(settings) as directory:
        account = found_account(settings, directory, name)
        password = new_app_password()
        plain = plain_app_password(password)
        assert plain is not None, "what is drawn is of the form that is looked for"
        try:
            directory.add_app_password(account, label, app_password_digest(account.id, plain))
        except (AppPasswordExists, IllegalLabel, TooManyAppPasswords) as error:
            raise CommandFailed(str(error)) from None
    say(password.reveal().decode("ascii"))
    complain(f"it is not shown again: give it to {label} now; 'app-password revoke' takes it back")


@commands.command("list")
def list_app_passwords(
    name: AccountName, as_json: JsonOption = False, config: ConfigOption = None, data: DataOption = None
) -> None:
    """List the application passwords of an account: label, day of making, and day of the last use (UTC).

    A use shows some seconds after the login. JSON: a list of objects with the keys label, created (a date) and
    last_used (a date, or null when it was never used).
    """
    settings = settings_of(config, data)
    existing_data_folder(settings.data)
    with directory_of(settings) as directory:
        known = directory.credentials(found_account(settings, directory, name).name)
    app_passwords = () if known is None else known.app_passwords
    rows = [(each.label, _day(each.created_epoch_seconds), _day(each.used_epoch_seconds)) for each in app_passwords]
    if as_json:
        keys = ("label", "created", "last_used")
        say(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2))
        return
    if not rows:
        complain(f"{name} has no application passwords: 'restante account app-password add' makes one")
    width = max((len(shown(label)) for label, _, _ in rows), default=0)
    for label, created, used in rows:
        say(f"{shown(label):{width}}  made {created}  {'never used' if used is None else f'last used {used}'}")


@commands.command()
def revoke(name: AccountName, label: _Label, config: ConfigOption = None, data: DataOption = None) -> None:
    """Take an application password back. Sessions that are open go on."""
    from restante.accounts import NoSuchAppPassword

    settings = settings_of(config, data)
    existing_data_folder(settings.data)
    with directory_of(settings) as directory:
        account = found_account(settings, directory, name)
        try:
            directory.revoke_app_password(account, label)
        except NoSuchAppPassword as error:
            raise CommandFailed(str(error)) from None
    say(f"revoked {shown(label)}: it opens the maildrop of {account.name} no longer")


def _day(epoch_seconds: float | None) -> str | None:
    return None if epoch_seconds is None else datetime.fromtimestamp(epoch_seconds, UTC).date().isoformat()
