from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.mail_accounts.autoconfig import PublishedServer, read_autoconfig
from restante.mail_accounts.provider_facts import FACTS, facts_of_domain, facts_of_exchangers

WHOLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
 <emailProvider id="example.org">
  <domain>example.org</domain>
  <incomingServer type="imap"><hostname>imap.example.org</hostname><port>993</port><socketType>SSL</socketType>
   <username>%EMAILADDRESS%</username></incomingServer>
  <incomingServer type="pop3"><hostname>open.example.org</hostname><port>110</port><socketType>plain</socketType>
   <username>x</username></incomingServer>
  <incomingServer type="pop3"><hostname>pop.%EMAILDOMAIN%</hostname><port>110</port>
   <socketType>STARTTLS</socketType><username>%EMAILLOCALPART%</username>
   <authentication>password-cleartext</authentication><authentication>OAuth2</authentication></incomingServer>
  <incomingServer type="pop3"><hostname>pop.example.org</hostname><port>995</port><socketType>SSL</socketType>
   <username>%EMAILADDRESS%</username><authentication>OAuth2</authentication></incomingServer>
  <outgoingServer type="smtp"><hostname>smtp.example.org</hostname><port>465</port><socketType>SSL</socketType>
  </outgoingServer>
 </emailProvider>
</clientConfig>"""


def test_servers_with_tls_are_read_and_the_others_left_out() -> None:
    stls, tls, smtp = read_autoconfig(WHOLE, "ted@example.org")
    assert stls == PublishedServer(
        kind="pop3", host="pop.example.org", port=110, implicit_tls=False, login="ted", oauth=False
    )
    assert (tls.port, tls.implicit_tls, tls.login, tls.oauth) == (995, True, "ted@example.org", True)
    assert (smtp.kind, smtp.host, smtp.login) == ("smtp", "smtp.example.org", None)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<clientConfig><emailProvider><incomingServer type="pop3"><hostname>&b;</hostname></incomingServer></emailProvider>
</clientConfig>"""


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (BOMB, "document type"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "document type"),
        (BOMB.decode().replace('<?xml version="1.0"?>', "").encode("utf-16"), "document type"),
        (b"<html><p>not found</html>", "no XML"),
        (b"", "no XML"),
        (b"<a>" * 100_000, "nested too deeply"),
        (b"<a>" + b"<b/>" * 100_000 + b"</a>", "too long"),
    ],
)
def test_what_could_harm_is_not_read(octets: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_autoconfig(octets, "ted@example.org")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<port>995</port>", b"<port>0</port>"),
        (b"<port>995</port>", b"<port>99999999999</port>"),
        (b"<port>995</port>", b""),
        (b"<hostname>pop.example.org</hostname>", b"<hostname>a b\r\nQUIT</hostname>"),
        (b"<hostname>pop.example.org</hostname>", b"<hostname></hostname>"),
    ],
)
def test_a_server_that_cannot_be_is_left_out(old: bytes, new: bytes) -> None:
    servers = read_autoconfig(WHOLE.replace(old, new), "ted@example.org")
    assert [server.port for server in servers] == [110, 465]


@given(st.binary(max_size=200))
def test_any_octets_are_servers_or_one_kind_of_error(octets: bytes) -> None:
    for whole in (octets, b"<clientConfig><emailProvider>" + octets + b"</emailProvider></clientConfig>"):
        try:
            assert isinstance(read_autoconfig(whole, "ted@example.org"), list)
        except ValueError as error:
            told = str(error)
        else:
            continue
        assert told.startswith("the settings")


def test_large_providers_are_known_by_their_domains_and_by_whom_they_host() -> None:
    gmail = facts_of_domain("GMAIL.com")
    assert gmail is not None
    assert gmail.oauth == "google"
    assert any("recent:" in note for note in gmail.notes)
    assert facts_of_domain("example.org") is None
    hosted = facts_of_exchangers(["aspmx.l.google.com.", "alt1.aspmx.l.google.com."])
    assert hosted is gmail
    office = facts_of_exchangers(["example-org.mail.protection.outlook.com"])
    assert office is not None
    assert office.oauth_only
    assert facts_of_exchangers(["mail.example.org", "notgoogle.com.example.org"]) is None


def test_no_domain_stands_in_the_table_twice() -> None:
    domains = [domain for facts in FACTS for domain in facts.domains]
    assert len(set(domains)) == len(domains)
    for facts in FACTS:
        assert facts.pop3 is not None or any("no POP3" in note for note in facts.notes)
