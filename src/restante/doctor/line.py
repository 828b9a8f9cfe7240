"""One conversation with a server, in raw lines: what a well-behaved client would never send goes through here too.

It is bounded (lines, bodies, waits), tells all octets to an observer, and keeps the one promise that matters: as
long as the maildrop is not disposable, `Leave` lets nothing out that changes it. Deletion marks are set only where
the caller takes them off again, QUIT does not go out while one may stand, and no message data is sent at all.
Fails with LineFault where a server is silent, hangs up, or says what is no reply; with Forbidden for a check that
would do harm, which is a fault of the check.
Sources: RFC 1939 §3, §5 and §6.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag
from typing import Final

from restante.client.faults import shown
from restante.doctor.patient import Door
from restante.doctor.world import TlsFacts, TlsOffer, Wire
from restante.explain.wire import Side, WireObserver
from restante.proto.client import BadReply, Status, status_of

__all__ = [
    "ANSWER_SECONDS",
    "Body",
    "Ended",
    "Forbidden",
    "Leave",
    "Line",
    "LineFault",
    "NoReply",
    "OutOfTime",
    "Silent",
]

ANSWER_SECONDS: Final = 12.0
"""For an answer to a command. Servers make who failed to log in wait for some seconds."""

LONGEST_LINE_OCTETS: Final = 64 * 1024
LARGEST_BODY_OCTETS: Final = 32 * 1024 * 1024


class Leave(Flag):
    """What may go out."""

    NOTHING = 0
    MARK = 1
    """DELE, as long as RSET takes the mark off again."""
    READ = 2
    """RETR."""
    CHANGE = 4
    """Anything, deletion and sending too."""


class LineFault(Exception):
    """The server did not answer as servers do. Its text is a sentence without its subject."""


class Silent(LineFault):
    """Nothing came in time."""


class Ended(LineFault):
    """The server ended the connection."""


class NoReply(LineFault):
    """What came is no reply, or has no end."""


class OutOfTime(Exception):
    """The examination is over, whatever the server would still have said."""


class Forbidden(Exception):
    """A check was about to do harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What follows a status line."""

    lines: tuple[bytes, ...]
    """Unstuffed, without their ends."""
    octets: int
    """Canonical: unstuffed, each line end as it came, the terminating line not counted."""
    unstuffed: int
    """Lines that begin with a dot that was not doubled."""
    bare: int
    """Line ends that are no CRLF, and CRs within lines."""


class Line:
    """A conversation over a wire."""

    def __init__(
        self,
        wire: Wire,
        observer: WireObserver,
        leave: Leave,
        *,
        door: Door,
        clock: Callable[[], float],
        ends_at: float = math.inf,
    ) -> None:
        self._wire = wire
        self._observer = observer
        self._clock = clock
        self._ends_at = ends_at
        """By the clock: nothing is waited for any longer."""
        self.leave = leave
        self.door = door
        self.marks_may_stand = False
        self.greeting: Status | None = None
        self.ended = False
        self.said_goodbye = False
        """Whether QUIT went out: nothing is answered after it."""
        self.refusals = 0
        """How many answers were bad: servers show out who sends many bad commands."""
        self._buffer = b""
        self._unsent_line = b""
        observer.connected(wire.address, at_seconds=None)

    @property
    def tls(self) -> TlsFacts | None:
        """The TLS under it."""
        return self._wire.tls

    @property
    def unread(self) -> bytes:
        """What came and nobody asked for yet."""
        return self._buffer

    # --- what goes out ------------------------------------------------------------------------------------------

    def send(self, octets: bytes) -> None:
        """Send octets as they are. Raises Ended, and Forbidden."""
        self._see_to_it_that_no_harm_is_done(octets)
        self._observer.octets(Side.CLIENT, octets, at_seconds=None)
        try:
            self._wire.send(octets)
        except OSError:
            self.ended = True
            raise Ended("ended the connection") from None

    def _see_to_it_that_no_harm_is_done(self, octets: bytes) -> None:
        # Servers that end lines at LF alone are many, so it counts as an end.
        *lines, self._unsent_line = (self._unsent_line + octets).replace(b"\r", b"\n").split(b"\n")
        # A command may go out in pieces: what is not whole yet is looked at when it is.
        for line in lines:
            keyword = line.strip(b" \t\0").split(b" ", 1)[0].upper()
            if keyword == b"RETR" and not self.leave & (Leave.READ | Leave.CHANGE):
                raise Forbidden("RETR at a server that changes messages by it")
            if keyword in (b"DATA", b"BDAT", b"XTND") and not self.leave & Leave.CHANGE:
                raise Forbidden("sending, with a maildrop that is not disposable")
            if keyword == b"DELE":
                if not self.leave & (Leave.MARK | Leave.CHANGE):
                    raise Forbidden("DELE")
                self.marks_may_stand = True
            if keyword == b"QUIT" and self.marks_may_stand and not self.leave & Leave.CHANGE:
                raise Forbidden("QUIT with a deletion mark that may stand")
            self.said_goodbye = self.said_goodbye or keyword == b"QUIT"

    # --- what comes in ------------------------------------------------------------------------------------------

    def receive(self, seconds: float) -> bool:
        """Wait for more octets; tells False at the end of the connection. Raises Silent, OutOfTime."""
        if self.ended:
            return False
        left = self._ends_at - self._clock()
        if left <= 0:
            raise OutOfTime
        try:
            octets = self._wire.receive(min(seconds, left))
        except TimeoutError:
            if left < seconds:
                raise OutOfTime from None
            raise Silent(f"said nothing for {seconds:g} s") from None
        except OSError:
            octets = b""
        if not octets:
            self.ended = True
            self._observer.closed(Side.SERVER, "", at_seconds=None)
            return False
        self._observer.octets(Side.SERVER, octets, at_seconds=None)
        self._buffer += octets
        return True

    def raw_line(self, seconds: float = ANSWER_SECONDS) -> bytes:
        """Give the next line with its end. Raises LineFault."""
        until = self._clock() + seconds
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LONGEST_LINE_OCTETS:
                raise NoReply(f"sent a line of more than {LONGEST_LINE_OCTETS} octets")
            if not self.receive(max(until - self._clock(), 0.001)):
                raise Ended("ended the connection")
        line, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
        return line

    def status(self, seconds: float = ANSWER_SECONDS) -> Status:
        """Give the next line as a status. Raises LineFault."""
        line = self.raw_line(seconds).rstrip(b"\r\n")
        try:
            status = status_of(line)
        except BadReply:
            raise NoReply(f"said what is no reply: {shown(line)}") from None
        self.refusals += not status.ok
        return status

    def body(self, seconds: float = 60.0) -> Body:
        """Give what follows a good status line; a pause in it is no longer than for an answer. Raises LineFault."""
        until = self._clock() + seconds
        lines: list[bytes] = []
        octets = unstuffed = bare = 0
        while True:
            raw = self.raw_line(max(min(until - self._clock(), ANSWER_SECONDS), 0.001))
            if raw == b".\r\n":
                return Body(lines=tuple(lines), octets=octets, unstuffed=unstuffed, bare=bare)
            if raw == b".\n":
                raise NoReply("ended a multi-line response with a dot and a bare LF")
            line = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
            bare += (not raw.endswith(b"\r\n")) + (b"\r" in line)
            if line.startswith(b"."):
                unstuffed += not line.startswith(b"..")
                line, raw = line[1:], raw[1:]
            octets += len(raw)
            if octets > LARGEST_BODY_OCTETS:
                raise NoReply(f"sent more than {LARGEST_BODY_OCTETS} octets, and we left")
            lines.append(line)

    def ask(self, command: bytes, seconds: float = ANSWER_SECONDS) -> Status:
        """Send a command and give its status line. Raises LineFault."""
        self.send(command + b"\r\n")
        status = self.status(seconds)
        # Elsewhere a mark may stand though RSET was answered well: such a session ends without QUIT.
        if command.upper() == b"RSET" and status.ok and self.leave & Leave.CHANGE:
            self.marks_may_stand = False
        return status

    def ask_body(self, command: bytes) -> Body | None:
        """Send a command and give what follows a good status line; None after a bad one. Raises LineFault."""
        return self.body() if self.ask(command).ok else None

    def ask_text(self, command: bytes, seconds: float = ANSWER_SECONDS) -> bytes:
        """Send a command and give the raw line that comes, with its end. Raises LineFault."""
        self.send(command + b"\r\n")
        return self.raw_line(seconds)

    def says_more(self, seconds: float = 0.3) -> bool:
        """Tell whether octets come, or wait, that nobody asked for."""
        if not self._buffer and not self.ended:
            try:
                self.receive(seconds)
            except Silent:
                return False
        return bool(self._buffer)

    def is_ended(self, seconds: float = 5.0) -> bool:
        """Tell whether the server ends the connection within this time; what else it says is passed over."""
        until = self._clock() + seconds
        while not self.ended and (left := until - self._clock()) > 0:
            try:
                self.receive(left)
            except Silent:
                return False
            self._buffer = self._buffer[-LONGEST_LINE_OCTETS:]
        return self.ended

    # --- TLS and the end ----------------------------------------------------------------------------------------

    def start_tls(self, offer: TlsOffer = TlsOffer.TODAY) -> TlsFacts:
        """Begin TLS. Raises DialFault."""
        facts = self._wire.start_tls(offer)
        self._observer.secured(facts.version, at_seconds=None)
        return facts

    def ended_cleanly(self) -> bool:
        """Tell whether the end came as TLS has it."""
        return self._wire.ended_cleanly()

    def close(self) -> None:
        """End the connection, without a word."""
        if not self.ended:
            self.ended = True
            self._observer.closed(Side.CLIENT, "", at_seconds=None)
        self._wire.close()

    def quit(self) -> None:
        """Say QUIT where that does no harm, and end the connection. Never raises LineFault."""
        try:
            if not self.ended and not self.marks_may_stand and not self.said_goodbye:
                self.ask(b"QUIT", 5.0)
        except LineFault:
            pass
        finally:
            self.close()
