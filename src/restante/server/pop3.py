"""The POP3 server of one process: it makes connections, counts them, ends the silent ones, and shuts down.

One timer for all connections looks for silence, so that an idle session costs no timer of its own.
Sources: RFC 1939 §3 (autologout), §7 (the APOP timestamp is different on each connection).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import secrets
from collections.abc import Coroutine, Iterator
from typing import Any, Final

from restante.doors.entrance import Entrance
from restante.doors.gate import Entry, Gate
from restante.doors.proxy_header import TrustedPeers
from restante.doors.sessions import SessionInfo
from restante.ports.events import Door, Outcome
from restante.proto import replies
from restante.proto.server import ServerProtocol
from restante.proto.terms import ResponseCode
from restante.server.connection import Connection
from restante.server.limits import READ_BUFFER_OCTETS
from restante.server.services import Services
from restante.server.session import Session

__all__ = ["Pop3Server"]

_SWEEP_SECONDS: Final = 1.0
"""How late an autologout may come."""

_ABORT_GRACE_SECONDS: Final = 1.0
"""At a shutdown, what the removal of a client that has gone gets when the time is over."""


class Pop3Server:
    """Makes the connections of one process, on the running loop.

    `protocol` goes to `loop.create_server`. Call `start` on the loop, and `stop` before it ends.
    """

    door = Door.POP3
    too_many = replies.err(b"too many connections; try again later", ResponseCode.SYS_TEMP)

    def __init__(
        self, services: Services, *, gate: Gate | None = None, trusted_proxies: TrustedPeers | None = None
    ) -> None:
        """Prepare; without a `gate` of its own it takes the default limits, and no proxy is trusted."""
        self.services = services
        self.tell = services.tell
        self.wants_wire = services.tell.wants_wire
        self.gate = Gate() if gate is None else gate
        self.trusted_proxies = TrustedPeers(()) if trusted_proxies is None else trusted_proxies
        self.read_buffer = memoryview(bytearray(READ_BUFFER_OCTETS))
        tls, tls_seconds = services.security.tls, services.security.tls_handshake_seconds
        self._entrance = Entrance(self, self._open, tls_seconds=tls_seconds)
        self._entrance_under_tls = (
            None if tls is None else Entrance(self, self._open, tls=tls, tls_seconds=tls_seconds)
        )
        self._connections: set[Connection] = set()
        self._works: set[asyncio.Task[None]] = set()
        self._counter = itertools.count(1)
        # Ids are unique among processes and restarts by this, and among sessions by the counter.
        self._salt = base64.b32encode(secrets.token_bytes(5)).decode("ascii").lower()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        # Set at each connection that ends, while the server stops.
        self._gone: asyncio.Event | None = None

    def start(self) -> None:
        """Begin to look for silent connections."""
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(_SWEEP_SECONDS, self._sweep, loop)

    def protocol(self) -> Entrance:
        """Give the entrance of connections."""
        return self._entrance

    def protocol_under_tls(self) -> Entrance:
        """Give the entrance of connections on which TLS begins with the first octet."""
        assert self._entrance_under_tls is not None, (
            "such a socket is listened on only where there is a certificate"
        )
        return self._entrance_under_tls

    def _open(self, peer: str, entry: Entry, secured: bool) -> Connection:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()  # which asks the system, so not for each
        return Connection(self, self._loop, peer=peer, entry=entry, secured=secured)

    def __len__(self) -> int:
        """Count the connections."""
        return len(self._connections)

    async def stop(self, grace_seconds: float) -> None:
        """End all sessions: at once, but for those being answered or in UPDATE; those within grace_seconds."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace_seconds
        for connection in list(self._connections):
            connection.shut()
        self._gone = asyncio.Event()
        while self._connections and (left := deadline - loop.time()) > 0:
            self._gone.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), left)
        for connection in list(self._connections):
            connection.abort()
        # An UPDATE whose client has gone is let finish, too.
        if self._works:
            await asyncio.wait(self._works, timeout=max(_ABORT_GRACE_SECONDS, deadline - loop.time()))

    def sessions(self) -> Iterator[SessionInfo]:
        """Tell of the sessions that go on."""
        for connection in tuple(self._connections):
            yield connection.info()

    def end(self, session_id: str) -> bool:
        """End a session, as a shutdown would. False when there is none of that id."""
        for connection in tuple(self._connections):
            if connection.info().id == session_id:
                connection.shut(Outcome.ENDED)
                return True
        return False

    def sweep(self, now: float) -> None:
        """End the sessions that have been silent for too long. `now` is the loop's time."""
        for connection in list(self._connections):
            connection.sweep(now)

    def renew_wire(self) -> None:
        """Look anew whether anybody wants the wire, for the sessions that go on and for those to come.

        So a command asks nobody whether it is to be told: what watching costs is paid when it begins and ends.
        """
        wanted = self.wants_wire = self.tell.wants_wire
        for connection in self._connections:
            connection.tell_wire(wanted)

    # --- what entrances and connections need -----------------------------------------------------------

    def admit(self, connection: Connection) -> None:
        """Take note of a connection that begins."""
        self._connections.add(connection)

    def dismiss(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._connections.discard(connection)
        if self._gone is not None:
            self._gone.set()

    def new_session(self, protocol: ServerProtocol, peer: str, entry: Entry) -> Session:
        """Make a session with an id of its own and, where APOP is offered, a timestamp of its own."""
        session_id = self._salt + "%x" % next(self._counter)  # noqa: UP031 - the quickest
        timestamp = b""
        if self.services.authenticator.offers_apop():
            # Not guessable, since a digest over a timestamp that comes again could be replayed.
            unique = f"{os.getpid()}.{session_id}.{secrets.token_hex(8)}"
            timestamp = f"<{unique}@{self.services.hostname}>".encode("ascii", "replace")
        return Session(
            services=self.services,
            protocol=protocol,
            session_id=session_id,
            peer=peer,
            timestamp=timestamp,
            entry=entry,
        )

    def keep(self, work: Coroutine[Any, Any, None]) -> None:  # Any: as asyncio types coroutines
        """Run work that must wait, and hold it until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeper = loop.call_later(_SWEEP_SECONDS, self._sweep, loop)
        self.sweep(loop.time())
