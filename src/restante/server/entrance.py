"""What comes before a session: who is it, may they come in, and TLS where it begins with the first octet.

For each connection that is accepted the loop is given an entrance; once that is through, it hands the transport on
to the connection proper and is gone. So an address is counted before it can cost a handshake, a handshake is
bounded in time and its failure told, and a session knows from its first octet who its peer is.

How it fails: too many connections are answered with one line, or under TLS with none; a handshake that goes wrong,
or does not come in time, closes the connection and is told. Source: RFC 8314 §3 (implicit TLS).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, cast

from restante.ports.events import ConnectionRefused, Door, Listener, TlsFailed
from restante.server.gate import Entry, Gate, GateClosed
from restante.server.tls import handshake_reason
from restante.server.tls_layer import TlsLayer

__all__ = ["Doorkeeper", "Entrance", "peer_of"]


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
    def read_buffer(self) -> memoryview:
        """Where reads land."""
        ...


class Entrance(asyncio.BufferedProtocol):
    """One connection, until it is let in.

    `open` makes the connection proper, from the peer and its entry; its `connection_made` is called as by the loop.
    """

    __slots__ = ("_doorkeeper", "_loop", "_open", "_tls", "_tls_seconds", "_transport")

    _transport: asyncio.Transport

    def __init__(
        self,
        doorkeeper: Doorkeeper,
        loop: asyncio.AbstractEventLoop,
        open: Callable[[str, Entry], asyncio.BufferedProtocol],  # noqa: A002 - it is what doors do
        *,
        tls: ssl.SSLContext | None = None,
        tls_seconds: float = 10,
    ) -> None:
        """Make the entrance; with `tls` the handshake comes first, and has `tls_seconds`."""
        self._doorkeeper = doorkeeper
        self._loop = loop
        self._open = open
        self._tls = tls
        self._tls_seconds = tls_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or turn it away."""
        self._transport = cast(asyncio.Transport, transport)  # what create_server hands over, whatever the loop
        self._let_in(peer_of(transport))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the buffer that all connections read into."""
        return self._doorkeeper.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Drop what comes from a client that is turned away."""

    def _let_in(self, peer: str) -> None:
        entry = self._doorkeeper.gate.enter(peer)
        if isinstance(entry, GateClosed):
            self._turn_away(peer, entry)
            return
        connection = self._open(peer, entry)
        if self._tls is None:
            self._transport.set_protocol(connection)
            connection.connection_made(self._transport)
            return

        def on_handshake(error: BaseException | None) -> None:
            if error is None:
                connection.connection_made(layer)
            else:
                entry.leave()
                self._doorkeeper.tell(TlsFailed(session=None, peer=peer, reason=handshake_reason(error)))

        layer = TlsLayer(
            self._transport,
            connection,
            self._tls,
            loop=self._loop,
            read_buffer=self._doorkeeper.read_buffer,
            handshake_seconds=self._tls_seconds,
            on_handshake=on_handshake,
        )

    def _turn_away(self, peer: str, closed: GateClosed) -> None:
        self._doorkeeper.tell(ConnectionRefused(door=self._doorkeeper.door, peer=peer, reason=closed.reason.value))
        if self._tls is None:
            self._transport.write(self._doorkeeper.too_many)
        self._transport.close()


def peer_of(transport: asyncio.BaseTransport) -> str:
    """Give the address of a client, or `unix`."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else "unix"
