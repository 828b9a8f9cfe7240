"""`restante proxy` as a process, between curl, our client and sockets, and servers real and scripted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import smtplib
import socket
import ssl
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from tests.e2e.bed import RESTANTE, WAIT_SECONDS, Bed, Wire, assert_is_delivery_of, run, until
from tests.e2e.corpus import DOTS, MULTIPART
from tests.e2e.scripted import Peer, ScriptedServer

from restante.cli import main
from restante.client.server import Security, Server
from restante.client.tls import fingerprint_of
from restante.explain.telling import Telling
from restante.explain.text_form import TextForm
from restante.explain.view import View
from restante.ports.events import Door
from restante.server.sockets import BoundSocket, listen_tcp
from restante.tap import Proxy, leads_back
from restante.tap import run as tap_run


class Running:
    """A proxy that runs: where it listens, and what it has said."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self._folder = folder
        self.address = until("the proxy to listen", self._listening)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def _listening(self) -> str | None:
        assert self.process.poll() is None, self.complaints
        found = re.search(r"listening on (\S+), for", self.complaints)
        return found[1] if found else None

    @property
    def told(self) -> str:
        return (self._folder / "told").read_text("utf-8")

    @property
    def complaints(self) -> str:
        return (self._folder / "complaints").read_text("utf-8")

    def has_told(self, words: str) -> None:
        until(f"{words!r} to be told", lambda: words in self.told)

    def peak_octets(self) -> int:
        """Give the most memory that the process has held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)
        assert found is not None
        return int(found[1]) * 1024

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        assert self.process.wait(WAIT_SECONDS) == 0, self.complaints
        assert "Traceback" not in self.complaints


@contextmanager
def proxy(folder: Path, server: str, *options: str, listen: str = "127.0.0.1:0") -> Iterator[Running]:
    argv = [str(RESTANTE), "proxy", *options, "--language", "en", listen, server]
    with (folder / "told").open("wb") as told, (folder / "complaints").open("wb") as complaints:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=told, stderr=complaints)
    try:
        running = Running(process, folder)
        yield running
        if process.poll() is None:
            running.stop()
    finally:
        process.kill()
        process.wait(WAIT_SECONDS)


@pytest.mark.peer("curl")
def test_curl_reads_mail_through_it_octet_for_octet_and_is_told(bed: Bed, tmp_path: Path) -> None:
    owner = bed.account(DOTS, MULTIPART)
    page = tmp_path / "page.html"
    with proxy(tmp_path, f"127.0.0.1:{bed.port('pop3')}", "--view", "story", "--html", str(page)) as running:
        for number, sent in enumerate((DOTS, MULTIPART), start=1):
            user = f"{owner.name}:{owner.password}"
            ran = run("curl", "-q", "-sS", "-u", user, f"pop3://127.0.0.1:{running.port}/{number}")
            assert ran.code == 0, ran.said
            assert_is_delivery_of(ran.out, sent)
        running.has_told("Message 2, please.")
    for shown in (running.told, page.read_text()):
        assert "Message 1, please." in shown
        assert owner.password not in shown
        assert owner.name not in shown
    assert page.stat().st_mode & 0o077 == 0


@pytest.mark.peer("curl")
def test_stls_passes_through_and_the_telling_says_that_it_went_dark(bed: Bed, tmp_path: Path) -> None:
    owner = bed.account(DOTS)
    with proxy(tmp_path, f"127.0.0.1:{bed.port('pop3')}", "--json") as running:
        user = f"{owner.name}:{owner.password}"
        ran = run("curl", "-q", "-sSk", "--ssl-reqd", "-u", user, f"pop3://127.0.0.1:{running.port}/1")
        assert ran.code == 0, ran.said
        assert_is_delivery_of(ran.out, DOTS)
        running.has_told('"closed"')
    events = [json.loads(line)["event"] for line in running.told.splitlines()]
    assert "sealed" in events
    assert owner.name not in running.told


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls_bed(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    folder = tmp_path_factory.mktemp("tls")
    pair = authority.issue_cert("127.0.0.1")
    pair.private_key_and_cert_chain_pem.write_to_path(folder / "pair.pem")
    (folder / "pair.pem").chmod(0o600)
    with Bed(
        doors=("pop3", "pop3s", "smtps", "lmtp"), options=("--tls-certificate", str(folder / "pair.pem"))
    ) as bed:
        yield bed


def test_what_is_said_to_a_server_under_tls_can_be_told(
    tls_bed: Bed, authority: trustme.CA, tmp_path: Path
) -> None:
    owner = tls_bed.account(DOTS)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    options = ("--tls", "--authorities", str(tmp_path / "ca.pem"), "--view", "wire")
    with proxy(tmp_path, f"127.0.0.1:{tls_bed.port('pop3s')}", *options) as running:
        with Wire(("127.0.0.1", running.port)) as wire:
            wire.login(owner)
            assert_is_delivery_of(wire.multi("RETR 1"), DOTS)
            # Half-closed: TLS and TCP are told that nothing more comes.
            wire.socket.sendall(b"QUIT\r\n")
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.line().startswith(b"+OK")
        running.has_told("QUIT")
    assert "TLSv1.3" in running.told
    assert owner.password not in running.told


def test_smtp_is_told_as_it_shows_itself_and_what_was_refused_is_explained(bed: Bed, tmp_path: Path) -> None:
    owner = bed.account()
    with proxy(tmp_path, f"127.0.0.1:{bed.port('smtp')}", "--json") as running:
        with smtplib.SMTP("127.0.0.1", running.port, timeout=WAIT_SECONDS) as client:
            client.sendmail("ann@away.example", [f"{owner.name}@localhost"], b"Subject: x\r\n\r\nhello\r\n")
            assert client.docmd("MAIL FROM:<ann@away.example>")[0] == 250
            assert client.docmd("RCPT TO:<bob@else.example>")[0] == 550
        running.has_told('"closed"')
    events = [json.loads(line) for line in running.told.splitlines()]
    assert [one["state"] for one in events if one["event"] == "message_sent"] == ["DATA"]
    assert [finding["id"] for one in events for finding in one["findings"]] == ["smtp-relay-denied"]
    assert owner.name not in running.told


def test_smtp_under_tls_is_told_with_the_proxy_between(tls_bed: Bed, authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    options = ("--tls", "--protocol", "smtp", "--authorities", str(tmp_path / "ca.pem"), "--view", "wire")
    with proxy(tmp_path, f"127.0.0.1:{tls_bed.port('smtps')}", *options) as running:
        with smtplib.SMTP("127.0.0.1", running.port, timeout=WAIT_SECONDS) as client:
            assert client.docmd("EHLO", "me")[0] == 250
        running.has_told("~>  QUIT")
    assert "=== TLS TLSv1.3" in running.told


def test_a_pinned_certificate_is_trusted_whoever_signed_it(tls_bed: Bed, tmp_path: Path) -> None:
    port = tls_bed.port("pop3s")
    pin = fingerprint_of(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port))))
    with proxy(tmp_path, f"127.0.0.1:{port}", "--tls", "--fingerprint", pin) as running:
        with Wire(("127.0.0.1", running.port)) as wire:
            wire.ok("QUIT")
        running.has_told("pinned certificate")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "is from an authority that is not trusted here"),
        (("--fingerprint", "00" * 32), "is not the pinned one"),
    ],
)
def test_a_server_whose_certificate_is_not_trusted_is_not_spoken_to(
    tls_bed: Bed, tmp_path: Path, options: tuple[str, ...], complaint: str
) -> None:
    with proxy(tmp_path, f"127.0.0.1:{tls_bed.port('pop3s')}", "--tls", *options) as running:
        with socket.create_connection(("127.0.0.1", running.port), WAIT_SECONDS) as client:
            assert client.recv(1) == b""
        until("the complaint", lambda: complaint in running.complaints)
    assert running.told == ""


def test_a_server_that_is_not_there_is_told_in_a_line_and_the_proxy_goes_on(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        with proxy(tmp_path, f"127.0.0.1:{port}") as running:
            for _ in range(2):
                with socket.create_connection(("127.0.0.1", running.port), WAIT_SECONDS) as client:
                    assert client.recv(1) == b""
            words = f"cannot connect to 127.0.0.1:{port}: nobody listens there"
            until("both complaints", lambda: running.complaints.count(words) == 2)
            running.stop(signal.SIGINT)
    assert running.complaints.count("\n") == 3


def test_a_client_that_never_reads_holds_up_the_server_and_memory_stays_bounded(tmp_path: Path) -> None:
    most_octets = 64 * 1024 * 1024
    stuck, let_go = threading.Event(), threading.Event()

    def flood(peer: Peer) -> None:
        said = 0
        peer.say(b"+OK\r\n")
        peer._socket.settimeout(2)
        try:
            while said < most_octets:
                said += peer._socket.send(b"x" * 65536)
        except TimeoutError:
            stuck.set()
            let_go.wait(WAIT_SECONDS)

    with (
        ScriptedServer(flood) as server,
        proxy(tmp_path, f"127.0.0.1:{server.port}") as running,
        socket.socket() as client,
    ):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        before = running.peak_octets()
        client.connect(("127.0.0.1", running.port))
        assert stuck.wait(WAIT_SECONDS), "the server was never held up"
        assert running.peak_octets() - before < most_octets / 4
        let_go.set()


@pytest.mark.parametrize("first", ["client", "server"])
def test_whoever_closes_ends_the_session_for_both(tmp_path: Path, first: str) -> None:
    over = threading.Event()

    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        if first == "client":
            peer.hear_all()
        over.set()

    with ScriptedServer(script) as server, proxy(tmp_path, f"127.0.0.1:{server.port}", "--json") as running:
        client = socket.create_connection(("127.0.0.1", running.port), WAIT_SECONDS)
        assert client.recv(5) == b"+OK\r\n"
        if first == "server":
            assert client.recv(1) == b""
        client.close()
        assert over.wait(WAIT_SECONDS)
        running.has_told('"closed"')


async def test_the_number_of_sessions_and_their_idle_time_are_bounded() -> None:
    complaints, told = list[str](), list[str]()
    telling = Telling(TextForm(View.WIRE, told.append))
    loop = asyncio.get_running_loop()

    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        peer.hear_all()

    with ScriptedServer(script) as server:
        there = Server(host="127.0.0.1", port=server.port, security=Security.PLAIN)
        proxy = Proxy(
            there, lambda client: telling.session(client=client), complaints.append, most_sessions=1, idle_seconds=2
        )
        door = await loop.create_server(proxy.client, "127.0.0.1", 0)
        where = door.sockets[0].getsockname()
        with socket.socket() as first, socket.socket() as second:
            for client in (first, second):
                client.setblocking(False)
                await loop.sock_connect(client, where)
            assert await loop.sock_recv(second, 1) == b"", "no more than one at a time"
            assert "1 sessions are open" in complaints[0]
            assert await loop.sock_recv(first, 5) == b"+OK\r\n"
            assert await loop.sock_recv(first, 1) == b"", "nobody says anything"
        assert any("nothing was said for too long: 2 s" in line for line in told)
        door.close()
        await proxy.stop()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["127.0.0.1:0", "pop.example.org:x"], "SERVER pop.example.org:x: the port has to be a number"),
        (["nowhere", "pop.example.org"], "LISTEN nowhere: the port is missing"),
        (["0", "unix:/run/pop3"], "name a host"),
        (["--fingerprint", "00" * 32, "0", "pop.example.org"], "are for --tls"),
        (["--language", "tlh", "0", "pop.example.org"], "does not speak"),
    ],
)
def test_a_wrong_command_line_is_told(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["proxy", *arguments]) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert told.count("\n") == 1


def test_an_address_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["proxy", f"127.0.0.1:{port}", "pop.example.org"]) == 1
        assert "another process listens there" in capsys.readouterr().err


@contextmanager
def listening(host: str) -> Iterator[list[BoundSocket]]:
    sockets = listen_tcp(Door.POP3, host, 0)
    try:
        yield sockets
    finally:
        for bound in sockets:
            bound.socket.close()


@pytest.mark.parametrize(
    ("here", "there", "leads"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("*", "127.0.0.1", True),
        ("*", "127.9.9.9", True),
        ("*", "localhost", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("*", "192.0.2.7", False),
        ("127.0.0.1", "nowhere.invalid", False),
    ],
)
def test_a_server_that_is_the_proxy_itself_is_known_by_whatever_name(here: str, there: str, *, leads: bool) -> None:
    with listening(here) as sockets:
        port = sockets[0].socket.getsockname()[1]
        assert leads_back(Server(host=there, port=port, security=Security.PLAIN), sockets) is leads
        assert not leads_back(Server(host=there, port=port % 65535 + 1, security=Security.PLAIN), sockets)


def test_it_does_not_begin_to_talk_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with listening("127.0.0.1") as sockets:
        port = sockets[0].socket.getsockname()[1]
    assert main(["proxy", f"127.0.0.1:{port}", f"localhost:{port}"]) == 2
    assert "is where this itself would listen" in capsys.readouterr().err


def says_bye(peer: Peer) -> None:
    peer.say(b"+OK\r\n")
    peer.hear_all()
    peer.say(b"+OK bye\r\n")


def test_sessions_that_go_on_when_it_is_stopped_may_end_and_nobody_new_comes_in(tmp_path: Path) -> None:
    with ScriptedServer(says_bye) as server, proxy(tmp_path, f"127.0.0.1:{server.port}", "--json") as running:
        with socket.create_connection(("127.0.0.1", running.port), WAIT_SECONDS) as client:
            assert client.recv(5) == b"+OK\r\n"
            running.process.send_signal(signal.SIGTERM)
            until("it to say so", lambda: "1 session goes on and may end within 30 seconds" in running.complaints)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", running.port), WAIT_SECONDS)
            client.sendall(b"QUIT\r\n")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b"+OK bye\r\n"
        assert running.process.wait(WAIT_SECONDS) == 0
        assert "the proxy was stopped" not in running.told


def test_told_a_second_time_it_cuts_them_off(tmp_path: Path) -> None:
    with ScriptedServer(says_bye) as server, proxy(tmp_path, f"127.0.0.1:{server.port}") as running:
        with socket.create_connection(("127.0.0.1", running.port), WAIT_SECONDS) as client:
            assert client.recv(5) == b"+OK\r\n"
            running.process.send_signal(signal.SIGINT)
            until("it to say so", lambda: "Ctrl-C again cuts off at once" in running.complaints)
            running.stop(signal.SIGINT)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(1) == b""
        assert "the proxy was stopped" in running.told


def test_they_have_so_long_to_end_and_no_longer() -> None:
    told, waited = list[str](), list[int]()
    telling = Telling(TextForm(View.WIRE, told.append))
    clients: list[socket.socket] = []

    async def come_and_stay(where: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        client = socket.socket()
        clients.append(client)
        client.setblocking(False)
        await loop.sock_connect(client, where)
        assert await loop.sock_recv(client, 5) == b"+OK\r\n"
        signal.raise_signal(signal.SIGTERM)

    tasks: list[asyncio.Task[None]] = []
    with ScriptedServer(says_bye) as server, listening("127.0.0.1") as sockets:
        there = Server(host="127.0.0.1", port=server.port, security=Security.PLAIN)
        where = sockets[0].socket.getsockname()
        tap_run(
            lambda: Proxy(there, lambda client: telling.session(client=client), told.append),
            sockets,
            on_ready=lambda: tasks.append(asyncio.get_running_loop().create_task(come_and_stay(where))),
            on_stop=waited.append,
            finish_seconds=0.05,
        )
        clients[0].close()
    assert waited == [1]
    assert any("the proxy was stopped" in line for line in told)


def test_it_listens_on_a_socket_in_the_file_system_and_takes_it_away_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with (
        ScriptedServer(says_bye) as server,
        proxy(tmp_path, f"127.0.0.1:{server.port}", "--view", "wire", listen=f"unix:{path}") as running,
    ):
        assert running.address == f"unix:{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert "other machines" not in running.complaints
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(WAIT_SECONDS)
            client.connect(str(path))
            assert client.recv(5) == b"+OK\r\n"
            client.sendall(b"QUIT\r\n")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b"+OK bye\r\n"
        running.has_told("=== closed")
        running.stop()
    assert not path.exists()
