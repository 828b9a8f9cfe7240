"""The pump: octets from a transport into a session, answers out of it, under flow control.

`buffer_updated` works off all commands of a segment in the same call and sends their answers in one write. A
command that must wait becomes a task, and reading stops until it ends: that bounds what a client can pipeline.
While the client does not take what is sent, nothing more is read or worked off either.

How it fails: a fault of ours is told once (`FaultMet`), answered `-ERR [SYS/TEMP]`, and ends the connection; no
exception gets out. Sources: RFC 1939 §3 (autologout), RFC 2449 §6.6 (pipelining).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, Final

from restante.doors.channel import channel_of
from restante.doors.gate import Entry
from restante.doors.sessions import SessionInfo
from restante.doors.tls import handshake_reason
from restante.doors.tls_layer import TlsLayer
from restante.ports.events import Door, Outcome
from restante.ports.soon import Later
from restante.ports.stores import MessageGone
from restante.proto.server import ServerProtocol
from restante.server.authorization import Answer, UpgradeToTls
from restante.server.house import House
from restante.server.limits import GATHERED_OCTETS, TURN_OCTETS, WRITE_BUFFER_OCTETS
from restante.server.outflow import Outflow
from restante.server.session import Session

__all__ = ["Connection"]

_ORDERED_ENDS = frozenset({Outcome.SHUTDOWN, Outcome.ENDED})
"""After which no further command is begun. A client's EOF is none: all that it sent before is answered."""

_WAITING: Final = 1
"""An answer is waited for, the others have their turn, or there was no greeting yet."""
_CLOGGED: Final = 2
"""The client does not take what is sent."""
_POURING: Final = 4
"""A long message is on its way."""


class Connection(asyncio.BufferedProtocol):
    """One POP3 connection."""

    __slots__ = (
        "_ending",
        "_entry",
        "_heard_at",
        "_held",
        "_house",
        "_loop",
        "_outflow",
        "_paused",
        "_peer",
        "_protocol",
        "_secured",
        "_sent",
        "_session",
        "_transport",
        "_wire",
    )

    data_received: ClassVar[None] = None  # as in Entrance
    _session: Session
    _transport: asyncio.Transport

    def __init__(
        self, house: House, loop: asyncio.AbstractEventLoop, *, peer: str, entry: Entry, secured: bool = False
    ) -> None:
        """Begin for a client that was let in; `entry` is left at the end. `secured`: a proxy had it under TLS."""
        self._house = house
        self._peer = peer
        self._entry = entry
        self._secured = secured
        self._loop = loop
        self._protocol = ServerProtocol(command_line_octets=house.services.limits.command_line_octets)
        self._wire = house.wants_wire
        # When the connection began, until the login; then when the last command came. In the loop's seconds.
        self._heard_at = loop.time()
        self._sent = 0
        self._outflow: Outflow | None = None
        # Why nothing is worked off: the sum of the reasons above.
        self._held = _WAITING
        self._paused = False  # nothing more is read for now
        # How the session is to end as soon as nothing is waited for; None while it goes on.
        self._ending: Outcome | None = None

    # --- what the event loop calls -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = transport  # type: ignore[assignment]  # it is one that writes, whatever loop hands it over
        house = self._house
        session = self._session = house.new_session(self._protocol, self._peer, self._entry)
        house.admit(self)
        self._transport.set_write_buffer_limits(WRITE_BUFFER_OCTETS)
        tls = transport.get_extra_info("ssl_object")
        secured = self._secured or tls is not None
        session.tell_opened(secured=secured)
        if secured:
            session.secured(channel_of(tls))
        greeting = session.greeting()
        if self._wire:
            session.tell_reply(greeting)
        self._send(greeting)
        self._held &= ~_WAITING

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the buffer that all connections read into."""
        return self._house.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came, and work it off."""
        self._protocol.receive(self._house.read_buffer[:nbytes].tobytes())
        self._advance()

    def eof_received(self) -> bool:
        """End when the client has said its last, once what it asked for is answered; under TLS, at once."""
        self._ending = self._ending or Outcome.DISCONNECTED
        self._advance()
        # TLS cannot be half closed, and the event loop says so to whoever tries.
        return self._transport.get_extra_info("ssl_object") is None

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session; without a QUIT nothing is removed."""
        self._ending = self._ending or Outcome.DISCONNECTED
        self._house.dismiss(self)
        if not self._held & _WAITING:
            self._leave(self._ending)

    def pause_writing(self) -> None:
        """Stop: the client does not take what is sent."""
        self._held |= _CLOGGED
        self._hear()

    def resume_writing(self) -> None:
        """Go on where it stopped."""
        self._held &= ~_CLOGGED
        self._hear()
        self._advance()

    # --- what the server calls -----------------------------------------------------------------------------------

    def sweep(self, now: float) -> None:
        """End a session that has been silent, or has not read, for too long. `now` is the loop's time."""
        if self._held & _WAITING:
            return
        limits = self._house.services.limits
        stalled = self._held & _CLOGGED or self._session.outcome is not None  # a good-bye, even, is not taken
        allowed = limits.login_seconds
        if self._session.authorized:
            allowed = limits.write_stall_seconds if stalled else limits.autologout_seconds
        if now - self._heard_at <= allowed:
            return
        if stalled:
            self._break_off(Outcome.AUTOLOGOUT)
        else:
            # Without a word, as RFC 1939 §3 has it.
            self._leave(Outcome.AUTOLOGOUT)
            self._transport.close()

    def shut(self, outcome: Outcome = Outcome.SHUTDOWN) -> None:
        """End the session: at once, or as soon as the answer under way has gone out. Nothing new is begun."""
        self._ending = outcome
        self._advance()

    def info(self) -> SessionInfo:
        """Tell of the session."""
        account, services = self._session.account, self._house.services
        return SessionInfo(
            id=self._session.id,
            door=Door.POP3,
            peer=self._peer,
            account=account.name if account else None,
            state=self._protocol.state,
            since_epoch_seconds=services.wall_clock() - (services.clock() - self._session.started),
            commands=self._session.tally.commands,
            secured=self._secured or self._transport.get_extra_info("ssl_object") is not None,
        )

    def tell_wire(self, wanted: bool) -> None:
        """Tell of commands and replies from the next one on, or no more: somebody came to watch, or left."""
        self._wire = wanted

    def abort(self) -> None:
        """End the connection now."""
        self._transport.abort()

    # --- the pump ------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Do what can be done now: pour out a long message, then work off commands, then read on."""
        if self._held & _WAITING or self._session.outcome is not None:
            return
        session = self._session
        self._sent = 0
        try:
            if self._outflow is not None:
                self._pour()
            while not self._held and self._work_off():
                pass
        except Exception as error:
            self._fail(error)
        if session.outcome is not None:
            # The last answer goes out before the transport closes.
            self._transport.close()
        elif self._held:
            if not self._paused:
                self._paused = True
                self._transport.pause_reading()
        elif self._ending is not None:
            self._leave(self._ending)
            self._transport.close()
        elif self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _hear(self) -> None:
        """Note that the client is alive: before its login nothing that it does buys it time."""
        if self._session.authorized:
            self._heard_at = self._loop.time()

    def _work_off(self) -> bool:
        """Answer commands until something must wait; send the answers in one write. False when no more can be done.

        At a shutdown no further command is begun; at the client's EOF all that it sent are.
        """
        if self._session.outcome is not None or self._ending in _ORDERED_ENDS:
            return False
        session, protocol, wire = self._session, self._protocol, self._wire
        gathered: list[bytes] = []
        octets = 0
        whole_lines = True
        other: Outflow | UpgradeToTls | Later[Answer] | None = None
        while protocol.more and octets < GATHERED_OCTETS:
            command = protocol.next_command()
            if command is None:
                whole_lines = False
                break
            if wire:
                session.tell_command()
            answer = session.answer(command)
            if not isinstance(answer, bytes):
                other = answer
                break
            if wire:
                session.tell_reply(answer)
            gathered.append(answer)
            octets += len(answer)
            if session.outcome is not None:
                break
        if session.account is not None:
            self._heard_at = self._loop.time()
        if gathered:
            self._send(b"".join(gathered))
        if other is not None:
            self._begin(other)
        elif self._sent > TURN_OCTETS:
            self._yield_turn()
        return whole_lines and protocol.more

    def _begin(self, answer: Outflow | UpgradeToTls | Later[Answer]) -> None:
        """Begin what takes more than one write."""
        if isinstance(answer, Later):
            self._wait(self._answer_later(answer))
        elif isinstance(answer, Outflow):
            self._outflow = answer
            self._held |= _POURING
            if self._wire:
                self._session.tell_reply(answer.status)
            self._pour()
        else:
            self._upgrade(answer)

    async def _answer_later(self, later: Later[Answer]) -> None:
        try:
            answer = await later
        except Exception as error:
            self._fail(error)
            return
        self._hear()
        if isinstance(answer, bytes):
            if self._wire:
                self._session.tell_reply(answer)
            self._send(answer)
        else:
            self._begin(answer)

    def _upgrade(self, answer: UpgradeToTls) -> None:
        """Begin TLS, unless anything stands behind STLS: somebody in the middle put it there (CVE-2011-0411)."""
        if self._protocol.pending:
            self._leave(Outcome.TOO_EARLY_FOR_TLS)
            return
        if self._wire:
            self._session.tell_reply(answer.reply)
        self._send(answer.reply)
        security = self._house.services.security
        assert security.tls is not None, "STLS is answered so only where TLS is offered"
        self._held |= _WAITING
        if self._paused:  # since a login before it was waited for: what the layer takes over has to read
            self._paused = False
            self._transport.resume_reading()
        # What comes from here on goes to the layer, and none of it here before the handshake has ended.
        self._transport = TlsLayer(
            self._transport,
            self,
            security.tls,
            loop=self._loop,
            read_buffer=self._house.read_buffer,
            handshake_seconds=security.tls_handshake_seconds,
            on_handshake=self._under_tls,
        )

    def _under_tls(self, error: BaseException | None) -> None:
        self._held &= ~_WAITING
        if error is None:
            self._session.secured(channel_of(self._transport.get_extra_info("ssl_object")))
            self._advance()
            return
        self._session.tell_tls_failed(handshake_reason(error))
        self._ending = Outcome.TLS_FAILED
        self.connection_lost(None)

    def _pour(self) -> None:
        """Send of a long message what the client takes."""
        outflow = self._outflow
        while self._held == _POURING and outflow is not None:
            part = outflow.next_part()
            if isinstance(part, Later):
                self._wait(self._part_later(part))
            elif part:
                self._send(part)
                if self._sent > TURN_OCTETS:
                    self._yield_turn()
            else:
                self._outflow = None  # it has closed its message
                self._held &= ~_POURING

    async def _part_later(self, later: Later[bytes]) -> None:
        try:
            self._send(await later)
        except Exception as error:
            self._fail(error)

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:  # Any: as in House.keep
        """Let work run that must wait, and go on after it."""
        self._held |= _WAITING
        self._house.keep(self._go_on_after(work))

    async def _go_on_after(self, work: Coroutine[Any, Any, None]) -> None:  # Any: as in House.keep
        await work
        self._held &= ~_WAITING
        if self._transport.is_closing():
            # The connection was lost meanwhile.
            self._leave(self._ending or Outcome.DISCONNECTED)
        elif self._session.outcome is not None:
            self._transport.close()
        else:
            self._advance()

    def _send(self, octets: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(octets)
        self._sent += len(octets)

    def _yield_turn(self) -> None:
        """Let the others have their turn: this connection has sent enough."""
        self._sent = 0
        self._wait(asyncio.sleep(0))

    # --- the end -------------------------------------------------------------------------------------------------

    def _leave(self, outcome: Outcome) -> None:
        if self._outflow is not None:
            self._outflow.close()
            self._outflow = None
            self._held &= ~_POURING
        self._session.lose(outcome)
        self._entry.leave()

    def _break_off(self, outcome: Outcome) -> None:
        """End in the middle of an answer: no terminating line, nothing that looks like an end."""
        self._leave(outcome)
        self._transport.abort()

    def _fail(self, error: Exception) -> None:
        """Take an error that no answer can be made of."""
        if isinstance(error, MessageGone):
            self._break_off(Outcome.MESSAGE_GONE)
            return
        self._session.tell_fault(error)
        if self._outflow is not None:
            self._break_off(Outcome.FAULT)
        else:
            self._leave(Outcome.FAULT)
            self._send(self._session.failed())
