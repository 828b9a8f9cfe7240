"""One client's octets, in and out, for a coroutine that reads and writes; TLS may begin in the middle.

What came in the clear is never handed out after TLS began: `begin_tls` has to be called with nothing unread, and
from then on what comes goes to the layer. Reading stops while enough waits to be read, and `drain` waits while the
client does not take what is sent. How it fails: a connection that breaks ends the reading, and writes go nowhere.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, Final, cast

from restante.doors.tls_layer import TlsLayer

__all__ = ["Stream"]

_UNREAD_OCTETS: Final = 16 * 1024
"""When this much waits to be read, nothing more is taken from the client."""

_WRITE_BUFFER_OCTETS: Final = 64 * 1024
"""What may wait for a client to take it before `drain` waits for it."""


class Stream(asyncio.BufferedProtocol):
    """The connection of one client, once it was let in. `opened` is called when it may be spoken to."""

    __slots__ = (
        "_clogged",
        "_ended",
        "_loop",
        "_opened",
        "_read_buffer",
        "_transport",
        "_unread",
        "_unread_octets",
        "_wake",
        "is_lost",
    )

    _transport: asyncio.Transport
    is_lost: bool
    """The connection is closed, on both sides."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, read_buffer: memoryview, opened: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._read_buffer = read_buffer
        self._opened = opened
        self._unread: deque[bytes] = deque()
        self._unread_octets = 0
        self._ended = self.is_lost = self._clogged = False
        # Whoever reads, drains, or waits for the close; one coroutine uses the stream, so there is one at a time.
        self._wake: asyncio.Future[None] | None = None

    # --- what the transport calls --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # what create_server hands over, whatever the loop
        self._transport.set_write_buffer_limits(high=_WRITE_BUFFER_OCTETS)
        self._opened()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the buffer that all connections of the door read into."""
        return self._read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Keep what came."""
        self._unread.append(bytes(self._read_buffer[:nbytes]))
        self._unread_octets += nbytes
        if self._unread_octets >= _UNREAD_OCTETS:
            self._transport.pause_reading()
        self._stir()

    def eof_received(self) -> bool:
        """Go on: who sends all it has and closes its half waits for the answers. TLS cannot be half closed."""
        self._ended = True
        self._stir()
        return not self.under_tls

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._ended = self.is_lost = True
        self._stir()

    def pause_writing(self) -> None:
        """Hear that the client does not take what is sent."""
        self._clogged = True

    def resume_writing(self) -> None:
        """Hear that it does."""
        self._clogged = False
        self._stir()

    # --- what the session calls ----------------------------------------------------------------------------------

    @property
    def under_tls(self) -> bool:
        """Whether TLS is spoken here, and not by a proxy."""
        return self.tls_object is not None

    @property
    def tls_object(self) -> ssl.SSLObject | None:
        """What OpenSSL knows of the connection."""
        found: Any = self._transport.get_extra_info("ssl_object")  # Any: asyncio's own
        return found if isinstance(found, ssl.SSLObject) else None

    @property
    def is_closing(self) -> bool:
        """Whether the end has begun."""
        return self.is_lost or self._transport.is_closing()

    @property
    def has_unread(self) -> bool:
        """Whether octets came that nobody read."""
        return bool(self._unread)

    async def read(self) -> bytes:
        """Give what came next; nothing at the end."""
        while not self._unread and not self._ended:
            await self._stirred()
        if not self._unread:
            return b""
        octets = self._unread.popleft()
        waiting, self._unread_octets = self._unread_octets, self._unread_octets - len(octets)
        if waiting >= _UNREAD_OCTETS > self._unread_octets and not self.is_lost:
            self._transport.resume_reading()
        return octets

    def write(self, octets: bytes) -> None:
        """Send."""
        if not self.is_closing:
            self._transport.write(octets)

    async def drain(self) -> None:
        """Wait until the client has taken most of what was sent."""
        while self._clogged and not self.is_lost:
            await self._stirred()

    async def begin_tls(self, context: ssl.SSLContext, *, seconds: float) -> BaseException | None:
        """Begin TLS and wait for the end of the handshake; give what went wrong. Raises ValueError."""
        if self._unread:
            raise ValueError("octets stand in the clear before the handshake")
        handshake: asyncio.Future[BaseException | None] = self._loop.create_future()

        def on_handshake(error: BaseException | None) -> None:
            self.is_lost = self._ended = error is not None
            if not handshake.done():
                handshake.set_result(error)

        self._transport = TlsLayer(
            self._transport,
            self,
            context,
            loop=self._loop,
            read_buffer=self._read_buffer,
            handshake_seconds=seconds,
            on_handshake=on_handshake,
        )
        return await handshake

    def close(self) -> None:
        """Close when all is sent."""
        self._transport.close()

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    async def closed(self) -> None:
        """Wait until the connection is closed on both sides."""
        while not self.is_lost:
            self._unread.clear()  # what comes behind the end is not kept
            await self._stirred()

    async def _stirred(self) -> None:
        self._wake = self._loop.create_future()
        try:
            await self._wake
        finally:
            self._wake = None

    def _stir(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
