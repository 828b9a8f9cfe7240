"""The face for blocking code: `connect`, `Maildrop` and `Message`, and the pump that drives operations.

The same as for asyncio, word for word, without `await`; a maildrop may be used by several threads. An exception
that interrupts an operation in the middle (Ctrl-C) closes the connection, since a reply is still on its way.
"""

from __future__ import annotations

import math
import secrets
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from types import TracebackType
from typing import Concatenate, Final, Never, ParamSpec, Self, TypeVar, assert_never

from restante.client import operations, parsing, retrieving
from restante.client.faults import ClientFault
from restante.client.opening import opened
from restante.client.server import Login, Server
from restante.client.session import Listed, Session
from restante.client.wants import Close, Compute, Give, Open, Operation, Pause, Read, Returned, Stream, Want, Write
from restante.explain.wire import WireObserver
from restante.proto.terms import UniqueId

__all__ = ["Maildrop", "Message", "connect"]

P = ParamSpec("P")
T = TypeVar("T")
G = TypeVar("G")

_READ_OCTETS: Final = 64 * 1024
_WRITE_SECONDS: Final = 60.0
"""For a window of commands to be taken by the system; it is at most a few KiB."""


class Pump:
    """Drives operations on a socket."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._seconds = 0
        self._buffer = memoryview(bytearray(_READ_OCTETS))
        self._lock = threading.RLock()

    @property
    def descriptor(self) -> int | None:
        """The socket's number, None where there is none."""
        return None if self._socket is None else self._socket.fileno()

    def run(self, operation: Operation[T]) -> T:
        """Run an operation to its end."""
        with self._lock:
            end: Give[Never] | Returned[T] = self._advance(operation)
        if isinstance(end, Give):
            raise TypeError("an operation gives nothing on its way")
        return end.value

    def iterate(self, stream: Stream[G]) -> Iterator[G]:
        """Give what a stream gives. Others may use the connection in between."""
        try:
            while True:
                with self._lock:
                    given = self._advance(stream)
                if isinstance(given, Returned):
                    return
                yield given.item
        finally:
            stream.close()

    def _advance(self, operation: Generator[Want | Give[G], bytes, T]) -> Give[G] | Returned[T]:
        """Go on until the operation gives something or ends."""
        try:
            want = next(operation)
            while not isinstance(want, Give):
                try:
                    octets = self._meet(want)
                except OSError as error:
                    want = operation.throw(error)
                else:
                    want = operation.send(octets)
            return want
        except StopIteration as end:
            return Returned(end.value)
        except (KeyboardInterrupt, SystemExit):
            self._close()
            raise

    def _meet(self, want: Want) -> bytes:
        match want:
            case Read(seconds=seconds):
                return self._buffer[: self._standing(seconds).recv_into(self._buffer)].tobytes()
            case Write(octets=octets):
                self._standing(_WRITE_SECONDS).sendall(octets)
            case Open():
                self._open(want)
            case Pause(seconds=seconds):
                time.sleep(seconds)
            case Compute(call=call):
                call()
            case Close():
                self._close()
            case _:
                assert_never(want)
        return b""

    def _standing(self, seconds: float) -> socket.socket:
        """Give the socket, with the time that a call on it may take: set anew, by the second, only where it
        differs.

        Setting it costs as much as reading.
        """
        if self._socket is None:
            raise ConnectionResetError("the connection has ended")
        rounded = max(1, math.ceil(seconds))
        if rounded != self._seconds:
            self._seconds = rounded
            self._socket.settimeout(rounded)
        return self._socket

    def _open(self, want: Open) -> None:
        if want.proxy is None:
            self._socket = socket.create_connection((want.host, want.port), want.seconds)
        else:
            self._socket = _through(want.proxy, want)
        self._seconds = 0
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _through(proxy: str, want: Open) -> socket.socket:
    # Few need it, and it takes time to import.
    from python_socks import ProxyError, ProxyTimeoutError
    from python_socks.sync import Proxy

    try:
        return Proxy.from_url(proxy, rdns=True).connect(want.host, want.port, timeout=want.seconds)
    except ProxyTimeoutError as error:
        raise TimeoutError from error
    except ProxyError as error:
        raise ConnectionRefusedError(None, str(error)) from error


# --- the face -----------------------------------------------------------------------------------------------------


def _asked(operation: Callable[Concatenate[Session, P], Operation[T]]) -> Callable[Concatenate[Maildrop, P], T]:
    @wraps(operation)
    def ask(maildrop: Maildrop, /, *arguments: P.args, **named: P.kwargs) -> T:
        return maildrop.pump.run(operation(maildrop.session, *arguments, **named))

    return ask


def _streamed(
    stream: Callable[Concatenate[Session, P], Stream[G]],
) -> Callable[Concatenate[Maildrop, P], Iterator[G]]:
    @wraps(stream)
    def iterate(maildrop: Maildrop, /, *arguments: P.args, **named: P.kwargs) -> Iterator[G]:
        return maildrop.pump.iterate(stream(maildrop.session, *arguments, **named))

    return iterate


def _message_asked(
    operation: Callable[Concatenate[Session, Listed, P], Operation[T]],
) -> Callable[Concatenate[Message, P], T]:
    @wraps(operation)
    def ask(message: Message, /, *arguments: P.args, **named: P.kwargs) -> T:
        maildrop = message.maildrop
        return maildrop.pump.run(operation(maildrop.session, message, *arguments, **named))

    return ask


class Message(Listed):
    """A message of an open maildrop, known by its unique-id."""

    __slots__ = ("maildrop",)

    maildrop: Maildrop

    read = _message_asked(retrieving.read)
    peek = _message_asked(retrieving.peek)
    headers = _message_asked(parsing.headers)
    email = _message_asked(parsing.email)
    mark_deleted = _message_asked(operations.mark_deleted)

    def stream(self) -> Iterator[bytes]:
        """Retrieve the message in chunks, as they come; no more than one is held. Read to the end, or close."""
        return self.maildrop.pump.iterate(retrieving.stream(self.maildrop.session, self))


class Maildrop:
    """An open maildrop. `with` says QUIT at a good end, and closes without it when an exception leaves."""

    stat = _asked(operations.stat)
    mark_many = _asked(operations.mark_many)
    reset = _asked(operations.reset)
    noop = _asked(operations.noop)
    keep_alive = _asked(operations.keep_alive)
    capabilities = _asked(operations.capabilities)
    raw = _asked(operations.raw)
    quit = _asked(operations.quit_session)
    close = _asked(operations.close)
    read_many = _streamed(retrieving.read_many)
    peek_many = _streamed(retrieving.peek_many)

    def __init__(self, pump: Pump, session: Session) -> None:
        self.pump = pump
        self.session = session
        self._messages: dict[UniqueId, Message] | None = None

    @property
    def utf8(self) -> bool:
        """Whether the server gives messages with UTF-8 in their headers as they are (RFC 6856)."""
        return self.session.utf8

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.quit()
        else:
            self.close()

    @contextmanager
    def kept_alive(self, after_seconds: float = 60.0) -> Iterator[None]:
        """Send NOOP whenever nothing was sent for so long, as long as the block lasts.

        A fault that it meets is not raised here; the next operation meets it too.
        """
        stop = threading.Event()

        def keep() -> None:
            with suppress(ClientFault):
                while not stop.wait(after_seconds / 4):
                    self.keep_alive(after_seconds)

        thread = threading.Thread(target=keep)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def messages(self) -> Iterator[Message]:
        """Give all messages, in the order of the maildrop."""
        yield from self._listed().values()

    def find(self, unique_id: UniqueId | bytes) -> Message | None:
        """Give the message of that unique-id, or None."""
        return self._listed().get(UniqueId(unique_id))

    def _listed(self) -> dict[UniqueId, Message]:
        if self._messages is None:
            listing = self.pump.run(operations.listing(self.session))
            self._messages = {listed.unique_id: _message(self, listed) for listed in listing}
        return self._messages


def _message(maildrop: Maildrop, listed: Listed) -> Message:
    message = Message(unique_id=listed.unique_id, octets=listed.octets, number=listed.number)
    object.__setattr__(message, "maildrop", maildrop)
    return message


def connect(
    server: Server | str,
    *,
    login: Login | None,
    utf8: bool = True,
    patience_seconds: float = 0.0,
    observe: WireObserver | None = None,
) -> Maildrop:
    """Connect to a server, secure the connection, and log in.

    A string is the name of a server with TLS on its usual port. Without a login nothing but `raw`, `capabilities`
    and `quit` make sense. `utf8` asks for messages with UTF-8 in their headers as they are, where the server can.
    `patience_seconds` is how long to try again when the maildrop is in use or the login came too early. Raises
    ClientFault, UnusableArgument.
    """
    pump = Pump()
    session = pump.run(
        opened(
            Server(host=server) if isinstance(server, str) else server,
            login,
            utf8=utf8,
            patience_seconds=patience_seconds,
            clock=time.monotonic,
            entropy=secrets.token_bytes,
            observe=observe,
        )
    )
    return Maildrop(pump, session)
