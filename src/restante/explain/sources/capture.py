"""Reads captures of the network: each TCP connection on which POP3, SMTP or LMTP is spoken becomes a session.

They are known by their ports, or by what is said first. What else a capture holds is passed over. Who began a
connection is its client; where that was not captured, the port tells. Captures swap what went in two directions: a
segment waits for what its side had heard before it, as its acknowledgement says. TLS is told as such.
Bounded: connections at the same time, and what is held of one before it is known what it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, TypeAlias

from restante.explain.protocols import PORTS, MailProtocol, protocol_of
from restante.explain.sources.containers import PACKET_MAGIC, PacketReader
from restante.explain.sources.frames import Endpoint, Segment, segment_of
from restante.explain.sources.source import OpenSession
from restante.explain.sources.streams import Gap, Stream
from restante.explain.undecided import SessionReader
from restante.explain.wire import Side

__all__ = ["PATIENCE", "CaptureSource", "looks_like_a_capture"]

MOST_CONNECTIONS: Final = 10_000
"""At the same time; beyond it the oldest is taken to be over."""

PATIENCE: Final = 50
"""Segments of a connection that wait for one that is missing. With more it is taken to be lost."""

UNDECIDED_OCTETS: Final = 16 * 1024
"""Of a connection on another port, before its server has said a line."""


def looks_like_a_capture(head: bytes) -> bool:
    """Tell whether octets begin a capture file."""
    return head.startswith(PACKET_MAGIC)


_Key: TypeAlias = tuple[Endpoint, Endpoint]

_SMTP_IN_GREETING: Final = re.compile(rb"\bE?(?:SMTP|LMTP)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Connection:
    client: Endpoint
    server: Endpoint
    streams: dict[Side, Stream]
    reader: SessionReader | None = None
    waiting: list[tuple[Side, Segment, float | None]] = field(default_factory=list)
    """Segments that came before what their side had heard."""
    held: list[tuple[Side, bytes | Gap, float | None]] = field(default_factory=list)
    """Until it is known what it is."""
    held_octets: int = 0
    began_at_seconds: float | None = None
    is_foreign: bool = False
    is_joined: bool = False
    """Whether what is captured begins in the middle of the session."""
    has_spoken: bool = False
    begin_was_seen: bool = False
    """Whether the capture has it from its SYN on."""
    first_to_end: Side | None = None

    def said(self, by: Side) -> bytes:
        """Give what a side said, of what is held."""
        return b"".join([piece for side, piece, _ in self.held if side is by and isinstance(piece, bytes)])


class CaptureSource:
    """Reads one capture. `ports` are others on which mail is spoken, whatever is to be seen there.

    `protocol` is what is spoken on them, and wherever else a session is; only sessions of it are told then.
    """

    def __init__(
        self,
        open_session: OpenSession,
        *,
        ports: Collection[int] = (),
        protocol: MailProtocol | None = None,
    ) -> None:
        self._open = open_session
        self._protocol = protocol
        usual = [port for port, spoken in PORTS.items() if protocol in (None, spoken)]
        self._ports = frozenset(usual) | frozenset(ports)
        self._packets = PacketReader()
        self._connections: dict[_Key, _Connection] = {}
        self._now: float | None = None

    def feed(self, octets: bytes) -> None:
        """Take the next octets."""
        for packet in self._packets.feed(octets):
            self._now = packet.at_seconds
            segment = segment_of(packet.link_type, packet.octets)
            if segment is not None:
                self._take(segment)

    def finish(self) -> None:
        """Take note that there are no more: connections that stand are told as far as they went."""
        for key in list(self._connections):
            self._end(key, None, "")

    # --- connections ------------------------------------------------------------------------------------------

    def _take(self, segment: Segment) -> None:
        ends = sorted((segment.source, segment.target))
        key = (ends[0], ends[1])
        connection = self._connections.get(key)
        if connection is not None and segment.begins and segment.acknowledged is None and connection.has_spoken:
            # The same ports once more.
            self._end(key, None, "")
            connection = None
        if connection is None:
            if not (segment.begins or segment.payload or segment.missing):
                # The last words of TCP about a connection that is over.
                return
            connection = self._begin(key, segment)
        if connection.is_foreign:
            if segment.resets or segment.ends:
                del self._connections[key]
            return
        side = Side.CLIENT if segment.source == connection.client else Side.SERVER
        connection.waiting.append((side, segment, self._now))
        self._work_off(key, connection, patience=PATIENCE)

    def _work_off(self, key: _Key, connection: _Connection, *, patience: int) -> None:
        """Take the segments that wait no longer, as long as there are such."""
        while connection.waiting and key in self._connections and not connection.is_foreign:
            due = [
                at for at, (side, segment, _) in enumerate(connection.waiting) if _is_due(connection, side, segment)
            ]
            at = due[0] if due else 0
            side, segment, at_seconds = connection.waiting[at]
            if not due:
                if len(connection.waiting) <= patience:
                    return
                self._pass_on(connection, _other(side), connection.streams[_other(side)].give_up(), at_seconds)
            del connection.waiting[at]
            self._follow(connection, side, segment, at_seconds)
            if segment.resets:
                self._end(key, side, "connection reset")
            elif all(stream.is_over for stream in connection.streams.values()):
                self._end(key, connection.first_to_end, "")

    def _begin(self, key: _Key, segment: Segment) -> _Connection:
        if len(self._connections) >= MOST_CONNECTIONS:
            self._end(next(iter(self._connections)), None, "")
        client, server = self._roles(segment)
        connection = _Connection(client, server, {side: Stream() for side in Side}, began_at_seconds=self._now)
        self._connections[key] = connection
        if server.port in self._ports:
            self._open_reader(connection)
        return connection

    def _roles(self, segment: Segment) -> tuple[Endpoint, Endpoint]:
        ends = segment.source, segment.target
        if segment.begins:
            return ends if segment.acknowledged is None else (ends[1], ends[0])
        if (ends[0].port in self._ports) != (ends[1].port in self._ports):
            return ends if ends[1].port in self._ports else (ends[1], ends[0])
        if protocol_of(Side.SERVER, _first_line(segment.payload)) is not None:
            return ends[1], ends[0]
        return ends if ends[1].port < ends[0].port else (ends[1], ends[0])

    def _follow(self, connection: _Connection, side: Side, segment: Segment, at_seconds: float | None) -> None:
        stream = connection.streams[side]
        if segment.acknowledged is not None:
            connection.streams[_other(side)].acknowledge(segment.acknowledged)
        if segment.begins:
            stream.begin(segment.sequence)
            connection.begin_was_seen = True
        if segment.payload or segment.missing:
            pieces = stream.take(segment.sequence, segment.payload, segment.missing)
            self._pass_on(connection, side, pieces, at_seconds)
        if segment.ends:
            stream.end((segment.sequence + len(segment.payload) + segment.missing) % 2**32)
            if connection.first_to_end is None:
                connection.first_to_end = side

    def _pass_on(
        self, connection: _Connection, side: Side, pieces: Iterable[bytes | Gap], at_seconds: float | None
    ) -> None:
        for piece in pieces:
            is_first, connection.has_spoken = not connection.has_spoken, True
            if is_first and not _is_beginning(connection, side, piece):
                connection.is_joined = True
                if connection.reader is not None:
                    connection.reader.joined(at_seconds=at_seconds)
            if connection.reader is None and not connection.is_foreign:
                self._decide(connection, side, piece, at_seconds)
            elif connection.reader is not None:
                _tell(connection.reader, side, piece, at_seconds)

    def _decide(self, connection: _Connection, side: Side, piece: bytes | Gap, at_seconds: float | None) -> None:
        """Find out whether a connection on another port is one of mail: by the first things that are said.

        A server of SMTP greets as one of FTP does, so that its client's first word counts, too.
        """
        connection.held.append((side, piece, at_seconds))
        connection.held_octets += len(piece) if isinstance(piece, bytes) else 0
        server, client = (_first_line(connection.said(one)) for one in (Side.SERVER, Side.CLIENT))
        greeted = protocol_of(Side.SERVER, server)
        if greeted is MailProtocol.SMTP and not _SMTP_IN_GREETING.search(server):
            greeted = protocol_of(Side.CLIENT, client)
        if greeted is not None and server and self._protocol in (None, greeted):
            self._open_reader(connection, greeted)
            return
        waits = not server or (not client and protocol_of(Side.SERVER, server) is MailProtocol.SMTP)
        if not waits or connection.held_octets > UNDECIDED_OCTETS:
            connection.is_foreign = True
            connection.held.clear()
            connection.waiting.clear()

    def _open_reader(self, connection: _Connection, protocol: MailProtocol | None = None) -> None:
        client, usual = connection.client, PORTS.get(connection.server.port)
        reader = connection.reader = self._open(
            str(client), client=str(ip_address(client.address)), protocol=protocol or usual
        )
        reader.connected(str(connection.server), at_seconds=connection.began_at_seconds)
        if connection.is_joined:
            reader.joined(at_seconds=connection.began_at_seconds)
        for side, piece, at_seconds in connection.held:
            _tell(reader, side, piece, at_seconds)
        connection.held.clear()

    def _end(self, key: _Key, by: Side | None, reason: str) -> None:
        connection = self._connections[key]
        if by is None:
            # Nothing more will come: what waits is told as it stands, and may itself be the end.
            self._work_off(key, connection, patience=0)
            if key not in self._connections:
                return
        del self._connections[key]
        for side, stream in connection.streams.items():
            self._pass_on(connection, side, stream.give_up(), self._now)
        if connection.reader is None:
            return
        resent = sum(stream.resent for stream in connection.streams.values())
        disordered = sum(stream.disordered for stream in connection.streams.values())
        if resent or disordered:
            connection.reader.disturbed(resent, disordered, at_seconds=self._now)
        connection.reader.closed(by or connection.first_to_end, reason, at_seconds=self._now)


def _other(side: Side) -> Side:
    return Side.SERVER if side is Side.CLIENT else Side.CLIENT


def _is_beginning(connection: _Connection, side: Side, piece: bytes | Gap) -> bool:
    """Tell whether the first thing that was captured can be the first that was said."""
    if connection.begin_was_seen:
        return True
    if side is Side.CLIENT or isinstance(piece, Gap):
        return False
    return protocol_of(Side.SERVER, _first_line(piece)) is not None


def _first_line(octets: bytes) -> bytes:
    return octets[:512].partition(b"\n")[0].rstrip(b"\r")


def _is_due(connection: _Connection, side: Side, segment: Segment) -> bool:
    """Tell whether all was seen that a side had heard when it sent a segment."""
    return segment.acknowledged is None or connection.streams[_other(side)].has(segment.acknowledged)


def _tell(reader: SessionReader, side: Side, piece: bytes | Gap, at_seconds: float | None) -> None:
    if isinstance(piece, Gap):
        reader.lost(side, piece.octets, at_seconds=at_seconds)
    else:
        reader.octets(side, piece, at_seconds=at_seconds)
