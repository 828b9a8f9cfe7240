"""Packets out of capture files: pcap of both byte orders, in micro- and nanoseconds, and pcapng.

They are read as they come, so that a capture can be told while it is made. A file that is damaged ends where it is.
Bounded: the longest block. Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["LARGEST_PACKET_OCTETS", "PACKET_MAGIC", "Packet", "PacketReader"]

LARGEST_PACKET_OCTETS: Final = 262_144
"""What tcpdump and Wireshark take at the most."""

_LARGEST_BLOCK_OCTETS: Final = 2 * LARGEST_PACKET_OCTETS

_Order: TypeAlias = Literal["little", "big"]

_MAGIC: Final[dict[bytes, tuple[_Order, float]]] = {
    b"\xa1\xb2\xc3\xd4": ("big", 1e-6),
    b"\xd4\xc3\xb2\xa1": ("little", 1e-6),
    b"\xa1\xb2\x3c\x4d": ("big", 1e-9),
    b"\x4d\x3c\xb2\xa1": ("little", 1e-9),
}
_SECTION: Final = b"\x0a\x0d\x0d\x0a"
PACKET_MAGIC: Final = (*_MAGIC, _SECTION)
"""What captures begin with."""

_HEADER_OCTETS: Final = 24
_RECORD_OCTETS: Final = 16
_BYTE_ORDER_MAGIC: Final = 0x1A2B3C4D
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET = 1, 2, 3, 6
_TIME_RESOLUTION: Final = 9
_MOST_INTERFACES: Final = 1000


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as it was captured."""

    link_type: int
    at_seconds: float | None
    octets: bytes


class PacketReader:
    """Reads one capture."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._order: _Order = "little"
        self._is_pcapng: bool | None = None
        self._resolution = 1e-6
        self._link_type = 0
        self._interfaces: list[tuple[int, float]] = []
        self._is_over = False

    def feed(self, octets: bytes) -> Iterator[Packet]:
        """Take the next octets, and give the packets that are whole by now."""
        if self._is_over:
            return
        self._buffer += octets
        at = 0
        while not self._is_over:
            taken, packet = self._next(at)
            if not taken:
                break
            at += taken
            if packet is not None:
                yield packet
        del self._buffer[:at]

    def _number(self, at: int, octets: int) -> int:
        return int.from_bytes(self._buffer[at : at + octets], self._order)

    def _next(self, at: int) -> tuple[int, Packet | None]:
        """Read what begins at a place: how long it is, 0 when it is not whole yet, and the packet in it."""
        if self._is_pcapng is None:
            return self._begin()
        return self._block(at) if self._is_pcapng else self._record(at)

    def _begin(self) -> tuple[int, None]:
        if len(self._buffer) < _HEADER_OCTETS:
            return 0, None
        magic = bytes(self._buffer[:4])
        if magic == _SECTION:
            self._is_pcapng = True
            # The block itself is read as such.
            return self._block(0)[0], None
        if magic not in _MAGIC:
            self._is_over = True
            return 0, None
        self._order, self._resolution = _MAGIC[magic]
        self._is_pcapng = False
        # The upper bits tell of checksums at the end of frames.
        self._link_type = self._number(20, 4) & 0x0FFF_FFFF
        return _HEADER_OCTETS, None

    def _record(self, at: int) -> tuple[int, Packet | None]:
        if len(self._buffer) - at < _RECORD_OCTETS:
            return 0, None
        captured = self._number(at + 8, 4)
        if captured > LARGEST_PACKET_OCTETS:
            self._is_over = True
            return 0, None
        whole = _RECORD_OCTETS + captured
        if len(self._buffer) - at < whole:
            return 0, None
        at_seconds = self._number(at, 4) + self._number(at + 4, 4) * self._resolution
        return whole, Packet(self._link_type, at_seconds, bytes(self._buffer[at + _RECORD_OCTETS : at + whole]))

    # --- pcapng -----------------------------------------------------------------------------------------------

    def _block(self, at: int) -> tuple[int, Packet | None]:
        if len(self._buffer) - at < 12:
            return 0, None
        if bytes(self._buffer[at : at + 4]) == _SECTION:
            self._order = "little"
            if self._number(at + 8, 4) != _BYTE_ORDER_MAGIC:
                self._order = "big"
            self._interfaces.clear()
        kind, whole = self._number(at, 4), self._number(at + 4, 4)
        if whole < 12 or whole % 4 or whole > _LARGEST_BLOCK_OCTETS:
            self._is_over = True
            return 0, None
        if len(self._buffer) - at < whole:
            return 0, None
        return whole, self._content(kind, at + 8, at + whole - 4)

    def _content(self, kind: int, start: int, end: int) -> Packet | None:
        if kind == _INTERFACE and end - start >= 8:
            if len(self._interfaces) < _MOST_INTERFACES:
                self._interfaces.append((self._number(start, 2), self._resolution_in(start + 8, end)))
        elif kind in (_ENHANCED_PACKET, _OLD_PACKET) and end - start >= 20:
            interface = self._number(start, 4 if kind == _ENHANCED_PACKET else 2)
            captured = self._number(start + 12, 4)
            if interface < len(self._interfaces) and captured <= end - start - 20:
                link_type, resolution = self._interfaces[interface]
                at_seconds = (self._number(start + 4, 4) * 2**32 + self._number(start + 8, 4)) * resolution
                return Packet(link_type, at_seconds, bytes(self._buffer[start + 20 : start + 20 + captured]))
        elif kind == _SIMPLE_PACKET and end - start >= 4 and self._interfaces:
            captured = min(self._number(start, 4), end - start - 4)
            return Packet(self._interfaces[0][0], None, bytes(self._buffer[start + 4 : start + 4 + captured]))
        return None

    def _resolution_in(self, start: int, end: int) -> float:
        """Read the unit of times from an interface's options; a microsecond where none says."""
        while end - start >= 4:
            code, length = self._number(start, 2), self._number(start + 2, 2)
            if code == 0:
                break
            if code == _TIME_RESOLUTION and length == 1:
                exponent = self._buffer[start + 4]
                return 2.0 ** -(exponent & 0x7F) if exponent & 0x80 else 10.0**-exponent
            start += 4 + length + -length % 4
        return 1e-6
