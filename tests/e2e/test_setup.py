"""`restante setup`: from an address to an account that works."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.e2e.names_and_pages import Pages, names, pages
from tests.mail_accounts.rig import MemoryKeyring

from restante.cli.outcome import CommandFailed
from restante.cli.setting_up import Wishes, World, renew, set_up, take_out
from restante.client import Server
from restante.mail_accounts import Account, OAuth, Secrets, TokenFault, load_accounts
from restante.mail_accounts.consent import Consent
from restante.mail_accounts.discovery import Discovery
from restante.mail_accounts.model import InFile
from restante.mail_accounts.proving import is_there
from restante.mail_accounts.web import Web
from restante.proto.terms import Secret
from restante.submission import SubmissionServer
from restante.testing.running import RunningServer


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as running:
        running.add_account("ted", "correct horse")
        running.deliver("ted", b"Subject: hi\r\n\r\nx\r\n")
        yield running


def test_an_account_is_set_up_by_options_alone_and_proven(server: RunningServer, tmp_path: Path) -> None:
    def run(*words: str, given: str = "correct horse\n") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "restante", "setup", *words],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        )

    secret = tmp_path / "secret"
    pop3, smtps = (f"{host}:{port}" for host, port in (server.pop3, server.smtps))
    by_hand = ["ted@localhost.example", "--name", "ted", "--login", "ted", "--no-discovery"]
    by_hand += ["--pop3", pop3, "--pop3-security", "stls", "--smtp", smtps]
    by_hand += ["--authorities", str(server.certificate)]
    kept = ["--password-file", str(secret), "--password-stdin"]
    wrong = run(*by_hand, *kept, given="wrong\n")
    assert wrong.returncode == 5, wrong.stderr
    assert "is written, but does not work yet" in wrong.stderr
    renewed = run("--new-secret", "ted", "--password-stdin")
    assert renewed.returncode == 0, renewed.stderr
    done = run(*by_hand, *kept, "--yes", "--explain", "wire")
    assert done.returncode == 0, done.stderr
    for said in ("POP3 ~>  AUTH PLAIN …", "SMTP ~>  AUTH PLAIN …", "SMTP === closed by the"):
        assert said in done.stderr
    assert f"POP3 {pop3}: logged in, 1 message" in done.stdout
    assert f"SMTP {smtps}: logged in" in done.stdout
    assert secret.stat().st_mode & 0o77 == 0
    for shown in (wrong, renewed, done):
        assert "correct horse" not in shown.stdout + shown.stderr
    (listed,) = json.loads(run("--list", "--json").stdout)
    assert (listed["name"], listed["pop3"], listed["default"]) == ("ted", pop3, True)
    assert run(*by_hand, *kept).returncode == 2, "nobody can be asked whether to replace it"
    assert run(*by_hand, *kept, "--yes", "--authorities", "/none").returncode == 4
    unread = run(*by_hand, *kept, "--yes", "--fingerprint", "abc")
    assert (unread.returncode, unread.stderr.count("\n")) == (2, 1), unread.stderr
    pinned = [word for word in by_hand if word not in ("--authorities", str(server.certificate))]
    pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(server.smtps))).hexdigest()
    assert run(*pinned, *kept, "--yes", "--fingerprint", pin).returncode == 0, "one pin for the host's two doors"
    assert run("--remove", "ted").returncode == 0
    assert json.loads(run("--list", "--json").stdout) == []
    assert run("--remove", "ted").returncode == 9
    assert run().returncode == 2


# --- with a DNS, pages and an issuer of our own -------------------------------------------------------------------


class Desk:
    """A person at a desk, who says yes or no."""

    def __init__(self, folder: Path, web: Web) -> None:
        self.keyring = MemoryKeyring()
        self.told: list[str] = []
        self.asked: list[str] = []
        self.answer = True
        self.folder = folder
        self.web = web
        self.browser = self.told.append

    def world(self, discovery: Discovery) -> World:
        def confirm(question: str) -> bool:
            self.asked.append(question)
            return self.answer

        async def no_wait(seconds: float) -> None:
            self.told.append(f"waited {seconds:g}")

        return World(
            discovery=replace(discovery, tell=self.told.append),
            consent=Consent(
                web=self.web, tell=self.told.append, open_browser=lambda url: self.browser(url), sleep=no_wait
            ),
            secrets=Secrets(environ={"XDG_DATA_HOME": str(self.folder)}, keyring=self.keyring),
            ask_password=lambda name: Secret(b"correct horse"),
            confirm=confirm,
            tell=self.told.append,
        )


HOSTS = ("issuer.example", "autoconfig.example.org", "example.org", "autoconfig.thunderbird.net")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Pages]:
    with pages(tmp_path, *HOSTS) as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, web: Pages) -> Desk:
    return Desk(tmp_path, web.web)


async def test_servers_of_the_dns_outside_the_domain_need_a_yes(
    server: RunningServer, tmp_path: Path, desk: Desk
) -> None:
    host, port = server.smtps
    del host
    file = tmp_path / "accounts.toml"
    records = {
        ("_pop3._tcp.example.org", "SRV"): [f"0 0 {server.pop3[1]} localhost."],
        ("_submissions._tcp.example.org", "SRV"): [f"0 0 {port} localhost."],
    }
    wishes = Wishes(address="ted@example.org", login="ted", authorities=server.certificate)
    with names(records) as resolver:
        world = desk.world(Discovery(resolver=resolver, web=desk.web, probe=is_there))
        desk.answer = False
        with pytest.raises(CommandFailed, match="nothing was changed"):
            await set_up(file, wishes, world)
        assert not file.exists()
        assert desk.keyring.kept == {}
        desk.answer = True
        account = await set_up(file, wishes, world)
    assert "is at localhost. Is that your provider?" in desk.asked[0]
    assert load_accounts(file).by_name == {"ted@example.org": account}
    assert desk.keyring.kept == {"ted@example.org": "correct horse"}
    assert any("logged in, 1 message" in line for line in desk.told)
    assert take_out(file, "ted@example.org", world) == 0
    assert desk.keyring.kept == {}


async def test_where_nothing_is_found_it_says_what_to_do(tmp_path: Path, desk: Desk) -> None:
    async def nobody(_: Server | SubmissionServer) -> bool:
        return False

    with names({}) as resolver:
        world = desk.world(Discovery(resolver=resolver, web=desk.web, probe=nobody))
        with pytest.raises(CommandFailed, match=r"no servers were found .*give --pop3 HOST:PORT"):
            await set_up(tmp_path / "a.toml", Wishes(address="ted@example.org"), world)
        with pytest.raises(CommandFailed, match="there is nothing to set up"):
            await set_up(tmp_path / "a.toml", Wishes(address="ted@proton.me"), world)
        with pytest.raises(
            CommandFailed, match="Microsoft gives tokens to programs that it knows: give --client-id"
        ):
            await set_up(tmp_path / "a.toml", Wishes(address="ted@outlook.com"), world)
        with pytest.raises(CommandFailed, match="is no address"):
            await set_up(tmp_path / "a.toml", Wishes(address="ted"), world)
    assert any("iCloud" in line or "Proton" in line for line in desk.told)


ISSUER = OAuth(
    provider=None,
    client_id="me",
    client_secret="mine",
    token_url="https://issuer.example/token",
    authorize_url="https://issuer.example/authorize",
    device_url="https://issuer.example/device",
    scopes=("mail", "offline_access"),
)


def consent_of(desk: Desk) -> Consent:
    discovery = Discovery(resolver=None, web=desk.web, probe=is_there)  # type: ignore[arg-type]
    return desk.world(discovery).consent


async def fetched(url: str) -> int:
    return (await Web().get(url)).status


async def test_consent_in_the_browser_is_bound_by_state_and_by_pkce(web: Pages, desk: Desk) -> None:
    import base64
    import hashlib

    seen: dict[str, str] = {}
    statuses: list[int] = []
    visits: list[asyncio.Task[None]] = []

    async def visit(query: dict[str, str]) -> None:
        back = query["redirect_uri"]
        statuses.append(await fetched(f"{back}favicon.ico"))
        statuses.append(await fetched(f"{back}?code=evil&state=other"))
        statuses.append(await fetched(f"{back}?code=good&state={query['state']}"))

    def browser(url: str) -> None:
        seen.update({name: values[0] for name, values in parse_qs(urlsplit(url).query).items()})
        visits.append(asyncio.get_running_loop().create_task(visit(seen)))

    def posts(path: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        seen.update({f"sent {name}": value for name, value in form.items()})
        return 200, {"access_token": "a", "refresh_token": "r", "expires_in": 3600}

    desk.browser, web.posts = browser, posts
    issued = await consent_of(desk).in_browser(ISSUER, name="ted", address="ted@example.org")
    await asyncio.gather(*visits)
    assert issued.refresh == Secret(b"r")
    assert statuses == [400, 400, 200]
    assert seen["sent code"] == "good"
    assert seen["login_hint"] == "ted@example.org"
    digest = hashlib.sha256(seen["sent code_verifier"].encode()).digest()
    assert seen["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert seen["redirect_uri"].startswith("http://127.0.0.1:")


async def test_a_no_in_the_browser_is_told(web: Pages, desk: Desk) -> None:
    visits: list[asyncio.Task[int]] = []

    def browser(url: str) -> None:
        query = parse_qs(urlsplit(url).query)
        back = f"{query['redirect_uri'][0]}?error=access_denied&state={query['state'][0]}"
        visits.append(asyncio.get_running_loop().create_task(fetched(back)))

    desk.browser = browser
    with pytest.raises(TokenFault, match=r"gave no consent \(access_denied\)"):
        await consent_of(desk).in_browser(ISSUER, name="ted", address="ted@example.org")
    await asyncio.gather(*visits)
    assert web.asked == []


async def test_nobody_who_says_anything_comes_to_an_end(desk: Desk) -> None:
    with pytest.raises(TokenFault, match="nobody said yes in time"):
        await replace(consent_of(desk), seconds=0.05).in_browser(ISSUER, name="ted", address="ted@example.org")


async def test_consent_by_a_code_waits_as_long_as_the_issuer_says(web: Pages, desk: Desk) -> None:
    answers: list[tuple[int, dict[str, object]]] = [
        (400, {"error": "authorization_pending"}),
        (400, {"error": "slow_down"}),
        (200, {"access_token": "a", "refresh_token": "r"}),
    ]

    def posts(path: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if path == "/device":
            told = {"device_code": "d", "user_code": "ABCD", "verification_uri": "https://issuer.example/go"}
            return 200, {**told, "interval": 7, "expires_in": 900}
        assert form["device_code"] == "d"
        return answers.pop(0)

    web.posts = posts
    assert (await consent_of(desk).by_code(ISSUER, name="ted")).refresh == Secret(b"r")
    assert desk.told == [
        "Open https://issuer.example/go on any device, and type the code ABCD",
        *("waited 7", "waited 7", "waited 12"),
    ]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "authorization_pending"}, "nobody typed the code in time"),
        ({"access_token": "a"}, "no refresh token"),
    ],
)
async def test_no_consent_by_a_code_is_told(web: Pages, desk: Desk, answer: dict[str, object], told: str) -> None:
    def posts(path: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if path == "/device":
            return 200, {"device_code": "d", "user_code": "A", "verification_uri": "https://x", "expires_in": 20}
        return 200 if "access_token" in answer else 400, answer

    web.posts = posts
    with pytest.raises(TokenFault, match=told):
        await consent_of(desk).by_code(ISSUER, name="ted")


async def test_consent_is_renewed_and_kept(web: Pages, desk: Desk, tmp_path: Path) -> None:
    from restante.mail_accounts import put_account

    place = InFile(path=tmp_path / "token")
    account = Account(
        name="ted",
        address="ted@example.org",
        login="ted",
        credential=replace(ISSUER, refresh_token=place),
        pop3=Server(host="localhost"),
    )
    put_account(tmp_path / "a.toml", account)

    def posts(path: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if path == "/device":
            return 200, {"device_code": "d", "user_code": "A", "verification_uri": "https://x"}
        return 200, {"access_token": "a", "refresh_token": "r9"}

    web.posts = posts
    with names({}) as resolver:
        world = desk.world(Discovery(resolver=resolver, web=desk.web, probe=is_there))
        assert await renew(tmp_path / "a.toml", "ted", world, device_code=True, check=False) == 0
    assert place.path.read_text() == "r9\n"
