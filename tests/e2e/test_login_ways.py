"""Every way to log in, by programs of others, against one `restante serve` that offers them all."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
import trustme
from tests.e2e.bed import Bed, Owner, Ran, as_unix, assert_is_delivery_of, run, until
from tests.e2e.corpus import PLAIN
from tests.e2e.token_issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET, HttpIssuer, issuing
from tests.e2e.wire import Wire

BY_PASSWORD = "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN CRAM-MD5"
ALL = f"EXTERNAL OAUTHBEARER XOAUTH2 {BY_PASSWORD}"
COULD_NOT_LOG_IN = 67
"""CURLE_LOGIN_DENIED."""
COULD_NOT_CONNECT_BY_TLS = {35, 56}
"""CURLE_SSL_CONNECT_ERROR; with TLS 1.3 the alert comes after the handshake, CURLE_RECV_ERROR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A server, its issuer, the certificates, and an account that may use each way."""

    bed: Bed
    folder: Path
    issuer: HttpIssuer
    owner: Owner

    def certificate(self, *names: str, authority: trustme.CA | None = None, common_name: str | None = None) -> Path:
        """Give a certificate and its key, in one file, signed for these names."""
        leaf = (authority or CLIENTS).issue_cert(*names, common_name=common_name)
        path = self.folder / f"{abs(hash((names, common_name, id(authority))))}.pem"
        leaf.private_key_and_cert_chain_pem.write_to_path(path)
        return path


CLIENTS = trustme.CA()
SERVERS = trustme.CA()


@contextmanager
def serving(folder: Path, more: Callable[[HttpIssuer], dict[str, str]]) -> Iterator[Site]:
    """Serve with TLS, an authority of client certificates, and an issuer."""
    SERVERS.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    SERVERS.cert_pem.write_to_path(folder / "servers.pem")
    CLIENTS.cert_pem.write_to_path(folder / "clients.pem")
    with issuing() as issuer:
        settings = {
            "tls.certificate": str(folder / "server.pem"),
            "tls.client_authorities": str(folder / "clients.pem"),
            "oauth.audience": AUDIENCE,
            **more(issuer),
        }
        with Bed(settings=settings, doors=("pop3", "pop3s", "lmtp")) as bed:
            owner = bed.account(name="ted@example.org")
            with Wire(bed.address("lmtp")) as wire:
                assert wire.mail([owner.name], PLAIN)[0].startswith(b"250")
            enabled = bed.cli("account", "apop", owner.name, "--enable", "--password-stdin", given=b"SECRET\n")
            assert enabled.code == 0, enabled.said
            yield Site(bed=bed, folder=folder, issuer=issuer, owner=owner)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that takes tokens which its issuer signed."""

    def more(issuer: HttpIssuer) -> dict[str, str]:
        return {"auth.mechanisms": ALL, "oauth.issuer": issuer.url}

    with serving(tmp_path_factory.mktemp("site"), more) as opened:
        yield opened


@contextmanager
def asking(folder: Path, mechanism: str) -> Iterator[Site]:
    """Serve with tokens about which the issuer is asked, by one mechanism."""
    (folder / "secret").write_text(f"{CLIENT_SECRET}\n")

    def more(issuer: HttpIssuer) -> dict[str, str]:
        return {
            "auth.mechanisms": mechanism,
            "oauth.introspection_url": f"{issuer.url}/introspect",
            "oauth.client_id": CLIENT_ID,
            "oauth.client_secret_file": str(folder / "secret"),
        }

    with serving(folder, more) as opened:
        opened.issuer.opaque["opaque-and-short"] = opened.owner.name
        yield opened


_places = (f"127.0.{number // 250}.{number % 250 + 1}" for number in count(250))


def new_place() -> str:
    """Give an address of this machine from which no login failed yet, so that no delay is waited out."""
    return next(_places)


def tags(wire: Wire) -> dict[str, str]:
    return dict(line.decode().partition(" ")[::2] for line in wire.multi("CAPA").splitlines())


# --- curl ---------------------------------------------------------------------------------------------------------


def curl(site: Site, *options: str, stls: bool = False, password: str = "SECRET") -> Ran:
    """Run curl under TLS."""
    door = f"pop3://localhost:{site.bed.port('pop3')}" if stls else f"pop3s://localhost:{site.bed.port('pop3s')}"
    how = ("--ssl-reqd",) if stls else ()
    user = ("-u", f"{site.owner.name}:{password}")
    trust = ("--cacert", str(site.folder / "servers.pem"), "--interface", new_place())
    return run("curl", "-q", "-sSv", *trust, *how, *user, *options, f"{door}/1")


@pytest.mark.peer("curl")
@pytest.mark.rule("A1", "A4", "C10")
@pytest.mark.parametrize("stls", [False, True], ids=["POP3S", "STLS"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "+APOP", "OAUTHBEARER", "EXTERNAL"])
def test_curl_logs_in_by_each_way_it_knows(site: Site, mechanism: str, stls: bool) -> None:
    options = ["--login-options", f"AUTH={mechanism}"]
    if mechanism == "OAUTHBEARER":
        options += ["--oauth2-bearer", site.issuer.token(site.owner.name)]
    if mechanism == "EXTERNAL":
        options += ["--cert", str(site.certificate(site.owner.name))]
    # It takes EXTERNAL only where it has no password.
    ran = curl(site, *options, stls=stls, password="" if mechanism == "EXTERNAL" else "SECRET")
    assert ran.code == 0, ran.said
    assert_is_delivery_of(ran.out, PLAIN)
    command = f"APOP {site.owner.name}" if mechanism == "+APOP" else f"AUTH {mechanism}"
    assert f"> {command}".encode() in ran.err, ran.said


@pytest.mark.peer("curl")
@pytest.mark.rule("A5", "C12")
@pytest.mark.parametrize("wrong", [{"aud": "another"}, {"exp": 1}, {"iss": "https://evil.example"}], ids=str)
def test_curl_is_refused_with_a_token_that_is_not_good_here(site: Site, wrong: dict[str, str]) -> None:
    token = site.issuer.token(site.owner.name, **wrong)
    ran = curl(site, "--login-options", "AUTH=OAUTHBEARER", "--oauth2-bearer", token)
    assert ran.code == COULD_NOT_LOG_IN, ran.said
    assert b"-ERR [AUTH]" in ran.err
    assert token not in site.bed.logged()


@pytest.mark.peer("curl")
@pytest.mark.rule("A5", "C12")
def test_a_token_about_which_the_issuer_is_asked_logs_in_and_another_does_not(tmp_path: Path) -> None:
    # curl never takes XOAUTH2 where there is OAUTHBEARER.
    with asking(tmp_path, "XOAUTH2") as site:
        ran = curl(site, "--oauth2-bearer", "opaque-and-short")
        assert ran.code == 0, ran.said
        assert b"> AUTH XOAUTH2" in ran.err
        assert_is_delivery_of(ran.out, PLAIN)
        ran = curl(site, "--oauth2-bearer", "opaque-and-wrong")
        assert ran.code == COULD_NOT_LOG_IN, ran.said
        # It hangs up where it would have to answer why.
        until("the log to tell of it", lambda: "token not good here" in site.bed.logged())
        assert "opaque-and" not in site.bed.logged()


@pytest.mark.peer("mpop")
def test_mpop_logs_in_by_oauthbearer_with_a_token_that_fits_a_command_line(tmp_path: Path, home: Path) -> None:
    # It puts all of the response on the line of AUTH, though that has 255 octets at most (RFC 5034 §4).
    with asking(tmp_path, "OAUTHBEARER") as site:
        ran, kept = mpop(site, home, "oauthbearer", password="opaque-and-short")
        assert ran.code == 0, ran.said
        assert kept == as_unix(site.bed.mail(site.owner))


@pytest.mark.peer("curl")
@pytest.mark.rule("C12")
def test_curl_does_not_get_in_with_the_certificate_of_another(site: Site) -> None:
    external = ("--login-options", "AUTH=EXTERNAL", "--cert")
    for path in (site.certificate("ann@example.org"), site.certificate(common_name=site.owner.name)):
        ran = curl(site, *external, str(path), password="")
        assert ran.code == COULD_NOT_LOG_IN, ran.said
        assert b"-ERR [AUTH]" in ran.err


@pytest.mark.peer("curl")
@pytest.mark.rule("C10")
def test_curl_without_a_certificate_is_not_offered_external(site: Site) -> None:
    ran = curl(site, "--login-options", "AUTH=EXTERNAL", password="")
    assert ran.code == COULD_NOT_LOG_IN, ran.said
    assert b"EXTERNAL" not in b"".join(line for line in ran.err.splitlines() if line.startswith(b"< SASL"))


@pytest.mark.peer("curl")
def test_a_certificate_that_another_authority_signed_ends_in_the_handshake(site: Site) -> None:
    stranger = site.certificate(site.owner.name, authority=trustme.CA())
    ran = curl(site, "--login-options", "AUTH=EXTERNAL", "--cert", str(stranger), password="")
    assert ran.code in COULD_NOT_CONNECT_BY_TLS, ran.said
    assert ran.out == b""


# --- mpop ---------------------------------------------------------------------------------------------------------


def mpop(
    site: Site, home: Path, mechanism: str, *, stls: bool = False, password: str = "SECRET", **more: str
) -> tuple[Ran, list[bytes]]:
    """Run mpop under TLS; give also what it stored."""
    for folder in ("new", "cur", "tmp"):
        (home / "Mail" / folder).mkdir(parents=True)
    lines = {
        "account": "site",
        "host": "localhost",
        "port": str(site.bed.port("pop3" if stls else "pop3s")),
        "tls": "on",
        "tls_starttls": "on" if stls else "off",
        "tls_trust_file": str(site.folder / "servers.pem"),
        "received_header": "off",
        "auth": mechanism,
        "user": site.owner.name,
        "password": password,
        "delivery": f"maildir {home}/Mail",
        "uidls_file": f"{home}/uidls",
        "keep": "on",
        **more,
    }
    settings = home / "mpoprc"
    settings.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
    settings.chmod(0o600)
    ran = run("mpop", "-C", settings, "site", env={"HOME": str(home)})
    return ran, [path.read_bytes() for path in (home / "Mail" / "new").iterdir()]


@pytest.mark.peer("mpop")
@pytest.mark.rule("A1", "A6", "C10")
@pytest.mark.parametrize("stls", [False, True], ids=["POP3S", "STLS"])
@pytest.mark.parametrize(
    "mechanism",
    ["user", "apop", "plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256", "xoauth2", "external"],
)
def test_mpop_logs_in_by_each_way_it_knows(site: Site, home: Path, mechanism: str, stls: bool) -> None:
    password = site.issuer.token(site.owner.name) if mechanism == "xoauth2" else site.owner.password
    certificate = str(site.certificate(site.owner.name))
    shown = {"tls_cert_file": certificate, "tls_key_file": certificate} if mechanism == "external" else {}
    ran, kept = mpop(site, home, mechanism, stls=stls, password=password, **shown)
    assert ran.code == 0, ran.said
    assert kept == as_unix(site.bed.mail(site.owner))


# --- channel binding, in the words of RFC 5802 --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A client of SCRAM-SHA-256 that is not ours: its two messages, and what the server has to prove."""

    header: bytes
    binding: bytes
    password: bytes = b"SECRET"

    def first(self, name: str) -> bytes:
        return self.header + self._bare(name)

    def _bare(self, name: str) -> bytes:
        return b"n=%b,r=clientnonce" % name.encode()

    def final(self, name: str, challenge: bytes) -> tuple[bytes, bytes]:
        """Give the client's final message, and the server's signature."""
        nonce, salt, count = (part.partition(b"=")[2] for part in challenge.split(b","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(salt), int(count))
        without = b"c=%b,r=%b" % (base64.b64encode(self.header + self.binding), nonce)
        message = b",".join((self._bare(name), challenge, without))
        key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
        proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        of_server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        return without + b",p=" + base64.b64encode(proof), b"v=" + base64.b64encode(of_server)


class TlsWire(Wire):
    """A session typed by hand under TLS: on POP3S, or after STLS on an open line."""

    def __init__(self, site: Site, *, stls: bool, version: ssl.TLSVersion) -> None:
        self._context = ssl.create_default_context(cafile=site.folder / "servers.pem")
        self._context.minimum_version = self._context.maximum_version = version
        super().__init__(
            site.bed.address("pop3" if stls else "pop3s"), secure=None if stls else self._secure, source=new_place()
        )
        if stls:
            self.ok("STLS")
            self.upgrade(self._secure)

    def _secure(self, plain: socket.socket) -> socket.socket:
        return self._context.wrap_socket(plain, server_hostname="localhost")

    @property
    def end_point(self) -> bytes:
        assert isinstance(self.socket, ssl.SSLSocket)
        return hashlib.sha256(self.socket.getpeercert(binary_form=True) or b"").digest()

    def scram(self, mechanism: str, proof: Proof, name: str) -> tuple[bytes, bytes, bytes]:
        """Give the server's last challenge, its answer, and what the challenge had to be."""
        challenge = self.say(f"AUTH {mechanism} {base64.b64encode(proof.first(name)).decode()}")
        if not challenge.startswith(b"+ "):
            return b"", challenge, b""
        final, signature = proof.final(name, base64.b64decode(challenge[2:]))
        last = self.say(base64.b64encode(final))
        if not last.startswith(b"+ "):
            return b"", last, signature
        return base64.b64decode(last[2:]), self.say(b""), signature


@pytest.mark.rule("A6", "C10")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
@pytest.mark.parametrize("stls", [False, True], ids=["POP3S", "STLS"])
def test_a_login_is_bound_to_the_servers_certificate(site: Site, stls: bool, version: ssl.TLSVersion) -> None:
    with TlsWire(site, stls=stls, version=version) as wire:
        assert "SCRAM-SHA-256-PLUS" in tags(wire)["SASL"].split()
        proof = Proof(header=b"p=tls-server-end-point,,", binding=wire.end_point)
        told, answer, signature = wire.scram("SCRAM-SHA-256-PLUS", proof, site.owner.name)
        assert told == signature
        assert answer.startswith(b"+OK 1 message")
        wire.ok("QUIT")


@pytest.mark.rule("A6", "C12")
@pytest.mark.parametrize(
    ("mechanism", "header", "binding"),
    [
        ("SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,", b"another certificate"),
        ("SCRAM-SHA-256", b"y,,", b""),
    ],
    ids=["another certificate", "no binding seen"],
)
def test_a_login_through_somebody_in_the_middle_is_refused(
    site: Site, mechanism: str, header: bytes, binding: bytes
) -> None:
    with TlsWire(site, stls=False, version=ssl.TLSVersion.TLSv1_3) as wire:
        _, answer, _ = wire.scram(mechanism, Proof(header=header, binding=binding), site.owner.name)
        assert answer.startswith(b"-ERR [AUTH]"), answer
        wire.ok("QUIT")


@pytest.mark.rule("A6")
def test_a_client_without_bindings_logs_in_and_plus_is_not_there_without_tls(site: Site) -> None:
    with TlsWire(site, stls=False, version=ssl.TLSVersion.TLSv1_3) as wire:
        _, answer, _ = wire.scram("SCRAM-SHA-256", Proof(header=b"n,,", binding=b""), site.owner.name)
        assert answer.startswith(b"+OK"), answer
        wire.ok("QUIT")
    with site.bed.pop3() as wire:
        offered = tags(wire)["SASL"].split()
        assert not {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "EXTERNAL"} & set(offered)
        for mechanism in ("SCRAM-SHA-256-PLUS", "EXTERNAL"):
            assert wire.say(f"AUTH {mechanism} =").startswith(b"-ERR")


# --- tokens, octet by octet ---------------------------------------------------------------------------------------


@pytest.mark.rule("A5")
@pytest.mark.parametrize(
    "answer", [b"AQ==", b"", b"*", b"!!!"], ids=["as it should be", "empty", "cancelled", "no base64"]
)
def test_a_bad_token_gets_one_challenge_one_answer_and_an_err(site: Site, answer: bytes) -> None:
    with Wire(site.bed.address("pop3"), source=new_place()) as wire:
        message = f"n,a={site.owner.name},\1auth=Bearer no-token-of-ours\1\1".encode()
        challenge = wire.say(b"AUTH OAUTHBEARER " + base64.b64encode(message))
        told = json.loads(base64.b64decode(challenge.removeprefix(b"+ ")))
        assert told == {
            "status": "invalid_token",
            "openid-configuration": f"{site.issuer.url}/.well-known/openid-configuration",
        }
        assert wire.say(answer).startswith(b"-ERR")
        wire.ok("CAPA")


@pytest.mark.rule("A5")
def test_who_asks_how_to_get_a_token_is_told(site: Site) -> None:
    with Wire(site.bed.address("pop3"), source=new_place()) as wire:
        challenge = wire.say(b"AUTH OAUTHBEARER " + base64.b64encode(b"n,,\1auth=\1\1"))
        told = json.loads(base64.b64decode(challenge.removeprefix(b"+ ")))
        assert told["openid-configuration"] == f"{site.issuer.url}/.well-known/openid-configuration"
        assert wire.say(b"AQ==").startswith(b"-ERR")


@pytest.mark.rule("A4")
def test_plain_is_there_under_tls_though_it_is_not_named(tmp_path: Path) -> None:
    with asking(tmp_path, "XOAUTH2") as site, TlsWire(site, stls=False, version=ssl.TLSVersion.TLSv1_3) as wire:
        assert tags(wire)["SASL"].split() == ["XOAUTH2", "PLAIN"]
        with site.bed.pop3() as plain:
            assert tags(plain)["SASL"].split() == ["XOAUTH2"]


# --- capabilities that are switched off ---------------------------------------------------------------------------


@pytest.mark.rule("C10", "C11")
def test_what_the_settings_switch_off_is_not_announced_and_refused() -> None:
    with Bed(settings={"disabled_capabilities": "TOP UIDL UTF8,LANG IMPLEMENTATION AUTH-RESP-CODE"}) as bed:
        owner = bed.account(PLAIN)
        with bed.pop3() as wire:
            assert set(tags(wire)) == {"RESP-CODES", "PIPELINING", "EXPIRE", "USER", "SASL", "STLS"}
            for command in ("UTF8", "LANG"):
                assert wire.say(command).startswith(b"-ERR")
            wire.ok(f"USER {owner.name}")
            assert wire.say("PASS wrong") == b"-ERR name or password is wrong"
        with bed.pop3(owner) as wire:
            for command in ("TOP 1 0", "UIDL"):
                assert wire.say(command).startswith(b"-ERR")
            wire.ok("RETR 1")
