"""TLS between a transport and a protocol, as a layer of our own.

The event loops have one, but theirs costs 256 KiB for each connection, loses on uvloop what a client sends before
the handshake was asked for, and keeps to itself why a handshake failed. Here a connection at rest costs what
OpenSSL keeps, octets that came early are handed in by whoever has them, and the failure is told.

To the transport below it is a protocol, to the protocol above a transport. Reads go through the one buffer that all
connections of the process share; what is read is decrypted at once. Flow control passes through. What is written
while the protocol above works off a read goes out when it is done, in one call of the system: the last answer and
close_notify, or, under TLS 1.2, the end of the handshake and the greeting.
How it fails: `on_handshake` hears of a handshake that did not end well, and the transport below is closed after the
alert; later a record that is not right aborts the connection, as a lost one.
Source: RFC 8446 §6.1 (close_notify).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any, ClassVar, Final, Protocol, cast

__all__ = ["TlsLayer"]

_RECORDS_OCTETS: Final = 16 * 1024
"""What one call of OpenSSL encrypts: one record at its longest. Nor is more held back."""


class _Records(Protocol):
    """An `ssl.SSLObject`, with the types that it has."""

    def do_handshake(self) -> None: ...
    def pending(self) -> int: ...
    def read(self, octets: int, buffer: Any, /) -> int: ...  # Any: whatever can be written into
    def write(self, data: bytes | bytearray | memoryview, /) -> int: ...
    def unwrap(self) -> object: ...


class TlsLayer(asyncio.BufferedProtocol, asyncio.Transport):
    """One connection's TLS, the server's side."""

    __slots__ = (
        "_above",
        "_below",
        "_busy",
        "_handshaken",
        "_incoming",
        "_loop",
        "_on_handshake",
        "_outgoing",
        "_read_buffer",
        "_reading",
        "_records",
        "_timer",
    )

    data_received: ClassVar[None] = None  # as in Entrance

    def __init__(
        self,
        below: asyncio.Transport,
        above: asyncio.BufferedProtocol,
        context: ssl.SSLContext,
        *,
        loop: asyncio.AbstractEventLoop,
        read_buffer: memoryview,
        handshake_seconds: float,
        on_handshake: Callable[[BaseException | None], None],
        early: bytes = b"",
    ) -> None:
        """Take the place of the protocol on `below` and begin the handshake.

        `on_handshake` is called once, with None when `above` may speak, or with what went wrong. `early` is what
        the client sent already and is meant for TLS.
        """
        self._below = below
        self._above = above
        self._loop = loop
        self._read_buffer = read_buffer
        self._on_handshake: Callable[[BaseException | None], None] | None = on_handshake
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        connection = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        # Cast, since the types of the standard library have it that `read` gives octets: into a buffer, how many.
        self._records = cast("_Records", connection)
        self._handshaken = False
        self._reading = True
        # What was read is being worked off: what the protocol above asks for meanwhile is done when it returns.
        self._busy = False
        self._timer = loop.call_later(handshake_seconds, self._too_late)
        below.set_protocol(self)
        if early:
            self._incoming.write(early)
            self._go_on()

    # --- what the transport below calls --------------------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the buffer that all connections read into."""
        return self._read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came, and decrypt it."""
        self._incoming.write(self._read_buffer[:nbytes])
        self._go_on()

    def eof_received(self) -> bool:
        """End: TLS cannot be half closed."""
        self._incoming.write_eof()
        self._go_on()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on; a handshake under way has failed by it."""
        above, self._above = self._above, _NOBODY
        if self._handshaken:
            above.connection_lost(exc)
        else:
            self._handshake_failed(exc or ConnectionResetError("the connection was lost"))

    def pause_writing(self) -> None:
        """Pass it on; before the handshake is done, too, since what was sent in the clear may wait still."""
        self._above.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._above.resume_writing()

    # --- what the protocol above calls ---------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        octets = len(data)
        if 0 < octets <= _RECORDS_OCTETS - self._outgoing.pending:
            self._records.write(data)
            if not self._busy:
                self._send()
            return
        view = memoryview(data)
        for start in range(0, octets, _RECORDS_OCTETS):
            # Record by record, since the BIO never gives back the room that it once needed.
            self._send()
            self._records.write(view[start : start + _RECORDS_OCTETS])
        self._send()

    def pause_reading(self) -> None:
        """Give nothing more to the protocol above; once the handshake is done, read nothing more from below."""
        self._reading = False
        if self._handshaken:
            self._below.pause_reading()

    def resume_reading(self) -> None:
        """Go on reading, first with what was read but not taken."""
        if self._reading:
            return
        self._reading = True
        self._below.resume_reading()
        if not self._busy and (self._incoming.pending or self._records.pending()):
            self._loop.call_soon(self._go_on)

    def close(self) -> None:
        """Say that this is the end, then close when all is sent."""
        if self._handshaken and not self._below.is_closing():
            # Written is the close_notify by then; the client's is not waited for.
            with contextlib.suppress(ssl.SSLError):
                self._records.unwrap()
            self._send()
        self._below.close()

    def abort(self) -> None:
        """End the connection now; what was written before goes to the transport, which may have sent it."""
        self._send()
        self._below.abort()

    def is_closing(self) -> bool:
        """Tell whether the end has begun."""
        return self._below.is_closing()

    def is_reading(self) -> bool:
        """Tell whether octets are given to the protocol above."""
        return self._reading

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the limits of the transport below."""
        self._below.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # Any: as asyncio has it
        """Give `ssl_object`, or what the transport below knows."""
        return self._records if name == "ssl_object" else self._below.get_extra_info(name, default)

    # --- the layer -----------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        if self._busy or self._below.is_closing():
            return
        failure: ssl.SSLError | None = None
        self._busy = True
        try:
            if self._handshaken or self._shake_hands():
                self._take()
        except ssl.SSLError as error:
            failure = error
        finally:
            self._busy = False
            # After a failure it is the alert, which says to the client what is wrong.
            self._send()
        if failure is None:
            return
        if self._handshaken:
            self._below.abort()
        else:
            self._handshake_failed(failure)

    def _shake_hands(self) -> bool:
        """Go on with the handshake; tell whether it is done."""
        try:
            self._records.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self._handshaken = True
        if not self._reading:
            self._below.pause_reading()
        self._tell(None)
        return True

    def _take(self) -> None:
        """Give to the protocol above what can be decrypted, as long as it wants it."""
        above, below, incoming, records = self._above, self._below, self._incoming, self._records
        room = len(self._read_buffer)
        while self._reading and not below.is_closing():
            try:
                octets = records.read(room, above.get_buffer(-1))
            except ssl.SSLWantReadError:
                return
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                octets = 0
            if not octets:
                above.eof_received()
                self._send()
                below.close()
                return
            above.buffer_updated(octets)
            # To be told by an exception that there is no more costs as much as the decryption of a command.
            if not (incoming.pending or incoming.eof or records.pending()):
                return

    def _send(self) -> None:
        if self._outgoing.pending and not self._below.is_closing():
            self._below.write(self._outgoing.read())

    def _too_late(self) -> None:
        self._handshake_failed(TimeoutError())

    def _handshake_failed(self, error: BaseException) -> None:
        if self._on_handshake is not None:
            self._below.close()
            self._tell(error)

    def _tell(self, error: BaseException | None) -> None:
        """Tell how the handshake ended, once."""
        told, self._on_handshake = self._on_handshake, None
        self._timer.cancel()
        if told is not None:
            told(error)


_NOBODY: Final = asyncio.BufferedProtocol()
"""What is above when the connection is lost. The protocol that was there has this layer for its transport: if each
had the other, all that OpenSSL keeps for a connection would wait for the collector of cycles."""
