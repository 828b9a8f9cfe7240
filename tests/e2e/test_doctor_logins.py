"""The doctor logs in as other commands do: by an account's token, to a pinned certificate, by each mechanism."""

from __future__ import annotations

import hashlib
import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from tests.e2e.bed import QUICK, RESTANTE, Bed, Owner, Ran, run
from tests.e2e.token_issuer import AUDIENCE, HttpIssuer, issuing

MECHANISMS = "OAUTHBEARER XOAUTH2 SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN"
MESSAGE = b"From: a@example.org\r\nSubject: 1\r\n\r\none\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    bed: Bed
    folder: Path
    issuer: HttpIssuer
    owner: Owner
    pin: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with tokens and mechanisms, under a certificate that nobody signed whom one knows."""
    folder = tmp_path_factory.mktemp("doctor")
    leaf = trustme.CA().issue_cert("pop.example.org")
    leaf.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())).hexdigest()
    with issuing() as issuer:
        settings = {
            **QUICK,
            "tls.certificate": str(folder / "server.pem"),
            "auth.mechanisms": MECHANISMS,
            "oauth.issuer": issuer.url,
            "oauth.audience": AUDIENCE,
        }
        with Bed(settings=settings, doors=("pop3", "pop3s", "smtps", "lmtp")) as bed:
            owner = bed.account(MESSAGE)
            yield Site(bed=bed, folder=folder, issuer=issuer, owner=owner, pin=pin)


def doctor(site: Site, *arguments: str, accounts: str = "") -> Ran:
    file = site.folder / "accounts.toml"
    file.write_text(accounts)
    file.chmod(0o600)
    return run(RESTANTE, "doctor", *arguments, "--json", env={**os.environ, "RESTANTE_ACCOUNTS": str(file)})


def seen(ran: Ran) -> dict[str, tuple[str, str]]:
    assert ran.out, ran.said
    return {one["id"]: (one["outcome"], one["seen"]) for one in json.loads(ran.out)["findings"]}


def by_token(site: Site) -> str:
    (site.folder / "refresh").write_text("refresh-me\n")
    (site.folder / "refresh").chmod(0o600)
    site.issuer.refreshing["refresh-me"] = site.owner.name
    return f"""
[accounts.work]
address = "{site.owner.name}@localhost"
login = "{site.owner.name}"
[accounts.work.oauth]
client_id = "doctor"
token_url = "{site.issuer.url}/token"
refresh_token_file = "refresh"
[accounts.work.pop3]
host = "127.0.0.1"
port = {site.bed.port("pop3s")}
fingerprint = "{site.pin}"
[accounts.work.smtp]
host = "127.0.0.1"
port = {site.bed.port("smtps")}
fingerprint = "{site.pin}"
"""


def test_an_account_with_oauth_is_examined_by_its_token_to_its_pinned_certificate(site: Site) -> None:
    only = ["rfc2449.6.3", "rfc1939.5.stat-form", "rfc1939.7.wrong-password", "rfc8314.5", "round-trip.same"]
    options = [word for id_ in only for word in ("--only", id_)]
    ran = doctor(site, "--account", "work", "--disposable", *options, accounts=by_token(site))
    found = seen(ran)
    assert found["rfc2449.6.3.mechanisms-work"] == ("passed", "OAUTHBEARER, XOAUTH2 let this login in")
    assert found["rfc1939.5.stat-form"][0] == "passed"
    assert found["rfc1939.7.wrong-password"][0] == "passed"
    assert found["rfc1939.7.wrong-password"][1].startswith("a wrong token was answered with -ERR")
    assert found["rfc8314.5.certificate-trusted"][0] == "not applicable"
    assert found["round-trip.same"][0] == "passed", "the same token hands mail in"
    assert ran.code == 0
    assert len(site.bed.mail(site.owner)) == 1, "what the doctor sent, it removed"


def test_each_mechanism_for_a_password_is_tried_those_with_a_channel_binding_too(site: Site) -> None:
    where = f"127.0.0.1:{site.bed.port('pop3s')}"
    login = ("--user", site.owner.name, "--password-command", f"echo {site.owner.password}")
    ran = doctor(site, where, *login, "--fingerprint", site.pin, "--only", "rfc2449.6.3")
    outcome, said = seen(ran)["rfc2449.6.3.mechanisms-work"]
    assert outcome == "passed", said
    assert "SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN let" in said


def test_a_password_does_not_go_to_a_certificate_with_another_fingerprint(site: Site) -> None:
    where = f"127.0.0.1:{site.bed.port('pop3s')}"
    login = ("--user", site.owner.name, "--password-command", f"echo {site.owner.password}")
    ran = doctor(site, where, *login, "--fingerprint", "00" * 32, "--only", "rfc8314.5", "--only", "rfc1939.5.noop")
    found = seen(ran)
    assert found["rfc8314.5.certificate-trusted"][0] == "failed"
    assert "not the one that was given" in found["rfc8314.5.certificate-trusted"][1]
    assert found["rfc1939.5.noop"][0] == "not judged"
    assert ran.code == 6
