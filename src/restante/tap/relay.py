"""One session between a client and a server: octets pass both ways unchanged, and an observer hears of them.

There is no socket here: asyncio hands the transports. What cannot be written yet is bounded: while one side takes
nothing more, the other is not read (`HELD_OCTETS` and one read are the most that waits). An end of what one side
says is passed on, and the other may go on speaking. Where the server is spoken to under TLS, the client's octets
wait until the handshake is over. RFC 9293 §3.6 (half-closed connections), RFC 8446 §6.1 (close_notify).

How it fails: a side that breaks off ends the session once the other has what was said to it; a handshake that fails
is a TlsFault out of `secured`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Final, cast

from restante.client.faults import TlsFault, TlsProblem
from restante.client.server import Server
from restante.client.tls import TlsChannel, fault_of, fingerprint_of
from restante.explain.wire import Reason, Side, WireObserver

__all__ = ["HELD_OCTETS", "End", "Relay", "ServerEnd"]

HELD_OCTETS: Final = 64 * 1024
"""Octets for one side that may wait to be written before the other is read no more."""


class Relay:
    """A session, from the client's connection to the end of both. `on_end` is called once, at that end."""

    def __init__(
        self, server_end: End, *, on_end: Callable[[], None], clock: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.client = End(Side.CLIENT)
        self.server = server_end
        self.last_octets_at = clock()
        """When something was last said."""
        self._clock = clock
        self._on_end = on_end
        self._observer: WireObserver | None = None
        self._stands = self._is_over = False
        self._ended_first: Side | None = None
        self._reason = ""
        for end, other in ((self.client, self.server), (self.server, self.client)):
            end.bind(self, other)

    @property
    def is_over(self) -> bool:
        """Whether both sides are closed."""
        return self._is_over

    def start(self, observer: WireObserver, *, server: str, secured: str | None = None) -> None:
        """Begin to pass octets: the connection to the server stands, and so does its TLS if it has any."""
        if self._is_over:
            return
        self._observer, self._stands = observer, True
        now = self._clock()
        observer.connected(server, at_seconds=now)
        if secured is not None:
            observer.secured(secured, at_seconds=now)
        for end in (self.server, self.client):
            end.release()

    def stop(self, reason: str) -> None:
        """End the session at once. What was not written is lost.

        `reason` is a `Reason`, and more in English behind a colon where there is more to say.
        """
        self._reason = self._reason or reason
        for end in (self.client, self.server):
            end.abort()
        self._finish()

    # --- what the ends tell -----------------------------------------------------------------------------------

    @property
    def stands(self) -> bool:
        """Whether octets may pass."""
        return self._stands

    def passes(self, side: Side, octets: bytes) -> None:
        """Hear octets on their way."""
        self.last_octets_at = self._clock()
        if self._observer is not None:
            self._observer.octets(side, octets, at_seconds=self.last_octets_at)

    def said_all(self, side: Side) -> None:
        """Hear that a side will say nothing more."""
        if self._ended_first is None:
            self._ended_first = side
        if self.client.has_ended and self.server.has_ended:
            self.client.close()
            self.server.close()

    def lost(self, side: Side, error: Exception | None) -> None:
        """Hear that a side is closed."""
        if self._ended_first is None:
            self._ended_first = side
        if error is not None and not self._reason:
            self._reason = Reason.RESET if isinstance(error, ConnectionError) else Reason.BROKE
        if not self._stands:
            self.stop(self._reason)
        elif self.client.is_closed and self.server.is_closed:
            self._finish()
        else:
            (self.server if side is Side.CLIENT else self.client).close()

    def _finish(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._observer is not None:
            self._observer.closed(self._ended_first, self._reason, at_seconds=self._clock())
        self._on_end()


class End(asyncio.Protocol):
    """One side of a session, as octets come from it and go to it."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.has_ended = self.is_closed = False
        self._said_end = False
        self._transport: asyncio.Transport | None = None
        self._relay: Relay
        self._other: End
        self._early = bytearray()
        """What came before the session stood: no more than one read, since reading pauses then."""

    def bind(self, relay: Relay, other: End) -> None:
        """Belong to a session."""
        self._relay, self._other = relay, other

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection, or was one."""
        return self._transport is not None

    @property
    def peer(self) -> str:
        """The address from which this side comes; empty where it has none."""
        name = self._transport.get_extra_info("peername") if self._transport is not None else None
        return str(name[0]) if isinstance(name, tuple) else ""

    # --- what asyncio tells -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; nothing is read until the session stands."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HELD_OCTETS)
        if self._relay.is_over:
            self._transport.abort()
        else:
            self._transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Pass octets on."""
        self.came(data)

    def eof_received(self) -> bool:
        """Pass the end on; this side is still written to."""
        self.ended()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that this side is gone."""
        self.is_closed = self.has_ended = True
        self._relay.lost(self.side, exc)

    def pause_writing(self) -> None:
        """Let the other side wait: this one takes nothing more."""
        self._other.pause()

    def resume_writing(self) -> None:
        """Go on with the other side."""
        if self._relay.stands:
            self._other.resume()

    # --- what the session asks --------------------------------------------------------------------------------

    def came(self, octets: bytes) -> None:
        """Take octets of this side, as it said them."""
        if not octets:
            return
        if not self._relay.stands:
            self._early += octets
            return
        self._relay.passes(self.side, octets)
        self._other.write(octets)

    def ended(self) -> None:
        """Take the end of what this side says."""
        if self.has_ended:
            return
        self.has_ended = True
        if self._relay.stands:
            self._pass_end_on()

    def release(self) -> None:
        """Pass on what came early, and read."""
        self.resume()
        early = bytes(self._early)
        self._early.clear()
        self.came(early)
        if self.has_ended:
            self._pass_end_on()

    def write(self, octets: bytes) -> None:
        """Say octets to this side."""
        if octets and self._transport is not None and not self._said_end and not self._transport.is_closing():
            self._transport.write(octets)

    def write_end(self) -> None:
        """Say to this side that nothing more will come."""
        if self._transport is not None and not self._said_end and not self._transport.is_closing():
            self._said_end = True
            # Who has reset the connection cannot be told; asyncio tells of that next.
            with contextlib.suppress(OSError):
                self._transport.write_eof()

    def pause(self) -> None:
        """Read nothing from this side."""
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read from this side."""
        if self._transport is not None and not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    def close(self) -> None:
        """Close, once what waits is written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _pass_end_on(self) -> None:
        self._other.write_end()
        self._relay.said_all(self.side)


class ServerEnd(End):
    """The server's side under TLS, of which we are the client. `secured` is done when the handshake is over."""

    def __init__(self, server: Server, context: ssl.SSLContext) -> None:
        super().__init__(Side.SERVER)
        self.secured: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._server = server
        self._channel = TlsChannel(context, server.host)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        super().connection_made(transport)
        if not self._relay.is_over:
            self.resume()
            self._shake_hands()

    def data_received(self, data: bytes) -> None:
        """Take TLS off."""
        self._channel.receive(data)
        if not self.secured.done():
            self._shake_hands()
        if self.secured.done() and not self.secured.cancelled() and self.secured.exception() is None:
            self._decrypt()

    def eof_received(self) -> bool:
        """Pass the end on, in the handshake as its failure."""
        self._channel.receive(b"")
        if self.secured.done():
            self.ended()
        else:
            self._shake_hands()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that the server is gone."""
        if not self.secured.done():
            self._fail(exc or ConnectionResetError())
        super().connection_lost(exc)

    def write(self, octets: bytes) -> None:
        """Say octets under TLS."""
        try:
            super().write(self._channel.encrypt(octets))
        except ssl.SSLError as error:
            self._broke(error)

    def write_end(self) -> None:
        """Say that nothing more will come, to TLS and to TCP."""
        super().write(self._channel.close())
        super().write_end()

    def close(self) -> None:
        """Close, and let TLS say so."""
        super().write(self._channel.close())
        super().close()

    def _decrypt(self) -> None:
        try:
            octets = self._channel.decrypt()
        except ssl.SSLError as error:
            self._broke(error)
            return
        # The keys of TLS 1.3 may be renewed on the way, which wants an answer.
        super().write(self._channel.to_send())
        self.came(octets)
        if self._channel.ended:
            self.ended()

    def _broke(self, error: ssl.SSLError) -> None:
        said = (error.reason or "unknown").lower().replace("_", " ")
        self._relay.stop(f"{Reason.TLS_BROKE}: {said}")

    def _shake_hands(self) -> None:
        try:
            done = self._channel.shake_hands()
        except (ssl.SSLError, ssl.CertificateError) as error:
            super().write(self._channel.to_send())  # the alert that says why
            self._fail(error)
            return
        super().write(self._channel.to_send())
        if not done:
            return
        if self._server.fingerprint is None:
            self.secured.set_result(f"{self._channel.description}, certificate for {self._server.host}")
        elif (fault := self._not_pinned()) is None:
            self.secured.set_result(f"{self._channel.description}, pinned certificate")
        else:
            self._refuse(fault)
        self.pause()

    def _not_pinned(self) -> TlsFault | None:
        certificate = self._channel.certificate
        told = None if certificate is None else fingerprint_of(certificate)
        if told is not None and bytes.fromhex(told.replace(":", "")) == self._server.pinned:
            return None
        return TlsFault(
            f"the certificate of {self._server.address} is not the pinned one, but {told}; "
            "if its owner says that this is the new one, pin it, else somebody is in between",
            server=self._server.address,
            problem=TlsProblem.OTHER_FINGERPRINT,
            fingerprint=told,
        )

    def _fail(self, error: Exception) -> None:
        if not self.secured.done():
            self._refuse(fault_of(self._server, self._channel.certificate, error))

    def _refuse(self, fault: TlsFault) -> None:
        self.secured.set_exception(fault)
        # Who waited may have gone away: then nobody asks for it, and that is no mistake to be logged.
        self.secured.exception()
