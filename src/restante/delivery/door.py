"""A door through which mail comes in: makes the sessions of one kind, bounds their number, and closes.

It does not listen: the caller hands `protocol` to `loop.create_server` or `create_unix_server`, under asyncio or
uvloop alike, and stops listening before it closes the door.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import ClassVar, cast

from restante.delivery.connection import MailConnection, Services, peer_of
from restante.delivery.limits import DoorLimits
from restante.delivery.receive import Receiver
from restante.delivery.replies import BareLineEnds
from restante.delivery.session import MailSession
from restante.ports.events import ConnectionRefused, Listener

__all__ = ["MailDoor"]


def _new_session_id() -> str:
    return secrets.token_hex(8)


class MailDoor:
    """What the doors share. `hostname` is the name the server greets with; None: the receiver's.

    Raises ValueError when a message of the greatest length would never find room in the receiver.
    """

    session: ClassVar[type[MailSession]]

    def __init__(
        self,
        receiver: Receiver,
        *,
        tell: Listener,
        limits: DoorLimits | None = None,
        hostname: str | None = None,
        bare_line_ends: BareLineEnds = BareLineEnds.NORMALISE,
        new_session_id: Callable[[], str] = _new_session_id,
    ) -> None:
        limits = limits or DoorLimits()
        if limits.message_octets > receiver.room.limit:
            raise ValueError(
                f"messages of {limits.message_octets} octets are announced, but {receiver.room.limit}"
                " are held at most: lower the one or raise the other"
            )
        self._services = Services(
            receiver=receiver,
            tell=tell,
            limits=limits,
            hostname=hostname or receiver.hostname,
            bare_line_ends=bare_line_ends,
            new_session_id=new_session_id,
            forget=self._forget,
        )
        self._sessions: set[MailConnection] = set()
        self._is_closing = False
        self._all_gone = asyncio.Event()
        self._all_gone.set()

    def protocol(self) -> asyncio.Protocol:
        """Give the protocol of a new connection; call it in the loop."""
        if self._is_closing or len(self._sessions) >= self._services.limits.connections:
            return _Refusal(self._services, self.session)
        session = self.session(self._services)
        self._sessions.add(session)
        self._all_gone.clear()
        return session

    @property
    def connections(self) -> int:
        """How many sessions there are."""
        return len(self._sessions)

    async def close(self) -> None:
        """End all sessions: the idle ones at once with 421, those with a message under way once it is answered for.

        Waits for them as long as they take; the caller bounds that, and drops what is left with the loop.
        """
        self._is_closing = True
        for session in tuple(self._sessions):
            session.stop()
        await self._all_gone.wait()

    def _forget(self, session: MailConnection) -> None:
        self._sessions.discard(session)
        if not self._sessions:
            self._all_gone.set()


class _Refusal(asyncio.Protocol):
    """Turns a client away before there is a session. Costs next to nothing, which is the point of it."""

    def __init__(self, services: Services, kind: type[MailSession]) -> None:
        self._services = services
        self._kind = kind

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = peer_of(transport)
        self._services.tell(ConnectionRefused(door=self._kind.door, peer=peer, reason="too many connections"))
        # A cast, no isinstance: uvloop's transports are of no class of asyncio's.
        wire = cast(asyncio.WriteTransport, transport)
        wire.write(f"421 4.3.2 {self._services.hostname} is busy; try again later\r\n".encode())
        wire.close()
