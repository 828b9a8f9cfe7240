"""The relay's way to a server under TLS, over links in memory: in every cut, and when the handshake fails."""

from __future__ import annotations

import asyncio
import ssl
from itertools import cycle
from pathlib import Path
from typing import Final

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tap.links import Heard, Link

from restante.client.faults import TlsFault, TlsProblem
from restante.client.server import Server
from restante.client.tls import context_for
from restante.tap.relay import Relay, ServerEnd

NAME: Final = "pop.example.org"
AUTHORITY: Final = trustme.CA()
SERVER_CONTEXT: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
AUTHORITY.issue_cert(NAME).configure_cert(SERVER_CONTEXT)


class FarServer:
    """A server that speaks TLS, at the far end of a link."""

    def __init__(self, link: Link, cuts: list[int]) -> None:
        self.heard = b""
        self._link = link
        self._cuts = cycle(cuts)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = SERVER_CONTEXT.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._send()
                self._receive()

    def say(self, octets: bytes) -> None:
        self._tls.write(octets)
        self._send()

    def hear(self) -> None:
        self._receive()
        try:
            while octets := self._tls.read(65536):
                self.heard += octets
        except ssl.SSLWantReadError:
            pass

    def _receive(self) -> None:
        assert not self._link.closing
        self._incoming.write(bytes(self._link.arrived))
        self._link.arrived.clear()

    def _send(self) -> None:
        octets = self._outgoing.read()
        while octets:
            size = next(self._cuts)
            # What is on its way comes, whether reading was paused or not.
            self._link.end.data_received(octets[:size])
            octets = octets[size:]


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("authorities") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(file)
    return file


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 600), min_size=1, max_size=5),
    said=st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.binary(min_size=1, max_size=300)), max_size=5),
)
def test_octets_pass_under_tls_in_every_cut(
    authorities: Path, cuts: list[int], said: list[tuple[bytes, bytes]]
) -> None:
    async def pass_them() -> None:
        server = Server(host=NAME, authorities=authorities)
        end = ServerEnd(server, context_for(server))
        relay, heard = Relay(end, on_end=lambda: None), Heard()
        client = Link(relay.client)
        link = Link(end)
        far = FarServer(link, cuts)
        far.shake_hands()
        far.say(b"+OK\r\n")
        assert client.arrived == b"", "nothing passes before the session is begun"
        relay.start(heard, server=server.address, secured=await end.secured)
        assert client.arrived == b"+OK\r\n"
        for from_client, from_server in said:
            client.say(from_client)
            far.hear()
            far.say(from_server)
        assert far.heard == b"".join(one for one, _ in said)
        assert client.arrived == b"+OK\r\n" + b"".join(other for _, other in said)
        assert heard.told[1].startswith("secured TLSv1.3")

    asyncio.run(pass_them())


@pytest.mark.parametrize("octets", [b"+OK POP3 ready\r\n", b""], ids=["no TLS", "ended"])
async def test_a_handshake_that_fails_is_told(authorities: Path, octets: bytes) -> None:
    server = Server(host=NAME, authorities=authorities)
    end = ServerEnd(server, context_for(server))
    relay = Relay(end, on_end=lambda: None)
    client, link = Link(relay.client), Link(end)
    if octets:
        link.say(octets)
    else:
        link.end.eof_received()
    with pytest.raises(TlsFault) as fault:
        await end.secured
    assert fault.value.problem is TlsProblem.HANDSHAKE
    assert client.arrived == b""


async def test_a_certificate_for_another_name_is_told_with_that_name(authorities: Path) -> None:
    server = Server(host="mail.example.org", authorities=authorities)
    end = ServerEnd(server, context_for(server))
    relay = Relay(end, on_end=lambda: None)
    Link(relay.client)
    with pytest.raises(ssl.SSLError):
        FarServer(Link(end), [10_000]).shake_hands()
    with pytest.raises(TlsFault, match=r"is for pop\.example\.org, not for mail\.example\.org"):
        await end.secured
