"""A POP3 server without sockets, clock or event loop: octets in by `send`, octets out in `received`.

It drives the real connection and session over a transport in memory, step by step, so that a test can cut the input
anywhere, let time pass, stop reading, or break the link, and always get the same result. What the server must wait
for (a store or an authenticator that answers later) is stepped by `settle`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine
from typing import Any, cast

from restante.doors.entrance import Entrance
from restante.doors.gate import Entry, Gate
from restante.doors.security import Security
from restante.doors.slow_logins import LoginThrottle
from restante.ports.accounts import (
    Accepted,
    Account,
    AccountId,
    AccountStatus,
    Judgement,
    RefusalReason,
    Refused,
    Verdict,
)
from restante.ports.events import Event
from restante.ports.soon import Soon
from restante.ports.stores import Store
from restante.proto.terms import Secret
from restante.sasl import terms as sasl
from restante.sasl.terms import JudgePassword, Request
from restante.server.connection import Connection
from restante.server.limits import WRITE_BUFFER_OCTETS, Limits
from restante.server.pop3 import Pop3Server
from restante.server.services import Services

__all__ = ["Link", "LinkServer", "RecordingListener", "ScriptedAuthenticator", "scripted_account"]

_STEPS: int = 10_000
"""How often `settle` steps work that waits before it says that nothing moves."""


def scripted_account(name: str = "Ted", *, status: AccountStatus = AccountStatus.ACTIVE) -> Account:
    """Make an account whose id follows from its name."""
    return Account(id=AccountId(hashlib.sha256(name.encode()).hexdigest()[:16]), name=name, status=status)


class ScriptedAuthenticator:
    """Knows passwords in the clear and answers at once. For tests only."""

    def __init__(self, passwords: dict[str, bytes], *, apop: bool = False) -> None:
        self.passwords = passwords
        self.apop = apop
        self.account = scripted_account

    def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
        """Judge by comparing."""
        known = self.passwords.get(name.decode("latin-1"))
        if known is None:
            return Refused(reason=RefusalReason.UNKNOWN_NAME)
        if known != password.reveal():
            return Refused(reason=RefusalReason.WRONG_PASSWORD)
        return Accepted(account=self.account(name.decode("latin-1")))

    def verify_apop(self, name: bytes, timestamp: bytes, digest: bytes) -> Soon[Verdict]:
        """Judge by computing the digest anew."""
        known = self.passwords.get(name.decode("latin-1"))
        if known is None:
            return Refused(reason=RefusalReason.UNKNOWN_NAME)
        if hashlib.md5(timestamp + known, usedforsecurity=False).hexdigest().encode() != digest:
            return Refused(reason=RefusalReason.WRONG_PASSWORD)
        return Accepted(account=self.account(name.decode("latin-1")))

    def judge(self, request: Request) -> Soon[Judgement]:
        """Judge a password; other requests are for tests of their own."""
        if not isinstance(request, JudgePassword):
            return Judgement(answer=sasl.Unavailable(), unavailable="scripted for passwords only")
        verdict = self.verify_password(request.authcid.encode(), request.password)
        if isinstance(verdict, Accepted):
            account = verdict.account
            return Judgement(answer=sasl.Granted(authcid=account.name), account=account, claimed=request.authcid)
        reason = verdict.reason if isinstance(verdict, Refused) else None
        return Judgement(answer=sasl.Denied(), reason=reason, claimed=request.authcid)

    def offers_apop(self) -> bool:
        """As the test said."""
        return self.apop


class RecordingListener:
    """Keeps all events."""

    def __init__(self, *, wants_wire: bool = False) -> None:
        self.wants_wire = wants_wire
        self.events: list[Event] = []

    def __call__(self, event: Event, /) -> None:
        """Keep it."""
        self.events.append(event)


class _StillClock:
    """A clock that a test moves; stands in for the event loop, of which a connection asks the time only."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now


class LinkServer:
    """A POP3 server for links. `clock.now` is the time, in seconds, and moves only when told.

    To entrances and connections it is the server; all but time and tasks is a real one's.
    """

    def __init__(
        self,
        store: Store,
        authenticator: ScriptedAuthenticator,
        *,
        limits: Limits | None = None,
        gate: Gate | None = None,
        throttle: LoginThrottle | None = None,
        security: Security | None = None,
        tell: RecordingListener | None = None,
    ) -> None:
        self.clock = _StillClock()
        self.tell = self.told = tell or RecordingListener()
        self.waiting: list[Coroutine[Any, Any, None]] = []  # Any: as asyncio types coroutines
        self.services = Services(
            store=store,
            authenticator=authenticator,
            tell=self.told,
            limits=limits or Limits(),
            security=security or Security(),
            hostname="mail.example.org",
            implementation="Restante-test",
            wall_clock=lambda: 1_000_000_000 + self.clock.now,
            clock=self.clock.time,
            throttle=throttle,
            sleep=self._sleep,
        )
        real = self.real = Pop3Server(self.services, gate=gate)
        # Of the object: a compiled class shows what it has to its own objects only.
        self.door, self.too_many = real.door, real.too_many
        self.gate, self.trusted_proxies, self.read_buffer = real.gate, real.trusted_proxies, real.read_buffer
        self.admit, self.dismiss, self.new_session = real.admit, real.dismiss, real.new_session

    def protocol(self) -> Entrance:
        """Make the entrance of connections on the still clock."""
        loop = cast(asyncio.AbstractEventLoop, self.clock)  # of which it asks the time only

        def open_connection(peer: str, entry: Entry, secured: bool) -> Connection:
            return Connection(self, loop, peer=peer, entry=entry, secured=secured)

        return Entrance(self, open_connection)

    @property
    def wants_wire(self) -> bool:
        """As the real one had it when it last looked."""
        return self.real.wants_wire

    async def _sleep(self, seconds: float) -> None:
        """Let the clock pass over a wait: nothing in a link takes time."""
        self.clock.now += seconds

    def keep(self, work: Coroutine[Any, Any, None]) -> None:  # Any: as asyncio types coroutines
        """Keep work that waits, to be stepped by `settle`."""
        self.waiting.append(work)

    def settle(self) -> None:
        """Step what waits until all of it has ended. Raises AssertionError when it never does."""
        for _ in range(_STEPS):
            if not self.waiting:
                return
            work = self.waiting.pop(0)
            try:
                work.send(None)
            except StopIteration:
                continue
            self.waiting.append(work)
        raise AssertionError("what the server waits for does not come")

    def sweep_at(self, seconds: float) -> None:
        """Let `seconds` pass, then look for silent connections."""
        self.clock.now += seconds
        self.real.sweep(self.clock.now)


class Link(asyncio.Transport):
    """A client's end, and the transport that the server writes to."""

    # So it takes the same of memory on each Python, and a test can hold what the server's side takes.
    __slots__ = (
        "_eof",
        "_lost",
        "_paused",
        "_protocol",
        "_reading",
        "_server",
        "_server_reads",
        "_unsent",
        "aborted",
        "closed",
        "most_unread",
        "received",
        "unread",
    )

    def __init__(self, server: LinkServer, *, peer: str = "127.0.0.1") -> None:
        super().__init__({"peername": (peer, 49152)})
        self.received = bytearray()
        """All that was sent to the client and that it took."""
        self.unread = bytearray()
        """What waits since the client does not read."""
        self.closed = False
        self.aborted = False
        self.most_unread = 0
        self._server = server
        self._reading = True
        self._server_reads = True
        self._unsent = bytearray()
        self._paused = False
        self._eof = False
        self._lost = False
        self._protocol: Connection
        server.protocol().connection_made(self)
        self._after()

    # --- the client's side ---------------------------------------------------------------------------------------

    def send(self, octets: bytes, *, settle: bool = True) -> bytes:
        """Send octets; give what was answered. `settle=False` leaves what waits unsettled."""
        before = len(self.received)
        self._unsent += octets
        self._pump(settle=settle)
        return bytes(self.received[before:])

    def say(self, *lines: str) -> list[str]:
        """Send command lines one by one; give the first line of each answer."""
        return [
            self.send(line.encode("latin-1") + b"\r\n").decode("latin-1").partition("\r\n")[0] for line in lines
        ]

    def stop_reading(self) -> None:
        """Take nothing more of what the server sends."""
        self._reading = False

    def read_on(self) -> None:
        """Take all that waits, and go on reading."""
        self._reading = True
        while self.unread:
            self.received += self.unread
            self.unread.clear()
            if self._paused:
                self._paused = False
                self._protocol.resume_writing()
        self._pump(settle=True)

    def shut_down(self) -> None:
        """End sending, and go on reading."""
        self._eof = True
        self._pump(settle=True)

    def break_off(self) -> None:
        """Lose the connection."""
        self.closed = True
        self._after()

    # --- what the server's side calls ----------------------------------------------------------------------------

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Take the connection proper in the place of its entrance."""
        assert isinstance(protocol, Connection)
        self._protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take what the server sends."""
        assert not self.closed, "written after the end"
        if self._reading:
            self.received += data
            return
        self.unread += data
        self.most_unread = max(self.most_unread, len(self.unread))
        if len(self.unread) > WRITE_BUFFER_OCTETS and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Keep to WRITE_BUFFER_OCTETS, as the server asks."""
        assert high == WRITE_BUFFER_OCTETS

    def pause_reading(self) -> None:
        """Hold back what the client sends."""
        self._server_reads = False

    def resume_reading(self) -> None:
        """Give on what the client sends."""
        self._server_reads = True

    def is_closing(self) -> bool:
        """Tell whether the server closed the connection or it was lost."""
        return self.closed

    def close(self) -> None:
        """End the connection after what was written."""
        self.closed = True

    def abort(self) -> None:
        """End the connection now."""
        self.closed = self.aborted = True

    def _pump(self, *, settle: bool) -> None:
        while True:
            while self._unsent and self._server_reads and not self.closed:
                buffer = self._protocol.get_buffer(-1)
                part = self._unsent[: len(buffer)]
                del self._unsent[: len(part)]
                buffer[: len(part)] = part
                self._protocol.buffer_updated(len(part))
            if self._eof and self._server_reads and not self.closed:
                # As a real transport does: once, after all that was sent, and not while reading is paused.
                self._eof = False
                self._protocol.eof_received()
            if not settle or not self._server.waiting:
                break
            self._server.settle()
        self._after()

    def _after(self) -> None:
        # A real transport tells the loss in a later turn of the loop, never from within close().
        if self.closed and not self._lost:
            self._lost = True
            if hasattr(self, "_protocol"):
                self._protocol.connection_lost(None)
