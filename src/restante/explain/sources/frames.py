"""From a frame to a TCP segment: Ethernet with VLAN tags, loopback, Linux cooked captures, raw IP; IPv4 and IPv6.

What is no TCP, or is a fragment, or cannot be read, gives nothing. Sources: RFC 791, RFC 8200, RFC 9293 §3.1;
tcpdump.org/linktypes.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

__all__ = ["Endpoint", "Segment", "segment_of"]

_IPV4, _IPV6 = 0x0800, 0x86DD
_VLAN: Final = frozenset({0x8100, 0x88A8, 0x9100})
_MOST_TAGS: Final = 4
_TCP: Final = 6
_EXTENSIONS: Final = frozenset({0, 43, 60, 135})
"""Headers of IPv6 that only stand before what matters: hop-by-hop, routing, destination, mobility."""
_FRAGMENT: Final = 44
_MOST_EXTENSIONS: Final = 8
_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """An address and a port."""

    address: bytes
    port: int

    def __str__(self) -> str:
        address = ip_address(self.address)
        return f"[{address}]:{self.port}" if address.version == 6 else f"{address}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A TCP segment."""

    source: Endpoint
    target: Endpoint
    sequence: int
    acknowledged: int | None
    """None without the flag ACK."""
    begins: bool
    ends: bool
    resets: bool
    payload: bytes
    """As much of it as was captured."""
    missing: int
    """Octets of it that were not."""


def segment_of(link_type: int, frame: bytes) -> Segment | None:
    """Read a frame of a link type."""
    match link_type:
        case 1:
            return _ethernet(frame)
        case 0 | 108:
            # Four octets of an address family, in somebody's byte order; the version tells as much.
            return _ip(frame[4:])
        case 12 | 14 | 101 | 228 | 229:
            return _ip(frame)
        case 113:
            return _ip(frame[16:]) if int.from_bytes(frame[14:16], "big") in (_IPV4, _IPV6) else None
        case 276:
            return _ip(frame[20:]) if int.from_bytes(frame[0:2], "big") in (_IPV4, _IPV6) else None
        case _:
            return None


def _ethernet(frame: bytes) -> Segment | None:
    at = 12
    for _ in range(_MOST_TAGS):
        kind = int.from_bytes(frame[at : at + 2], "big")
        if kind not in _VLAN:
            return _ip(frame[at + 2 :]) if kind in (_IPV4, _IPV6) else None
        at += 4
    return None


def _ip(packet: bytes) -> Segment | None:
    if len(packet) < 20:
        return None
    version = packet[0] >> 4
    return _ipv4(packet) if version == 4 else _ipv6(packet) if version == 6 else None


def _ipv4(packet: bytes) -> Segment | None:
    header = (packet[0] & 0x0F) * 4
    # More fragments, or a place other than the first.
    is_fragment = int.from_bytes(packet[6:8], "big") & 0x3FFF
    if header < 20 or packet[9] != _TCP or is_fragment:
        return None
    # Nothing stands there where the network card parts segments.
    whole = int.from_bytes(packet[2:4], "big") or len(packet)
    return _tcp(packet[12:16], packet[16:20], packet[header:whole], whole - header)


def _ipv6(packet: bytes) -> Segment | None:
    if len(packet) < 40:
        return None
    whole = 40 + int.from_bytes(packet[4:6], "big")
    if whole == 40:
        whole = len(packet)
    following, at = packet[6], 40
    for _ in range(_MOST_EXTENSIONS):
        if following == _TCP:
            return _tcp(packet[8:24], packet[24:40], packet[at:whole], whole - at)
        if len(packet) < at + 8:
            return None
        if following == _FRAGMENT:
            if int.from_bytes(packet[at + 2 : at + 4], "big") & 0xFFF9:
                return None
            following, at = packet[at], at + 8
        elif following in _EXTENSIONS:
            following, at = packet[at], at + 8 + packet[at + 1] * 8
        else:
            return None
    return None


def _tcp(source: bytes, target: bytes, octets: bytes, whole: int) -> Segment | None:
    if len(octets) < 20:
        return None
    header = (octets[12] >> 4) * 4
    if header < 20 or whole < header:
        return None
    flags, payload = octets[13], octets[header:]
    return Segment(
        source=Endpoint(source, int.from_bytes(octets[0:2], "big")),
        target=Endpoint(target, int.from_bytes(octets[2:4], "big")),
        sequence=int.from_bytes(octets[4:8], "big"),
        acknowledged=int.from_bytes(octets[8:12], "big") if flags & _ACK else None,
        begins=bool(flags & _SYN),
        ends=bool(flags & _FIN),
        resets=bool(flags & _RST),
        payload=payload,
        missing=max(whole - header - len(payload), 0),
    )
