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
from typing import Any

from restante.doors.channel import channel_of
from restante.doors.gate import Entry
from restante.doors.sessions import SessionInfo
from restante.doors.tls import handshake_reason
from restante.doors.tls_layer import TlsLayer
from restante.ports.events import CommandReceived, ConnectionOpened, Door, FaultMet, Outcome, ReplySent, TlsFailed
from restante.ports.soon import Later
from restante.ports.stores import MessageGone
from restante.proto.redact import HIDDEN, redacted
from restante.proto.server import ServerProtocol
from restante.server.authorization import Answer, UpgradeToTls
from restante.server.house import House
from restante.server.limits import GATHERED_OCTETS, TURN_OCTETS, WRITE_BUFFER_OCTETS
from restante.server.outflow import Outflow
from restante.server.session import Session

__all__ = ["Connection"]

_ORDERED_ENDS = frozenset({Outcome.SHUTDOWN, Outcome.ENDED})
"""After which no further command is begun. A client's EOF is none: all that it sent before is answered."""


class Connection(asyncio.BufferedProtocol):
    """One POP3 connection."""

    __slots__ = (
        "_clogged",
        "_ending",
        "_entry",
        "_heard_at",
        "_house",
        "_loop",
        "_outflow",
        "_peer",
        "_protocol",
        "_secured",
        "_sent",
        "_session",
        "_transport",
        "_waiting",
        "_wire",
    )

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
        # Nothing is worked off: an answer is waited for, the others have their turn, or there was no greeting yet.
        self._waiting = True
        # The client does not take what is sent.
        self._clogged = False
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
        house.services.tell(ConnectionOpened(session=session.id, door=Door.POP3, peer=self._peer, secured=secured))
        if secured:
            session.secured(channel_of(tls))
        greeting = session.greeting()
        if self._wire:
            self._tell_reply(greeting)
        self._send(greeting)
        self._waiting = False

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the buffer that all connections read into."""
        return self._house.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came, and work it off."""
        self._protocol.receive(bytes(self._house.read_buffer[:nbytes]))
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
        if not self._waiting:
            self._leave(self._ending)

    def pause_writing(self) -> None:
        """Stop: the client does not take what is sent."""
        self._clogged = True
        self._hear()

    def resume_writing(self) -> None:
        """Go on where it stopped."""
        self._clogged = False
        self._hear()
        self._advance()

    # --- what the server calls -----------------------------------------------------------------------------------

    def sweep(self, now: float) -> None:
        """End a session that has been silent, or has not read, for too long. `now` is the loop's time."""
        if self._waiting:
            return
        limits = self._house.services.limits
        stalled = self._clogged or self._session.outcome is not None  # a good-bye, even, is not taken
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
        if self._waiting or self._session.outcome is not None:
            return
        self._sent = 0
        try:
            self._pour()
            while not self._busy and self._work_off():
                pass
        except Exception as error:
            self._fail(error)
        if self._session.outcome is not None:
            # The last answer goes out before the transport closes.
            self._transport.close()
        elif self._busy:
            self._transport.pause_reading()
        elif self._ending is not None:
            self._leave(self._ending)
            self._transport.close()
        else:
            self._transport.resume_reading()

    @property
    def _busy(self) -> bool:
        return self._waiting or self._clogged or self._outflow is not None or self._session.outcome is not None

    def _hear(self) -> None:
        """Note that the client is alive: before its login nothing that it does buys it time."""
        if self._session.authorized:
            self._heard_at = self._loop.time()

    def _work_off(self) -> bool:
        """Answer commands until something must wait; send the answers in one write. False when no command is left.

        At a shutdown no further command is begun; at the client's EOF all that it sent are.
        """
        session, next_command, wire = self._session, self._protocol.next_command, self._wire
        gathered: list[bytes] = []
        octets = 0
        answer: Answer | Later[Answer] = b""
        left = True
        while octets < GATHERED_OCTETS and self._ending not in _ORDERED_ENDS:
            command = next_command()
            if command is None:
                left = False
                break
            if wire:
                self._tell_command()
            answer = session.answer(command)
            if not isinstance(answer, bytes):
                break
            if wire:
                self._tell_reply(answer)
            gathered.append(answer)
            octets += len(answer)
            if session.outcome is not None:
                break
        else:
            left = self._ending not in _ORDERED_ENDS
        self._hear()
        if gathered:
            self._send(b"".join(gathered))
        if isinstance(answer, Later):
            self._wait(self._answer_later(answer))
        elif isinstance(answer, Outflow):
            self._begin_outflow(answer)
            self._pour()
        elif isinstance(answer, UpgradeToTls):
            self._upgrade(answer)
        else:
            self._yield_turn()
        return left

    async def _answer_later(self, later: Later[Answer]) -> None:
        try:
            answer = await later
        except Exception as error:
            self._fail(error)
            return
        self._hear()
        if isinstance(answer, bytes):
            if self._wire:
                self._tell_reply(answer)
            self._send(answer)
        elif isinstance(answer, Outflow):
            self._begin_outflow(answer)
        else:
            raise TypeError("TLS is begun without waiting")

    def _upgrade(self, answer: UpgradeToTls) -> None:
        """Begin TLS, unless anything stands behind STLS: somebody in the middle put it there (CVE-2011-0411)."""
        if self._protocol.pending:
            self._leave(Outcome.TOO_EARLY_FOR_TLS)
            return
        if self._wire:
            self._tell_reply(answer.reply)
        self._send(answer.reply)
        security = self._house.services.security
        assert security.tls is not None, "STLS is answered so only where TLS is offered"
        self._waiting = True
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
        self._waiting = False
        if error is None:
            self._session.secured(channel_of(self._transport.get_extra_info("ssl_object")))
            self._advance()
            return
        reason, services = handshake_reason(error), self._house.services
        services.tell(TlsFailed(session=self._session.id, door=Door.POP3, peer=self._peer, reason=reason))
        self._ending = Outcome.TLS_FAILED
        self.connection_lost(None)

    def _begin_outflow(self, outflow: Outflow) -> None:
        self._outflow = outflow
        if self._wire:
            self._tell_reply(outflow.status)

    def _pour(self) -> None:
        """Send of a long message what the client takes."""
        outflow = self._outflow
        while outflow is not None and not self._clogged and not self._waiting:
            part = outflow.next_part()
            if isinstance(part, Later):
                self._wait(self._part_later(part))
            elif part:
                self._send(part)
                self._yield_turn()
            else:
                outflow = self._outflow = None  # it has closed its message

    async def _part_later(self, later: Later[bytes]) -> None:
        try:
            self._send(await later)
        except Exception as error:
            self._fail(error)

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:  # Any: as in House.keep
        """Let work run that must wait, and go on after it."""
        self._waiting = True
        self._house.keep(self._go_on_after(work))

    async def _go_on_after(self, work: Coroutine[Any, Any, None]) -> None:  # Any: as in House.keep
        await work
        self._waiting = False
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
        """Let the others have their turn, when this connection has sent enough."""
        if self._sent > TURN_OCTETS:
            self._sent = 0
            self._wait(asyncio.sleep(0))

    # --- the end -------------------------------------------------------------------------------------------------

    def _leave(self, outcome: Outcome) -> None:
        if self._outflow is not None:
            self._outflow.close()
            self._outflow = None
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
        fault = f"{type(error).__name__}: {error}"
        self._house.services.tell(FaultMet(session=self._session.id, what="a session", error=fault))
        if self._outflow is not None:
            self._break_off(Outcome.FAULT)
        else:
            self._leave(Outcome.FAULT)
            self._send(self._session.failed())

    # --- the wire, for those who want it -------------------------------------------------------------------------

    def _tell_command(self) -> None:
        said = CommandReceived(session=self._session.id, line=redacted(self._protocol.last_line) or HIDDEN)
        self._house.services.tell(said)

    def _tell_reply(self, reply: bytes) -> None:
        line = reply[: reply.index(b"\r\n")]
        self._house.services.tell(ReplySent(session=self._session.id, line=line, octets=len(reply)))
