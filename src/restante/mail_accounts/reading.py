"""Reads the file of accounts. Everything in it is checked; the first mistake is told by its line or its key.

The file is TOML, for people to edit. It holds no password: only where one lies. Fails with AccountFileFault.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final, TypeVar

from restante.client.server import Security, Server
from restante.mail_accounts.faults import AccountFileFault
from restante.mail_accounts.model import (
    ASK,
    KEYRING,
    Account,
    Accounts,
    FetchWishes,
    InCommand,
    InEnvironment,
    InFile,
    OAuth,
    SecretPlace,
    is_account_name,
)
from restante.mail_accounts.oauth_providers import PROVIDERS
from restante.submission.server import SubmissionSecurity, SubmissionServer

__all__ = [
    "LARGEST_FILE_OCTETS",
    "POP3_SECURITY",
    "SMTP_SECURITY",
    "find_account",
    "load_accounts",
    "read_accounts",
]

LARGEST_FILE_OCTETS: Final = 1_048_576
"""A thousand times what accounts need: a wrong file named by mistake is not read whole."""

_T = TypeVar("_T")

POP3_SECURITY: Final = {"tls": Security.TLS, "stls": Security.STLS, "plain": Security.PLAIN}
SMTP_SECURITY: Final = {
    "tls": SubmissionSecurity.TLS,
    "starttls": SubmissionSecurity.STARTTLS,
    "plain": SubmissionSecurity.PLAIN,
}

_SECRET: Final = ("{}", "{}_command", "{}_file", "{}_env")
_PASSWORD_KEYS: Final = tuple(each.format("password") for each in _SECRET)
_ACCOUNT_KEYS: Final = ("address", "name", "login", "mechanism", *_PASSWORD_KEYS, "pop3", "smtp", "oauth", "fetch")
_SERVER_KEYS: Final = (
    *("host", "port", "security", "fingerprint", "authorities"),
    *("client_certificate", "client_key", "proxy"),
)
_FETCH_KEYS: Final = (
    *("to", "recipient", "keep", "keep_days", "delete_when_removed", "max_octets"),
    *(each.format("to_password") for each in _SECRET),
)
_OAUTH_KEYS: Final = (
    *("provider", "client_id", "client_secret", "token_url", "authorize_url", "device_url", "scopes"),
    *(each.format("refresh_token") for each in _SECRET),
)


def load_accounts(file: Path) -> Accounts:
    """Read the file; one that is not there holds no accounts. Raises AccountFileFault."""
    try:
        with file.open("rb") as stream:
            octets = stream.read(LARGEST_FILE_OCTETS + 1)
    except FileNotFoundError:
        return Accounts(file=file, by_name={})
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AccountFileFault(f"cannot be read ({reason}): see to its rights", file=file) from None
    if len(octets) > LARGEST_FILE_OCTETS:
        raise AccountFileFault(f"is longer than {LARGEST_FILE_OCTETS} octets: is it the right file?", file=file)
    return read_accounts(octets, file)


def find_account(accounts: Accounts, name: str | None) -> Account:
    """Give the account of that name or address; with None the default one. Raises AccountFileFault."""
    if not accounts.by_name:
        raise AccountFileFault("there is no account yet: 'restante setup ADDRESS' makes one", file=accounts.file)
    known = ", ".join(accounts.by_name)
    if name is None:
        if accounts.default is None:
            raise AccountFileFault(
                f'several accounts and no default: name one of {known}, or write default = "NAME" at the top',
                file=accounts.file,
            )
        return accounts.by_name[accounts.default]
    if name in accounts.by_name:
        return accounts.by_name[name]
    same = [each for each in accounts.by_name.values() if each.address.lower() == name.lower()]
    if len(same) == 1:
        return same[0]
    what = "belongs to several accounts" if same else "is no account here"
    raise AccountFileFault(
        f"'{name}' {what}: name one of {known}, or add one with 'restante setup ADDRESS'", file=accounts.file
    )


def read_accounts(octets: bytes, file: Path) -> Accounts:
    """Read what the file holds. Raises AccountFileFault."""
    try:
        whole = tomllib.loads(octets.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise AccountFileFault("is not UTF-8: save the file as UTF-8", file=file, where=f"line {line}") from None
    except tomllib.TOMLDecodeError as error:
        what = f'is not TOML ({error}): write key = "value", with the text in quotes'
        raise AccountFileFault(what, file=file) from None
    except RecursionError:
        raise AccountFileFault("is nested too deeply: is it the right file?", file=file) from None
    top = _Table(whole, file, "")
    top.check(("default", "accounts"))
    entries = top.table("accounts")
    by_name: dict[str, Account] = {}
    for name in () if entries is None else entries.values:
        if not is_account_name(name):
            raise top.wrong(f"accounts.{name!r}", "cannot name an account: use letters, digits and . _ @ + -")
        entry = entries.table(name) if entries is not None else None
        assert entry is not None
        by_name[name] = _account(name, entry)
    default = top.text("default")
    if default is None and len(by_name) == 1:
        default = next(iter(by_name))
    elif default is not None and default not in by_name:
        raise top.wrong("default", f"names '{default}', which is no account here: name one of {', '.join(by_name)}")
    return Accounts(file=file, by_name=by_name, default=default)


class _Table:
    """A table of the file, that knows where it stands."""

    def __init__(self, values: Mapping[str, object], file: Path, path: str) -> None:
        self.values = values
        self.file = file
        self.path = path

    def wrong(self, key: str, what: str) -> AccountFileFault:
        where = ".".join(part for part in (self.path, key) if part)
        return AccountFileFault(what, file=self.file, where=f"key '{where}'")

    def check(self, known: tuple[str, ...]) -> None:
        for key in self.values:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
                raise self.wrong(key, f"no such key; {hint}")

    def table(self, key: str) -> _Table | None:
        value = self.values.get(key)
        if value is None:
            return None
        path = ".".join(part for part in (self.path, key) if part)
        if not isinstance(value, dict):
            raise self.wrong(key, f"is a table: write [{path}] above its keys")
        return _Table(value, self.file, path)

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(key, "is a text: write it in quotes")
        if not value:
            raise self.wrong(key, "is empty: give it a value, or take the line away")
        if not value.isprintable():
            raise self.wrong(key, "holds a control character: write it on one line")
        return value

    def need(self, key: str, example: str) -> str:
        value = self.text(key)
        if value is None:
            raise self.wrong(key, f'is missing: write {key} = "{example}"')
        return value

    def number(self, key: str) -> int | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(key, "is a whole number: write it without quotes")
        return value

    def switch(self, key: str) -> bool | None:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, "is true or false: write it without quotes")
        return value

    def count(self, key: str) -> int | None:
        value = self.number(key)
        if value is not None and value < 1:
            raise self.wrong(key, "is at least 1: write another number, or leave the key out")
        return value

    def path_of(self, key: str) -> Path | None:
        value = self.text(key)
        if value is None:
            return None
        path = Path(value)
        try:
            path = path.expanduser()
        except RuntimeError:
            raise self.wrong(key, "begins with ~, and there is no such home: write the whole path") from None
        return path if path.is_absolute() else self.file.absolute().parent / path

    def secret(self, stem: str) -> SecretPlace | None:
        keys = [each.format(stem) for each in _SECRET]
        given = [key for key in keys if key in self.values]
        if not given:
            return None
        if len(given) > 1:
            raise self.wrong(given[1], f"stands beside {given[0]}: keep one of them")
        key = given[0]
        text = self.need(key, "...")
        if key.endswith("_command"):
            return InCommand(command=text)
        if key.endswith("_file"):
            path = self.path_of(key)
            assert path is not None
            return InFile(path=path)
        if key.endswith("_env"):
            return InEnvironment(variable=text)
        match text:
            case "keyring":
                return KEYRING
            case "ask":
                return ASK
            case _:  # perhaps it is the secret itself, so it is not shown
                raise self.wrong(
                    key,
                    f'is "keyring" or "ask": a secret itself does not stand here; give {key}_command, '
                    f"{key}_file or {key}_env for another place",
                )


def _account(name: str, entry: _Table) -> Account:
    entry.check(_ACCOUNT_KEYS)
    address = entry.need("address", "ted@example.org")
    if "@" not in address[1:-1] or " " in address:
        raise entry.wrong("address", "is no address: write it as ted@example.org")
    pop3, smtp = entry.table("pop3"), entry.table("smtp")
    if pop3 is None and smtp is None:
        raise entry.wrong("pop3", f'is missing, and smtp too: write [accounts.{name}.pop3] with host = "..."')
    oauth = entry.table("oauth")
    password = entry.secret("password")
    if oauth is not None and password is not None:
        raise entry.wrong("oauth", "stands beside a password: keep one of them")
    account = Account(
        name=name,
        address=address,
        display_name=entry.text("name") or "",
        login=entry.text("login") or address,
        mechanism=entry.text("mechanism"),
        credential=_oauth(oauth) if oauth is not None else password or KEYRING,
        pop3=None if pop3 is None else _pop3(pop3),
        fetch=_fetch(entry.table("fetch")),
    )
    if smtp is None:
        return account
    smtp.check((*_SERVER_KEYS, "login", *_PASSWORD_KEYS))
    return replace(
        account, smtp=_smtp(smtp), smtp_login=smtp.text("login"), smtp_credential=smtp.secret("password")
    )


def _pop3(table: _Table) -> Server:
    table.check(_SERVER_KEYS)
    try:
        return Server(
            host=table.need("host", "pop.example.org"),
            port=table.number("port"),
            security=_choice(table, "security", POP3_SECURITY, Security.TLS),
            fingerprint=table.text("fingerprint"),
            authorities=table.path_of("authorities"),
            client_certificate=table.path_of("client_certificate"),
            client_key=table.path_of("client_key"),
            proxy=table.text("proxy"),
        )
    except ValueError as error:
        raise table.wrong(str(error).split(" ", 1)[0], str(error).split(" ", 1)[-1]) from None


def _fetch(table: _Table | None) -> FetchWishes:
    if table is None:
        return FetchWishes()
    table.check(_FETCH_KEYS)
    return FetchWishes(
        to=table.text("to"),
        recipient=table.text("recipient"),
        to_password=table.secret("to_password"),
        keep=table.switch("keep"),
        keep_days=table.count("keep_days"),
        delete_when_removed=table.switch("delete_when_removed"),
        max_octets=table.count("max_octets"),
    )


def _smtp(table: _Table) -> SubmissionServer:
    try:
        return SubmissionServer(
            host=table.need("host", "smtp.example.org"),
            port=table.number("port"),
            security=_choice(table, "security", SMTP_SECURITY, SubmissionSecurity.TLS),
            fingerprint=table.text("fingerprint"),
            authorities=table.path_of("authorities"),
            client_certificate=table.path_of("client_certificate"),
            client_key=table.path_of("client_key"),
            proxy=table.text("proxy"),
        )
    except ValueError as error:
        raise table.wrong(str(error).split(" ", 1)[0], str(error).split(" ", 1)[-1]) from None


def _choice(table: _Table, key: str, choices: Mapping[str, _T], usual: _T) -> _T:
    text = table.text(key)
    if text is None:
        return usual
    if text not in choices:
        raise table.wrong(key, f"is '{text}': write one of {', '.join(choices)}")
    return choices[text]


def _oauth(table: _Table) -> OAuth:
    table.check(_OAUTH_KEYS)
    name = table.text("provider")
    provider = None if name is None else PROVIDERS.get(name)
    if name is not None and provider is None:
        raise table.wrong("provider", f"is '{name}': write one of {', '.join(PROVIDERS)}, or token_url")
    scopes = table.values.get("scopes", [])
    if not isinstance(scopes, list) or not all(isinstance(each, str) and each.isprintable() for each in scopes):
        raise table.wrong("scopes", 'is a list of texts: write scopes = ["..."]')
    usual_token = None if provider is None else provider.token_url
    return OAuth(
        provider=name,
        client_id=table.need("client_id", "..."),
        client_secret=table.text("client_secret"),
        token_url=_url(table, "token_url") or usual_token or table.need("token_url", "https://..."),
        authorize_url=_url(table, "authorize_url") or (None if provider is None else provider.authorize_url),
        device_url=_url(table, "device_url") or (None if provider is None else provider.device_url),
        scopes=tuple(scopes) or (() if provider is None else provider.scopes),
        refresh_token=table.secret("refresh_token") or KEYRING,
    )


def _url(table: _Table, key: str) -> str | None:
    url = table.text(key)
    if url is not None and not url.startswith(("https://", "http://127.0.0.1:", "http://[::1]:")):
        raise table.wrong(key, "is not safe on its way: write an address that starts with https://")
    return url
