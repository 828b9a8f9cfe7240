"""A receiver over the memory store and doors driven without sockets: octets in by `send`, replies out.

The transport is a fake; the protocol, the receiver and the store are the real ones. `settle` lets the loop run
until what can be answered has been; nothing here waits for time to pass.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from restante.delivery import Receiver
from restante.delivery.limits import HELD_OCTETS, DoorLimits
from restante.delivery.lmtp import LmtpDoor
from restante.delivery.replies import BareLineEnds
from restante.delivery.services import LoginRequired, Services
from restante.delivery.smtp import SmtpDoor
from restante.doors.proxy_header import TrustedPeers
from restante.doors.security import Security
from restante.doors.slow_logins import LoginThrottle
from restante.ports.accounts import Account, AccountFault, AccountId, AccountStatus
from restante.ports.events import CommandReceived, Event, ReplySent
from restante.ports.soon import Later, Soon
from restante.ports.stores import Holder, StagedMessage
from restante.proto.terms import MessageNumber, UniqueId
from restante.stores.memory import MemoryStore
from restante.testing.link import ScriptedAuthenticator

TED = Account(id=AccountId("00000000000000aa"), name="Ted")
ANN = Account(id=AccountId("00000000000000bb"), name="ann@example.org", status=AccountStatus.LOCKED)
OPS = Account(id=AccountId("00000000000000cc"), name="ops")
FAR = Account(id=AccountId("00000000000000dd"), name="sue@elsewhere.net")
NOW = 1_795_471_835.0  # 23 November 2026, 22:10:35 UTC

HOSTILE = st.text(alphabet="\r\n.a\0\xe9", max_size=60).map(lambda text: text.encode("latin-1"))
"""Octets that tripped mail servers before."""

STEPS = 25
"""How often the loop runs: more than any path here takes."""


class Accounts:
    """A directory that answers at once, or later, or fails."""

    def __init__(self) -> None:
        self.later = False
        self.fault: AccountFault | None = None
        self.asked: list[str] = []
        self._accounts = {account.name.lower(): account for account in (TED, ANN, OPS, FAR)}

    def find(self, name: str) -> Soon[Account | None]:
        self.asked.append(name)
        if self.fault is not None:
            raise self.fault
        found = self._accounts.get(name.lower())
        return Later(_after_a_while(found)) if self.later else found


async def _after_a_while(found: Account | None) -> Account | None:
    await asyncio.sleep(0)
    return found


class TroubledStore(MemoryStore):
    """The memory store, with failures by account, and a gate that a test opens."""

    def __init__(self) -> None:
        super().__init__()
        self.stage_errors: dict[AccountId, Exception] = {}
        self.publish_errors: dict[AccountId, Exception] = {}
        self.gate: asyncio.Event | None = None
        self.staged = 0
        self.discarded = 0

    async def stage(
        self, account: Account, parts: Sequence[bytes], *, unique_id: UniqueId | None = None
    ) -> Any:  # Any: a wider type than the memory store's own
        if account.id in self.stage_errors:
            raise self.stage_errors[account.id]
        self.staged += 1
        if self.gate is not None:
            await self.gate.wait()
        message = await super().stage(account, parts, unique_id=unique_id)
        return _Troubled(self, account, message)

    def messages(self, account: Account = TED) -> list[bytes]:
        """Give all the messages of an account."""
        maildrop = self.open(account, Holder(peer="test", since_epoch_seconds=0))
        messages = []
        for number in range(1, len(maildrop.snapshot) + 1):
            octets = maildrop.retrieve(MessageNumber(number))
            if not isinstance(octets, bytes):
                whole = b""
                while chunk := octets.next_chunk():  # type: ignore[union-attr]  # never Later in memory
                    assert isinstance(chunk, bytes)
                    whole += chunk
                octets = whole
            messages.append(octets)
        maildrop.release()
        return messages

    def bodies(self, account: Account = TED) -> list[bytes]:
        """Give all the messages of an account without their trace headers."""
        return [without_trace(message) for message in self.messages(account)]


class _Troubled:
    def __init__(self, store: TroubledStore, account: Account, message: StagedMessage) -> None:
        self._store, self._account, self._message = store, account, message

    async def publish(self) -> None:
        if self._account.id in self._store.publish_errors:
            raise self._store.publish_errors[self._account.id]
        await self._message.publish()

    async def discard(self) -> None:
        self._store.discarded += 1
        await self._message.discard()


TRACE = re.compile(
    rb"Return-Path: <[^\r\n]*>\r\nDelivered-To: [^\r\n]*\r\n"
    rb"Received: [^\r\n]*\r\n(?:\t[^\r\n]*\r\n)*?\t[^\r\n]* \+0000\r\n"
)


def without_trace(message: bytes) -> bytes:
    found = TRACE.match(message)
    assert found is not None, message[:500]
    return message[found.end() :]


class Heard:
    """A listener that remembers."""

    def __init__(self, *, wants_wire: bool = False) -> None:
        self.events: list[Event] = []
        self.wants_wire = wants_wire

    def __call__(self, event: Event, /) -> None:
        self.events.append(event)

    def of(self, *kinds: type) -> list[Any]:  # Any: each kind has its own fields
        return [event for event in self.events if isinstance(event, kinds)]

    @property
    def wire(self) -> list[bytes]:
        return [event.line for event in self.of(CommandReceived, ReplySent)]


class FakeTransport(asyncio.Transport):
    """A transport that keeps what is written to it."""

    def __init__(self, peer: object) -> None:
        super().__init__()
        self._peer = peer
        self.protocol: asyncio.BaseProtocol | None = None
        self.reading = True
        self.written = b""
        self.writes = 0
        self.closed = False
        self.aborted = False
        self.stuck = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # Any: asyncio's own
        return self._peer if name == "peername" else default

    def write(self, data: bytes | bytearray | memoryview[int]) -> None:
        assert not self.closed, "written to after it was closed"
        self.written += bytes(data)
        self.writes += 1

    def get_write_buffer_size(self) -> int:
        return len(self.written) if self.stuck else 0

    def is_closing(self) -> bool:
        return self.closed

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            if not self.stuck:
                self.lose(None)

    def abort(self) -> None:
        self.closed = self.aborted = True
        self.lose(None)

    def lose(self, error: Exception | None) -> None:
        """End the connection, as the network would."""
        self.closed = True
        assert self.protocol is not None
        asyncio.get_running_loop().call_soon(self.protocol.connection_lost, error)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Clock:
    """The running loop's clock, put forward by hand: timers fire as if the time had passed."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        real, self._ahead = loop.time, 0.0
        loop.time = lambda: real() + self._ahead  # type: ignore[method-assign]  # that is the point

    async def advance(self, seconds: float) -> None:
        self._ahead += seconds
        await settle()


class Client:
    """One connection to a door."""

    def __init__(
        self,
        door: SmtpDoor | LmtpDoor,
        peer: object = ("192.0.2.1", 4711),
        *,
        protocol: asyncio.BufferedProtocol | None = None,
    ) -> None:
        self.transport = FakeTransport(peer)
        self.transport.protocol = protocol or door.protocol()
        self.transport.protocol.connection_made(self.transport)

    @property
    def protocol(self) -> asyncio.BufferedProtocol:
        """What the transport speaks to now: the entrance hands on to the stream, TLS comes in between."""
        assert isinstance(self.transport.protocol, asyncio.BufferedProtocol)
        return self.transport.protocol

    def feed(self, octets: bytes) -> None:
        """Give octets to the server, as a transport reads them."""
        while octets and not self.transport.closed:
            buffer = memoryview(self.protocol.get_buffer(-1))
            piece, octets = octets[: len(buffer)], octets[len(buffer) :]
            buffer[: len(piece)] = piece
            self.protocol.buffer_updated(len(piece))

    async def send(self, octets: bytes) -> list[bytes]:
        """Send octets and give the lines that came back."""
        self.feed(octets)
        await settle()
        return self.replies()

    async def say(self, *commands: str) -> list[bytes]:
        """Send commands in one segment and give the lines that came back."""
        return await self.send("".join(command + "\r\n" for command in commands).encode("latin-1"))

    def replies(self) -> list[bytes]:
        """Give the lines that came back since the last time."""
        written, self.transport.written = self.transport.written, b""
        lines = written.split(b"\r\n")
        assert lines.pop() == b"", written
        assert not any(b"\r" in line or b"\n" in line for line in lines), written
        return lines

    async def end(self) -> None:
        """Send the end of the stream."""
        self.protocol.eof_received()
        await settle()


class Rig:
    """All that a test needs."""

    def __init__(
        self,
        *,
        limits: DoorLimits | None = None,
        bare_line_ends: BareLineEnds = BareLineEnds.NORMALISE,
        wants_wire: bool = False,
        held_octets: int = HELD_OCTETS,
        security: Security | None = None,
        throttle: LoginThrottle | None = None,
        login_required: LoginRequired = LoginRequired.NEVER,
        trusted_proxies: tuple[str, ...] = (),
        **options: Any,  # Any: those of the receiver
    ) -> None:
        self.store = TroubledStore()
        self.accounts = Accounts()
        self.judge = ScriptedAuthenticator({"ted": b"secret", "ops": b"other"})
        self.heard = Heard(wants_wire=wants_wire)
        options = {"postmaster": "ops", "domains": frozenset({"Example.org"})} | options
        self.receiver = Receiver(
            self.store,
            self.accounts,
            self.heard,
            hostname="mx.example.org",
            clock=lambda: NOW,
            held_octets=held_octets,
            **options,
        )
        ids = iter(range(1, 1_000_000))
        self.delays: list[float] = []
        """For how long logins were made to wait."""

        async def sleep(seconds: float) -> None:
            self.delays.append(seconds)

        services = Services(
            receiver=self.receiver,
            tell=self.heard,
            limits=limits or DoorLimits(),
            hostname="mx.example.org",
            bare_line_ends=bare_line_ends,
            new_session_id=lambda: f"s{next(ids)}",
            security=security or Security(),
            authenticator=self.judge,
            throttle=throttle,
            login_required=login_required,
            sleep=sleep,
            wall_clock=lambda: NOW,
        )
        proxies = TrustedPeers(trusted_proxies)
        self.smtp_door = SmtpDoor(services, trusted_proxies=proxies)
        self.lmtp_door = LmtpDoor(services, trusted_proxies=proxies)

    async def smtp(self, *commands: str, hello: str | None = "EHLO client.example") -> Client:
        """Connect by SMTP, greet, and send commands; their replies are thrown away."""
        return await self._client(self.smtp_door, hello, commands)

    async def lmtp(self, *commands: str, hello: str | None = "LHLO client.example") -> Client:
        """Connect by LMTP, greet, and send commands; their replies are thrown away."""
        return await self._client(self.lmtp_door, hello, commands)

    async def _client(self, door: SmtpDoor | LmtpDoor, hello: str | None, commands: Sequence[str]) -> Client:
        client = Client(door)
        await settle()
        client.replies()
        if hello is not None:
            await client.say(hello)
        if commands:
            await client.say(*commands)
        return client


TO_TED = ("MAIL FROM:<sue@elsewhere.net>", "RCPT TO:<ted@example.org>", "DATA")


def stuffed(message: bytes) -> bytes:
    """Stuff as a good client does: after CRLF only."""
    lines = message.split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)


def codes(replies: Sequence[bytes]) -> list[bytes]:
    """Give the codes of replies: the first three digits of each last line."""
    return [reply[:3] for reply in replies if reply[3:4] != b"-"]


async def settle() -> None:
    """Let the loop run until what can be answered has been."""
    for _ in range(STEPS):
        await asyncio.sleep(0)
