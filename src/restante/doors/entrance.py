"""What comes before a session: who is it, may they come in, and TLS where it begins with the first octet.

A listening socket has one entrance, which keeps nothing of a connection: it hands the transport on to the
connection proper. So an address is counted before it can cost a handshake, a handshake is
bounded in time and its failure told, and a session knows from its first octet who its peer is.

A proxy that is trusted says whom it speaks for (the PROXY protocol) before anything else. Its own address is then
nobody's: what comes through it is never taken as coming from this machine.

How it fails: too many connections are answered with one line, or under TLS with none; a header or a handshake that
goes wrong, or does not come in time, closes the connection and is told.
Sources: RFC 8314 §3 (implicit TLS), HAProxy's proxy-protocol.txt.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from typing import ClassVar, Protocol

from restante.doors.gate import Entry, Gate, GateClosed
from restante.doors.peers import peer_of
from restante.doors.proxy_header import (
    IpEndpoint,
    Need,
    ProxyHeader,
    ProxyHeaderBad,
    ProxyHeaderParser,
    TrustedPeers,
)
from restante.doors.tls import handshake_reason
from restante.doors.tls_layer import TlsLayer
from restante.ports.events import ConnectionRefused, Door, Listener, TlsFailed

__all__ = ["Doorkeeper", "Entrance"]


class Doorkeeper(Protocol):
    """What an entrance needs of the server it belongs to."""

    @property
    def door(self) -> Door:
        """Which door it is."""
        ...

    @property
    def tell(self) -> Listener:
        """Where events go."""
        ...

    @property
    def gate(self) -> Gate:
        """Who may come in."""
        ...

    @property
    def too_many(self) -> bytes:
        """What a client is told that is one too many."""
        ...

    @property
    def trusted_proxies(self) -> TrustedPeers:
        """Who says by a header whom it speaks for."""
        ...

    @property
    def read_buffer(self) -> memoryview:
        """Where reads land."""
        ...


class Entrance(asyncio.BufferedProtocol):
    """Lets connections in: the protocol that each has until then, and all have the same.

    `open` makes the connection proper, from the peer, its entry, and whether a proxy had it under TLS; its
    `connection_made` is called as by the loop.
    """

    __slots__ = ("_doorkeeper", "_open", "_tls", "_tls_seconds")

    data_received: ClassVar[None] = None
    """uvloop asks each protocol for it, and a name that is not there costs it an error."""

    def __init__(
        self,
        doorkeeper: Doorkeeper,
        open: Callable[[str, Entry, bool], asyncio.BufferedProtocol],  # noqa: A002 - it is what doors do
        *,
        tls: ssl.SSLContext | None = None,
        tls_seconds: float = 10,
    ) -> None:
        """Make the entrance; with `tls` the handshake comes first. It has `tls_seconds`, and so has a header."""
        self._doorkeeper = doorkeeper
        self._open = open
        self._tls = tls
        self._tls_seconds = tls_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or turn it away, or hear first whom a proxy speaks for."""
        peer = peer_of(transport)
        # It is a transport that writes, whatever loop hands it over.
        if peer in self._doorkeeper.trusted_proxies:
            _Announced(self, transport, peer, self._tls_seconds)  # type: ignore[arg-type]
        else:
            self.let_in(transport, peer)  # type: ignore[arg-type]

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the buffer that all connections read into."""
        return self._doorkeeper.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take nothing from a client that is turned away."""

    def let_in(
        self, transport: asyncio.Transport, peer: str, *, under_tls: bool = False, early: bytes = b""
    ) -> None:
        """Hand a connection on, or turn it away. `under_tls`: to a proxy; `early`: what the client sent already."""
        entry = self._doorkeeper.gate.enter(peer)
        if isinstance(entry, GateClosed):
            self._turn_away(transport, peer, entry)
            return
        connection = self._open(peer, entry, under_tls and self._tls is None)
        if self._tls is None:
            transport.set_protocol(connection)
            connection.connection_made(transport)
            if early:
                self._doorkeeper.read_buffer[: len(early)] = early
                connection.buffer_updated(len(early))
            return

        def on_handshake(error: BaseException | None) -> None:
            if error is None:
                connection.connection_made(layer)
            else:
                entry.leave()
                door, reason = self._doorkeeper.door, handshake_reason(error)
                self._doorkeeper.tell(TlsFailed(session=None, door=door, peer=peer, reason=reason))

        layer = TlsLayer(
            transport,
            connection,
            self._tls,
            loop=asyncio.get_running_loop(),
            read_buffer=self._doorkeeper.read_buffer,
            handshake_seconds=self._tls_seconds,
            on_handshake=on_handshake,
            early=early,
        )

    def refuse(self, transport: asyncio.Transport, peer: str, reason: str) -> None:
        """Close a connection that nothing can be said to."""
        self._doorkeeper.tell(ConnectionRefused(door=self._doorkeeper.door, peer=peer, reason=reason))
        transport.abort()

    def _turn_away(self, transport: asyncio.Transport, peer: str, closed: GateClosed) -> None:
        self._doorkeeper.tell(ConnectionRefused(door=self._doorkeeper.door, peer=peer, reason=closed.reason.value))
        if self._tls is None:
            transport.write(self._doorkeeper.too_many)
        transport.close()


class _Announced(asyncio.BufferedProtocol):
    """A connection of a trusted proxy, until it has said whom it speaks for."""

    __slots__ = ("_entrance", "_parser", "_proxy", "_timer", "_transport")

    def __init__(self, entrance: Entrance, transport: asyncio.Transport, proxy: str, seconds: float) -> None:
        """Take the place of the entrance on `transport`, and wait so long."""
        self._entrance = entrance
        self._transport = transport
        self._proxy = proxy
        self._parser = ProxyHeaderParser()
        self._timer = asyncio.get_running_loop().call_later(
            seconds, self._refuse, "the proxy's header did not come in time"
        )
        transport.set_protocol(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the buffer that all connections read into."""
        return self._entrance.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        """Read the header, and let the client in that it names."""
        match self._parser.receive(bytes(self._entrance.get_buffer(-1)[:nbytes])):
            case Need():
                return
            case ProxyHeaderBad(reason=reason):
                self._refuse(reason)
            case ProxyHeader() as header:
                self._timer.cancel()
                peer, under_tls = _proxied_peer(header, self._proxy), header.tls is not None
                self._entrance.let_in(self._transport, peer, under_tls=under_tls, early=header.rest)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a proxy that left before its header was there."""
        self._timer.cancel()

    def _refuse(self, reason: str) -> None:
        self._timer.cancel()
        self._entrance.refuse(self._transport, self._proxy, reason)


def _proxied_peer(header: ProxyHeader, proxy: str) -> str:
    """Name the client behind a proxy; where that is no address of its own, in words, which are local to nobody."""
    source = header.source
    if not isinstance(source, IpEndpoint):
        return f"proxy {proxy}"
    return f"proxied {source.host}" if ip_address(source.host).is_loopback else source.host
