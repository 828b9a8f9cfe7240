"""The client logs in to our own server by each way there is, over TLS and STLS, and through a SOCKS proxy."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import trustme
from tests.e2e.test_login_ways import ALL, Site, serving

from restante.client import (
    ConnectFault,
    InUse,
    Login,
    LoginRefused,
    Secret,
    Security,
    Server,
    TlsFault,
    blocking,
    connect,
)
from restante.explain.wire import Side

PASSWORD_WAYS: Final = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"]
NAMED_WAYS: Final = ["CRAM-MD5", "APOP", "USER"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("logins")
    with serving(folder, lambda issuer: {"auth.mechanisms": ALL, "oauth.issuer": issuer.url}) as made:
        # The certificate and the keys of SCRAM come with a first login by password.
        with blocking.connect(at(made, Security.TLS), login=Login.by_password(made.owner.name, "SECRET")):
            pass
        yield made


def at(site: Site, security: Security, **more: object) -> Server:
    port = site.bed.port("pop3s" if security is Security.TLS else "pop3")
    authorities = site.folder / "servers.pem"
    return Server(host="localhost", port=port, security=security, authorities=authorities, **more)  # type: ignore[arg-type]


class Said:
    """Keeps what the client said."""

    def __init__(self) -> None:
        self.octets_said = b""

    def connected(self, server: str, *, at_seconds: float | None) -> None: ...

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        self.description = description

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        if side is Side.CLIENT:
            self.octets_said += octets

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None: ...


@pytest.mark.parametrize("security", [Security.TLS, Security.STLS], ids=["TLS", "STLS"])
@pytest.mark.parametrize("mechanism", [*PASSWORD_WAYS, *NAMED_WAYS])
def test_each_way_by_password(site: Site, mechanism: str, security: Security) -> None:
    login = Login.by_password(site.owner.name, "SECRET", mechanism=mechanism)
    with blocking.connect(at(site, security), login=login) as maildrop:
        assert maildrop.stat().messages == 1


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256-PLUS", "USER"])
def test_a_wrong_password_is_refused(site: Site, mechanism: str) -> None:
    login = Login.by_password(site.owner.name, "wrong", mechanism=mechanism)
    with pytest.raises(LoginRefused) as raised:
        blocking.connect(at(site, Security.TLS), login=login)
    assert raised.value.code == b"AUTH"


@pytest.mark.rule("A6")
async def test_the_strongest_is_taken_and_bound_to_the_channel(site: Site) -> None:
    said = Said()
    login = Login.by_password(site.owner.name, "SECRET")
    async with await connect(at(site, Security.STLS), login=login, observe=said) as maildrop:
        assert (await maildrop.stat()).messages == 1
    assert b"\r\nAUTH SCRAM-SHA-256-PLUS cD10bHMtc2VydmVyLWVuZC1wb2ludCws" in said.octets_said
    assert base64.b64decode("cD10bHMtc2VydmVyLWVuZC1wb2ludCws") == b"p=tls-server-end-point,,"
    assert b"SECRET" not in said.octets_said
    assert said.description.endswith("certificate for localhost")


@pytest.mark.parametrize("mechanism", [None, "XOAUTH2"])
def test_a_token_logs_in(site: Site, mechanism: str | None) -> None:
    token = Secret(site.issuer.token(site.owner.name).encode())
    login = Login(name=site.owner.name, token=token, mechanism=mechanism)
    with blocking.connect(at(site, Security.TLS), login=login) as maildrop:
        assert maildrop.stat().messages == 1
    with pytest.raises(LoginRefused):
        blocking.connect(at(site, Security.TLS), login=Login.by_token(site.owner.name, "not.a.token"))


def test_a_client_certificate_logs_in(site: Site) -> None:
    server = at(site, Security.TLS, client_certificate=site.certificate(site.owner.name))
    with blocking.connect(server, login=Login(name=site.owner.name)) as maildrop:
        assert maildrop.stat().messages == 1


def test_a_client_certificate_that_is_no_file_is_told(site: Site) -> None:
    server = at(site, Security.TLS, client_certificate=Path("/nonexistent/me.pem"))
    with pytest.raises(TlsFault, match=r"cannot use .*/nonexistent/me\.pem: No such file"):
        blocking.connect(server, login=Login(name=site.owner.name))


def test_a_client_certificate_that_the_server_does_not_trust_is_told(site: Site) -> None:
    stranger = site.certificate(site.owner.name, authority=trustme.CA())
    with pytest.raises(TlsFault, match="wants a client certificate that it trusts"):
        blocking.connect(at(site, Security.TLS, client_certificate=stranger), login=Login(name=site.owner.name))


# --- SOCKS5 -------------------------------------------------------------------------------------------------------


@contextmanager
def socks5(*, lets_through: bool = True) -> Iterator[tuple[int, list[bytes]]]:
    """A SOCKS5 proxy without logins; gives its port, and the names that it is asked for. Source: RFC 1928."""
    asked: list[bytes] = []
    open_sockets: list[socket.socket] = []

    def relay(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                sink.sendall(octets)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            open_sockets.append(near)
            near.recv(256)
            near.sendall(b"\x05\x00")
            request = near.recv(512)
            assert request[:4] == b"\x05\x01\x00\x03", "the proxy looks the name up"
            name = request[5 : 5 + request[4]]
            asked.append(name)
            if not lets_through:
                near.sendall(b"\x05\x02\x00\x01" + bytes(6))
                near.close()
                continue
            far = socket.create_connection((name.decode(), int.from_bytes(request[-2:], "big")))
            open_sockets.append(far)
            near.sendall(b"\x05\x00\x00\x01" + bytes(6))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=relay, args=pair, daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(30)
        for each in open_sockets:
            each.close()


def test_both_faces_go_through_a_socks_proxy(site: Site) -> None:
    login = Login.by_password(site.owner.name, "SECRET")

    async def by_asyncio(server: Server) -> int:
        async with await connect(server, login=login) as maildrop:
            return (await maildrop.stat()).messages

    with socks5() as (port, asked):
        server = at(site, Security.TLS, proxy=f"socks5://127.0.0.1:{port}")
        with blocking.connect(server, login=login) as maildrop:
            assert maildrop.stat().messages == 1
        assert asyncio.run(by_asyncio(server)) == 1
    assert asked == [b"localhost", b"localhost"]


def test_a_proxy_that_lets_nobody_through_is_told_without_its_password(site: Site) -> None:
    with socks5(lets_through=False) as (port, _):
        server = at(site, Security.TLS, proxy=f"socks5://me:hush@127.0.0.1:{port}")
        assert "hush" not in repr(server)
        with pytest.raises(ConnectFault, match="through the proxy") as raised:
            blocking.connect(server, login=None)
        with pytest.raises(ConnectFault, match="through the proxy"):
            asyncio.run(connect(server, login=None))
    assert "hush" not in str(raised.value)


# --- in use -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("S2")
def test_a_maildrop_in_use_is_told_by_its_code(site: Site) -> None:
    login = Login.by_password(site.owner.name, "SECRET")
    with blocking.connect(at(site, Security.TLS), login=login), pytest.raises(InUse) as raised:
        blocking.connect(at(site, Security.TLS), login=login)
    assert raised.value.code == b"IN-USE"
