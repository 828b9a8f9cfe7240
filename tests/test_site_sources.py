"""What the settings say of accounts becomes sources and judges, or one line that says what to do."""

import builtins
from contextlib import AsyncExitStack
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from restante import sources
from restante.accounts.passwd_file import PasswdFileDirectory
from restante.config.account_settings import AccountSettings, LdapSettings, OAuthSettings, PasswdFileSettings
from restante.config.settings import Settings
from restante.config.values import AccountSourceName, Capability
from restante.ports.soon import Later
from restante.proto.capabilities import CAPABILITIES
from restante.sasl.terms import TokenDenied

LDAP = LdapSettings(url="ldaps://ldap.example.org", base="dc=example,dc=org")
OAUTH = OAuthSettings(issuer="https://login.example.org", audience=("restante",))


def of(*names: AccountSourceName, **more: Any) -> Settings:
    return Settings(accounts=AccountSettings(sources=names), **more)


@pytest.mark.parametrize(
    ("settings", "module", "extra"),
    [
        (of(AccountSourceName.LDAP, ldap=LDAP), "sansldap", "ldap"),
        (Settings(oauth=OAUTH), "joserfc", "oauth"),
    ],
)
def test_an_extra_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, module: str, extra: str
) -> None:
    load = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith((module, "restante.accounts.ldap", "restante.accounts.issuer_keys")):
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)
        return load(name, *rest)

    sources.check_sources(settings)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(sources.NotSetUp, match=rf"more than is installed: pip install 'restante\[{extra}\]'\Z"):
        sources.check_sources(settings)


def test_pam_without_its_extra_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sources.check_sources(of(AccountSourceName.PAM))
    monkeypatch.setattr(util, "find_spec", lambda _name: None)
    with pytest.raises(sources.NotSetUp, match=r"pip install 'restante\[pam\]'"):
        sources.check_sources(of(AccountSourceName.PAM))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (of(), "accounts.sources is empty"),
        (
            of(AccountSourceName.LDAP, ldap=LdapSettings(url="ldap://x", start_tls=False, base="dc=x")),
            "settings of ldap",
        ),
        (Settings(oauth=OAuthSettings(issuer="http://login.example.org", audience=("x",))), "settings of oauth"),
        (Settings(oauth=OAuthSettings(issuer="https://login.example.org")), "settings of oauth: name the audience"),
    ],
)
def test_what_cannot_be_had_says_so(settings: Settings, told: str) -> None:
    with pytest.raises(sources.NotSetUp, match=told):
        sources.check_sources(settings)


@pytest.mark.parametrize("octets", [b"", b"\n", b"two\nlines\n", b"x" * (sources.SECRET_OCTETS + 1)])
def test_a_file_that_holds_no_secret_is_refused_and_not_shown(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(octets)
    ldap = LdapSettings(url=LDAP.url, base=LDAP.base, service_dn="cn=x", service_password_file=path)
    with pytest.raises(sources.NotSetUp, match="is not one line") as caught:
        sources.check_sources(of(AccountSourceName.LDAP, ldap=ldap))
    assert "two" not in str(caught.value)
    assert caught.value.__cause__ is None
    path.unlink()
    with pytest.raises(sources.NotSetUp, match="cannot be read"):
        sources.check_sources(of(AccountSourceName.LDAP, ldap=ldap))


async def test_the_pattern_of_the_site_holds_for_a_passwd_file_that_says_nothing_of_mail(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text(
        "ted@Example.org:{SSHA}x\nann:{SSHA}x\nbob@example.org:{SSHA}x::::::userdb_mail=maildir:/srv/bob\n"
    )
    settings = of(
        AccountSourceName.PASSWD_FILE,
        passwd_file=PasswdFileSettings(path=users),
        maildir_pattern="/var/vmail/{domain}/{local}",
    )
    async with AsyncExitStack() as closing:
        directory = sources.open_accounts(settings, closing)
        assert isinstance(directory, PasswdFileDirectory)
        found = {name: directory.find(name) for name in ("ted@example.org", "ann", "bob@example.org")}
    assert {name: account and account.maildir for name, account in found.items()} == {
        "ted@example.org": Path("/var/vmail/example.org/ted"),
        "ann": None,
        "bob@example.org": Path("/srv/bob"),
    }


async def test_the_first_source_with_a_name_has_it_in_lists_too(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("ted:{SSHA}x\nann:{SSHA}x\n")
    settings = of(
        AccountSourceName.BUILT_IN,
        AccountSourceName.PASSWD_FILE,
        AccountSourceName.PAM,
        data=tmp_path,
        passwd_file=PasswdFileSettings(path=users),
    )
    built_in = sources.open_built_in(settings)
    own = built_in.add("Ted", "x")
    built_in.close()
    found, without = sources.list_accounts(settings)
    assert [(account.name, source) for account, source in found] == [
        ("Ted", AccountSourceName.BUILT_IN),
        ("ann", AccountSourceName.PASSWD_FILE),
    ]
    assert without == [AccountSourceName.PAM]
    async with AsyncExitStack() as closing:
        known = sources.open_accounts(settings, closing).find("ted")
        assert (await known if isinstance(known, Later) else known) == own


async def test_where_tokens_are_taken_a_client_learns_how_to_get_one(tmp_path: Path) -> None:
    from restante.accounts import HashPool

    pool = HashPool(at_once=1, queue=1)
    async with AsyncExitStack() as closing:
        closing.callback(pool.close)
        for oauth, discovery in (
            (OAuthSettings(), None),
            (
                OAUTH,
                TokenDenied(
                    scope=None,
                    openid_configuration="https://login.example.org/.well-known/openid-configuration",
                ),
            ),
        ):
            logins = sources.open_logins(
                Settings(data=tmp_path, oauth=oauth), pool, closing, tell=lambda _fault: None
            )
            assert logins.discovery == discovery


async def test_one_source_alone_judges_by_itself(tmp_path: Path) -> None:
    from restante.accounts import HashPool, PasswordAuthenticator
    from restante.accounts.sources import OrderedAuthenticator

    two = of(
        AccountSourceName.BUILT_IN,
        AccountSourceName.PASSWD_FILE,
        data=tmp_path,
        passwd_file=PasswdFileSettings(path=tmp_path / "passwd"),
    )
    pool = HashPool(at_once=1, queue=1)
    async with AsyncExitStack() as closing:
        closing.callback(pool.close)
        for settings, judge in (
            (Settings(data=tmp_path), PasswordAuthenticator),
            (Settings(data=tmp_path, oauth=OAUTH), OrderedAuthenticator),
            (two, OrderedAuthenticator),
        ):
            logins = sources.open_logins(settings, pool, closing, tell=lambda _fault: None)
            assert type(logins.authenticator) is judge


@pytest.mark.rule("C11")
def test_every_capability_has_its_switch() -> None:
    assert {each.value for each in Capability} == CAPABILITIES
