"""One connection as operations see it: commands out, replies in, with TLS, limits and time-outs between.

All here are generators for a pump. What goes wrong becomes a `ClientFault`; after a time-out, a lost connection, a
limit or a reply that is none, the connection is closed first, since nobody knows any more which reply belongs to
which command. The time allowed for a reply has two sides: so long without an octet, and in all so long as a slow
line would need for what came, so that an octet a second has an end as well.
"""

from __future__ import annotations

import contextlib
import io
import os
import ssl
from collections.abc import Callable
from typing import NoReturn, TypeVar

from restante.client.faults import (
    ClientFault,
    ConnectFault,
    ConnectionLost,
    LimitExceeded,
    Phase,
    ProtocolFault,
    TimedOut,
    TlsFault,
    TlsProblem,
    shown,
)
from restante.client.server import Security, Server
from restante.client.tls import TlsChannel, context_for, fault_of, fingerprint_of
from restante.client.wants import CLOSE, Open, Operation, Read, Write
from restante.explain.wire import Reason, Side, WireObserver
from restante.proto.client import BadReply, ReplyLineTooLong, ReplyReader, Status

__all__ = ["Link"]

FaultT = TypeVar("FaultT", bound=ClientFault)


class Link:
    """One connection to a server, from `open` to `close`."""

    __slots__ = (
        "_allowed",
        "_arrived",
        "_clock",
        "_last",
        "_observe",
        "_started",
        "_total",
        "marks",
        "phase",
        "reader",
        "server",
        "stands",
        "tls",
    )

    def __init__(self, server: Server, *, clock: Callable[[], float], observe: WireObserver | None) -> None:
        self.server = server
        self.reader = ReplyReader()
        self.tls: TlsChannel | None = None
        self.phase = Phase.CONNECT
        self.stands = False
        """Whether commands may be sent."""
        self.marks = 0
        """How many deletion marks would be lost with the connection."""
        self._clock = clock
        self._observe = observe
        self._total = 0
        self._started = self._last = 0.0
        self._arrived = 0
        self._allowed = 0.0

    # --- the connection ------------------------------------------------------------------------------------------

    def open(self) -> Operation[None]:
        """Connect. Raises ConnectFault."""
        server = self.server
        seconds = server.timeouts.connect_seconds
        try:
            yield Open(host=server.host, port=server.real_port, proxy=server.proxy, seconds=seconds)
        except TimeoutError as error:
            message = f"{server.address} did not answer in {seconds:g} seconds; check the address and the network"
            raise self._fault(ConnectFault, message) from error
        except OSError as error:
            raise self._fault(ConnectFault, _unreachable(server, error)) from error
        self.stands = True
        if self._observe is not None:
            self._observe.connected(server.address, at_seconds=self._clock())

    def close(self, reason: str = Reason.CLOSED) -> Operation[None]:
        """End the connection; not an error where it has ended. `reason` is a `Reason`, with more behind a colon."""
        if self.stands:
            self.stands = False
            if self.tls is not None and (farewell := self.tls.close()):
                with contextlib.suppress(OSError):
                    yield Write(farewell)
            if self._observe is not None:
                self._observe.closed(Side.CLIENT, reason, at_seconds=self._clock())
        yield CLOSE

    def start_tls(self) -> Operation[None]:
        """Begin TLS, at once or after the +OK to STLS. Raises TlsFault.

        Octets that came already are not TLS, and not from a server that may be trusted: they end the connection.
        """
        self.phase = Phase.TLS
        server = self.server
        if self.reader.pending:
            message = f"{server.address} sent octets before the TLS handshake; somebody may be in between: closed"
            problem = TlsProblem.OCTETS_BEFORE_HANDSHAKE
            yield from self.close(Reason.EARLY_OCTETS)
            raise TlsFault(message, server=server.address, problem=problem)
        try:
            context = context_for(server)
        except TlsFault as unusable:
            yield from self.close(_no_tls(unusable.problem))
            raise
        channel = TlsChannel(context, server.host)
        until = self._clock() + server.timeouts.tls_seconds
        try:
            while not channel.shake_hands():
                yield from _written(channel.to_send())
                channel.receive((yield Read(max(0.0, until - self._clock()))))
            yield from _written(channel.to_send())
        except (OSError, ssl.CertificateError) as error:  # ssl.SSLError is an OSError
            fault = fault_of(server, channel.certificate, error)
            alert = channel.to_send()
            if alert:
                with contextlib.suppress(OSError):
                    yield Write(alert)
            yield from self.close(_no_tls(fault.problem))
            raise fault from error
        certificate = channel.certificate
        if server.fingerprint is not None and _digest(certificate) != server.pinned:
            told = None if certificate is None else fingerprint_of(certificate)
            message = (
                f"the certificate of {server.address} is not the pinned one, but {told}; "
                "if its owner says that this is the new one, pin it, else somebody is in between"
            )
            problem = TlsProblem.OTHER_FINGERPRINT
            yield from self.close(Reason.OTHER_CERTIFICATE)
            raise TlsFault(message, server=server.address, problem=problem, fingerprint=told)
        self.tls = channel
        # What the server said before is not proved to be from it; a fresh reader has none of it.
        self.reader = ReplyReader(self.reader.line_octets)
        if self._observe is not None:
            name = "pinned certificate" if server.fingerprint is not None else f"certificate for {server.host}"
            self._observe.secured(f"{channel.description}, {name}", at_seconds=self._clock())
        # A server may greet in the same breath in which it ends the handshake.
        yield from self._take((yield from self._decrypted(channel)))

    # --- commands and replies ------------------------------------------------------------------------------------

    def send(self, octets: bytes, *, seconds: float | None = None) -> Operation[None]:
        """Send whole lines, and give the replies so much time: None is that of every command."""
        if not self.stands:
            raise self._fault(ConnectionLost, f"the connection to {self.server.address} has ended; connect again")
        self.wait_anew(seconds)
        if self._observe is not None:
            self._observe.octets(Side.CLIENT, octets, at_seconds=self._clock())
        try:
            yield Write(octets if self.tls is None else self.tls.encrypt(octets))
        except OSError as error:
            yield from self._lost(error)

    def wait_anew(self, seconds: float | None = None) -> None:
        """Start the time of a reply."""
        self._allowed = self.server.timeouts.command_seconds if seconds is None else seconds
        self._started = self._last = self._clock()
        self._arrived = 0

    def status(self) -> Operation[Status]:
        """Wait for a status line."""
        while True:
            try:
                status = self.reader.status()
            except (BadReply, ReplyLineTooLong) as error:
                yield from self._unreadable(error)
            if status is not None:
                return status
            yield from self.more()

    def line(self) -> Operation[bytes]:
        """Wait for a line of an AUTH exchange."""
        while True:
            try:
                line = self.reader.line()
            except ReplyLineTooLong as error:
                yield from self._unreadable(error)
            if line is not None:
                return line
            yield from self.more()

    def body(self, most_octets: int, *, what: str) -> Operation[bytes]:
        """Wait for the multi-line part of a reply, and give it whole. `what` it is, for the message of a limit."""
        self.reader.begin_body()
        reader = self.reader
        chunk = reader.chunk()
        if not reader.in_body and chunk is not None and len(chunk) <= most_octets:
            return chunk
        # Grows in place and gives what it holds without a copy: a long message is not held twice.
        whole = io.BytesIO()
        while True:
            if chunk is None:
                yield from self.more()
            elif whole.tell() + len(chunk) > most_octets:
                yield from self.exceeded(f"{what} of more than {most_octets} octets")
            else:
                whole.write(chunk)
            if not reader.in_body:
                return whole.getvalue()
            chunk = reader.chunk()

    def ask(self, command: bytes, *, seconds: float | None = None) -> Operation[Status]:
        """Send one command line, without its end, and wait for its status line."""
        yield from self.send(command + b"\r\n", seconds=seconds)
        return (yield from self.status())

    def more(self) -> Operation[None]:
        """Wait for octets, and hand them to the reader."""
        timeouts = self.server.timeouts
        now = self._clock()
        slow = self._started + self._allowed + self._arrived / timeouts.slowest_octets_per_second
        seconds = min(self._last + self._allowed, slow) - now
        if seconds <= 0:
            yield from self._too_late()
        try:
            octets = yield Read(seconds)
        except TimeoutError:
            yield from self._too_late()
        except OSError as error:
            yield from self._lost(error)
        ended = not octets
        if self.tls is not None:
            self.tls.receive(octets)
            octets = yield from self._decrypted(self.tls)
            ended = self.tls.ended
        yield from self._take(octets)
        if ended and not octets:
            yield from self._lost(None)

    def _decrypted(self, channel: TlsChannel) -> Operation[bytes]:
        """Give what can be read of what came. Raises TlsFault: in TLS 1.3 a server judges us only now."""
        try:
            octets = channel.decrypt()
            yield from _written(channel.to_send())
        except ssl.SSLError as error:
            yield from self.close(Reason.CLIENT_TLS_FAILED)
            raise fault_of(self.server, channel.certificate, error) from error
        except OSError as error:
            yield from self._lost(error)
        return octets

    def _take(self, octets: bytes) -> Operation[None]:
        """Count what came, and hand it to the reader."""
        if not octets:
            return
        self._last = self._clock()
        self._arrived += len(octets)
        self._total += len(octets)
        if self._observe is not None:
            self._observe.octets(Side.SERVER, octets, at_seconds=self._last)
        if self._total > self.server.limits.session_octets:
            yield from self.exceeded(f"more than {self.server.limits.session_octets} octets in one session")
        self.reader.receive(octets)

    @property
    def idle_seconds(self) -> float:
        """How long ago something was sent or came."""
        return self._clock() - max(self._started, self._last)

    # --- ends ----------------------------------------------------------------------------------------------------

    def exceeded(self, what: str) -> Operation[NoReturn]:
        """Close, since the server sent too much."""
        yield from self.close(Reason.OVER_A_LIMIT)
        raise self._fault(
            LimitExceeded,
            f"{self.server.address} sent {what}; raise the limit if that is what you want{self._lost_marks}",
        )

    def misspoken(self, message: str, reply: bytes | None = None) -> Operation[NoReturn]:
        """Close, since what the server sent is not POP3."""
        yield from self.close(Reason.NOT_POP3)
        raise self._fault(ProtocolFault, message + self._lost_marks, reply=reply)

    def _unreadable(self, error: BadReply | ReplyLineTooLong) -> Operation[NoReturn]:
        address = self.server.address
        if isinstance(error, ReplyLineTooLong):
            yield from self.exceeded(f"a line of more than {error.limit} octets")
        elif self.phase is Phase.CONNECT:
            yield from self.misspoken(
                f"{address} does not greet like a POP3 server: {shown(error.line)}; check host and port", error.line
            )
        else:
            yield from self.misspoken(f"{address} sent no POP3 reply: {shown(error.line)}", error.line)
        raise AssertionError("not reached")

    def _too_late(self) -> Operation[NoReturn]:
        yield from self.close(Reason.TIME_OUT)
        doing = "greet" if self.phase is Phase.CONNECT else "answer"
        slow = " (it sends too slowly)" if self._arrived else ""
        if self.reader.in_body and self.reader.unfinished.endswith(b".\r\n"):
            slow = " (it seems to have ended a message by something other than CRLF . CRLF)"
        advice = "try again later"
        if self.phase is Phase.CONNECT and self.server.security is not Security.TLS and not self._arrived:
            # A server that waits for a handshake is as silent as one that is down.
            advice = "if it wants TLS from the first octet, as port 995 does, set security to tls; else " + advice
        raise self._fault(
            TimedOut,
            f"{self.server.address} did not {doing} in {self._allowed:g} seconds{slow}; {advice}{self._lost_marks}",
        )

    def _lost(self, error: OSError | None) -> Operation[NoReturn]:
        if self.stands and self._observe is not None:
            self._observe.closed(
                Side.SERVER if error is None else None, Reason.ENDED_IN_THE_MIDDLE, at_seconds=self._clock()
            )
        self.stands = False
        yield CLOSE
        why = "was closed by the server" if error is None else f"was lost ({_reason(error)})"
        raise self._fault(
            ConnectionLost, f"the connection to {self.server.address} {why}; connect again{self._lost_marks}"
        ) from error

    @property
    def _lost_marks(self) -> str:
        if not self.marks:
            return ""
        if self.marks == 1:
            return "; 1 deletion mark is lost with it, and that message is still in the maildrop"
        return f"; {self.marks} deletion marks are lost with it, and those messages are still in the maildrop"

    def _fault(self, kind: type[FaultT], message: str, *, reply: bytes | None = None) -> FaultT:
        return kind(message, server=self.server.address, phase=self.phase, reply=reply, marks_lost=self.marks)


def _written(octets: bytes) -> Operation[None]:
    if octets:
        yield Write(octets)


def _digest(certificate: bytes | None) -> bytes | None:
    return None if certificate is None else bytes.fromhex(fingerprint_of(certificate).replace(":", ""))


def _no_tls(problem: TlsProblem) -> str:
    return f"{Reason.NO_TLS}: {problem.value}"


def _unreachable(server: Server, error: OSError) -> str:
    via = " through the proxy" if server.proxy is not None else ""
    return f"cannot connect to {server.address}{via}: {_reason(error)}; check the address and the network"


def _reason(error: OSError) -> str:
    # The event loop puts words of its own into some, with the address once more.
    if not isinstance(error, ssl.SSLError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__
