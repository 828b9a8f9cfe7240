"""A client's connection: the command loop, the time-outs, the replies.

What the commands do is `session`'s affair; the octets come and go by `stream`, and are parted by `intake`.
No delivery that has begun ends with its connection. How it fails: whatever a command meets becomes `451` and a
FaultMet event, and the session goes on; in the middle of a message it ends with `421`. A connection that breaks
ends the loop. However it ends, MailSessionEnded says how.
Sources: RFC 5321 §4.1, §4.2; RFC 2920 (PIPELINING), RFC 2034 (ENHANCEDSTATUSCODES).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

from restante.delivery.intake import Intake, LineFault
from restante.delivery.limits import CLOSING_SECONDS, READ_OCTETS, REPLIES_OCTETS
from restante.delivery.replies import BareLineEnds, Cause, Rejection
from restante.delivery.services import Services
from restante.delivery.stream import Stream
from restante.doors.gate import Entry
from restante.ports.events import (
    CommandReceived,
    ConnectionOpened,
    Door,
    FaultMet,
    MailSessionEnded,
    Outcome,
    ReplySent,
)

__all__ = ["NEVER", "MailConnection", "Verb"]

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0A-\x1F\x7F]")
_ADDRESSED: Final = ("MAIL", "RCPT")

NEVER: Final = float("inf")
"""No deadline, in the loop's seconds."""

_STOPPING: Final = "421 4.3.2 The server is stopping; try again later"
_NOT_ASCII: Final = "553 5.6.7 Addresses beyond ASCII are not taken here"
_NO_MESSAGE: Final = "421 4.7.0 Too many commands without a message; connect again"
_TOO_LONG: Final = "500 5.5.2 The line is too long"

Verb = Callable[[str], Awaitable[None]]
"""What works off a command; it is given what stands behind the keyword."""


class MailConnection:
    """One connection. What it says in which case is for its subclasses to choose."""

    door: Door
    greeting: str
    """What stands behind the host's name in the greeting."""

    def __init__(self, services: Services, *, stream: Stream, peer: str, entry: Entry, secured: bool) -> None:
        """Begin for a client that was let in; `secured`: a proxy that is trusted had it under TLS."""
        self.id = services.new_session_id()
        self.loop = asyncio.get_running_loop()
        self.peer = peer
        self.account: str | None = None
        """Who has logged in."""
        self.secured = secured or stream.under_tls
        self.commands = 0
        self.since_epoch_seconds = services.wall_clock()
        self._began = self.loop.time()
        self._services = services
        self._stream = stream
        self._entry = entry
        self._intake = Intake()
        self._replies: list[bytes] = []
        self._replies_octets = 0
        self._verb = ""
        self._errors = 0
        self._fruitless = 0
        self._taken = 0
        self._deadline = self._message_deadline = self._timer_at = NEVER
        self._timer: asyncio.TimerHandle | None = None
        self._is_busy = False
        """What is under way is waited for when the server stops: a message, a handshake, a verdict on a login."""
        self._stopping: tuple[Outcome, str] | None = None
        self._outcome: Outcome | None = None
        self._verbs = self.verbs()

    def verbs(self) -> dict[str, Verb]:
        """Give the commands there are, by keyword; all others are unknown."""
        raise NotImplementedError

    def is_error(self, reply: str) -> bool:
        """Tell whether a reply counts towards the limit of errors."""
        return reply.startswith("5")

    def has_verb(self, keyword: str) -> bool:
        """Tell whether there is such a command on this door."""
        return keyword in self._verbs

    @property
    def is_over(self) -> bool:
        """Whether nothing more is worked off."""
        return self._outcome is not None

    def stop(self, outcome: Outcome = Outcome.SHUTDOWN, reply: str = _STOPPING) -> None:
        """End the session with 421: at once when it is idle, else once what is under way has its answer."""
        self._stopping = (outcome, reply)
        if not self._is_busy:
            self.leave(outcome, reply)

    async def run(self) -> None:
        """Serve until the end."""
        services = self._services
        services.tell(ConnectionOpened(session=self.id, door=self.door, peer=self.peer, secured=self.secured))
        try:
            self._reset_timeout()
            if not self._leave_if_told():
                self.gather(f"220 {services.hostname} {self.greeting}")
            while not self.is_over:
                line = await self.next_line(self.longest_line)
                if line is None:
                    break
                self._reset_timeout()
                await self._obey(line)
                self._leave_if_told()
            self._flush()
            self._stream.close()
            self._arm(self.loop.time() + CLOSING_SECONDS)
            await self._stream.closed()
        finally:
            self._stream.abort()
            if self._timer is not None:
                self._timer.cancel()
            self._entry.leave()
            self._tell_end()

    def _tell_end(self) -> None:
        self._services.tell(
            MailSessionEnded(
                session=self.id,
                door=self.door,
                peer=self.peer,
                account=self.account,
                outcome=self._outcome or Outcome.DISCONNECTED,
                seconds=self.loop.time() - self._began,
                commands=self.commands,
                messages=self._taken,
                secured=self.secured,
            )
        )

    @property
    def longest_line(self) -> int:
        """Octets of the longest line that a command may have."""
        return self._services.limits.mail_line_octets

    async def next_line(self, limit: int) -> bytes | LineFault | None:
        """Give the client's next line, with its end; None when none will come."""
        while not self.is_over:
            line = self._intake.next_line(limit)
            if line is not None:
                return line
            if not await self.more():
                break
        return None

    async def more(self) -> bool:
        """Send what is gathered, then wait for octets; False when none will come."""
        self._flush()
        await self._stream.drain()
        octets = await self._stream.read()
        if not octets:
            self._outcome = self._outcome or Outcome.DISCONNECTED
            return False
        self._intake.receive(octets)
        if len(octets) >= READ_OCTETS:
            await asyncio.sleep(0)  # there may be more at hand: a client that pours does not keep out the others
        return True

    def leave(self, outcome: Outcome, reply: str | None) -> None:
        """End the session, with a last reply."""
        if not self.is_over:
            if reply is not None:
                self.gather(reply)
            self._outcome = outcome
            self._flush()
            self._stream.close()
            self._arm(self.loop.time() + CLOSING_SECONDS)

    def _leave_if_told(self) -> bool:
        if self._stopping is not None:
            self.leave(*self._stopping)
        return self.is_over

    # --- time ----------------------------------------------------------------------------------------------------

    def _reset_timeout(self) -> None:
        # One timer that looks again when it fires: one for each command would fill the loop with cancelled ones.
        if self.is_over:
            return
        self._deadline = min(self.loop.time() + self._services.limits.idle_seconds, self._message_deadline)
        if self._deadline < self._timer_at:
            self._arm(self._deadline)

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self.loop.call_at(at, self._timer_fired)

    def _timer_fired(self) -> None:
        now = self.loop.time()
        if self.is_over:
            # A client that takes nothing would keep a closed connection for ever, with the reply in the buffer.
            self._stream.abort()
        elif now < self._deadline:
            self._arm(min(self._deadline, now + self._services.limits.idle_seconds))
        else:
            self.leave(Outcome.AUTOLOGOUT, "421 4.4.2 Nothing came for too long; connect again")

    # --- commands ------------------------------------------------------------------------------------------------

    async def _obey(self, line: bytes | LineFault) -> None:
        self._verb = ""
        self.commands += 1
        limits = self._services.limits
        self._fruitless += 1
        if self._fruitless > limits.commands:
            self.leave(Outcome.TOO_MANY_BAD_COMMANDS, _NO_MESSAGE)
            return
        if isinstance(line, LineFault):
            self.tell_command(b"(a line that is too long)")
            await self.push(_TOO_LONG)
            return
        octets, ends_well = len(line), line.endswith(b"\r\n")
        line = line.rstrip(b"\r\n") if ends_well else line[:-1]
        keyword, _, rest = line.partition(b" ")
        verb = keyword.upper().decode("latin-1")
        method = self._verbs.get(verb)
        self.tell_command(_shown(line, verb, is_known=method is not None))
        if octets > self.line_limit(verb):
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

    def line_limit(self, verb: str) -> int:
        """Give the octets that the line of a command may have."""
        limits = self._services.limits
        return limits.mail_line_octets if verb in _ADDRESSED else limits.command_line_octets

    async def _run(self, method: Verb, argument: str) -> None:
        try:
            await method(argument)
        except Exception as error:  # whatever fails, the client gets an answer and no word of the cause
            described = f"{type(error).__name__}: {error}"
            self._services.tell(FaultMet(session=self.id, what=f"{self.door.value}: {self._verb}", error=described))
            if self._is_busy:
                self.leave(Outcome.FAULT, "421 4.3.0 The server failed in the middle of it; try again later")
            else:
                await self.push(Rejection(cause=Cause.FAULT).reply)

    # --- replies -------------------------------------------------------------------------------------------------

    async def push(self, reply: str) -> None:
        """Gather a reply, and count it if it is an error; wait while the client takes none."""
        self.gather(reply)
        if self._replies_octets >= REPLIES_OCTETS:
            self._flush()
            await self._stream.drain()
        if self.is_error(reply):
            self._errors += 1
            if self._errors >= self._services.limits.errors:
                self.leave(Outcome.TOO_MANY_BAD_COMMANDS, "421 4.7.0 Too many errors; connect again")

    def gather(self, *lines: str, shown: str | None = None) -> None:
        """Put a reply behind those that wait to be sent; `shown` is what may be told of it."""
        if self.is_over or self._stream.is_lost:
            return  # a reply that nobody gets is not told either
        octets = b"".join([line.encode("ascii", "replace") + b"\r\n" for line in lines])
        self._replies.append(octets)
        self._replies_octets += len(octets)
        if self._services.tell.wants_wire:
            first = (shown or lines[0]).encode("utf-8", "replace")
            self._services.tell(ReplySent(session=self.id, line=first, octets=len(octets)))

    def _flush(self) -> None:
        if self._replies:
            self._stream.write(b"".join(self._replies))
        self._replies.clear()
        self._replies_octets = 0

    def tell_command(self, line: bytes) -> None:
        """Tell of a line that came, without what may not be shown of it."""
        if self._services.tell.wants_wire:
            self._services.tell(CommandReceived(session=self.id, line=line))


def _shown(line: bytes, verb: str, *, is_known: bool) -> bytes:
    """Give what may be shown of a command: a client that takes this for another server may send a password."""
    if is_known and verb != "AUTH":
        return line
    if verb in {"AUTH", "STARTTLS", "HELO", "EHLO", "LHLO", "BDAT"}:
        return verb.encode("ascii") + (" …".encode() if len(line) > len(verb) else b"")
    return b"(%d octets that are no command)" % len(line)
