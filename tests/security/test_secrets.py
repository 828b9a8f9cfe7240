"""No secret in the log at its loudest, in metrics, in what the machine tells of a process, in a core file.

Every secret that is given here is marked, and is looked for as it is, in base64 as it crosses the line, and in hex.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
from base64 import b64encode
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Final

import pytest
from tests.e2e.bed import Bed, Owner, Ran, run, until
from tests.security.ground import processes, tls_options

from restante.proto.terms import Secret
from restante.sasl.exchange import ClientAuthExchange, LoggedIn
from restante.sasl.registry import ClientMaterial, find
from restante.sasl.terms import Credentials

MARK: Final = "zebra9quagga"
"""No word that occurs by chance."""

RIGHT: Final = f"{MARK}-right"

MECHANISMS: Final = ("PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5")


@pytest.fixture
def loud(tmp_path: Path) -> Iterator[Bed]:
    """A server that logs all there is, that may leave core files by its limits, and has metrics."""
    settings = {"log.wire": "true", "log.events": "all", "auth.mechanisms": " ".join(MECHANISMS)}
    here = tmp_path / "here"
    here.mkdir()
    # The shell lifts the limit that a service would have; the server itself has to refuse.
    launcher = ["sh", "-c", f'cd "{here}" && ulimit -c "$(ulimit -Hc)" && exec "$@"', "sh"]
    options = [*tls_options(tmp_path), "--metrics", "127.0.0.1:0"]
    with Bed(settings=settings, options=options, launcher=launcher, workers=2) as bed:
        yield bed


def log_in(bed: Bed, owner: Owner, mechanism: str, password: str) -> bool:
    """Log in by a SASL mechanism, as a client of ours does."""
    found = find(mechanism)
    assert found is not None
    secret = Secret(password.encode())
    credentials = Credentials(authcid=owner.name, password=secret)
    exchange = ClientAuthExchange(found.client(ClientMaterial(credentials=credentials, entropy=os.urandom(18))))
    with bed.pop3() as wire:
        answer = wire.say(exchange.start().octets.removesuffix(b"\r\n"))
        while answer.startswith(b"+ "):
            step = exchange.receive_line(answer)
            assert not isinstance(step, LoggedIn)
            answer = wire.say(step.octets.removesuffix(b"\r\n"))
        wire.send(b"QUIT\r\n")
    return answer.startswith(b"+OK")


def give_secrets_everywhere(bed: Bed, owner: Owner) -> None:
    """Log in by every way there is, rightly and wrongly, and put passwords where they do not belong."""
    with bed.pop3() as wire:
        stamp = re.search(rb"<[^>]+>", wire.greeting)
        assert stamp
        digest = md5(stamp[0] + RIGHT.encode()).hexdigest()
        wire.ok(f"APOP {owner.name} {digest}")
        wire.ok("QUIT")
    bed.pop3(Owner(name=owner.name, password=RIGHT)).close()
    for mechanism in MECHANISMS:
        until(f"{mechanism} to log in", lambda each=mechanism: log_in(bed, owner, each, RIGHT))  # type: ignore[misc]  # a loop's variable
    token = b64encode(f"n,,\x01auth=Bearer {MARK}-token\x01\x01".encode()).decode()
    out_of_step = [
        f"USER {MARK}-as-a-name",
        f"PASS {MARK}-after-it",
        f"PASS {MARK}-out-of-step",
        f"{MARK}-as-a-command",
        f"AUTH OAUTHBEARER {token}",
        f"AUTH XOAUTH2 {token}",
        f"AUTH {MARK} {MARK}",
        f"APOP {MARK} {MARK}",
        f"LOGIN {owner.name} {MARK}-imap",
        f"XYZZY {MARK}",
    ]
    for line in out_of_step:
        with bed.pop3() as wire:
            # Of a name that is none comes what one types next.
            assert wire.say(line)[:1] in {b"+", b"-"}
            assert wire.say(f"PASS {MARK}-typed-next")[:1] in {b"+", b"-"}
    with bed.pop3() as wire:
        wire.say("AUTH PLAIN")
        wire.say(f"{MARK}-no-base64")
        wire.say("AUTH LOGIN")
        wire.say(b64encode(f"{MARK}-name".encode()))
        wire.say(b64encode(f"{MARK}-wrong".encode()))
        wire.say(f"PASS {'x' * 300} {MARK}")
    # At the other doors, where clients of mail log in, too.
    for door, hello in (("smtp", "EHLO me.example"), ("lmtp", "LHLO me.example")):
        there = bed.address(door)
        with socket.socket(socket.AF_UNIX if isinstance(there, str) else socket.AF_INET) as link:
            link.settimeout(30)
            link.connect(there)
            plain = b64encode(f"\0{owner.name}\0{MARK}-{door}".encode()).decode()
            said = f"{hello}\r\nAUTH PLAIN {plain}\r\nAUTH LOGIN\r\n{plain}\r\n{plain}\r\n{MARK}\r\nQUIT\r\n"
            link.sendall(said.encode())
            with contextlib.suppress(ConnectionResetError):
                while link.recv(4096):
                    pass


def forms_of(mark: str) -> list[bytes]:
    """Give the forms in which a secret may show: its base64 depends on where in three octets it begins."""
    in_base64 = [b64encode(b"x" * start + mark.encode())[4 * (start > 0) : -4] for start in range(3)]
    return [mark.encode(), mark.encode().hex().encode(), *in_base64]


def test_the_forms_are_those_in_which_a_secret_crosses_the_line() -> None:
    lines = [
        b64encode(b"\0ted\0" + MARK.encode()),
        b64encode(MARK.encode() + b"-x"),
        b64encode(b"ab" + MARK.encode()),
    ]
    assert all(any(form in line for form in forms_of(MARK)) for line in lines)


def assert_hides(what: str, octets: bytes) -> None:
    for form in forms_of(MARK):
        assert form not in octets, f"{what} shows a secret: {octets[octets.index(form) - 200 :][:400]!r}"


def metrics(bed: Bed) -> bytes:
    with socket.create_connection(("127.0.0.1", bed.port("metrics")), 30) as link:
        link.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        page = b""
        while part := link.recv(65536):
            page += part
    assert b"restante_" in page
    return page


def checked(ran: Ran) -> Ran:
    assert ran.code == 0, ran.said
    return ran


def test_no_secret_is_in_the_log_in_metrics_or_in_what_the_machine_tells_of_a_process(loud: Bed) -> None:
    owner = loud.account(b"Subject: hi\r\n\r\nhi\r\n", password=RIGHT)
    checked(loud.cli("account", "apop", owner.name, "--enable", "--password-stdin", given=f"{RIGHT}\n".encode()))
    give_secrets_everywhere(loud, owner)
    log = loud.log.read_bytes()
    # It is at its loudest: it has the wire, and each way to log in.
    assert log.count(b"QUIT") > 5
    assert all(f'"mechanism":"{each}"'.encode() in log for each in ("USER", "APOP", *MECHANISMS))
    assert_hides("the log", log)
    assert_hides("the page of metrics", metrics(loud))
    for pid in processes(loud.pid):
        for each in ("cmdline", "environ", "comm", "status"):
            assert_hides(f"/proc/{pid}/{each}", Path(f"/proc/{pid}/{each}").read_bytes())
    assert_hides("what is printed", loud.printed.read_bytes())
    for path in loud.data.rglob("*"):
        if path.is_file():
            assert_hides(str(path), path.read_bytes())
    told = loud.cli("sessions", "--json")
    assert_hides("restante sessions", told.out + told.err)


def test_a_worker_that_crashes_leaves_no_core_file(loud: Bed, tmp_path: Path) -> None:
    here = tmp_path / "here"
    owner = loud.account(password=RIGHT)
    loud.pop3(Owner(name=owner.name, password=RIGHT)).close()
    workers = processes(loud.pid)[1:]
    for pid in processes(loud.pid):
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size +[01] +[01] ", limits, re.M), limits
    os.kill(workers[0], signal.SIGABRT)
    until("another worker to take its place", lambda: workers[0] not in processes(loud.pid))
    until("the crash to be over", lambda: not Path(f"/proc/{workers[0]}").exists())
    assert list(here.iterdir()) == []
    # On this machine a process without the limit would have left one, or its cores go to a program.
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    if not pattern.startswith(("|", "/")):
        there = tmp_path / "there"
        there.mkdir()
        crashed = f'cd "{there}" && ulimit -c "$(ulimit -Hc)" && kill -ABRT $$'
        run("sh", "-c", crashed)
        assert list(there.iterdir()), "the machine left no core file of a shell either: nothing was shown"
    with loud.pop3(Owner(name=owner.name, password=RIGHT)) as wire:
        wire.ok("QUIT")
