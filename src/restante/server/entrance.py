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
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, cast

from restante.ports.events import ConnectionRefused, Door, Listener, TlsFailed
from restante.server.gate import Entry, Gate, GateClosed
from restante.server.tls import handshake_reason

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

    def keep(self, work: Coroutine[Any, Any, None]) -> None:  # Any: what asyncio's tasks yield and are sent
        """Run work that must wait, and hold it until it ends."""
        ...


class Entrance(asyncio.Protocol):
    """One connection, until it is let in.

    `open` makes the connection proper, from the peer and its entry; its `connection_made` is called as by the loop.
    """

    __slots__ = ("_doorkeeper", "_loop", "_open", "_tls", "_tls_seconds", "_transport")

    _transport: asyncio.Transport

    def __init__(
        self,
        doorkeeper: Doorkeeper,
        loop: asyncio.AbstractEventLoop,
        open: Callable[[str, Entry], asyncio.BaseProtocol],  # noqa: A002 - it is what doors do
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
        peer = peer_of(transport)
        entry = self._doorkeeper.gate.enter(peer)
        if isinstance(entry, GateClosed):
            self._turn_away(peer, entry)
        elif self._tls is None:
            self._hand_over(self._transport, self._open(peer, entry))
        else:
            # Until the handshake begins nothing is read: what the client sends is TLS's.
            self._transport.pause_reading()
            self._doorkeeper.keep(self._shake_hands(self._tls, peer, entry))

    def _turn_away(self, peer: str, closed: GateClosed) -> None:
        self._doorkeeper.tell(ConnectionRefused(door=self._doorkeeper.door, peer=peer, reason=closed.reason.value))
        if self._tls is None:
            self._transport.write(self._doorkeeper.too_many)
        self._transport.close()

    async def _shake_hands(self, tls: ssl.SSLContext, peer: str, entry: Entry) -> None:
        connection = self._open(peer, entry)
        try:
            transport = await self._loop.start_tls(
                self._transport, connection, tls, server_side=True, ssl_handshake_timeout=self._tls_seconds
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            transport = None
            reason = handshake_reason(error)
        else:
            reason = handshake_reason(None)
        if transport is None:
            entry.leave()
            self._doorkeeper.tell(TlsFailed(session=None, peer=peer, reason=reason))
            self._transport.abort()
            return
        connection.connection_made(transport)

    def _hand_over(self, transport: asyncio.Transport, connection: asyncio.BaseProtocol) -> None:
        transport.set_protocol(connection)
        connection.connection_made(transport)


def peer_of(transport: asyncio.BaseTransport) -> str:
    """Give the address of a client, or `unix`."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else "unix"
