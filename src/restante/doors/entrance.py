"""What comes before a session: who is it, may they come in, and TLS where it begins with the first octet.

For each connection that is accepted the loop is given an entrance; once that is through, it hands the transport on
to the connection proper and is gone. So an address is counted before it can cost a handshake, a handshake is
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
    """One connection, until it is let in.

    `open` makes the connection proper, from the peer, its entry, and whether a proxy had it under TLS; its
    `connection_made` is called as by the loop.
    """

    __slots__ = ("_doorkeeper", "_header", "_header_timer", "_loop", "_open", "_tls", "_tls_seconds", "_transport")

    _transport: asyncio.Transport

    data_received: ClassVar[None] = None
    """uvloop asks each protocol for it, and a name that is not there costs it an error."""

    def __init__(
        self,
        doorkeeper: Doorkeeper,
        loop: asyncio.AbstractEventLoop,
        open: Callable[[str, Entry, bool], asyncio.BufferedProtocol],  # noqa: A002 - it is what doors do
        *,
        tls: ssl.SSLContext | None = None,
        tls_seconds: float = 10,
    ) -> None:
        """Make the entrance; with `tls` the handshake comes first. It has `tls_seconds`, and so has a header."""
        self._doorkeeper = doorkeeper
        self._loop = loop
        self._open = open
        self._tls = tls
        self._tls_seconds = tls_seconds
        # Only while a proxy's header is waited for.
        self._header: ProxyHeaderParser | None = None
        self._header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or turn it away, or hear first whom a proxy speaks for."""
        self._transport = transport  # type: ignore[assignment]  # it is one that writes, whatever loop hands it over
        peer = peer_of(transport)
        if peer in self._doorkeeper.trusted_proxies:
            self._header = ProxyHeaderParser()
            self._header_timer = self._loop.call_later(
                self._tls_seconds, self._refuse_header, "the proxy's header did not come in time"
            )
        else:
            self._let_in(peer)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the buffer that all connections read into."""
        return self._doorkeeper.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read a proxy's header; from a client that is turned away nothing is taken."""
        if self._header is None:
            return
        match self._header.receive(bytes(self._doorkeeper.read_buffer[:nbytes])):
            case Need():
                return
            case ProxyHeaderBad(reason=reason):
                self._refuse_header(reason)
            case ProxyHeader() as header:
                self._stop_waiting()
                secured = header.tls is not None and self._tls is None
                self._let_in(_proxied_peer(header, peer_of(self._transport)), secured=secured, early=header.rest)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a proxy that left before its header was there."""
        self._stop_waiting()

    def _let_in(self, peer: str, *, secured: bool = False, early: bytes = b"") -> None:
        entry = self._doorkeeper.gate.enter(peer)
        if isinstance(entry, GateClosed):
            self._turn_away(peer, entry)
            return
        connection = self._open(peer, entry, secured)
        if self._tls is None:
            self._transport.set_protocol(connection)
            connection.connection_made(self._transport)
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
            self._transport,
            connection,
            self._tls,
            loop=self._loop,
            read_buffer=self._doorkeeper.read_buffer,
            handshake_seconds=self._tls_seconds,
            on_handshake=on_handshake,
            early=early,
        )

    def _refuse_header(self, reason: str) -> None:
        self._stop_waiting()
        peer = peer_of(self._transport)
        self._doorkeeper.tell(ConnectionRefused(door=self._doorkeeper.door, peer=peer, reason=reason))
        self._transport.abort()

    def _stop_waiting(self) -> None:
        self._header = None
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _turn_away(self, peer: str, closed: GateClosed) -> None:
        self._doorkeeper.tell(ConnectionRefused(door=self._doorkeeper.door, peer=peer, reason=closed.reason.value))
        if self._tls is None:
            self._transport.write(self._doorkeeper.too_many)
        self._transport.close()


def _proxied_peer(header: ProxyHeader, proxy: str) -> str:
    """Name the client behind a proxy; where that is no address of its own, in words, which are local to nobody."""
    source = header.source
    if not isinstance(source, IpEndpoint):
        return f"proxy {proxy}"
    return f"proxied {source.host}" if ip_address(source.host).is_loopback else source.host
