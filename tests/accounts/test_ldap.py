"""Accounts of an LDAP directory: found by search or by template, and let in by nobody but the directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sansldap import LDAPResultCode
from tests.accounts.ldap_peer import Directory, Person

from restante.accounts.ldap import FOUND_SECONDS, LdapDirectory
from restante.accounts.ldap_settings import LdapSettings
from restante.accounts.names import MaildirPattern, parse_account_name
from restante.accounts.sources import AccountSource, OrderedAuthenticator, PasswordOnly, derived_account_id
from restante.ports.accounts import (
    Accepted,
    Account,
    AccountDirectory,
    AccountFault,
    RefusalReason,
    Refused,
    Unavailable,
    Verdict,
)
from restante.ports.soon import Later
from restante.proto.terms import Secret

TED, SERVICE = "uid=ted,ou=people,dc=example,dc=org", "cn=restante,dc=example,dc=org"
SEARCH = LdapSettings(
    url="ldapi://%2Fs", base="dc=example,dc=org", service_dn=SERVICE, service_password=Secret(b"service")
)
TEMPLATE = LdapSettings(url="ldapi://%2Fs", dn_template="uid={local},ou=people,dc=example,dc=org")


class Desk:
    def __init__(self, settings: LdapSettings = SEARCH, **attributes: list[bytes]) -> None:
        self.now = 1000.0
        self.peer = Directory(
            {
                TED: Person("Möwe", {"mail": [b"ted@example.org"], **attributes}),
                "uid=a,dc=example,dc=org": Person("x", {"mail": [b"twice@example.org"]}),
                "uid=b,dc=example,dc=org": Person("x", {"mail": [b"twice@example.org"]}),
                SERVICE: Person("service"),
            }
        )
        self.directory = LdapDirectory(settings, clock=lambda: self.now, open_link=self.peer.open_link, seconds=0.5)

    async def find(self, name: str) -> Account | None:
        found = self.directory.find(name)
        return await found if isinstance(found, Later) else found

    async def login(self, name: bytes, password: bytes) -> Verdict:
        verdict = self.directory.verify_password(name, Secret(password))
        return await verdict if isinstance(verdict, Later) else verdict


def settings(**how: Any) -> LdapSettings:
    return LdapSettings(url="ldapi://%2Fs", base="dc=example,dc=org", **how)


def test_it_is_a_source() -> None:
    directory = Desk().directory
    as_accounts: AccountDirectory = directory
    source = AccountSource(directory=as_accounts, authenticator=PasswordOnly(directory.verify_password))
    OrderedAuthenticator([source])


async def test_an_account_is_found_by_search() -> None:
    desk = Desk()
    account = await desk.find("TED@example.org")
    assert account == Account(id=derived_account_id(parse_account_name("ted@example.org")), name="ted@example.org")
    assert desk.peer.asked == ["dc=example,dc=org SUBTREE (mail=ted@example.org)"]
    assert desk.peer.bound == [(SERVICE, "service")]
    assert await desk.find("bob@example.org") is None
    assert desk.peer.opened == desk.peer.closed == 2


async def test_an_account_is_found_by_template() -> None:
    desk = Desk(TEMPLATE)
    assert await desk.find("ted") is not None
    assert desk.peer.asked == [f"{TED} BASE (objectClass=*)"]
    assert await desk.find("bob") is None


async def test_the_right_password_and_no_other_lets_in() -> None:
    for how in (SEARCH, TEMPLATE):
        desk = Desk(how)
        name = b"Ted@example.org"
        accepted = await desk.login(name, "Möwe".encode())
        assert isinstance(accepted, Accepted)
        assert accepted.account.name == "ted@example.org"
        assert desk.peer.bound[-1] == (TED, "Möwe")
        for wrong in ("möwe".encode(), b"M\xf6we", b"*"):
            assert await desk.login(name, wrong) == Refused(reason=RefusalReason.WRONG_PASSWORD)
        assert desk.peer.opened == desk.peer.closed


@pytest.mark.parametrize("how", [SEARCH, TEMPLATE])
async def test_an_empty_password_is_never_sent(how: LdapSettings) -> None:
    desk = Desk(how)
    for empty in (b"", b"\0", b"a\0"):
        assert await desk.login(b"ted@example.org", empty) == Refused(reason=RefusalReason.WRONG_PASSWORD)
    assert desk.peer.opened == 0


@pytest.mark.parametrize("name", [b"*", b"ted)(uid=*", b"ted,ou=x", b"../ted", b"", b"t\xc3\xa9d", b"x" * 1000])
async def test_a_name_that_no_account_could_have_is_never_sent(name: bytes) -> None:
    for how in (SEARCH, TEMPLATE):
        desk = Desk(how)
        assert await desk.login(name, b"x") == Refused(reason=RefusalReason.UNKNOWN_NAME)
        assert await desk.find(name.decode("latin-1")) is None
        assert desk.peer.opened == 0


async def test_an_unknown_name_costs_a_bind_like_any_other() -> None:
    desk = Desk()
    assert await desk.login(b"bob@example.org", b"x") == Refused(reason=RefusalReason.UNKNOWN_NAME)
    assert desk.peer.bound[-1] == ("cn=bob@example.org,cn=nobody,dc=example,dc=org", "x")


async def test_a_template_with_a_domain_knows_no_name_without() -> None:
    desk = Desk(LdapSettings(url="ldapi://%2Fs", dn_template="uid={local},dc={domain}"))
    assert await desk.login(b"ted", b"x") == Refused(reason=RefusalReason.UNKNOWN_NAME)
    assert await desk.find("ted") is None


async def test_a_directory_that_cannot_be_asked_lets_nobody_in_and_bounces_nothing() -> None:
    for how in (SEARCH, TEMPLATE):
        for trouble in ("down", "silent"):
            desk = Desk(how)
            setattr(desk.peer, trouble, True)
            assert isinstance(await desk.login(b"ted@example.org", b"x"), Unavailable)
            with pytest.raises(AccountFault):
                await desk.find("ted@example.org")


async def test_a_services_password_that_is_wrong_is_told_as_that() -> None:
    desk = Desk()
    desk.peer.people[SERVICE].password = "changed"
    verdict = await desk.login(b"ted@example.org", "Möwe".encode())
    assert isinstance(verdict, Unavailable)
    assert SERVICE in verdict.reason
    with pytest.raises(AccountFault, match="settings"):
        await desk.find("ted@example.org")


async def test_more_than_one_entry_is_nobody() -> None:
    desk = Desk()
    verdict = await desk.login(b"twice@example.org", b"x")
    assert isinstance(verdict, Unavailable)
    assert "more than one" in verdict.reason
    with pytest.raises(AccountFault, match="narrower"):
        await desk.find("twice@example.org")


async def test_a_busy_directory_is_no_wrong_password() -> None:
    desk = Desk(TEMPLATE)
    desk.peer.code = LDAPResultCode.BUSY
    assert isinstance(await desk.login(b"ted", "Möwe".encode()), Unavailable)


async def test_delivery_goes_by_a_recent_answer_and_logins_do_not() -> None:
    desk = Desk()
    assert not isinstance(await desk.find("ted@example.org"), Later)
    assert not isinstance(desk.directory.find("TED@example.org"), Later)
    assert desk.peer.opened == 1
    del desk.peer.people[TED]
    assert isinstance(await desk.login(b"ted@example.org", "Möwe".encode()), Refused)
    desk.now += FOUND_SECONDS
    assert await desk.find("ted@example.org") is None


@pytest.mark.parametrize(
    ("value", "maildir"), [(b"/var/vmail/ted/", Path("/var/vmail/ted")), (b"//srv/t\xff", Path("/srv/t\udcff"))]
)
async def test_a_maildir_comes_from_the_attribute(value: bytes, maildir: Path) -> None:
    for how in (
        settings(maildir_attribute="mailbox"),
        LdapSettings(url="ldapi://%2Fs", dn_template=TEMPLATE.dn_template, maildir_attribute="mailbox"),
    ):
        desk = Desk(how, mailbox=[value])
        found, accepted = await desk.find("ted@example.org"), await desk.login(b"ted@example.org", "Möwe".encode())
        assert found is not None
        assert found.maildir == maildir
        assert accepted == Accepted(account=found)


@pytest.mark.parametrize("values", [[b"relative"], [b"/a/../b"], [b"/a/./b"], [b"/a", b"/b"], [b""]])
async def test_a_maildir_that_is_none_is_told(values: list[bytes]) -> None:
    desk = Desk(settings(maildir_attribute="mailbox"), mailbox=values)
    with pytest.raises(AccountFault, match="whole path"):
        await desk.find("ted@example.org")


async def test_without_the_attribute_the_sites_pattern_counts() -> None:
    pattern = MaildirPattern(text="/var/vmail/{domain}/{local}")
    desk = Desk(settings(maildir_attribute="mailbox", maildir_pattern=pattern))
    found = await desk.find("ted@example.org")
    assert found is not None
    assert found.maildir == Path("/var/vmail/example.org/ted")


async def test_a_missing_file_of_authorities_is_told(tmp_path: Path) -> None:
    how = LdapSettings(url="ldaps://dir", base="dc=x", authorities=tmp_path / "none.pem")
    verdict = await Desk(how).login(b"ted@example.org", b"x")
    assert isinstance(verdict, Unavailable)
    assert "none.pem" in verdict.reason
