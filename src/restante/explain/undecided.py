"""A session of which is not known yet which protocol it speaks: what is told of it waits until that is plain.

The port tells, or else the first line that is plain of one protocol. Where nothing tells, it is taken for POP3.
Bounded: what is held, in octets and in events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from restante.explain.line_reader import LineReader
from restante.explain.protocols import MailProtocol, protocol_at, protocol_of
from restante.explain.wire import Side

__all__ = ["HELD_EVENTS", "HELD_OCTETS", "SessionReader", "UndecidedReader"]

HELD_OCTETS: Final = 64 * 1024
"""Of both sides, while nothing is plain."""

HELD_EVENTS: Final = 1000


class SessionReader(Protocol):
    """What a source tells of one session: an observer of the wire, as the readers of both protocols are."""

    @property
    def awaits_body(self) -> bool:
        """Whether lines of a listing or a message are what the server has to send next."""
        ...

    @property
    def awaits_message(self) -> bool:
        """Whether lines of a message are what the client has to send next."""
        ...

    @property
    def is_asked(self) -> bool:
        """Whether a challenge waits for the client's response."""
        ...

    def connected(self, server: str, *, at_seconds: float | None, client: str = "") -> None:
        """Hear that the connection stands."""
        ...

    def joined(self, *, at_seconds: float | None) -> None:
        """Hear that what comes from here on follows upon what was not heard."""
        ...

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        """Hear that TLS stands."""
        ...

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        """Hear octets."""
        ...

    def line(self, side: Side, line: bytes, *, at_seconds: float | None) -> None:
        """Hear one line, given without its end, from a source that does not tell line ends."""
        ...

    def replied(self, line: bytes, octets: int | None, *, at_seconds: float | None) -> None:
        """Hear a reply of which the first line is known, and the octets of all of it, if they are."""
        ...

    def lost(self, side: Side, octets: int, *, at_seconds: float | None) -> None:
        """Hear that octets of a side went by unseen."""
        ...

    def disturbed(self, resent: int, disordered: int, *, at_seconds: float | None) -> None:
        """Hear how the octets travelled."""
        ...

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        """Hear that the connection ended."""
        ...


class UndecidedReader:
    """Holds what it hears until the protocol is plain, and passes it on from then on.

    `begin` gives the reader of a protocol. `protocol` is one that is known beforehand.
    """

    __slots__ = ("_begin", "_held", "_lines", "_octets", "_reader")

    def __init__(
        self, begin: Callable[[MailProtocol], SessionReader], *, protocol: MailProtocol | None = None
    ) -> None:
        self._begin = begin
        self._held: list[Callable[[SessionReader], None]] = []
        self._lines = {side: LineReader() for side in Side}
        self._octets = 0
        self._reader = begin(protocol) if protocol is not None else None

    @property
    def awaits_body(self) -> bool:
        """Whether lines of a listing or a message are what the server has to send next."""
        return self._reader is not None and self._reader.awaits_body

    @property
    def awaits_message(self) -> bool:
        """Whether lines of a message are what the client has to send next."""
        return self._reader is not None and self._reader.awaits_message

    @property
    def is_asked(self) -> bool:
        """Whether a challenge waits for the client's response."""
        return self._reader is not None and self._reader.is_asked

    def connected(self, server: str, *, at_seconds: float | None, client: str = "") -> None:
        """Hear that the connection stands: the port may tell what it is."""
        self._decide(protocol_at(server))
        self._pass(lambda reader: reader.connected(server, at_seconds=at_seconds, client=client))

    def joined(self, *, at_seconds: float | None) -> None:
        """Hear that what comes from here on follows upon what was not heard."""
        self._pass(lambda reader: reader.joined(at_seconds=at_seconds))

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        """Hear that TLS stands."""
        self._pass(lambda reader: reader.secured(description, at_seconds=at_seconds))

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        """Hear octets: their lines may tell what it is."""
        if self._reader is None:
            self._look_at(side, octets)
        if self._reader is not None and not self._held:
            self._reader.octets(side, octets, at_seconds=at_seconds)
        else:
            self._pass(lambda reader: reader.octets(side, octets, at_seconds=at_seconds))

    def line(self, side: Side, line: bytes, *, at_seconds: float | None) -> None:
        """Hear one line, given without its end, from a source that does not tell line ends."""
        if self._reader is None:
            self._look_at(side, line + b"\r\n")
        self._pass(lambda reader: reader.line(side, line, at_seconds=at_seconds))

    def replied(self, line: bytes, octets: int | None, *, at_seconds: float | None) -> None:
        """Hear a reply of which the first line is known, and the octets of all of it, if they are."""
        if self._reader is None:
            self._look_at(Side.SERVER, line + b"\r\n")
        self._pass(lambda reader: reader.replied(line, octets, at_seconds=at_seconds))

    def lost(self, side: Side, octets: int, *, at_seconds: float | None) -> None:
        """Hear that octets of a side went by unseen."""
        self._pass(lambda reader: reader.lost(side, octets, at_seconds=at_seconds))

    def disturbed(self, resent: int, disordered: int, *, at_seconds: float | None) -> None:
        """Hear how the octets travelled."""
        self._pass(lambda reader: reader.disturbed(resent, disordered, at_seconds=at_seconds))

    def closed(self, by: Side | None, reason: str, *, at_seconds: float | None) -> None:
        """Hear that the connection ended: what is not plain by now never will be."""
        self._decide(MailProtocol.POP3)
        self._pass(lambda reader: reader.closed(by, reason, at_seconds=at_seconds))

    # --- what it is -------------------------------------------------------------------------------------------

    def _look_at(self, side: Side, octets: bytes) -> None:
        self._octets += len(octets)
        lines, start = self._lines[side], 0
        while start < len(octets) and self._reader is None:
            line, start = lines.take(octets, start)
            if line is not None:
                self._decide(protocol_of(side, line.kept))
        if self._octets > HELD_OCTETS:
            self._decide(MailProtocol.POP3)

    def _decide(self, protocol: MailProtocol | None) -> None:
        if protocol is not None and self._reader is None:
            self._reader = self._begin(protocol)
            self._lines.clear()

    def _pass(self, tell: Callable[[SessionReader], None]) -> None:
        if self._reader is None:
            self._held.append(tell)
            if len(self._held) < HELD_EVENTS:
                return
            self._reader = self._begin(MailProtocol.POP3)
            self._lines.clear()
        elif not self._held:
            tell(self._reader)
            return
        else:
            self._held.append(tell)
        held, self._held = self._held, []
        for one in held:
            one(self._reader)
