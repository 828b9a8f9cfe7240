"""What one serving process does: listen on the sockets it was given, until it is told to stop.

It knows doors only as things that make protocols and stop. Sources: sd_notify(3) for the words to systemd.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from restante.ports.events import Door, FaultMet, Listener, ServerStopping
from restante.server.sockets import BACKLOG, BoundSocket

__all__ = ["DoorService", "serve_doors"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorService:
    """A door, ready to serve."""

    protocol: Callable[[], asyncio.BaseProtocol]
    """Makes the protocol of a new connection."""
    protocol_under_tls: Callable[[], asyncio.BaseProtocol] | None = None
    """The same, where TLS begins with the first octet; None: not on this door."""
    stop: Callable[[float], Awaitable[None]]
    """Ends its sessions, within so many seconds."""
    count: Callable[[], int]
    """How many sessions there are."""


async def serve_doors(
    sockets: Sequence[BoundSocket],
    doors: Mapping[Door, DoorService],
    *,
    tell: Listener,
    ready: Callable[[], None],
    stop_seconds: float,
    on_hangup: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT; then take no more connections, and end those there are within stop_seconds.

    SIGHUP calls `on_hangup`. A fault that the event loop meets outside of any session is told, not written.
    """
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, on_hangup)
    loop.set_exception_handler(lambda _loop, context: _tell_stray(tell, context))
    listeners: list[asyncio.Server] = []
    for bound in sockets:
        door = doors[bound.door]
        make = door.protocol_under_tls if bound.tls else door.protocol
        assert make is not None, "sockets are bound for what their door can do"
        if bound.socket.family == socket.AF_UNIX:
            listeners.append(await loop.create_unix_server(make, sock=bound.socket, backlog=BACKLOG))
        else:
            listeners.append(await loop.create_server(make, sock=bound.socket, backlog=BACKLOG))
    ready()
    await stopping.wait()
    tell(ServerStopping(sessions=sum(door.count() for door in doors.values())))
    for listener in listeners:
        listener.close()
    await asyncio.gather(*(door.stop(stop_seconds) for door in doors.values()))


def _tell_stray(tell: Listener, context: dict[str, Any]) -> None:  # Any: what asyncio puts there
    error = context.get("exception")
    what = str(context.get("message", "the event loop"))
    tell(FaultMet(session=None, what=what, error=f"{type(error).__name__}: {error}"))
