"""STARTTLS and implicit TLS on the doors through which mail comes in: over real sockets, on both event loops."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from tests.delivery.rig import Rig
from tests.e2e.tls_client import (
    BEHIND,
    SPOILERS,
    Client,
    Run,
    client_context,
    run_fixture,
    server_context,
    turns,
    until,
)

from restante.delivery.door import MailDoor
from restante.doors.security import Security
from restante.ports.events import CommandReceived, ConnectionOpened, FaultMet, MailSessionEnded, Outcome, TlsFailed

run = run_fixture
SECURITY: Final = Security(tls=server_context())
HELLO: Final = {"smtp": "EHLO c", "lmtp": "LHLO c"}


@dataclass
class Served:
    """A door on loopback."""

    rig: Rig
    door: MailDoor
    hello: str
    address: tuple[str, int]
    stray: list[dict[str, Any]]  # Any: what the event loop says of errors that nobody took
    clients: list[Client] = field(default_factory=list)

    async def connect(self) -> Client:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Client(sock)
        self.clients.append(client)
        await asyncio.get_running_loop().sock_connect(sock, self.address)
        return client

    async def greeted(self) -> Client:
        client = await self.connect()
        assert (await client.line()).startswith(b"220 ")
        return client

    async def say_hello(self, client: Client) -> list[bytes]:
        lines = [await client.say(self.hello)]
        while lines[-1][3:4] == b"-":
            lines.append(await client.line())
        return lines

    def commands(self) -> list[bytes]:
        return [event.line for event in self.rig.heard.of(CommandReceived)]

    async def outcome(self) -> Outcome:
        await until(lambda: bool(self.rig.heard.of(MailSessionEnded)))
        (ended,) = self.rig.heard.of(MailSessionEnded)
        assert isinstance(ended.outcome, Outcome)
        return ended.outcome

    async def is_empty(self) -> None:
        await until(lambda: len(self.door) == 0 and len(self.door.gate) == 0)
        assert self.stray == []
        assert self.rig.heard.of(FaultMet) == []


@asynccontextmanager
async def serving(name: str, security: Security = SECURITY, *, implicit: bool = False) -> AsyncIterator[Served]:
    loop = asyncio.get_running_loop()
    stray: list[dict[str, Any]] = []  # Any: as in Served
    loop.set_exception_handler(lambda _loop, context: stray.append(context))
    rig = Rig(security=security, wants_wire=True)
    door = rig.smtp_door if name == "smtp" else rig.lmtp_door
    listener = await loop.create_server(door.protocol_under_tls if implicit else door.protocol, "127.0.0.1", 0)
    served = Served(rig, door, HELLO[name], listener.sockets[0].getsockname()[:2], stray)
    try:
        yield served
    finally:
        for client in served.clients:
            client.socket.close()
        listener.close()
        async with asyncio.timeout(5):
            await door.close()


DOORS: Final = pytest.mark.parametrize("door", ["smtp", "lmtp"])


@DOORS
@pytest.mark.rule("T2")
@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
@pytest.mark.parametrize("delay", [0, 2, 20])
def test_octets_behind_starttls_are_never_run_wherever_they_are_cut_and_whenever_they_come(
    run: Run, door: str, behind: bytes, delay: int
) -> None:
    """Those that come in time with STARTTLS end the session; those that come later are a handshake that is none."""
    octets = b"STARTTLS\r\n" + behind

    async def one(cut: int) -> None:
        async with serving(door, Security(tls=SECURITY.tls, tls_handshake_seconds=0.2)) as served:
            client = await served.greeted()
            await client.send(octets[:cut])
            await turns(delay)
            with suppress(ConnectionError):
                await client.send(octets[cut:])
            answer, _, after = (await client.rest()).partition(b"\r\n")
            assert answer == b"" or answer.startswith((b"220 ", b"421 4.7.0 "))
            assert after == b"" or after[0] == 0x15, "a TLS alert at the most"
            assert await served.outcome() in {Outcome.TOO_EARLY_FOR_TLS, Outcome.TLS_FAILED}
            assert served.commands() == [b"STARTTLS"]
            await served.is_empty()

    async def every_cut() -> None:
        for cut in range(1, len(octets) + 1):
            if octets[:cut] != octets or delay == 0:
                await one(cut)

    run(every_cut())


@DOORS
@pytest.mark.rule("T2")
@pytest.mark.parametrize("delay", [0, 1, 5])
@pytest.mark.parametrize("together", [True, False])
def test_a_message_slipped_in_before_a_real_handshake_is_never_taken(
    run: Run, door: str, delay: int, together: bool
) -> None:
    """The attack itself (CVE-2011-0411): octets in the clear, then the victim's own ClientHello."""

    async def attack() -> None:
        async with serving(door) as served:
            client = await served.greeted()
            hello = client.begin()
            slipped = served.hello.encode() + b"\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<ted>\r\nDATA\r\n"
            pieces = [b"STARTTLS\r\n", slipped, hello]
            with suppress(ConnectionError):
                for piece in [b"".join(pieces)] if together else pieces:
                    await client.send_raw(piece)
                    await turns(delay)
            client.tls = None
            await client.rest()
            assert await served.outcome() in {Outcome.TOO_EARLY_FOR_TLS, Outcome.TLS_FAILED}
            assert served.commands() == [b"STARTTLS"]
            assert served.rig.store.messages() == []
            await served.is_empty()

    run(attack())


@DOORS
@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_message_under_tls_whose_commands_come_with_the_last_octets_of_the_handshake(
    run: Run, door: str, implicit: bool, version: ssl.TLSVersion
) -> None:
    async def session() -> None:
        async with serving(door, implicit=implicit) as served:
            client = await (served.connect() if implicit else served.greeted())
            if not implicit:
                assert b"250-STARTTLS" in await served.say_hello(client)
                assert (await client.say("STARTTLS")).startswith(b"220 ")
            await client.send_raw(client.begin(client_context(version)))
            last = await client.finish()
            assert client.tls is not None
            client.tls.write(
                served.hello.encode()
                + b"\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<ted>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"
            )
            await client.send_raw(last + client.outgoing.read())
            lines = [line for line in (await client.rest()).split(b"\r\n")[:-1] if line[3:4] != b"-"]
            codes = [b"220"] * implicit + [b"250", b"250", b"250", b"354", b"250", b"221"]
            assert [line[:3] for line in lines] == codes
            assert await served.outcome() is Outcome.QUIT
            assert served.rig.store.bodies() == [b"x\r\n"]
            await served.is_empty()

    run(session())


@DOORS
def test_a_handshake_octet_by_octet_and_a_long_message_behind_it(run: Run, door: str) -> None:
    body = b"".join(b"%d %s\r\n" % (number, b"x" * 70) for number in range(20_000))

    async def session() -> None:
        async with serving(door) as served:
            client = await served.greeted()
            assert (await client.say("STARTTLS")).startswith(b"220 ")
            for octet in client.begin():
                await client.send_raw(bytes([octet]))
            await client.send_raw(await client.finish())
            await served.say_hello(client)
            for command in ("MAIL FROM:<a@b.example>", "RCPT TO:<ted>", "DATA"):
                assert (await client.say(command))[:1] in {b"2", b"3"}
            await client.send(body + b".\r\n")
            assert (await client.line()).startswith(b"250 ")
            assert served.rig.store.bodies() == [body]
            assert (await client.say("QUIT")).startswith(b"221 ")
            await served.is_empty()

    run(session())


@DOORS
@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS)
def test_a_handshake_that_goes_wrong_is_told_once_and_leaves_nobody_counted_in(
    run: Run, door: str, spoil: Callable[[Client], Awaitable[None]], implicit: bool
) -> None:
    async def session() -> None:
        security = Security(tls=SECURITY.tls, tls_handshake_seconds=0.3)
        async with serving(door, security, implicit=implicit) as served:
            client = await (served.connect() if implicit else served.greeted())
            if not implicit:
                assert (await client.say("STARTTLS")).startswith(b"220 ")
            await spoil(client)
            await until(lambda: bool(served.rig.heard.of(TlsFailed)))
            await served.is_empty()
            (failed,) = served.rig.heard.of(TlsFailed)
            assert (failed.door, failed.peer) == (served.door.door, "127.0.0.1")
            assert failed.reason not in {"", "None", "NoneType"}
            assert served.commands() == ([] if implicit else [b"STARTTLS"])
            if implicit:
                assert served.rig.heard.of(ConnectionOpened, MailSessionEnded) == []
            else:
                assert await served.outcome() is Outcome.TLS_FAILED

    run(session())
