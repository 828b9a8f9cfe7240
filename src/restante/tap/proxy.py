"""The tap between programs: it listens, connects each client to the server, and tells what they say.

The octets pass unchanged, STLS and STARTTLS among them, after which there is nothing more to tell. It is no server:
it greets nobody, answers nothing, and knows no accounts. A client comes through only once the server is there.

Bounded: `MOST_SESSIONS` at a time, each with what `relay` holds, and `IDLE_SECONDS` without an octet. What goes
wrong with one session is one line to `complain`, and the others go on. When it is stopped, sessions have
`FINISH_SECONDS` to end by themselves, or until it is told a second time.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Callable, Sequence
from typing import Final

from restante.client.faults import TlsFault
from restante.client.server import Security, Server
from restante.client.tls import context_for, fault_of
from restante.explain.wire import Reason, Side, WireObserver
from restante.server.sockets import BoundSocket
from restante.tap.relay import End, Relay, ServerEnd

__all__ = ["FINISH_SECONDS", "IDLE_SECONDS", "MOST_SESSIONS", "Observe", "Proxy", "run"]

MOST_SESSIONS: Final = 64
"""At a time. Whoever comes beyond them is turned away."""

IDLE_SECONDS: Final = 30 * 60.0
"""Without an octet from either side. RFC 1939 §3 has a server wait ten minutes at the least, and end it itself."""

FINISH_SECONDS: Final = 30.0
"""For sessions to end by themselves when the proxy stops. As long as the server gives those in UPDATE."""

Observe = Callable[[str], WireObserver]
"""Begins the telling of a session: takes the client's address, and gives who hears of it."""


class Proxy:
    """Sessions between clients and one server."""

    def __init__(
        self,
        server: Server,
        observe: Observe,
        complain: Callable[[str], None],
        *,
        most_sessions: int = MOST_SESSIONS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Raise TlsFault where the files for TLS cannot be used."""
        self._server = server
        self._observe = observe
        self._complain = complain
        self._most_sessions = most_sessions
        self._idle_seconds = idle_seconds
        self._context = context_for(server) if server.security is Security.TLS else None
        self._sessions: set[Relay] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._none_left = asyncio.Event()
        self._none_left.set()

    def client(self) -> asyncio.Protocol:
        """Give the protocol for a client that comes: what an event loop asks for."""
        if len(self._sessions) >= self._most_sessions:
            self._complain(
                f"a client was turned away: {self._most_sessions} sessions are open, and no more go at a time; "
                "end one of them"
            )
            return _TurnedAway()
        loop = asyncio.get_running_loop()
        end = End(Side.SERVER) if self._context is None else ServerEnd(self._server, self._context)
        relay = Relay(end, on_end=lambda: self._ended(relay), clock=loop.time)
        self._sessions.add(relay)
        self._none_left.clear()
        task = loop.create_task(self._connect(relay))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        return relay.client

    @property
    def sessions(self) -> int:
        """How many go on."""
        return len(self._sessions)

    async def finish(self) -> None:
        """Wait until every session has ended by itself. Whoever waits bounds that, and calls `stop`."""
        await self._none_left.wait()

    async def stop(self) -> None:
        """End every session."""
        for task in list(self._connecting):
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for relay in list(self._sessions):
            relay.stop(Reason.PROXY_STOPPED)

    def _ended(self, relay: Relay) -> None:
        self._sessions.discard(relay)
        if not self._sessions:
            self._none_left.set()

    async def _connect(self, relay: Relay) -> None:
        server, loop = self._server, asyncio.get_running_loop()
        secured: str | None = None
        try:
            async with asyncio.timeout(server.timeouts.connect_seconds):
                await loop.create_connection(lambda: relay.server, server.host, server.real_port)
            if isinstance(relay.server, ServerEnd):
                async with asyncio.timeout(server.timeouts.tls_seconds):
                    secured = await relay.server.secured
        except TlsFault as fault:
            self._refuse(relay, f"{fault}; the client was let go")
        except OSError as error:  # TimeoutError is one
            if isinstance(relay.server, ServerEnd) and relay.server.is_connected:
                self._refuse(relay, f"{fault_of(server, None, error)}; the client was let go")
            else:
                self._refuse(relay, _unreachable(server, error))
        else:
            relay.start(self._observe(relay.client.peer), server=server.address, secured=secured)
            self._watch(relay)

    def _refuse(self, relay: Relay, why: str) -> None:
        if not relay.is_over:
            self._complain(why)
        relay.stop(Reason.NO_SERVER)

    def _watch(self, relay: Relay) -> None:
        """End the session when nothing was said for long; else look again when that can next be so."""
        if relay.is_over:
            return
        loop = asyncio.get_running_loop()
        left = relay.last_octets_at + self._idle_seconds - loop.time()
        if left > 0:
            loop.call_later(left, self._watch, relay)
        else:
            relay.stop(f"{Reason.SILENCE}: {self._idle_seconds:g} s")


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _unreachable(server: Server, error: OSError) -> str:
    if isinstance(error, TimeoutError) and error.errno is None:
        reason = f"no answer in {server.timeouts.connect_seconds:g} seconds"
    elif error.errno == errno.ECONNREFUSED:
        reason = "nobody listens there"
    elif error.errno is not None and error.errno > 0:
        reason = os.strerror(error.errno).lower()
    else:
        reason = error.strerror or str(error)
    return (
        f"cannot connect to {server.address}: {reason}; the client was let go: check the address, and whether the "
        "server runs"
    )


def run(
    proxy: Callable[[], Proxy],
    sockets: Sequence[BoundSocket],
    *,
    on_ready: Callable[[], None],
    on_stop: Callable[[int], None] = lambda sessions: None,
    finish_seconds: float = FINISH_SECONDS,
) -> None:
    """Pass sessions on until SIGTERM or SIGINT; then let those there are end, for so long or until a second one.

    `proxy` is called in the loop. `on_stop` hears how many sessions are let end, if there are any.
    """
    asyncio.run(_serve(proxy, sockets, on_ready, on_stop, finish_seconds))


async def _serve(
    make: Callable[[], Proxy],
    sockets: Sequence[BoundSocket],
    on_ready: Callable[[], None],
    on_stop: Callable[[int], None],
    finish_seconds: float,
) -> None:
    loop, told_to_stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    proxy = make()
    doors = [
        await (
            loop.create_unix_server(proxy.client, sock=bound.socket)
            if bound.address.startswith("unix:")
            else loop.create_server(proxy.client, sock=bound.socket)
        )
        for bound in sockets
    ]
    on_ready()
    await told_to_stop.wait()
    told_to_stop.clear()
    for door in doors:
        door.close()
    if proxy.sessions:
        on_stop(proxy.sessions)
        waits = [loop.create_task(proxy.finish()), loop.create_task(told_to_stop.wait())]
        await asyncio.wait(waits, timeout=finish_seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
    await proxy.stop()
