"""A client's connection over the aiosmtpd library: the stream, the command loop, the time-outs, the replies.

What the commands do is `session`'s affair. From aiosmtpd come the protocol over asyncio's transports with its flow
control, and (see `session`) the syntax of the commands. Ours are, and why:
- the stream (`intake`): theirs breaks off at a client's half-close, holds each line of a message apart, and refuses
  those of more than 1,001 octets;
- the command loop: theirs sends the texts of exceptions and unknown commands (with a CR in them, where there is
  one) back to the client, tells nobody about the wire, and writes each reply of a pipeline by itself;
- the time-out: theirs neither spares a slow store nor bounds a message, and makes a timer for each command;
- the end: theirs cancels what is under way when the connection is lost; here no delivery that has begun ends so.
How it fails: whatever a command meets becomes `451` and a FaultMet event, and the session goes on; in the middle of
a message it ends with `421`. A connection that breaks ends the loop, and nobody is told.
Sources: RFC 5321 §4.1, §4.2; RFC 2920 (PIPELINING), RFC 2034 (ENHANCEDSTATUSCODES).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import aiosmtpd.smtp

from restante.delivery.intake import Intake, LineFault
from restante.delivery.limits import READ_OCTETS, REPLIES_OCTETS, DoorLimits
from restante.delivery.receive import Receiver
from restante.delivery.replies import BareLineEnds, Cause, Rejection
from restante.ports.events import CommandReceived, ConnectionOpened, Door, FaultMet, Listener, ReplySent

__all__ = ["MailConnection", "Services", "Verb", "peer_of"]

_STATUS_CODES: Final = {
    "250": "2.0.0",
    "501": "5.5.4",
    "503": "5.5.1",
    "552": "5.3.4",
    "555": "5.5.4",
}
"""RFC 3463 codes for those replies of aiosmtpd that bring none."""

_STATUS_CODE: Final = re.compile(r"[245]\d\d [245]\.\d{1,3}\.\d{1,3} ")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0A-\x1F\x7F]")
_ADDRESSED: Final = ("MAIL", "RCPT")
_NEVER: Final = float("inf")

_STOPPING: Final = "421 4.3.2 The server is stopping; try again later"
_NOT_ASCII: Final = "553 5.6.7 Addresses beyond ASCII are not taken here"
_TOO_LONG: Final = "500 5.5.2 The line is too long"

Verb = Callable[[Any], Awaitable[None]]
"""What works off a command. Any: aiosmtpd's own take `str` or `str | None`, as it happens; all are given either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the sessions of a door work with."""

    receiver: Receiver
    tell: Listener
    limits: DoorLimits
    hostname: str
    bare_line_ends: BareLineEnds
    new_session_id: Callable[[], str]
    forget: Callable[[MailConnection], None]
    """Called once when the session is over and its connection closed."""


def peer_of(transport: asyncio.BaseTransport) -> str:
    """Say from where a connection comes: an IP address, or `unix`."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else "unix"


class MailConnection(aiosmtpd.smtp.SMTP):
    """One connection. What it says in which case is for its subclasses to choose."""

    # To aiosmtpd this is the buffer of its stream; the lines are bounded by the intake.
    line_length_limit = READ_OCTETS
    door: Door
    greeting: str
    """What stands behind the host's name in the greeting."""

    def __init__(self, services: Services, hooks: object) -> None:
        self.id = services.new_session_id()
        self._services = services
        self._intake = Intake()
        self._replies: list[bytes] = []
        self._replies_octets = 0
        self._verb = ""
        self._errors = 0
        self._peer = "unix"
        self._deadline = self._message_deadline = self._timer_at = _NEVER
        self._is_busy = False
        """A message is under way: from DATA to the answer."""
        self._is_stopping = False
        self._is_over = False
        super().__init__(
            hooks,
            data_size_limit=services.limits.message_octets,
            hostname=services.hostname,
            ident=self.greeting,
            timeout=services.limits.idle_seconds,
            loop=asyncio.get_running_loop(),
        )
        self._verbs = self.verbs()

    def verbs(self) -> dict[str, Verb]:
        """Give the commands there are, by keyword; all others are unknown."""
        raise NotImplementedError

    def is_error(self, reply: str) -> bool:
        """Tell whether a reply counts towards the limit of errors."""
        return reply.startswith("5")

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the session."""
        self._peer = peer_of(transport)
        self._services.tell(ConnectionOpened(session=self.id, door=self.door, peer=self._peer))
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Let the command loop find out by itself: aiosmtpd would cancel it, and a delivery under way with it."""
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None
        self._is_over = True

    def eof_received(self) -> bool | None:
        """Go on: a client that sends all it has and closes its half still waits for the answers."""
        return asyncio.StreamReaderProtocol.eof_received(self)

    def stop(self) -> None:
        """End the session with 421: at once when it is idle, else once its message is answered for."""
        self._is_stopping = True
        if not self._is_busy and self.transport is not None:  # None: made a moment ago, and not yet connected
            self._leave(_STOPPING)

    async def _handle_client(self) -> None:
        try:
            self._gather(f"220 {self.hostname} {self.__ident__}")
            if self._is_stopping:
                self._leave(_STOPPING)
            while not self._is_over:
                line = self._intake.next_line(self._services.limits.mail_line_octets)
                if line is None:
                    if not await self._more():
                        break
                    continue
                self._reset_timeout()
                await self._obey(line)
                if self._is_stopping:
                    self._leave(_STOPPING)
            self._flush()
            self._writer.close()
            await self._writer.wait_closed()
        except OSError:
            pass  # the connection broke: there is nobody to tell
        finally:
            self._writer.close()
            self._services.forget(self)

    async def _more(self) -> bool:
        """Send what is gathered, then wait for octets; False when none will come."""
        self._flush()
        try:
            await self._writer.drain()
            octets = await self._reader.read(READ_OCTETS)
        except OSError:
            octets = b""
        if not octets:
            self._is_over = True
            return False
        self._intake.receive(octets)
        if len(octets) == READ_OCTETS:
            await asyncio.sleep(0)  # there may be more at hand: a client that pours does not keep out the others
        return True

    def _leave(self, reply: str) -> None:
        if not self._is_over:
            self._gather(reply)
            self._is_over = True
            self._flush()
            self._writer.close()

    # Time

    def _reset_timeout(self, duration: float | None = None) -> None:
        # One timer that looks again when it fires: one for each command would fill the loop with cancelled ones.
        now = self.loop.time()
        self._deadline = min(now + (duration or self._timeout_duration), self._message_deadline)
        if self._deadline < self._timer_at and not self._is_over:
            self._arm(self._deadline)

    def _arm(self, at: float) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._timer_at = at
        self._timeout_handle = self.loop.call_at(at, self._timeout_cb)

    def _timeout_cb(self) -> None:
        now = self.loop.time()
        if now < self._deadline:
            self._arm(min(self._deadline, now + self._timeout_duration))
            return
        self._leave("421 4.4.2 Nothing came for too long; connect again")
        # A client that takes nothing would keep a closed connection for ever, with the reply in the buffer.
        if self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()

    # Commands

    async def _obey(self, line: bytes | LineFault) -> None:
        self._verb = ""
        if isinstance(line, LineFault):
            self._tell_command(b"(a line that is too long)")
            await self.push(_TOO_LONG)
            return
        octets, ends_well = len(line), line.endswith(b"\r\n")
        line = line.rstrip(b"\r\n") if ends_well else line[:-1]
        keyword, _, rest = line.partition(b" ")
        verb = keyword.upper().decode("latin-1")
        method = self._verbs.get(verb)
        self._tell_command(_shown(line, verb, is_known=method is not None))
        limits = self._services.limits
        if octets > (limits.mail_line_octets if verb in _ADDRESSED else limits.command_line_octets):
            await self.push(_TOO_LONG)
        elif _CONTROL.search(line) or (not ends_well and self._services.bare_line_ends is BareLineEnds.REFUSE):
            await self.push("500 5.5.2 Control characters are not taken; end each command with CRLF")
        elif method is None:
            await self.push("500 5.5.2 Not a command of this server; HELP names them")
        elif not line.isascii():
            await self.push(_NOT_ASCII if verb in _ADDRESSED else "501 5.5.2 Commands are ASCII")
        else:
            self._verb = verb
            await self._run(method, rest.decode("ascii").strip())

    async def _run(self, method: Verb, argument: str) -> None:
        try:
            await method(argument or None)
        except Exception as error:  # whatever fails, the client gets an answer and no word of the cause
            described = f"{type(error).__name__}: {error}"
            self._services.tell(FaultMet(session=self.id, what=f"{self.door.value}: {self._verb}", error=described))
            if self._is_busy:
                self._leave("421 4.3.0 The server failed in the middle of it; try again later")
            else:
                await self.push(Rejection(cause=Cause.FAULT).reply)

    # Replies

    async def push(self, status: str | bytes) -> None:
        """Gather a reply; aiosmtpd's own ones get their status code here, ours have it."""
        reply = status.decode("latin-1") if isinstance(status, bytes) else status
        if not _STATUS_CODE.match(reply) and (self._verb, reply[:3]) != ("HELO", "250"):
            code = reply[:3]
            reply = f"{code} {_STATUS_CODES.get(code, f'{code[0]}.0.0')}{reply[3:]}"
        self._gather(reply)
        if self._replies_octets >= REPLIES_OCTETS:
            self._flush()
            try:
                await self._writer.drain()
            except OSError:
                self._is_over = True
        if self.is_error(reply):
            self._errors += 1
            if self._errors >= self._services.limits.errors:
                self._leave("421 4.7.0 Too many errors; connect again")

    def _gather(self, *lines: str) -> None:
        if self._is_over:
            return  # a reply that nobody gets is not told either
        octets = b"".join([line.encode("ascii", "replace") + b"\r\n" for line in lines])
        self._replies.append(octets)
        self._replies_octets += len(octets)
        if self._services.tell.wants_wire:
            first = lines[0].encode("ascii", "replace")
            self._services.tell(ReplySent(session=self.id, line=first, octets=len(octets)))

    def _flush(self) -> None:
        if self._replies and self.transport is not None and not self._writer.is_closing():
            self._writer.write(b"".join(self._replies))
        self._replies.clear()
        self._replies_octets = 0

    def _tell_command(self, line: bytes) -> None:
        if self._services.tell.wants_wire:
            self._services.tell(CommandReceived(session=self.id, line=line))


def _shown(line: bytes, verb: str, *, is_known: bool) -> bytes:
    """Give what may be shown of a command: a client that takes this for another server may send a password."""
    if is_known:
        return line
    if verb in {"AUTH", "STARTTLS", "HELO", "EHLO", "LHLO", "BDAT"}:
        return verb.encode("ascii") + (" …".encode() if len(line) > len(verb) else b"")
    return b"(%d octets that are no command)" % len(line)
