"""Behind a proxy that says whom it speaks for: the PROXY protocol, over real sockets."""

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator

import pytest

from restante.testing.running import RunningServer

WAIT_SECONDS = 10
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    arguments = ["--trusted-proxies", "127.0.0.1", "--auth-plaintext", "loopback", "--log-format", "json"]
    with RunningServer(arguments=[*arguments, "--tls-handshake-seconds", "1"]) as running:
        running.add_account("ted", "SECRET")
        yield running


def connect(server: RunningServer) -> socket.socket:
    return socket.create_connection(server.pop3, WAIT_SECONDS)


def line(link: socket.socket) -> bytes:
    octets = b""
    while not octets.endswith(b"\n"):
        more = link.recv(1)
        if not more:
            return octets
        octets += more
    return octets


def version_2(source: str, *, tls: bool = False) -> bytes:
    body = socket.inet_aton(source) + socket.inet_aton("192.0.2.1") + struct.pack("!HH", 50000, 110)
    if tls:
        # PP2_TYPE_SSL: the client came by TLS, and showed no certificate.
        body += b"\x20" + struct.pack("!H", 5) + b"\x01" + struct.pack("!L", 1)
    return SIGNATURE + b"\x21\x11" + struct.pack("!H", len(body)) + body


def test_the_client_is_whom_the_header_names_and_the_proxy_does_not_make_it_local(server: RunningServer) -> None:
    with connect(server) as link:
        link.sendall(b"PROXY TCP4 203.0.113.7 192.0.2.1 50000 110\r\nUSER ted\r\nQUIT\r\n")
        assert line(link).startswith(b"+OK Restante")
        assert line(link).startswith(b"-ERR [SYS/PERM] ")
        assert line(link).startswith(b"+OK")
        assert line(link) == b""
    assert '"peer":"203.0.113.7"' in server.log


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", SIGNATURE + b"\x20\x00\x00\x00", version_2("127.0.0.1")])
def test_who_is_not_named_or_named_as_local_is_not_taken_for_local(server: RunningServer, header: bytes) -> None:
    with connect(server) as link:
        link.sendall(header + b"USER ted\r\n")
        assert line(link).startswith(b"+OK Restante")
        assert line(link).startswith(b"-ERR [SYS/PERM] ")


def test_a_client_that_the_proxy_had_under_tls_may_send_its_password(server: RunningServer) -> None:
    with connect(server) as link:
        header = version_2("203.0.113.8", tls=True)
        for octet in header:
            link.sendall(bytes([octet]))
        assert line(link).startswith(b"+OK Restante")
        link.sendall(b"USER ted\r\nPASS SECRET\r\nSTLS\r\n")
        assert line(link).startswith(b"+OK")
        assert line(link) == b"+OK 0 messages (0 octets)\r\n"
        assert line(link).startswith(b"-ERR")


def test_stls_goes_on_behind_a_header(server: RunningServer) -> None:
    with connect(server) as link:
        link.sendall(version_2("203.0.113.9") + b"STLS\r\n")
        assert line(link).startswith(b"+OK Restante")
        assert line(link).startswith(b"+OK")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(link) as secured:
            secured.sendall(b"USER ted\r\nPASS SECRET\r\n")
            assert line(secured).startswith(b"+OK")
            assert line(secured).startswith(b"+OK 0 messages")


@pytest.mark.parametrize(
    "octets", [b"CAPA\r\n", b"PROXY TCP4 x y z\r\n", b"GET / HTTP/1.1\r\n\r\n", SIGNATURE + b"\xff" * 8]
)
def test_what_is_no_header_is_shown_out_without_a_word(server: RunningServer, octets: bytes) -> None:
    with connect(server) as link:
        link.sendall(octets)
        with contextlib.suppress(ConnectionResetError):
            assert link.recv(100) == b""


def test_a_header_that_does_not_come_is_not_waited_for_for_ever(server: RunningServer) -> None:
    with connect(server) as link, contextlib.suppress(ConnectionResetError):
        assert link.recv(100) == b""
    assert "did not come in time" in server.log
