"""Where accounts are, and who judges their logins, made from the settings: the sources in their order.

Part of the composition root; `app` gives out the built-in accounts from here. Delivery asks for accounts only, and
then nothing of logins is imported, since `restante deliver` runs once for each message.
How it fails: NotSetUp for what the settings ask for and cannot be had; a server looks for that before it serves.
What a source cannot tell later is its own, by AccountFault and Unavailable.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from restante.config.values import AccountSourceName
from restante.proto.terms import Secret

if TYPE_CHECKING:
    from restante.accounts import HashPool, PasswordHasher, Sealer, SqlDirectory
    from restante.accounts.client_certificates import CertificateAccounts
    from restante.accounts.ldap import LdapDirectory
    from restante.accounts.pam import PamDirectory, PamSettings
    from restante.accounts.passwd_file import PasswdFileDirectory
    from restante.accounts.tokens import BearerJudge
    from restante.config.settings import Settings
    from restante.ports.accounts import Account, AccountDirectory, Authenticator
    from restante.sasl.terms import TokenDenied

    Source: TypeAlias = SqlDirectory | PasswdFileDirectory | LdapDirectory | PamDirectory

__all__ = [
    "SECRET_OCTETS",
    "Logins",
    "NotSetUp",
    "check_sources",
    "list_accounts",
    "open_accounts",
    "open_built_in",
    "open_hasher",
    "open_logins",
    "open_passwd_file",
    "open_sealer",
]

SECRET_OCTETS: Final = 4096
"""Of the longest secret in a file; a wrong file named by mistake is not read into memory."""

_PAM_THREADS: Final = 8
"""A wrong password keeps one for the seconds that the modules wish to wait."""

_PAM_QUEUE: Final = 64

Tell: TypeAlias = Callable[[str], None]


class NotSetUp(Exception):
    """What the settings ask for cannot be had. One line, fit for people, that ends with what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """Who has an account, and who judges a login."""

    directory: AccountDirectory
    authenticator: Authenticator
    discovery: TokenDenied | None
    """What a client hears that asks how to get a token; None where none are taken."""


# --- the parts of the built-in accounts ---------------------------------------------------------------------------


def open_built_in(settings: Settings) -> SqlDirectory:
    """Open the accounts of a data folder."""
    from restante.accounts import SqlDirectory

    return SqlDirectory(settings.data / "accounts.sqlite3", maildir_pattern=settings.maildir_pattern)


def open_hasher(settings: Settings) -> PasswordHasher:
    """Make what hashes passwords, with the settings' parameters."""
    from restante.accounts import PasswordHasher

    auth = settings.auth
    return PasswordHasher(memory_kib=auth.hash_memory_kib, passes=auth.hash_passes, lanes=auth.hash_lanes)


def open_sealer(settings: Settings) -> Sealer:
    """Make what seals the secrets of APOP and SCRAM under the key in the data folder."""
    from restante.accounts import Sealer

    return Sealer(settings.data / "apop.key")


# --- all of it ----------------------------------------------------------------------------------------------------


def check_sources(settings: Settings) -> None:
    """Find out before the start what the settings ask for and cannot be had. Opens nothing. Raises NotSetUp."""
    if not settings.accounts.sources:
        raise NotSetUp("accounts.sources is empty: name one source at the least, such as built-in")
    for source in settings.accounts.sources:
        match source:
            case AccountSourceName.BUILT_IN | AccountSourceName.PASSWD_FILE:
                pass
            case AccountSourceName.LDAP:
                _open_ldap(settings)
            case AccountSourceName.PAM:
                _pam_settings(settings)
            case _:
                assert_never(source)
    if _takes_tokens(settings):
        _open_tokens(settings, _NoAccounts(), AsyncExitStack())


def open_accounts(
    settings: Settings, closing: AsyncExitStack, *, tell: Tell = lambda _fault: None
) -> AccountDirectory:
    """Open the accounts of all sources, for mail that comes in. `closing` closes them. Raises NotSetUp.

    `tell` takes sentences for the log, from any thread.
    """
    sources = [_open_source(name, settings, closing, tell) for name in settings.accounts.sources]
    return sources[0] if len(sources) == 1 else _in_order(sources)


def list_accounts(
    settings: Settings,
) -> tuple[list[tuple[Account, AccountSourceName]], list[AccountSourceName]]:
    """Give the accounts of the sources that have a list, each name once, and the sources that have none.

    Raises NotSetUp, AccountFault.
    """
    found: dict[str, tuple[Account, AccountSourceName]] = {}
    without: list[AccountSourceName] = []
    for name in settings.accounts.sources:
        accounts: Sequence[Account] = ()
        match name:
            case AccountSourceName.BUILT_IN:
                with contextlib.closing(open_built_in(settings)) as built_in:
                    accounts = built_in.list_accounts()
            case AccountSourceName.PASSWD_FILE:
                accounts = open_passwd_file(settings).list_accounts()
            case AccountSourceName.LDAP | AccountSourceName.PAM:
                without.append(name)
            case _:
                assert_never(name)
        for account in accounts:
            found.setdefault(account.name.lower(), (account, name))
    return list(found.values()), without


def open_logins(settings: Settings, pool: HashPool, closing: AsyncExitStack, *, tell: Tell) -> Logins:
    """Open the accounts of all sources, and those who judge their logins. As `open_accounts`; Raises NotSetUp.

    `pool` runs the hashes of passwords.
    """
    from restante.accounts.sources import AccountSource, OrderedAuthenticator

    sources = [_open_source(name, settings, closing, tell) for name in settings.accounts.sources]
    if not sources:
        raise NotSetUp("accounts.sources is empty: name one source at the least, such as built-in")
    directory: AccountDirectory = sources[0] if len(sources) == 1 else _in_order(sources)
    tokens = _open_tokens(settings, directory, closing) if _takes_tokens(settings) else None
    certificates = None if settings.tls.client_authorities is None else _open_certificates(settings, directory)
    judged = [
        AccountSource(directory=source, authenticator=_authenticator_of(source, settings, pool, tell))
        for source in sources
    ]
    # One source with nobody beside it judges by itself, as one directory is asked by itself.
    authenticator = judged[0].authenticator
    if len(judged) > 1 or tokens is not None or certificates is not None:
        authenticator = OrderedAuthenticator(judged, tokens=tokens, certificates=certificates)
    return Logins(
        directory=directory,
        authenticator=authenticator,
        discovery=None if tokens is None else tokens.discovery,
    )


def _in_order(sources: list[Source]) -> AccountDirectory:
    from restante.accounts.sources import OrderedDirectory

    return OrderedDirectory(sources)


# --- each source --------------------------------------------------------------------------------------------------


def _open_source(name: AccountSourceName, settings: Settings, closing: AsyncExitStack, tell: Tell) -> Source:
    match name:
        case AccountSourceName.BUILT_IN:
            built_in = open_built_in(settings)
            closing.callback(built_in.close)
            return built_in
        case AccountSourceName.PASSWD_FILE:
            return open_passwd_file(settings, tell=tell)
        case AccountSourceName.LDAP:
            ldap = _open_ldap(settings)
            closing.push_async_callback(ldap.close)
            return ldap
        case AccountSourceName.PAM:
            return _open_pam(settings, closing)
        case _:
            assert_never(name)


def _authenticator_of(source: Source, settings: Settings, pool: HashPool, tell: Tell) -> Authenticator:
    from restante.accounts import PasswordAuthenticator, SqlDirectory, VerifiedCredentials, needs_scram_keys
    from restante.accounts.passwd_file import PasswdFileDirectory
    from restante.accounts.schemes import SchemeVerifier
    from restante.accounts.sources import PasswordOnly

    auth, file = settings.auth, settings.passwd_file
    if not isinstance(source, SqlDirectory | PasswdFileDirectory):
        return PasswordOnly(source.verify_password)
    built_in = isinstance(source, SqlDirectory)
    return PasswordAuthenticator(
        source,
        hasher=open_hasher(settings)
        if isinstance(source, SqlDirectory)
        else SchemeVerifier(source.decoy, default=file.default_scheme, allow_plain=file.allow_plain),
        pool=pool,
        verified=VerifiedCredentials(seconds=auth.verified_seconds, most=auth.verified_credentials),
        sealer=open_sealer(settings),
        scram=built_in and needs_scram_keys(auth.mechanisms),
        tell_fault=tell,
    )


def open_passwd_file(settings: Settings, *, tell: Tell = lambda _fault: None) -> PasswdFileDirectory:
    """Open the accounts of the passwd-file that the settings name. Raises NotSetUp."""
    from restante.accounts import MaildirPattern, needs_scram_keys, seal_scram_keys
    from restante.accounts.passwd_file import PasswdFileDirectory

    file, pattern = settings.passwd_file, settings.maildir_pattern
    if file.path is None:
        raise NotSetUp("accounts.sources names passwd-file: name the file with passwd_file.path")
    sealer = open_sealer(settings) if needs_scram_keys(settings.auth.mechanisms) else None
    return PasswdFileDirectory(
        file.path,
        default_scheme=file.default_scheme,
        allow_plain=file.allow_plain,
        mail_location=file.mail_location,
        maildir_pattern=None if pattern is None else MaildirPattern(text=pattern),
        domains=frozenset(settings.domains),
        seal_scram=None if sealer is None else lambda account_id, keys: seal_scram_keys(sealer, account_id, keys),
        tell=tell,
    )


def _open_ldap(settings: Settings) -> LdapDirectory:
    try:
        from restante.accounts.ldap import LdapDirectory
        from restante.accounts.ldap_settings import LdapSettings
    except ImportError:
        raise _extra_missing("accounts.sources names ldap", "ldap") from None
    from restante.accounts import MaildirPattern

    ldap, pattern = settings.ldap, settings.maildir_pattern
    try:
        return LdapDirectory(
            LdapSettings(
                url=ldap.url or "",
                start_tls=ldap.start_tls,
                authorities=ldap.authorities,
                dn_template=ldap.dn_template,
                base=ldap.base,
                search_filter=ldap.filter,
                service_dn=ldap.service_dn,
                service_password=_secret(ldap.service_password_file),
                maildir_attribute=ldap.maildir_attribute,
                maildir_pattern=None if pattern is None else MaildirPattern(text=pattern),
            )
        )
    except ValueError as error:
        raise NotSetUp(f"the settings of ldap: {error}") from None


def _pam_settings(settings: Settings) -> PamSettings:
    from importlib.util import find_spec

    from restante.accounts import MaildirPattern
    from restante.accounts.pam import PamSettings

    if find_spec("pamela") is None:
        raise _extra_missing("accounts.sources names pam", "pam")
    pam, pattern = settings.pam, settings.maildir_pattern
    try:
        return PamSettings(
            service=pam.service,
            domains=frozenset(settings.domains),
            least_uid=pam.least_uid,
            maildir_in_home=pam.maildir_in_home,
            maildir_pattern=None if pattern is None else MaildirPattern(text=pattern),
        )
    except ValueError as error:
        raise NotSetUp(f"the settings of pam: {error}") from None


def _open_pam(settings: Settings, closing: AsyncExitStack) -> PamDirectory:
    from restante.accounts import HashPool
    from restante.accounts.pam import PamDirectory

    described = _pam_settings(settings)
    # Its own: a module that waits must not hold up the hashes of other sources.
    pool = HashPool(at_once=_PAM_THREADS, queue=_PAM_QUEUE)
    closing.callback(pool.close)
    return PamDirectory(described, pool)


# --- certificates and tokens --------------------------------------------------------------------------------------


def _open_certificates(settings: Settings, directory: AccountDirectory) -> CertificateAccounts:
    from restante.accounts.client_certificates import CertificateAccounts, NamedBy

    return CertificateAccounts(directory, named_by=NamedBy(settings.auth.certificate_name.value))


def _takes_tokens(settings: Settings) -> bool:
    return settings.oauth.issuer is not None or settings.oauth.introspection_url is not None


def _open_tokens(settings: Settings, directory: AccountDirectory, closing: AsyncExitStack) -> BearerJudge:
    try:
        from restante.accounts.issuer_keys import IssuerKeys
        from restante.accounts.tokens import BearerJudge, IntrospectedTokens, SignedTokens, TokenRules
        from restante.accounts.web_json import JsonWeb
    except ImportError:
        raise _extra_missing("oauth.issuer or oauth.introspection_url is set", "oauth") from None

    oauth = settings.oauth
    web = JsonWeb(authorities=oauth.authorities)
    closing.push_async_callback(web.close)
    try:
        rules = TokenRules(
            audiences=frozenset(oauth.audience),
            issuer=oauth.issuer,
            scope=oauth.scope,
            name_claim=oauth.name_claim,
        )
        if oauth.introspection_url is None:
            issuer = oauth.issuer or ""
            keys = IssuerKeys(web, issuer=issuer, keys_url=oauth.keys_url)
            return BearerJudge(SignedTokens(keys, rules), directory, rules)
        introspected = IntrospectedTokens(
            web,
            rules,
            url=oauth.introspection_url,
            client_id=oauth.client_id or "",
            client_secret=_secret(oauth.client_secret_file) or Secret(b""),
        )
        return BearerJudge(introspected, directory, rules)
    except ValueError as error:
        raise NotSetUp(f"the settings of oauth: {error}") from None


class _NoAccounts:
    """Stands for the accounts while the settings are only looked at."""

    def find(self, name: str) -> None:
        """Know nobody."""
        del name


def _secret(path: Path | None) -> Secret | None:
    """Read the one line of a file. Raises NotSetUp, which shows nothing of it."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            octets = file.read(SECRET_OCTETS + 1)
    except OSError as error:
        raise NotSetUp(
            f"{path}: cannot be read ({(error.strerror or str(error)).lower()}): "
            "let the server's user read it, and nobody else"
        ) from None
    line = octets.removesuffix(b"\n").removesuffix(b"\r")
    if not line or len(octets) > SECRET_OCTETS or b"\n" in line:
        raise NotSetUp(f"{path}: is not one line of at most {SECRET_OCTETS} octets: put the secret there, alone")
    return Secret(line)


def _extra_missing(why: str, extra: str) -> NotSetUp:
    return NotSetUp(f"{why}, which needs more than is installed: pip install 'restante[{extra}]'")
