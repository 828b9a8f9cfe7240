"""Changes the file of accounts, and leaves a person's comments and order as they are.

A crash leaves the old file or the new one. Whoever changes it holds a lock meanwhile, so that two programs lose
nothing of each other. Fails with AccountFileFault.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from restante.mail_accounts.faults import AccountFileFault
from restante.mail_accounts.model import (
    Account,
    Accounts,
    Ask,
    InCommand,
    InEnvironment,
    InFile,
    InKeyring,
    OAuth,
    SecretPlace,
)
from restante.mail_accounts.oauth_providers import PROVIDERS
from restante.mail_accounts.private_files import write_privately
from restante.mail_accounts.reading import POP3_SECURITY, SMTP_SECURITY, load_accounts, read_accounts

__all__ = ["put_account", "remove_account", "set_default"]

_HEAD: Final = "Accounts of restante's mail program. No password stands here, only where one lies."


def put_account(file: Path, account: Account, *, default: bool = False) -> Accounts:
    """Add an account, or put it in the place of the one of that name; make it the default one if so asked.

    Gives what the file holds now. Raises AccountFileFault.
    """

    def change(document: Any) -> None:
        import tomlkit

        entries = document.setdefault("accounts", tomlkit.table(is_super_table=True))
        fetch = entries.get(account.name, {}).get("fetch")
        entries[account.name] = _entry(account)
        if fetch is not None:
            # It is written by people only, and no question of a new set-up.
            entries[account.name]["fetch"] = fetch
        if default:
            _set_default(document, account.name)

    return _changed(file, change)


def remove_account(file: Path, name: str) -> Accounts:
    """Take an account out. Its secret stays where it lies. Raises AccountFileFault, also where there is none."""

    def change(document: Any) -> None:
        entries = document.get("accounts", {})
        if name not in entries:
            raise AccountFileFault(
                f"there is no account '{name}' to remove: see 'restante setup --list'", file=file
            )
        del entries[name]
        if document.get("default") == name:
            del document["default"]

    return _changed(file, change)


def set_default(file: Path, name: str) -> Accounts:
    """Make an account the one that is meant where none is named. Raises AccountFileFault."""
    return _changed(file, lambda document: _set_default(document, name))


def _set_default(document: Any, name: str) -> None:  # Any: what tomlkit gives, which is typed loosely
    import tomlkit

    if "default" in document or not document.body:
        document["default"] = name
        return
    # A key of the top stands before the first table.
    rest = tomlkit.document()
    rest.add("default", tomlkit.item(name))
    merged = tomlkit.parse(rest.as_string() + "\n" + document.as_string())
    for key in list(document):
        del document[key]
    document.body[:] = merged.body
    document._map = merged._map


def _changed(file: Path, change: Callable[[Any], None]) -> Accounts:
    import tomlkit

    load_accounts(file)  # a file that cannot be read is not written over
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Through a link, since people keep such files in a repository of their own.
        real = file.resolve()
        with _locked(real.parent):
            text = real.read_text("utf-8") if real.exists() else f"# {_HEAD}\n"
            document = tomlkit.parse(text)
            change(document)
            octets = tomlkit.dumps(document).encode("utf-8")
            accounts = read_accounts(octets, file)
            write_privately(real, octets)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AccountFileFault(f"cannot be written ({reason}): see to its folder", file=file) from None
    return accounts


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # The folder itself is locked, so that no lock file is left lying about.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _entry(account: Account) -> Any:
    import tomlkit

    entry = tomlkit.table()
    entry["address"] = account.address
    if account.display_name:
        entry["name"] = account.display_name
    if account.login != account.address:
        entry["login"] = account.login
    if account.mechanism is not None:
        entry["mechanism"] = account.mechanism
    if isinstance(account.credential, OAuth):
        entry["oauth"] = _oauth(account.credential)
    else:
        entry.update(_secret("password", account.credential))
    if account.pop3 is not None:
        words = {security: word for word, security in POP3_SECURITY.items()}
        entry["pop3"] = _server(account.pop3, words[account.pop3.security])
    if account.smtp is not None:
        submission_words = {security: word for word, security in SMTP_SECURITY.items()}
        table = _server(account.smtp, submission_words[account.smtp.security])
        if account.smtp_login is not None:
            table["login"] = account.smtp_login
        if account.smtp_credential is not None:
            table.update(_secret("password", account.smtp_credential))
        entry["smtp"] = table
    return entry


def _server(server: Any, security: str) -> Any:  # Any: of POP3 or submission, whose fields are the same
    import tomlkit

    table = tomlkit.table()
    table["host"] = server.host
    table["port"] = server.real_port
    table["security"] = security
    for key in ("fingerprint", "authorities", "client_certificate", "client_key", "proxy"):
        value = getattr(server, key)
        if value is not None:
            table[key] = str(value)
    return table


def _oauth(oauth: OAuth) -> Any:
    import tomlkit

    table = tomlkit.table()
    provider = None if oauth.provider is None else PROVIDERS[oauth.provider]
    if oauth.provider is not None:
        table["provider"] = oauth.provider
    table["client_id"] = oauth.client_id
    if oauth.client_secret is not None:
        table["client_secret"] = oauth.client_secret
    for key in ("token_url", "authorize_url", "device_url"):
        value = getattr(oauth, key)
        if value is not None and (provider is None or value != getattr(provider, key)):
            table[key] = value
    if oauth.scopes and (provider is None or oauth.scopes != provider.scopes):
        table["scopes"] = list(oauth.scopes)
    table.update(_secret("refresh_token", oauth.refresh_token))
    return table


def _secret(stem: str, place: SecretPlace) -> dict[str, str]:
    match place:
        case InKeyring():
            return {stem: "keyring"}
        case Ask():
            return {stem: "ask"}
        case InCommand(command=command):
            return {f"{stem}_command": command}
        case InFile(path=path):
            return {f"{stem}_file": str(path)}
        case InEnvironment(variable=variable):
            return {f"{stem}_env": variable}
