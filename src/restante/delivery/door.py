"""A door through which mail comes in: lets clients in, makes their sessions, tells of them, ends them.

It does not listen: the caller hands `protocol` to `loop.create_server` or `create_unix_server`, under asyncio or
uvloop alike, and stops listening before it closes the door.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from functools import partial
from typing import ClassVar, Final

from restante.delivery.limits import READ_OCTETS
from restante.delivery.services import Services
from restante.delivery.session import MailSession
from restante.delivery.stream import Stream
from restante.doors.entrance import Entrance
from restante.doors.gate import Entry, Gate, GateLimits, Places
from restante.doors.proxy_header import TrustedPeers
from restante.doors.sessions import SessionInfo
from restante.ports.events import Door, FaultMet, Listener, Outcome

__all__ = ["MailDoor"]

_ENDED: Final = "421 4.3.2 The session was ended by the administrator"


class MailDoor:
    """What the doors share."""

    session: ClassVar[type[MailSession]]

    def __init__(
        self, services: Services, *, places: Places | None = None, trusted_proxies: TrustedPeers | None = None
    ) -> None:
        """Prepare. `places` tells whom an address stands for; without `trusted_proxies` no header is read.

        Raises ValueError when a message of the greatest length would never find room in the receiver.
        """
        limits, room = services.limits, services.receiver.room
        if limits.message_octets > room.limit:
            raise ValueError(
                f"messages of {limits.message_octets} octets are announced, but {room.limit}"
                " are held at most: lower the one or raise the other"
            )
        self._services = services
        self.gate = Gate(
            GateLimits(
                in_all=limits.connections,
                each_address=limits.connections_per_address,
                each_account=limits.connections_per_account,
            ),
            place_of=places,
        )
        self.trusted_proxies = TrustedPeers(()) if trusted_proxies is None else trusted_proxies
        self.too_many = f"421 4.3.2 {services.hostname} is busy; try again later\r\n".encode("ascii", "replace")
        self.read_buffer = memoryview(bytearray(READ_OCTETS))
        tls = services.security.tls
        self._entrance = self._make_entrance(None)
        self._entrance_under_tls = None if tls is None else self._make_entrance(tls)
        # By id; a session is here from its first octet to its last.
        self._sessions: dict[str, MailSession] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._all_gone = asyncio.Event()
        self._all_gone.set()

    @property
    def door(self) -> Door:
        """Which door it is."""
        return self.session.door

    @property
    def tell(self) -> Listener:
        """Where events go."""
        return self._services.tell

    def requires_login(self, *, under_tls: bool) -> bool:
        """Tell whether nobody may send without a login; `under_tls`: where TLS begins with the first octet."""
        return False

    def protocol(self) -> Entrance:
        """Give the entrance of connections."""
        return self._entrance

    def protocol_under_tls(self) -> Entrance:
        """Give the entrance of connections on which TLS begins with the first octet."""
        assert self._entrance_under_tls is not None, (
            "such a socket is listened on only where there is a certificate"
        )
        return self._entrance_under_tls

    def __len__(self) -> int:
        """Count the sessions."""
        return len(self._sessions)

    async def close(self) -> None:
        """End all sessions: the idle ones at once with 421, those with a message under way once it is answered for.

        Waits for them as long as they take; the caller bounds that, and drops what is left with the loop.
        """
        self._is_closing = True
        for session in tuple(self._sessions.values()):
            session.stop()
        await self._all_gone.wait()

    def sessions(self) -> Iterator[SessionInfo]:
        """Tell of the sessions that go on."""
        for session in tuple(self._sessions.values()):
            yield session.info()

    def end(self, session_id: str) -> bool:
        """End a session; one with a message under way once it is answered for. False: no such."""
        session = self._sessions.get(session_id)
        if session is not None:
            session.stop(Outcome.ENDED, _ENDED)
        return session is not None

    # --- connections ---------------------------------------------------------------------------------------------

    def _make_entrance(self, context: ssl.SSLContext | None) -> Entrance:
        opens = partial(self._open, self.requires_login(under_tls=context is not None))
        return Entrance(self, opens, tls=context, tls_seconds=self._services.security.tls_handshake_seconds)

    def _open(self, login_required: bool, peer: str, entry: Entry, secured: bool) -> Stream:
        loop = asyncio.get_running_loop()

        def opened() -> None:
            session = self.session(
                self._services,
                stream=stream,
                peer=peer,
                entry=entry,
                secured=secured,
                login_required=login_required,
            )
            self._sessions[session.id] = session
            self._all_gone.clear()
            if self._is_closing:
                session.stop()
            task = loop.create_task(session.run())
            self._tasks.add(task)
            task.add_done_callback(partial(self._ended, session))

        stream = Stream(loop, self.read_buffer, opened)
        return stream

    def _ended(self, session: MailSession, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._sessions.pop(session.id, None)
        if not self._sessions:
            self._all_gone.set()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            described = f"{type(error).__name__}: {error}"
            self._services.tell(
                FaultMet(session=session.id, what=f"a session of {self.door.value}", error=described)
            )
