"""A side that speaks TLS which nobody here can look into: its first record is told, and an alert that ends the
handshake.

What is sealed for good is not followed: the first sealed record of a side is looked at, which is its alert or the
end of its handshake. Bounded: no more than one record is kept. It never fails.
"""

from __future__ import annotations

from restante.explain.line_events import Sealed, SealedKind
from restante.explain.smtp.phase import Phase
from restante.explain.tls_records import HEAD_OCTETS, RECORD_HEADER_OCTETS, FirstRecord, alert_in, first_record
from restante.explain.wire import Side
from restante.proto.terms import State

__all__ = ["SealedSide"]

_KEPT_OF_A_RECORD = RECORD_HEADER_OCTETS + 2
"""Behind the first one: as much as an alert in the clear has."""


class SealedSide:
    """One side of a connection, from its first record of TLS on."""

    __slots__ = ("_by_stls", "_head", "_is_followed", "_secured", "_side", "_skip", "_state", "_told")

    def __init__(self, side: Side, *, state: State | Phase, secured: bool, by_stls: bool) -> None:
        self._side = side
        self._state = state
        self._secured = secured
        self._by_stls = by_stls
        self._head = bytearray()
        self._told = False
        self._skip = 0
        """Octets of the record under way that are of no interest."""
        self._is_followed = True
        """Whether a record may still come that can be read."""

    def take(self, octets: bytes, at_seconds: float | None) -> list[Sealed]:
        """Take octets; give the events of the records that are there by now."""
        events: list[Sealed] = []
        while octets and self._is_followed:
            if not self._told:
                taken = min(len(octets), self._wanted() - len(self._head))
                self._head += octets[:taken]
                octets = octets[taken:]
                if len(self._head) >= self._wanted():
                    events += self.finish(at_seconds)
                continue
            taken = min(len(octets), self._skip)
            self._skip, octets = self._skip - taken, octets[taken:]
            if octets:
                octets = self._take_later(octets, at_seconds, events)
        return events

    def finish(self, at_seconds: float | None) -> list[Sealed]:
        """Give the event of a first record that broke off, if it was not told yet."""
        if self._told:
            return []
        self._told = True
        record = first_record(bytes(self._head))
        self._skip = max(0, self._whole() - len(self._head))
        self._is_followed = record.kind is SealedKind.HELLO
        self._head.clear()
        return [self._event(record, at_seconds)]

    def _whole(self) -> int:
        return RECORD_HEADER_OCTETS + int.from_bytes(self._head[3:5], "big")

    def _wanted(self) -> int:
        """How many octets of the first record are to be kept, as far as is known by now."""
        if len(self._head) < RECORD_HEADER_OCTETS:
            return RECORD_HEADER_OCTETS
        return min(self._whole(), HEAD_OCTETS)

    def _take_later(self, octets: bytes, at_seconds: float | None, events: list[Sealed]) -> bytes:
        """Take the beginning of a record behind the first. Gives what is left of the octets."""
        wanted = _KEPT_OF_A_RECORD
        if len(self._head) >= RECORD_HEADER_OCTETS:
            wanted = min(wanted, self._whole())
        taken = min(len(octets), wanted - len(self._head))
        self._head += octets[:taken]
        octets = octets[taken:]
        if len(self._head) < RECORD_HEADER_OCTETS or len(self._head) < min(_KEPT_OF_A_RECORD, self._whole()):
            return octets
        header, fragment = bytes(self._head[:RECORD_HEADER_OCTETS]), bytes(self._head[RECORD_HEADER_OCTETS:])
        over = len(self._head) - self._whole()
        if over > 0:
            # A record that is shorter than what was kept: its neighbour begins there.
            octets = bytes(self._head[-over:]) + octets
        self._skip = max(0, -over)
        self._head.clear()
        alert = alert_in(header, fragment)
        # Behind a sealed record nothing can be read any more.
        self._is_followed = alert is None and header[0] != _SEALED_RECORD
        if alert is not None and (alert or self._side is Side.CLIENT):
            events.append(self._event(FirstRecord(kind=SealedKind.ALERT, alert=alert), at_seconds))
        return octets

    def _event(self, record: FirstRecord, at_seconds: float | None) -> Sealed:
        return Sealed(
            at_seconds=at_seconds,
            state=self._state,
            secured=self._secured,
            side=self._side,
            kind=record.kind,
            by_stls=self._by_stls,
            version=record.version,
            server_name=record.server_name,
            alert=record.alert,
        )


_SEALED_RECORD = 0x17
