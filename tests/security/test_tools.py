"""What those who test servers for a living find: their programs against the server as it runs.

What each of them said, and what was done about it, stands in docs/security.md.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from tests.conftest import program_path
from tests.e2e.bed import Bed, Owner, Ran, run, until
from tests.security.ground import PASSWORD, tls_options

pytestmark = pytest.mark.timeout(400)

BOTH_DOORS: Final = pytest.mark.parametrize("door", ["pop3", "pop3s"])


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with Bed(options=tls_options(tmp_path_factory.mktemp("pair"))) as bed:
        yield bed
        log = bed.logged()
        assert '"event":"fault' not in log
        assert "Traceback" not in log


def program(name: str) -> str:
    path = program_path(name)
    assert path is not None
    return path


# --- commands slipped in before TLS ------------------------------------------------------------------------------


@pytest.mark.parametrize("door", ["pop3", "smtp"])
def test_command_injection_tester_finds_that_nothing_is_run_under_tls_that_came_before_it(
    bed: Bed, door: str, tmp_path: Path
) -> None:
    tester = Path(sys.executable).parent / "command-injection-tester"
    options = [f"--{door}", f"--{door}-port", str(bed.port(door)), "--nocolor", "--timeout", "1"]
    ran = run(tester, *options, "--logdir", str(tmp_path / "logs"), "127.0.0.1")
    assert ran.code == 0
    assert "Sanity test done" in ran.said, ran.said
    assert "TLS handshake failed - Server probably closed the connection!" in ran.said, ran.said
    assert "ommand injection here" not in ran.said


# --- TLS ---------------------------------------------------------------------------------------------------------


def findings(report: Path) -> list[dict[str, Any]]:  # Any: as testssl.sh writes it
    found: list[dict[str, Any]] = json.loads(report.read_text())
    return found


@BOTH_DOORS
@pytest.mark.peer("testssl")
def test_testssl_finds_no_weakness_of_protocols_ciphers_or_their_order(bed: Bed, door: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    starttls = ["--starttls", "pop3"] if door == "pop3" else []
    # Protocols, categories of ciphers, the server's preference, and all vulnerabilities that it knows.
    options = ["--quiet", "--color", "0", "--warnings", "off", "--jsonfile", str(report), "-p", "-s", "-P", "-U"]
    ran = run(program("testssl"), *options, *starttls, f"127.0.0.1:{bed.port(door)}", seconds=300)
    found = {each["id"]: each for each in findings(report)}
    said = {name: each["finding"] for name, each in found.items()}
    assert said["TLS1_2"] == "offered", ran.said
    assert said["TLS1_3"].startswith("offered"), ran.said
    assert {said[each] for each in ("SSLv2", "SSLv3", "TLS1", "TLS1_1")} == {"not offered"}
    assert said["cipher_order"].startswith("server")
    for name in ("heartbleed", "CCS", "secure_client_renego", "CRIME_TLS", "SWEET32", "LUCKY13", "RC4"):
        assert found[name]["severity"] == "OK", found[name]
    bad = [each for each in found.values() if each["severity"] in {"LOW", "MEDIUM", "HIGH", "CRITICAL"}]
    assert bad == []


@BOTH_DOORS
@pytest.mark.peer("nmap")
def test_nmap_finds_the_server_and_nothing_below_its_best_grade(bed: Bed, door: str) -> None:
    scripts = "(pop3-* or ssl-* or sslv2* or tls-*) and not brute"
    options = ["-Pn", "-n", "-sT", "-sV", "--version-light", "--script", scripts, "-p", str(bed.port(door))]
    ran = run(program("nmap"), *options, "127.0.0.1", seconds=240)
    assert ran.code == 0, ran.said
    assert re.search(r"/tcp\s+open\s+(?:ssl/)?pop3", ran.said), ran.said
    assert "least strength: A" in ran.said
    assert "TLSv1.2" in ran.said
    assert "TLSv1.3" in ran.said
    assert not re.search(r"TLSv1\.[01]\b|SSLv[23]", ran.said), ran.said
    assert "VULNERABLE" not in ran.said
    capabilities = re.search(r"pop3-capabilities: (.*)", ran.said)
    assert capabilities
    assert ("STLS" in capabilities[1]) == (door == "pop3")
    assert "NTLM" not in ran.said


def s_client(bed: Bed, door: str, *options: str, given: bytes = b"QUIT\r\n") -> Ran:
    starttls = ["-starttls", "pop3"] if door == "pop3" else []
    there = f"127.0.0.1:{bed.port(door)}"
    # It would close after the last line given, before the answer is there.
    return run("openssl", "s_client", "-connect", there, *starttls, "-ign_eof", *options, given=given, seconds=30)


@BOTH_DOORS
@pytest.mark.peer("openssl")
def test_openssl_gets_a_session_by_tls_1_2_and_1_3_and_by_nothing_older(bed: Bed, door: str) -> None:
    for version, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        ran = s_client(bed, door, version)
        assert f"New, {name}" in ran.said, ran.said
        assert "+OK" in ran.said
        assert "Compression: NONE" in ran.said
    for version in ("-tls1", "-tls1_1"):
        # With the client's own bounds taken away, so that it is the server that refuses.
        ran = s_client(bed, door, version, "-cipher", "ALL:@SECLEVEL=0")
        assert "alert protocol version" in ran.said, ran.said


@BOTH_DOORS
@pytest.mark.peer("openssl")
def test_openssl_cannot_renegotiate_nor_use_what_is_weak(bed: Bed, door: str) -> None:
    ran = run(
        "openssl",
        *("s_client", "-connect", f"127.0.0.1:{bed.port(door)}", "-tls1_2"),
        *(["-starttls", "pop3"] if door == "pop3" else []),
        given=b"R\n",
        seconds=30,
    )
    assert "RENEGOTIATING" in ran.said
    # The alert says so; where the greeting comes before it, the client ends at that already. No second handshake.
    after = ran.err.decode("utf-8", "replace").partition("RENEGOTIATING")[2]
    assert "no renegotiation" in after or "unexpected record" in after, ran.said
    assert "verify return" not in after
    for ciphers in ("aNULL", "AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "3DES", "RC4"):
        ran = s_client(bed, door, "-tls1_2", "-cipher", f"{ciphers}:@SECLEVEL=0")
        assert re.search(r"handshake failure|no ciphers available|no cipher match", ran.said), (ciphers, ran.said)
    # Of a session of before nothing is used again without the key exchange.
    ran = s_client(bed, door, "-tls1_3")
    assert "Early data was not sent" in ran.said
    assert "Max Early Data: 0" in ran.said or "Max Early Data" not in ran.said


# --- guessing ----------------------------------------------------------------------------------------------------


@pytest.mark.peer("hydra")
def test_hydra_gets_a_handful_of_guesses_while_the_owner_comes_in_from_elsewhere(bed: Bed, tmp_path: Path) -> None:
    owner = bed.account(password=PASSWORD, name="guessed")
    guesses = tmp_path / "guesses"
    guesses.write_text("".join(f"guess-{number}\n" for number in range(200)) + PASSWORD + "\n")
    argv = [program("hydra"), "-I", "-l", owner.name, "-P", str(guesses), "-t", "16", "-s", str(bed.port("pop3"))]
    with subprocess.Popen(
        [*argv, "127.0.0.1", "pop3"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as hydra:
        try:
            until("hydra to guess", lambda: refused(bed, owner) >= 5)
            began = time.monotonic()
            while time.monotonic() < began + 20:
                with socket.socket() as link:
                    link.settimeout(30)
                    link.bind(("127.0.0.2", 0))
                    link.connect(("127.0.0.1", bed.port("pop3")))
                    link.sendall(f"USER {owner.name}\r\nPASS {PASSWORD}\r\nQUIT\r\n".encode())
                    answers = link.makefile("rb").readlines()
                assert len(answers) == 4, answers
                assert all(answer.startswith(b"+OK") for answer in answers), answers
                time.sleep(1)
        finally:
            hydra.terminate()
            said = hydra.communicate(timeout=30)[0].decode()
    tries = refused(bed, owner)
    print(f"\nhydra with sixteen connections had {tries} guesses in 20 seconds")
    assert PASSWORD not in said
    # Those that were on their way before the first had failed, and what a delay of fifteen seconds leaves room for.
    assert tries <= 50, said


def refused(bed: Bed, owner: Owner) -> int:
    return len(re.findall(rf'"event":"login_refused"[^\n]*"account":"{owner.name}"', bed.logged()))


# --- a proxy in front --------------------------------------------------------------------------------------------


@contextmanager
def haproxy(port: int, how: str, folder: Path) -> Iterator[int]:
    """HAProxy in front of a port; gives its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own: int = free.getsockname()[1]
    folder.chmod(0o755)
    settings = folder / "haproxy.cfg"
    settings.write_text(
        f"""
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen pop3
    bind 127.0.0.1:{own}
    server restante 127.0.0.1:{port} {how}
"""
    )
    with subprocess.Popen([program("haproxy"), "-db", "-q", "-f", str(settings)]) as process:
        try:
            until("HAProxy to listen", lambda: process.poll() is None and is_open(own))
            yield own
        finally:
            process.terminate()
            process.wait(30)


def is_open(port: int) -> bool:
    with socket.socket() as link:
        return link.connect_ex(("127.0.0.1", port)) == 0


def talk(link: socket.socket, *lines: str) -> list[bytes]:
    link.settimeout(30)
    link.sendall("".join(line + "\r\n" for line in lines).encode())
    with link.makefile("rb") as reader:
        return reader.readlines()


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A server that believes the proxies of one address."""
    settings = {"trusted_proxies": "127.0.0.1", "auth.plaintext": "always", "tls.handshake_seconds": "2"}
    options = tls_options(tmp_path_factory.mktemp("pair"))
    with Bed(doors=("pop3", "lmtp"), settings=settings, options=options) as bed:
        yield bed


@pytest.mark.peer("haproxy")
@pytest.mark.parametrize("how", ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl send-proxy-v2"])
def test_the_server_serves_behind_haproxy_and_knows_the_client(behind: Bed, how: str, tmp_path: Path) -> None:
    owner = behind.account(b"Subject: hi\r\n\r\nhi\r\n", password=PASSWORD)
    with haproxy(behind.port("pop3"), how, tmp_path) as port, socket.socket() as link:
        link.bind(("127.0.0.9", 0))
        link.connect(("127.0.0.1", port))
        answers = talk(link, f"USER {owner.name}", f"PASS {PASSWORD}", "RETR 1", "QUIT")
    assert b"".join(answers).count(b"+OK") == 5, answers
    until("the log to tell of it", lambda: f'"account":"{owner.name}"' in behind.logged())
    # Which is never taken for this machine's own, whatever the proxy says.
    assert '"peer":"proxied 127.0.0.9"' in behind.logged()


@pytest.mark.peer("haproxy")
def test_tls_goes_through_haproxy_to_the_server(behind: Bed, tmp_path: Path) -> None:
    with haproxy(behind.port("pop3s"), "send-proxy-v2", tmp_path) as port:
        ran = run(
            *("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-ign_eof", "-quiet"),
            given=b"CAPA\r\nQUIT\r\n",
            seconds=30,
        )
    assert "IMPLEMENTATION" in ran.said, ran.said


def test_from_a_trusted_address_nobody_comes_in_without_a_header(behind: Bed) -> None:
    with socket.create_connection(("127.0.0.1", behind.port("pop3")), 30) as link:
        assert_turned_away(link, b"USER ted\r\n")
    with socket.create_connection(("127.0.0.1", behind.port("pop3")), 30) as link:
        # Nor by waiting, which the settings give two seconds.
        began = time.monotonic()
        assert_turned_away(link, b"")
        assert time.monotonic() - began < 8


def assert_turned_away(link: socket.socket, octets: bytes) -> None:
    link.sendall(octets)
    try:
        assert link.recv(100) == b""
    except ConnectionResetError:
        return


def test_from_any_other_address_a_header_is_a_bad_command_and_names_nobody(behind: Bed) -> None:
    with socket.socket() as link:
        link.bind(("127.0.0.2", 0))
        link.connect(("127.0.0.1", behind.port("pop3")))
        greeting, told, bye = talk(link, "PROXY TCP4 203.0.113.77 192.0.2.1 50000 110", "QUIT")
    assert (greeting[:3], told[:4], bye[:3]) == (b"+OK", b"-ERR", b"+OK")
    assert "203.0.113.77" not in behind.logged()
