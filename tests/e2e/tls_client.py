"""A client whose TLS a test drives octet by octet, over real sockets on both event loops, for STLS and STARTTLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import pytest
import trustme
import uvloop

WAIT_SECONDS: Final = 6
"""After this a test gives up; what it waits for comes at once."""

CA: Final = trustme.CA()
NAME: Final = "pop.example.org"

LOOPS: Final = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
RST_ON_CLOSE: Final = struct.pack("ii", 1, 0)


Run = Callable[[Awaitable[None]], None]


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert(NAME).configure_cert(context)
    return context


def client_context(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    CA.configure_trust(context)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


@dataclass
class Client:
    """A client that decides about each octet: what goes out in one write, and when TLS begins."""

    socket: socket.socket
    plain: bytearray = field(default_factory=bytearray)
    """What came and was not read."""
    tls: ssl.SSLObject | None = None
    incoming: ssl.MemoryBIO = field(default_factory=ssl.MemoryBIO)
    outgoing: ssl.MemoryBIO = field(default_factory=ssl.MemoryBIO)

    async def send(self, octets: bytes) -> None:
        """Send a piece, under TLS once that is there."""
        if self.tls is not None:
            self.tls.write(octets)
            octets = self.outgoing.read()
        await self.send_raw(octets)

    async def send_raw(self, octets: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, octets)

    async def receive(self) -> bool:
        """Take what comes next; False at the end."""
        try:
            octets = await asyncio.get_running_loop().sock_recv(self.socket, 65536)
        except ConnectionError:
            return False
        if self.tls is None:
            self.plain += octets
            return bool(octets)
        if octets:
            self.incoming.write(octets)
        self.open_records()
        return bool(octets)

    def open_records(self) -> None:
        """Read what is there under TLS."""
        assert self.tls is not None
        with suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            while part := self.tls.read(65536):
                self.plain += part

    async def line(self) -> bytes:
        """Give the next line."""
        while b"\r\n" not in self.plain:
            assert await self.receive(), f"the server closed after {bytes(self.plain)!r}"
        line, _, rest = bytes(self.plain).partition(b"\r\n")
        self.plain[:] = rest
        return line

    async def say(self, command: str) -> bytes:
        """Send a command and give the first line of its answer."""
        await self.send(command.encode() + b"\r\n")
        return await self.line()

    async def rest(self) -> bytes:
        """Give all that comes until the server closes."""
        while await self.receive():
            pass
        return bytes(self.plain)

    def begin(self, context: ssl.SSLContext | None = None) -> bytes:
        """Begin TLS; give the ClientHello, unsent."""
        assert not self.plain, "octets stand behind +OK"
        self.tls = (context or client_context()).wrap_bio(self.incoming, self.outgoing, server_hostname=NAME)
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()

    async def finish(self) -> bytes:
        """Take the server's part of a handshake; give the client's last octets of it, unsent."""
        assert self.tls is not None
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                await self.send_raw(self.outgoing.read())
                octets = await asyncio.get_running_loop().sock_recv(self.socket, 65536)
                assert octets, "the server closed in the handshake"
                self.incoming.write(octets)
            else:
                # Of TLS 1.2 what the server says first may have come with the end of its handshake.
                self.open_records()
                return self.outgoing.read()

    async def shake_hands(self, context: ssl.SSLContext | None = None) -> None:
        await self.send_raw(self.begin(context))
        await self.send_raw(await self.finish())

    def reset(self) -> None:
        """Break the connection off with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        self.socket.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.002)


async def turns(count: int) -> None:
    """Let the server have so many turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


def run_on_a_loop(request: pytest.FixtureRequest) -> Callable[[Awaitable[None]], None]:
    """Run a coroutine on each of the event loops."""

    async def bounded(work: Awaitable[None]) -> None:
        async with asyncio.timeout(3 * WAIT_SECONDS):
            await work

    def runner(work: Awaitable[None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as on:
            on.run(bounded(work))

    return runner


run_fixture = pytest.fixture(params=list(LOOPS.values()), ids=list(LOOPS))(run_on_a_loop)
"""To be named `run` in a module of tests."""

BEHIND: Final = {
    "a command": b"NOOP\r\n",
    "a login": b"USER Ted\r\nPASS SECRET\r\n",
    "one octet": b"Q",
    "an empty line": b"\r\n",
}


async def spoil_with_plain_text(client: Client) -> None:
    await client.send_raw(b"NOOP\r\n" * 20)


async def spoil_with_an_end(client: Client) -> None:
    await client.send_raw(client.begin()[:40])
    client.socket.shutdown(socket.SHUT_WR)


async def spoil_with_an_end_at_once(client: Client) -> None:
    client.socket.shutdown(socket.SHUT_WR)


async def spoil_with_a_reset(client: Client) -> None:
    await client.send_raw(client.begin()[:40])
    await turns(5)
    client.reset()


async def spoil_by_a_reset_after_the_hello(client: Client) -> None:
    await client.send_raw(client.begin())
    await turns(5)
    client.reset()


async def spoil_by_silence(client: Client) -> None:
    await client.send_raw(client.begin()[:40])


async def spoil_by_distrust(client: Client) -> None:
    await client.send_raw(client.begin(ssl.create_default_context()))
    with pytest.raises(ssl.SSLCertVerificationError):
        await client.finish()
    await client.send_raw(client.outgoing.read())


SPOILERS: Final = {
    "plain text": spoil_with_plain_text,
    "an end": spoil_with_an_end,
    "an end at once": spoil_with_an_end_at_once,
    "a reset": spoil_with_a_reset,
    "a reset after the hello": spoil_by_a_reset_after_the_hello,
    "silence": spoil_by_silence,
    "distrust": spoil_by_distrust,
}
