"""What a connection needs of the server it belongs to."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from restante.doors.gate import Entry
from restante.proto.server import ServerProtocol
from restante.server.services import Services
from restante.server.session import Session

if TYPE_CHECKING:
    from restante.server.connection import Connection

__all__ = ["House"]


class House(Protocol):
    """What a connection needs of the server it belongs to."""

    @property
    def services(self) -> Services:
        """What all sessions share."""
        ...

    @property
    def read_buffer(self) -> memoryview:
        """Where reads land. One for all connections: what is read is taken out before the next one reads."""
        ...

    @property
    def wants_wire(self) -> bool:
        """Whether the wire is to be told of, as it was when that was last looked at."""
        ...

    def admit(self, connection: Connection) -> None:
        """Take note of a connection that begins."""
        ...

    def dismiss(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        ...

    def new_session(self, protocol: ServerProtocol, peer: str, entry: Entry) -> Session:
        """Make the session of a connection."""
        ...

    def keep(self, work: Coroutine[Any, Any, None]) -> None:  # Any: what asyncio's tasks yield and are sent
        """Run work that must wait, and hold it until it ends."""
        ...
