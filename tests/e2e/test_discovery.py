"""Finding the servers of an address, with a DNS and pages of our own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.names_and_pages import Pages, names, pages
from tests.mail_accounts.test_autoconfig import BOMB, WHOLE

from restante.client import Security, Server
from restante.mail_accounts.discovery import Discovery, Found
from restante.mail_accounts.web import ANSWER_OCTETS, WebFault
from restante.submission import SubmissionSecurity, SubmissionServer

OWN = "autoconfig.example.org/mail/config-v1.1.xml"
WELL_KNOWN = "example.org/.well-known/autoconfig/mail/config-v1.1.xml"
MOZILLA = "autoconfig.thunderbird.net/v1.1/example.org"
HOSTS = ("autoconfig.example.org", "example.org", "autoconfig.thunderbird.net")


async def nobody(server: Server | SubmissionServer) -> bool:
    del server
    return False


async def find(
    web: Pages, records: dict[tuple[str, str], list[str]], address: str = "ted@example.org"
) -> Found | None:
    told: list[str] = []
    with names(records) as resolver:
        # The pages' certificates are the only ones that count here, and no other host is asked.
        return await Discovery(resolver=resolver, web=web.web, probe=nobody, tell=told.append).find(address)


async def test_what_a_domain_publishes_is_found_at_both_places_and_at_mozilla(tmp_path: Path) -> None:
    for place in (OWN, WELL_KNOWN, MOZILLA):
        with pages(tmp_path, *HOSTS) as web:
            web.at[place] = (200, WHOLE, {})
            found = await find(web, {})
        assert found is not None
        assert found.source == f"https://{place}"
        assert found.pop3 == Server(host="pop.example.org", port=995)
        assert found.smtp == SubmissionServer(host="smtp.example.org", port=465)
        assert found.login == "ted@example.org"
        assert found.outside == ()


SRV = {
    ("_pop3s._tcp.example.org", "SRV"): ["20 0 995 late.example.org.", "10 5 1995 pop.example.org."],
    ("_pop3._tcp.example.org", "SRV"): ["0 0 110 open.example.org."],
    ("_submission._tcp.example.org", "SRV"): ["0 0 587 mail.provider.example."],
    ("_submissions._tcp.example.org", "SRV"): ["0 0 0 ."],
}


async def test_srv_records_are_read_by_priority_and_who_is_outside_is_marked(tmp_path: Path) -> None:
    with pages(tmp_path, *HOSTS) as web:
        found = await find(web, SRV)
    assert found is not None
    assert found.pop3 == Server(host="pop.example.org", port=1995)
    assert found.smtp == SubmissionServer(
        host="mail.provider.example", port=587, security=SubmissionSecurity.STARTTLS
    )
    assert found.outside == ("mail.provider.example",)


async def test_who_hosts_a_domain_is_known_by_its_mail_exchangers(tmp_path: Path) -> None:
    with pages(tmp_path, *HOSTS) as web:
        found = await find(web, {("example.org", "MX"): ["1 aspmx.l.google.com."]})
        assert not any("thunderbird" in asked for asked in web.asked)
    assert found is not None
    assert found.pop3 is not None
    assert (found.pop3.host, found.oauth) == ("pop.gmail.com", "google")


async def test_a_known_provider_asks_nobody(tmp_path: Path) -> None:
    with pages(tmp_path, *HOSTS) as web:
        found = await find(web, {}, "ted@gmail.com")
        none = await find(web, {}, "ted@proton.me")
        assert web.asked == []
    assert found is not None
    assert none is not None
    assert none.pop3 is None


async def test_usual_names_are_tried_with_tls_first_and_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    tried: list[str] = []

    async def probe(server: Server | SubmissionServer) -> bool:
        tried.append(server.address)
        return server.address in ("mail.example.org:110", "mail.example.org:587")

    with pages(tmp_path, *HOSTS) as web, names({}) as resolver:
        found = await Discovery(resolver=resolver, web=web.web, probe=probe).find("ted@example.org")
        assert await Discovery(resolver=resolver, web=web.web, probe=nobody).find("ted@example.org") is None
    assert found is not None
    assert found.pop3 == Server(host="mail.example.org", security=Security.STLS)
    assert found.smtp is not None
    assert found.smtp.security is SubmissionSecurity.STARTTLS
    assert tried[:4] == [
        f"{host}:995" for host in ("pop.example.org", "pop3.example.org", "mail.example.org", "example.org")
    ]


@pytest.mark.parametrize(
    "answer",
    [
        (200, BOMB, {}),
        (200, b"x" * (ANSWER_OCTETS + 1), {}),
        (200, WHOLE, {"Content-Encoding": "gzip"}),
        (302, b"", {"Location": "http://autoconfig.example.org/mail/config-v1.1.xml"}),
        (302, b"", {"Location": f"https://{OWN}"}),
        (500, b"", {}),
    ],
)
async def test_a_page_that_is_not_to_be_read_is_passed_over(
    tmp_path: Path, answer: tuple[int, bytes, dict[str, str]]
) -> None:
    with pages(tmp_path, *HOSTS) as web:
        web.at[OWN] = answer
        found = await find(web, SRV)
    assert found is not None
    assert found.source == "SRV records of example.org"


async def test_a_page_may_lead_on_to_https(tmp_path: Path) -> None:
    with pages(tmp_path, *HOSTS) as web:
        web.at[OWN] = (302, b"", {"Location": f"https://{MOZILLA}"})
        web.at[MOZILLA] = (200, WHOLE, {})
        found = await find(web, {})
    assert found is not None
    assert found.source == f"https://{OWN}"


async def test_a_page_of_an_authority_that_is_not_trusted_is_not_read(tmp_path: Path) -> None:
    with pages(tmp_path, *HOSTS) as web:
        web.at[OWN] = (200, WHOLE, {})
        strange = replace(web.web, authorities=None)
        with pytest.raises(WebFault, match="has a certificate that is not trusted"):
            await strange.get(f"https://{OWN}")
        with pytest.raises(WebFault, match="is no https address"):
            await web.web.get(f"http://{OWN}")
