"""Names get into DNs and filters without harm, and passwords go nowhere in the clear."""

from __future__ import annotations

import pytest
import sansldap
from hypothesis import given
from hypothesis import strategies as st

from restante.accounts.ldap_settings import LdapAddress, LdapSettings, dn_value, filled_in, filter_value
from restante.accounts.names import parse_account_name
from restante.proto.terms import Secret

TEMPLATE = "uid={local},ou=people,dc=example,dc=org"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        # The examples of RFC 4514 §4.
        ('James "Jim" Smith, III', 'James \\"Jim\\" Smith\\, III'),
        ("#hash", "\\#hash"),
        (" a ", "\\ a\\ "),
        (" ", "\\ "),
        ("a+b=c;d<e>f\\g", "a\\+b\\=c\\;d\\<e\\>f\\\\g"),
        ("a\0b", "a\\00b"),
        ("ted", "ted"),
    ],
)
def test_a_value_is_one_value_in_a_dn(text: str, written: str) -> None:
    assert dn_value(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        # The examples of RFC 4515 §4.
        ("Parens R Us (for all your parenthetical needs)", "Parens R Us \\28for all your parenthetical needs\\29"),
        ("*", "\\2a"),
        ("C:\\MyFile", "C:\\5cMyFile"),
        ("\0", "\\00"),
    ],
)
def test_a_value_is_one_value_in_a_filter(text: str, written: str) -> None:
    assert filter_value(text) == written


@given(st.text())
def test_any_value_comes_out_of_a_filter_as_it_went_in(text: str) -> None:
    parsed = sansldap.LDAPFilter.from_string(f"(mail={filter_value(text)})")
    if text:
        assert isinstance(parsed, sansldap.FilterEquality)
        assert parsed.value == text.encode("utf-8", "surrogatepass")


def test_a_name_is_filled_in_once_and_in_lower_case() -> None:
    name = parse_account_name("Ted@Example.ORG")
    assert filled_in("{name}/{local}/{domain}", name, as_dn=False) == "ted@example.org/ted/example.org"
    assert filled_in("{local}@{domain}", parse_account_name("ted"), as_dn=True) is None
    assert filled_in("{name}", parse_account_name("ted"), as_dn=True) == "ted"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("ldaps://dir.example.org", LdapAddress(host="dir.example.org", port=636, tls=True)),
        ("ldap://dir.example.org:3890/", LdapAddress(host="dir.example.org", port=3890, tls=False)),
        ("ldap://[::1]", LdapAddress(host="::1", port=389, tls=False)),
        ("ldapi://%2Frun%2Fslapd%2Fldapi", LdapAddress(host="/run/slapd/ldapi", port=None, tls=False)),
    ],
)
def test_an_address_is_read(url: str, address: LdapAddress) -> None:
    assert LdapAddress.parse(url) == address


@pytest.mark.parametrize(
    "url",
    ["", "dir", "http://dir", "ldap://", "ldap://u@dir", "ldap://dir/dc=x", "ldapi://", "ldapi://x", "ldap://d:x"],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="ldaps://"):
        LdapSettings(url=url, dn_template=TEMPLATE)


@pytest.mark.parametrize("url", ["ldap://dir.example.org", "ldap://10.0.0.1", "ldap://localhost"])
def test_passwords_do_not_leave_the_machine_without_tls(url: str) -> None:
    with pytest.raises(ValueError, match="TLS"):
        LdapSettings(url=url, start_tls=False, dn_template=TEMPLATE)
    assert LdapSettings(url=url, dn_template=TEMPLATE).upgrades


@pytest.mark.parametrize("url", ["ldap://127.0.0.1", "ldap://[::1]:1389", "ldapi://%2Fs", "ldaps://dir"])
def test_what_stays_here_or_is_tls_already_needs_no_upgrade(url: str) -> None:
    assert not LdapSettings(url=url, start_tls=False, dn_template=TEMPLATE).upgrades


def test_ldaps_and_sockets_are_never_upgraded() -> None:
    for url in ("ldaps://dir", "ldapi://%2Fs"):
        assert not LdapSettings(url=url, dn_template=TEMPLATE).upgrades


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"dn_template": TEMPLATE, "base": "dc=x"},
        {"dn_template": "uid=ted,dc=x"},
        {"base": "dc=x", "search_filter": "(uid=ted)"},
        {"base": "dc=x", "service_dn": "cn=s"},
        {"base": "dc=x", "service_password": Secret(b"s")},
        {"base": "dc=x", "service_dn": "cn=s", "service_password": Secret(b"")},
    ],
)
def test_settings_that_cannot_work_are_refused(how: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        LdapSettings(url="ldaps://dir", **how)  # type: ignore[arg-type]


def test_the_services_password_does_not_show() -> None:
    settings = LdapSettings(url="ldaps://d", base="dc=x", service_dn="cn=s", service_password=Secret(b"SECRET"))
    assert "SECRET" not in repr(settings)
