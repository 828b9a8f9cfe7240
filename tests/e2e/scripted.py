"""A server that does what a test says, octet by octet: one function for each connection, in a thread of its own.

Whatever the client sent is kept in `heard`. A function that goes on for ever is stopped by the client, which closes
the connection, or by the end of the test.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

__all__ = ["Peer", "ScriptedServer"]

WAIT_SECONDS: Final = 60.0


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket, heard: bytearray) -> None:
        self._socket = connection
        self._unread = b""
        self._heard = heard

    def say(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def say_for_ever(self, octets: bytes) -> None:
        while True:
            self._socket.sendall(octets)

    def hear(self) -> bytes:
        """Wait for a line; gives it without its end, and nothing at all where the client closed."""
        while b"\r\n" not in self._unread:
            came = self._socket.recv(65536)
            if not came:
                return b""
            self._heard += came
            self._unread += came
        line, _, self._unread = self._unread.partition(b"\r\n")
        return line

    def hear_all(self) -> None:
        """Hear until the client closes."""
        while came := self._socket.recv(65536):
            self._heard += came

    def answer(self, *replies: bytes) -> None:
        """Wait for a line before each reply."""
        for reply in replies:
            self.hear()
            self.say(reply)

    def secure(self, context: ssl.SSLContext) -> None:
        """Begin TLS."""
        self._socket = context.wrap_socket(self._socket, server_side=True)

    def secure_and_say(self, context: ssl.SSLContext, octets: bytes) -> None:
        """Begin TLS, and say something in the same octets in which the handshake ends."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        channel = context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                channel.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._socket.sendall(outgoing.read())
                incoming.write(self._socket.recv(65536))
        channel.write(octets)
        self._socket.sendall(outgoing.read())


class ScriptedServer:
    """Listens on loopback from `with` to the end of the block; each connection is given to `script`."""

    def __init__(self, script: Callable[[Peer], None]) -> None:
        self._script = script
        self.heard = bytearray()
        self.connections = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept)
        self._open: list[socket.socket] = []
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A listener that is only closed goes on waiting in the other thread.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(WAIT_SECONDS)
            self._open.append(connection)
            peer = Peer(connection, self.heard)
            with contextlib.suppress(OSError):
                self._script(peer)
            with contextlib.suppress(OSError):
                peer._socket.close()
