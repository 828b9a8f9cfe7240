"""The face for asyncio: `connect`, `Maildrop` and `Message`, and the pump that drives operations.

All that is POP3 is in the operations; here is how their wants are met by an event loop: a `Protocol` that keeps
what came until it is asked for and stops reading when that is much, and a lock, so that several tasks may use one
maildrop. A task that is cancelled in the middle of an operation closes the connection, since a reply is still on
its way.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, suppress
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, Final, Never, ParamSpec, Self, TypeVar, assert_never, cast

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
_FAREWELL_SECONDS: Final = 1.0
_HELD_OCTETS: Final = 512 * 1024
"""How much may have come and not been asked for before reading stops."""


class _Wire(asyncio.BufferedProtocol):
    """One connection: what came and was not asked for yet, and who waits."""

    def __init__(self) -> None:
        # A buffer of our own: a fresh one for each read costs more than the read.
        self._buffer = memoryview(bytearray(_READ_OCTETS))
        self.transport: asyncio.Transport | None = None
        self._came: deque[bytes] = deque()
        self._octets = 0
        self._paused = False
        self._ended = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asserted: the transports of uvloop are no children of asyncio's.
        self.transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._came.append(self._buffer[:nbytes].tobytes())
        self._octets += nbytes
        if self._octets > _HELD_OCTETS and not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._error = True, exc
        if not self._lost.done():
            self._lost.set_result(None)
        self._wake()

    async def read(self, seconds: float) -> bytes:
        if not self._came:
            if not self._ended:
                await self._wait(seconds)
            if not self._came:
                if self._error is not None:
                    raise self._error
                return b""
        if self._paused and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        self._octets = 0
        octets = self._came.popleft() if len(self._came) == 1 else b"".join(self._came)
        self._came.clear()
        return octets

    async def close(self) -> None:
        """Close, and wait until it is done; what a server does not take in a second it will not get."""
        if self.transport is None:
            return
        self.transport.close()
        if not self._lost.done():
            await asyncio.wait({self._lost}, timeout=_FAREWELL_SECONDS)
            self.transport.abort()

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = loop.call_later(seconds, self._too_late, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @staticmethod
    def _too_late(waiter: asyncio.Future[None]) -> None:
        if not waiter.done():
            waiter.set_exception(TimeoutError())


class Pump:
    """Drives operations on an event loop."""

    def __init__(self) -> None:
        self._wire: _Wire | None = None
        self._lock = asyncio.Lock()

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation to its end."""
        async with self._lock:
            end: Give[Never] | Returned[T] = await self._advance(operation)
        if isinstance(end, Give):
            raise TypeError("an operation gives nothing on its way")
        return end.value

    async def iterate(self, stream: Stream[G]) -> AsyncIterator[G]:
        """Give what a stream gives. Others may use the connection in between."""
        try:
            while True:
                async with self._lock:
                    given = await self._advance(stream)
                if isinstance(given, Returned):
                    return
                yield given.item
        finally:
            stream.close()

    async def _advance(self, operation: Generator[Want | Give[G], bytes, T]) -> Give[G] | Returned[T]:
        """Go on until the operation gives something or ends."""
        try:
            want = next(operation)
            while not isinstance(want, Give):
                try:
                    octets = await self._meet(want)
                except OSError as error:
                    want = operation.throw(error)
                else:
                    want = operation.send(octets)
            return want
        except StopIteration as end:
            return Returned(end.value)
        except asyncio.CancelledError:
            self._abort()
            raise

    async def _meet(self, want: Want) -> bytes:
        match want:
            case Read(seconds=seconds):
                return await self._standing().read(seconds)
            case Write(octets=octets):
                wire = self._standing()
                if wire.transport is None or wire.transport.is_closing():
                    raise ConnectionResetError("the connection has ended")
                wire.transport.write(octets)
            case Open():
                await self._open(want)
            case Pause(seconds=seconds):
                await asyncio.sleep(seconds)
            case Compute(call=call):
                await asyncio.to_thread(call)
            case Close():
                closing, self._wire = self._wire, None
                if closing is not None:
                    await closing.close()
            case _:
                assert_never(want)
        return b""

    def _standing(self) -> _Wire:
        if self._wire is None:
            raise ConnectionResetError("the connection has ended")
        return self._wire

    async def _open(self, want: Open) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(want.seconds):
            if want.proxy is None:
                _, self._wire = await loop.create_connection(_Wire, want.host, want.port)
            else:
                sock = await _through(want.proxy, want)
                _, self._wire = await loop.create_connection(_Wire, sock=sock)

    def _abort(self) -> None:
        if self._wire is not None and self._wire.transport is not None:
            self._wire.transport.abort()
            self._wire = None


async def _through(proxy: str, want: Open) -> socket.socket:
    # Few need it, and it takes time to import.
    from python_socks import ProxyError
    from python_socks.async_.asyncio import Proxy

    try:
        return await Proxy.from_url(proxy, rdns=True).connect(want.host, want.port)
    except ProxyError as error:
        raise ConnectionRefusedError(None, str(error)) from error


# --- the face -----------------------------------------------------------------------------------------------------


def _asked(
    operation: Callable[Concatenate[Session, P], Operation[T]],
) -> Callable[Concatenate[Maildrop, P], Coroutine[Any, Any, T]]:  # Any: as asyncio types coroutines
    @wraps(operation)
    async def ask(maildrop: Maildrop, /, *arguments: P.args, **named: P.kwargs) -> T:
        return await maildrop.pump.run(operation(maildrop.session, *arguments, **named))

    return ask


def _streamed(
    stream: Callable[Concatenate[Session, P], Stream[G]],
) -> Callable[Concatenate[Maildrop, P], AsyncIterator[G]]:
    @wraps(stream)
    def iterate(maildrop: Maildrop, /, *arguments: P.args, **named: P.kwargs) -> AsyncIterator[G]:
        return maildrop.pump.iterate(stream(maildrop.session, *arguments, **named))

    return iterate


def _message_asked(
    operation: Callable[Concatenate[Session, Listed, P], Operation[T]],
) -> Callable[Concatenate[Message, P], Coroutine[Any, Any, T]]:  # Any: as asyncio types coroutines
    @wraps(operation)
    async def ask(message: Message, /, *arguments: P.args, **named: P.kwargs) -> T:
        maildrop = message.maildrop
        return await maildrop.pump.run(operation(maildrop.session, message, *arguments, **named))

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

    def stream(self) -> AsyncIterator[bytes]:
        """Retrieve the message in chunks, as they come; no more than one is held. Read to the end, or close."""
        return self.maildrop.pump.iterate(retrieving.stream(self.maildrop.session, self))


class Maildrop:
    """An open maildrop. `async with` says QUIT at a good end, and closes without it when an exception leaves."""

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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.quit()
        else:
            await self.close()

    @asynccontextmanager
    async def kept_alive(self, after_seconds: float = 60.0) -> AsyncIterator[None]:
        """Send NOOP whenever nothing was sent for so long, as long as the block lasts.

        A fault that it meets is not raised here; the next operation meets it too.
        """
        stop = asyncio.Event()

        async def keep() -> None:
            with suppress(ClientFault):
                while not stop.is_set():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(after_seconds / 4):
                            await stop.wait()
                            return
                    await self.keep_alive(after_seconds)

        task = asyncio.create_task(keep())
        try:
            yield
        finally:
            stop.set()
            await task

    async def messages(self) -> AsyncIterator[Message]:
        """Give all messages, in the order of the maildrop."""
        for message in (await self._listed()).values():
            yield message

    async def find(self, unique_id: UniqueId | bytes) -> Message | None:
        """Give the message of that unique-id, or None."""
        return (await self._listed()).get(UniqueId(unique_id))

    async def _listed(self) -> dict[UniqueId, Message]:
        if self._messages is None:
            listing = await self.pump.run(operations.listing(self.session))
            self._messages = {listed.unique_id: _message(self, listed) for listed in listing}
        return self._messages


def _message(maildrop: Maildrop, listed: Listed) -> Message:
    message = Message(unique_id=listed.unique_id, octets=listed.octets, number=listed.number)
    object.__setattr__(message, "maildrop", maildrop)
    return message


async def connect(
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
    session = await pump.run(
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
