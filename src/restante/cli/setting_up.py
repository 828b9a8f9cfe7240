"""The steps of `restante setup`, each told: servers, confirmation, secret, proof, file.

The account is written before it is proven, so that what a login finds wrong can be mended in the file or by the
same command again; and a secret is kept before the account is written, so that no account is without one.
What asks the network or a person is in `World`. Fails with CommandFailed and the faults of the libraries.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, assert_never

from restante.cli.exit_codes import ExitCode
from restante.cli.outcome import CommandFailed, complain, say, shown
from restante.client import ClientFault, Server
from restante.explain.telling import Telling
from restante.mail_accounts import (
    Account,
    Logins,
    MailAccountFault,
    OAuth,
    Secrets,
    find_account,
    load_accounts,
    put_account,
    remove_account,
)
from restante.mail_accounts.consent import Consent
from restante.mail_accounts.discovery import Discovery, Found
from restante.mail_accounts.model import (
    ASK,
    KEYRING,
    Ask,
    InCommand,
    InEnvironment,
    InFile,
    InKeyring,
    SecretPlace,
    is_account_name,
)
from restante.mail_accounts.oauth_providers import PROVIDERS
from restante.mail_accounts.proving import fetched_by, is_there, sent_by
from restante.mail_accounts.reading import POP3_SECURITY, SMTP_SECURITY
from restante.mail_accounts.resolving import Resolver
from restante.mail_accounts.tokens import REFRESH_TOKEN
from restante.mail_accounts.web import Web
from restante.proto.terms import Secret
from restante.submission import SubmissionFault, SubmissionServer
from restante.submission.envelope import checked_address
from restante.submission.faults import MessageFault

__all__ = ["Wishes", "World", "place_of", "renew", "set_up", "show_list", "take_out", "world_here"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a set-up asks of the world."""

    discovery: Discovery
    consent: Consent
    secrets: Secrets
    ask_password: Callable[[str], Secret]
    """Asks for the password of the account of that name."""
    confirm: Callable[[str], bool]
    tell: Callable[[str], None]
    telling: Telling | None = None
    """Is told the sessions in which an account is proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the options say."""

    address: str
    name: str | None = None
    real_name: str = ""
    login: str | None = None
    pop3: str | None = None
    pop3_security: str = "tls"
    smtp: str | None = None
    smtp_security: str = "tls"
    authorities: Path | None = None
    fingerprint: str | None = None
    discovery: bool = True
    place: SecretPlace = KEYRING
    oauth: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    device_code: bool = False
    check: bool = True
    default: bool = False


def world_here(*, password_stdin: bool, yes: bool, telling: Telling | None = None) -> World:
    """Give this machine's network, keyring and terminal."""
    import webbrowser

    from restante.cli.fetch_source import secrets_here
    from restante.cli.password_input import ask_password

    def tell(line: str) -> None:
        say(shown(line))

    web = Web()
    return World(
        discovery=Discovery(resolver=Resolver(), web=web, probe=is_there, tell=lambda line: tell(f"  {line}")),
        consent=Consent(web=web, tell=tell, open_browser=webbrowser.open),
        secrets=secrets_here(),
        ask_password=lambda name: ask_password(name, from_stdin=password_stdin),
        confirm=(lambda _: True) if yes else _confirmed,
        tell=tell,
        telling=telling,
    )


def _confirmed(question: str) -> bool:
    import typer

    if not sys.stdin.isatty():
        raise CommandFailed(
            f"{question} There is no terminal to ask on: give --yes if that is right", exit_code=ExitCode.USAGE
        )
    return typer.confirm(shown(question), default=False)


def place_of(command: str | None, file: Path | None, variable: str | None, *, ask: bool) -> SecretPlace:
    """Give where the options say that the secret lies. Raises CommandFailed."""
    given: list[SecretPlace] = []
    if command is not None:
        given.append(InCommand(command=command))
    if file is not None:
        given.append(InFile(path=file.expanduser().absolute()))
    if variable is not None:
        given.append(InEnvironment(variable=variable))
    if ask:
        given.append(ASK)
    if len(given) > 1:
        raise CommandFailed("the password can lie in one place: give one option for it", exit_code=ExitCode.USAGE)
    return given[0] if given else KEYRING


async def set_up(file: Path, wishes: Wishes, world: World) -> Account:
    """Make an account, keep its secret, write it down, and prove it."""
    try:
        address = checked_address(wishes.address)
    except MessageFault as fault:
        raise CommandFailed(str(fault), exit_code=ExitCode.USAGE) from None
    name = wishes.name or address
    if not is_account_name(name):
        raise CommandFailed(
            f"'{name}' cannot name an account: give --name with letters, digits and . _ @ + -",
            exit_code=ExitCode.USAGE,
        )
    if name in load_accounts(file).by_name and not world.confirm(f"There is an account '{name}'. Replace it?"):
        raise CommandFailed("nothing was changed")
    found = await _servers(wishes, world, address)
    account = Account(
        name=name,
        address=address,
        display_name=wishes.real_name,
        login=wishes.login or found.login,
        credential=wishes.place,
        pop3=found.pop3,
        smtp=found.smtp,
    )
    issuer = wishes.oauth or (found.oauth if wishes.client_id is not None or found.oauth_only else None)
    if issuer is not None:
        account = replace(account, credential=_oauth(issuer, wishes))
    elif found.oauth_only:
        complain("these servers say that they take tokens only: see --oauth if the password is refused")
    await _with_secret(account, world, device_code=wishes.device_code)
    accounts = put_account(file, account, default=wishes.default)
    if accounts.default is None:
        world.tell(f"Several accounts and no default: give -a {name}, or set one with --default")
    if wishes.check:
        await _proven(account, world)
    return account


async def renew(file: Path, name: str, world: World, *, device_code: bool, check: bool) -> int:
    """Give an account a new secret."""
    account = find_account(load_accounts(file), name)
    if isinstance(account.credential, Ask | InCommand | InEnvironment):
        raise CommandFailed(
            f"the password of '{account.name}' is not kept by restante: change it where {file} says that it lies",
            exit_code=ExitCode.CONFIGURATION,
        )
    await _with_secret(account, world, device_code=device_code, fresh=True)
    if check:
        await _proven(account, world)
    return ExitCode.OK


async def _proven(account: Account, world: World) -> None:
    logins = Logins(world.secrets)
    try:
        telling = world.telling
        if account.pop3 is not None:
            observe = None if telling is None else telling.session("POP3")
            await fetched_by(account, logins, world.tell, observe=observe)
        if account.smtp is not None:
            hear = None if telling is None else telling.smtp_session("SMTP")
            await sent_by(account, logins, world.tell, observe=hear)
    except (ClientFault, SubmissionFault, MailAccountFault):
        complain(
            f"account '{account.name}' is written, but does not work yet: run the same again when it is mended"
        )
        raise


def take_out(file: Path, name: str, world: World) -> int:
    """Remove an account, and its secret from the keyring."""
    account = find_account(load_accounts(file), name)
    remove_account(file, account.name)
    credential = account.credential
    if isinstance(credential, OAuth):
        world.secrets.forget(credential.refresh_token, name=account.name, what=REFRESH_TOKEN)
    else:
        world.secrets.forget(credential, name=account.name)
    say(f"removed account '{shown(account.name)}'")
    return ExitCode.OK


def show_list(file: Path, *, as_json: bool) -> int:
    """List the accounts."""
    accounts = load_accounts(file)
    if as_json:
        import json

        rows = [
            {
                "name": each.name,
                "address": each.address,
                "login": each.login,
                "pop3": None if each.pop3 is None else each.pop3.address,
                "smtp": None if each.smtp is None else each.smtp.address,
                "oauth": isinstance(each.credential, OAuth),
                "default": each.name == accounts.default,
            }
            for each in accounts.by_name.values()
        ]
        say(json.dumps(rows, indent=2))
        return ExitCode.OK
    if not accounts.by_name:
        say("there is no account yet: 'restante setup ADDRESS' makes one")
    for each in accounts.by_name.values():
        ends = [f"POP3 {each.pop3.address}"] if each.pop3 is not None else []
        ends += [f"SMTP {each.smtp.address}"] if each.smtp is not None else []
        star = "  (default)" if each.name == accounts.default else ""
        say(f"{shown(each.name)}  {shown(each.address)}  {shown(', '.join(ends))}{star}")
    return ExitCode.OK


# --- the servers --------------------------------------------------------------------------------------------------


async def _servers(wishes: Wishes, world: World, address: str) -> Found:
    found: Found | None = None
    whole = wishes.pop3 is not None and wishes.smtp is not None
    if wishes.discovery and not whole:
        world.tell(f"Looking for the servers of {address}")
        found = await world.discovery.find(address)
    if found is None:
        if wishes.pop3 is None and wishes.smtp is None:
            raise CommandFailed(
                f"no servers were found for {address}: give --pop3 HOST:PORT and --smtp HOST:PORT as your "
                "provider's help page has them",
                exit_code=ExitCode.CONFIGURATION,
            )
        found = Found(source="the command line", pop3=None, smtp=None, login=address)
    pop3 = found.pop3 if wishes.pop3 is None else _pop3(wishes)
    smtp = found.smtp if wishes.smtp is None else _smtp(wishes)
    found = replace(found, pop3=pop3, smtp=smtp)
    as_found = found
    found = _checked(lambda: _with_trust(as_found, wishes), "--fingerprint")
    pop3, smtp = found.pop3, found.smtp
    _tell_found(found, world)
    if pop3 is None and smtp is None:
        raise CommandFailed("there is nothing to set up: see above", exit_code=ExitCode.CONFIGURATION)
    named = {server.host for server in (pop3, smtp) if server is not None}
    strangers = [host for host in found.outside if host in named]
    told = f"The DNS, which nobody signs, says that mail of {address} is at {', '.join(strangers)}."
    if strangers and not world.confirm(f"{told} Is that your provider?"):
        raise CommandFailed("nothing was changed: give the servers with --pop3 and --smtp")
    return found


def _with_trust(found: Found, wishes: Wishes) -> Found:
    """Say what the servers' certificates are checked against; a host that does both is taken to have one."""
    pop3, smtp, authorities = found.pop3, found.smtp, wishes.authorities
    one_host = pop3 is not None and smtp is not None and pop3.host == smtp.host
    if pop3 is not None:
        pop3 = replace(pop3, authorities=authorities, fingerprint=wishes.fingerprint)
    if smtp is not None:
        smtp = replace(smtp, authorities=authorities, fingerprint=wishes.fingerprint if one_host else None)
    return replace(found, pop3=pop3, smtp=smtp)


def _tell_found(found: Found, world: World) -> None:
    world.tell(f"From {found.source}:")
    for word, server in (("POP3", found.pop3), ("SMTP", found.smtp)):
        world.tell(f"  {word}  {'none' if server is None else f'{server.address}, {server.security.value}'}")
    for note in found.notes:
        world.tell(f"  Note: {note}")


def _pop3(wishes: Wishes) -> Server:
    host, port = _host_and_port(wishes.pop3 or "", "--pop3")
    if wishes.pop3_security not in POP3_SECURITY:
        raise CommandFailed("--pop3-security is tls, stls or plain", exit_code=ExitCode.USAGE)
    return _checked(lambda: Server(host=host, port=port, security=POP3_SECURITY[wishes.pop3_security]), "--pop3")


def _smtp(wishes: Wishes) -> SubmissionServer:
    host, port = _host_and_port(wishes.smtp or "", "--smtp")
    if wishes.smtp_security not in SMTP_SECURITY:
        raise CommandFailed("--smtp-security is tls, starttls or plain", exit_code=ExitCode.USAGE)
    security = SMTP_SECURITY[wishes.smtp_security]
    return _checked(lambda: SubmissionServer(host=host, port=port, security=security), "--smtp")


def _checked(make: Callable[[], T], flag: str) -> T:
    try:
        return make()
    except ValueError as error:
        raise CommandFailed(f"{flag}: {error}", exit_code=ExitCode.USAGE) from None


def _host_and_port(text: str, flag: str) -> tuple[str, int | None]:
    host, colon, port = text.rpartition(":")
    if text.startswith("[") and text.endswith("]"):
        return text[1:-1], None
    if not colon or (":" in host and not host.startswith("[")):
        return text, None
    if not (port.isascii() and port.isdecimal() and len(port) <= 5):
        raise CommandFailed(f"{flag}: write it as host or host:port", exit_code=ExitCode.USAGE)
    return host.strip("[]"), int(port)


# --- the secret ---------------------------------------------------------------------------------------------------


def _oauth(issuer: str, wishes: Wishes) -> OAuth:
    provider = PROVIDERS.get(issuer)
    if provider is None:
        raise CommandFailed(f"--oauth is one of {', '.join(PROVIDERS)}", exit_code=ExitCode.USAGE)
    if wishes.client_id is None:
        raise CommandFailed(
            f"{provider.title} gives tokens to programs that it knows: give --client-id with one of your own; "
            "docs/howto/oauth.md tells how to get it in some minutes",
            exit_code=ExitCode.CONFIGURATION,
        )
    if not isinstance(wishes.place, InFile) and wishes.place != KEYRING:
        raise CommandFailed(
            "a refresh token changes, so it lies in the keyring or in --password-file", exit_code=ExitCode.USAGE
        )
    return OAuth(
        provider=issuer,
        client_id=wishes.client_id,
        client_secret=wishes.client_secret,
        token_url=provider.token_url,
        authorize_url=provider.authorize_url,
        device_url=provider.device_url,
        scopes=provider.scopes,
        refresh_token=wishes.place,
    )


async def _with_secret(account: Account, world: World, *, device_code: bool, fresh: bool = False) -> None:
    """Bring the secret and keep it, where it is not kept already; with `fresh` a new one in any case."""
    credential = account.credential
    if isinstance(credential, OAuth):
        if device_code:
            issued = await world.consent.by_code(credential, name=account.name)
        else:
            issued = await world.consent.in_browser(credential, name=account.name, address=account.address)
        assert issued.refresh is not None  # what Consent promises
        world.secrets.put(credential.refresh_token, issued.refresh, name=account.name, what=REFRESH_TOKEN)
        return
    match credential:
        case Ask():
            pass
        case InCommand() | InEnvironment():
            world.secrets.get(credential, name=account.name)
        case InFile(path=path) if path.exists() and not fresh:
            world.secrets.get(credential, name=account.name)
            world.tell(f"The password is in {path} already")
        case InFile() | InKeyring():
            world.secrets.put(credential, world.ask_password(account.name), name=account.name)
        case _:
            assert_never(credential)
