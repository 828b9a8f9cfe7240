"""A side that speaks TLS which nobody here can look into: its first record is told, the rest is counted by no one.

Bounded: no more than one record is kept. It never fails.
"""

from __future__ import annotations

from restante.explain.events import Sealed
from restante.explain.tls_records import HEAD_OCTETS, first_record
from restante.explain.wire import Side
from restante.proto.terms import State

__all__ = ["SealedSide"]


class SealedSide:
    """One side of a connection, from its first record of TLS on."""

    __slots__ = ("_by_stls", "_head", "_secured", "_side", "_state", "_told")

    def __init__(self, side: Side, *, state: State, secured: bool, by_stls: bool) -> None:
        self._side = side
        self._state = state
        self._secured = secured
        self._by_stls = by_stls
        self._head = bytearray()
        self._told = False

    def take(self, octets: bytes, at_seconds: float | None) -> Sealed | None:
        """Take octets; give the event once the first record is there."""
        if self._told:
            return None
        self._head += octets[: HEAD_OCTETS - len(self._head)]
        whole = 5 + int.from_bytes(self._head[3:5], "big") if len(self._head) >= 5 else HEAD_OCTETS
        return self.finish(at_seconds) if len(self._head) >= min(whole, HEAD_OCTETS) else None

    def finish(self, at_seconds: float | None) -> Sealed | None:
        """Give the event of a record that broke off, if it was not told yet."""
        if self._told:
            return None
        self._told = True
        record = first_record(bytes(self._head))
        self._head.clear()
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
