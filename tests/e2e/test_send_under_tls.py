"""Programs that others wrote send mail under TLS, and log in to do so."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.bed import Bed, Wire, assert_is_delivery_of, run
from tests.e2e.corpus import CORPUS, PLAIN

from restante.config.settings import Settings

LOGIN_DENIED, SEND_FAILED = 67, 55
"""Of curl: CURLE_LOGIN_DENIED, CURLE_SEND_ERROR."""
SWAKS_AUTH_FAILED, SWAKS_TLS_FAILED = 28, 29


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    with Bed(doors=("pop3", "smtp", "smtps", "lmtp")) as running:
        yield running


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter"
    path.write_bytes(PLAIN)
    return path


def curl(bed: Bed, door: str, letter: Path, recipient: str, *options: str) -> int:
    scheme, port = door, bed.port(door)
    address = ["--mail-from", "alice@example.org", "--mail-rcpt", f"{recipient}@localhost"]
    trust = ["--cacert", str(bed.data / "self-signed.pem")]
    return run(
        "curl", "-q", "-sS", *trust, *address, *options, "--upload-file", letter, f"{scheme}://localhost:{port}"
    ).code


@pytest.mark.peer("curl")
@pytest.mark.parametrize("kind", list(CORPUS))
def test_curl_sends_by_starttls_octet_for_octet(bed: Bed, tmp_path: Path, kind: str) -> None:
    owner = bed.account()
    (tmp_path / "letter").write_bytes(CORPUS[kind])
    assert curl(bed, "smtp", tmp_path / "letter", owner.name, "--ssl-reqd") == 0
    (stored,) = bed.mail(owner)
    assert b"with ESMTPS id" in stored
    assert_is_delivery_of(stored, CORPUS[kind])


@pytest.mark.peer("curl")
def test_curl_sends_by_smtps_only_with_a_login(bed: Bed, letter: Path) -> None:
    owner = bed.account()
    assert curl(bed, "smtps", letter, owner.name) == SEND_FAILED
    assert curl(bed, "smtps", letter, owner.name, "-u", f"{owner.name}:wrong") == LOGIN_DENIED
    for mechanism in ("PLAIN", "LOGIN"):
        login = ["-u", f"{owner.name}:{owner.password}", "--login-options", f"AUTH={mechanism}"]
        assert curl(bed, "smtps", letter, owner.name, *login) == 0
    stored = bed.mail(owner)
    assert len(stored) == 2
    assert all(b"with ESMTPSA id" in message for message in stored)


@pytest.mark.peer("swaks")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_swaks_sends_under_tls_with_a_login(bed: Bed, mechanism: str) -> None:
    owner = bed.account()
    common = ["--to", f"{owner.name}@localhost", "--from", "alice@example.org", "--silent", "2", "--helo", "client"]
    login = ["--auth", mechanism, "--auth-user", owner.name, "--auth-password"]
    for way in (["--tls", "--port", str(bed.port("smtp"))], ["--tls-on-connect", "--port", str(bed.port("smtps"))]):
        command = ["swaks", "--server", "127.0.0.1", *way, *common, *login]
        ran = run(*command, owner.password)
        assert ran.code == 0, ran.said
        assert run(*command, "wrong").code == SWAKS_AUTH_FAILED
    assert [b"with ESMTPSA id" in message for message in bed.mail(owner)] == [True, True]


@pytest.mark.peer("openssl")
@pytest.mark.parametrize(("protocol", "door"), [("smtp", "smtp"), ("lmtp", "lmtp")])
def test_openssl_begins_tls_and_the_session_goes_on(bed: Bed, protocol: str, door: str) -> None:
    address = bed.address(door)
    where = ["-unix", address] if isinstance(address, str) else ["-connect", f"{address[0]}:{address[1]}"]
    hello = "EHLO" if protocol == "smtp" else "LHLO"
    command = ["openssl", "s_client", "-quiet", "-starttls", protocol, "-CAfile", str(bed.data / "self-signed.pem")]
    ran = subprocess.run(
        [*command, "-verify_return_error", *where],
        input=f"{hello} client\r\nQUIT\r\n".encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert b"250-SIZE" in ran.stdout
    assert b"STARTTLS" not in ran.stdout
    assert ran.stdout.endswith(b"221 2.0.0 Good-bye\r\n")


def test_sessions_that_bring_mail_are_listed_and_ended(bed: Bed) -> None:
    with Wire(bed.address("smtp")) as wire, Wire(bed.address("lmtp")) as other:
        wire.send(b"EHLO client\r\nMAIL FROM:<a@b.example>\r\n")
        while not wire.line().startswith(b"250 2.1.0"):
            pass
        listed = {one["door"]: one for one in json.loads(bed.cli("sessions", "--json").out)}
        assert {door: (one["state"], one["account"]) for door, one in listed.items()} == {
            "smtp": ("ENVELOPE", None),
            "lmtp": ("GREETING", None),
        }
        assert listed["lmtp"]["peer"] == "unix"
        assert bed.cli("sessions", "end", listed["smtp"]["session"]).code == 0
        assert wire.line().startswith(b"421 4.3.2 ")
        assert wire.ended()
        other.send(b"QUIT\r\n")
        assert other.line().startswith(b"221 ")


def test_a_login_is_required_at_smtps_unless_the_settings_say_otherwise() -> None:
    assert Settings().delivery.login_required.value == "smtps"
