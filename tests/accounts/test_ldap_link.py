"""A link speaks LDAP, in bounds, and never takes words for an answer that came before TLS."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from sansldap import LDAPResultCode
from tests.accounts.ldap_peer import Directory, Person

from restante.accounts.ldap_link import LARGEST_ANSWER_OCTETS, Entry, LdapFault, LdapLink, _message_octets
from restante.accounts.ldap_settings import LdapAddress

TED = "uid=ted,dc=example,dc=org"
ADDRESS = LdapAddress(host="dir.example.org", port=389, tls=False)


@pytest.fixture
def directory() -> Directory:
    return Directory({TED: Person("SECRET", {"mail": [b"ted@example.org"]})})


async def link_to(directory: Directory) -> LdapLink:
    return await directory.open_link(ADDRESS, context=None, upgrade=False)


async def test_a_bind_tells_right_from_wrong(directory: Directory) -> None:
    link = await link_to(directory)
    assert await link.bind(TED, "SECRET")
    assert not await link.bind(TED, "secret")
    link.close()
    assert directory.closed == 1


async def test_a_bind_that_would_authenticate_nobody_is_not_sent(directory: Directory) -> None:
    link = await link_to(directory)
    for dn, password in ((TED, ""), ("", "SECRET"), ("", "")):
        with pytest.raises(ValueError, match="nobody"):
            await link.bind(dn, password)
    assert directory.bound == []


@pytest.mark.parametrize("code", [LDAPResultCode.BUSY, LDAPResultCode.UNAVAILABLE, LDAPResultCode.REFERRAL])
async def test_what_is_the_directorys_fault_is_no_wrong_password(
    directory: Directory, code: LDAPResultCode
) -> None:
    directory.code = code
    link = await link_to(directory)
    with pytest.raises(LdapFault, match=code.name):
        await link.bind(TED, "SECRET")
    with pytest.raises(LdapFault, match=code.name):
        await link.search("dc=example,dc=org", below=True, search_filter="(mail=x)", attribute=None)


async def test_a_search_gives_entries_and_one_attribute(directory: Directory) -> None:
    link = await link_to(directory)
    found = await link.search(
        "dc=example,dc=org", below=True, search_filter="(mail=ted@example.org)", attribute="mail"
    )
    assert found == [Entry(dn=TED, values=(b"ted@example.org",))]
    assert await link.search(TED, below=False, search_filter="(objectClass=*)", attribute=None) == [
        Entry(dn=TED, values=())
    ]
    assert await link.search("uid=bob", below=False, search_filter="(objectClass=*)", attribute=None) == []


async def test_a_base_that_is_not_there_is_a_mistake_and_no_answer(directory: Directory) -> None:
    directory.code = LDAPResultCode.NO_SUCH_OBJECT
    link = await link_to(directory)
    with pytest.raises(LdapFault, match="NO_SUCH_OBJECT"):
        await link.search("dc=nowhere", below=True, search_filter="(mail=x)", attribute=None)


async def test_a_filter_that_is_none_is_told(directory: Directory) -> None:
    link = await link_to(directory)
    with pytest.raises(LdapFault, match="filter"):
        await link.search("dc=x", below=True, search_filter="(mail=", attribute=None)


@pytest.mark.parametrize("raw", [b"\xff" * 40, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x30\x80\x00\x00"])
async def test_what_is_not_ldap_is_a_fault(directory: Directory, raw: bytes) -> None:
    directory.raw = raw
    link = await link_to(directory)
    with pytest.raises(LdapFault):
        await link.bind(TED, "SECRET")
    with pytest.raises(LdapFault):
        await link.bind(TED, "SECRET")


async def test_an_answer_without_end_is_cut_off(directory: Directory) -> None:
    # A message that says it has 2 GiB.
    directory.raw = b"\x30\x84\x7f\xff\xff\xff" + b" " * (LARGEST_ANSWER_OCTETS + 1)
    link = await link_to(directory)
    with pytest.raises(LdapFault, match="more than"):
        await link.bind(TED, "SECRET")
    assert directory.closed == 1


async def test_a_directory_that_goes_away_is_a_fault(directory: Directory) -> None:
    directory.silent = True
    link = await link_to(directory)
    asyncio.get_running_loop().call_soon(link.connection_lost, None)
    with pytest.raises(LdapFault, match="closed the connection"):
        await link.bind(TED, "SECRET")


async def test_octets_behind_the_answer_to_starttls_end_the_link(directory: Directory) -> None:
    success = bytes.fromhex("300c02010178070a010004000400")
    for raw in (success + b"\x30", success * 2):
        directory.raw = raw
        link = await link_to(directory)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with pytest.raises(LdapFault, match=r"in the clear|not speak LDAP"):
            # As `open` does once it is connected.
            await link._start_tls(ADDRESS, context)


async def test_a_directory_that_refuses_starttls_is_a_fault(directory: Directory) -> None:
    directory.code = LDAPResultCode.UNAVAILABLE
    link = await link_to(directory)
    with pytest.raises(LdapFault, match="StartTLS"):
        await link._start_tls(ADDRESS, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    with pytest.raises(ValueError, match="context"):
        await link._start_tls(ADDRESS, None)


def test_the_length_of_a_message_is_read() -> None:
    assert _message_octets(b"\x30\x0c\x02") == 14
    assert _message_octets(b"\x30\x82\x01\x00") == 260
    assert _message_octets(b"\x30") == 0
