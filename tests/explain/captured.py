"""Captures as a network card makes them: frames of each link type, and TCP connections with what goes wrong."""

from __future__ import annotations

import struct
from collections.abc import Iterable

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
CLIENT, SERVER = ("192.0.2.7", 40_001), ("192.0.2.1", 110)


def tcp(source: int, target: int, sequence: int, acknowledged: int, flags: int, payload: bytes = b"") -> bytes:
    head = struct.pack("!HHIIBBHHH", source, target, sequence % 2**32, acknowledged % 2**32, 5 << 4, flags, 0, 0, 0)
    return head + payload


def ipv4(source: str, target: str, content: bytes, *, protocol: int = 6, whole: int | None = None) -> bytes:
    addresses = bytes(int(part) for address in (source, target) for part in address.split("."))
    length = 20 + len(content) if whole is None else whole
    return struct.pack("!BBHHHBBH", 0x45, 0, length, 1, 0, 64, protocol, 0) + addresses + content


def ipv6(content: bytes, *, following: int = 6) -> bytes:
    addresses = bytes(15) + b"\1" + bytes(15) + b"\2"
    return struct.pack("!IHBB", 6 << 28, len(content), following, 64) + addresses + content


def framed(link_type: int, packet: bytes) -> bytes:
    kind = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"
    return {
        0: b"\2\0\0\0",
        1: bytes(12) + kind,
        101: b"",
        108: b"\0\0\0\2",
        113: bytes(14) + kind,
        228: b"",
        229: b"",
        276: kind + bytes(18),
    }[link_type] + packet


def pcap(frames: Iterable[bytes], *, link_type: int = 101, order: str = "<", nanoseconds: bool = False) -> bytes:
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    octets = struct.pack(f"{order}IHHIIII", magic, 2, 4, 0, 0, 262_144, link_type)
    for second, frame in enumerate(frames):
        octets += struct.pack(f"{order}IIII", 1000 + second, 0, len(frame), len(frame)) + frame
    return octets


def block(order: str, kind: int, content: bytes) -> bytes:
    content += bytes(-len(content) % 4)
    length = struct.pack(f"{order}I", len(content) + 12)
    return struct.pack(f"{order}I", kind) + length + content + length


def pcapng(frames: Iterable[bytes], *, link_type: int = 101, order: str = "<", kind: int = 6) -> bytes:
    octets = block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
    # The options: a comment to be passed over, times in nanoseconds, the end.
    options = struct.pack(f"{order}HH", 1, 3) + b"abc\0" + struct.pack(f"{order}HHB3xHH", 9, 1, 9, 0, 0)
    octets += block(order, 1, struct.pack(f"{order}HHI", link_type, 0, 0) + options)
    octets += block(order, 5, b"statistics to be passed over")
    for second, frame in enumerate(frames):
        if kind == 3:
            octets += block(order, 3, struct.pack(f"{order}I", len(frame)) + frame)
            continue
        at = (1000 + second) * 10**9
        head = struct.pack(f"{order}IIIII", 0, at >> 32, at & 0xFFFF_FFFF, len(frame), len(frame))
        octets += block(order, 6, head + frame)
    return octets


class Talk:
    """A TCP connection that is captured: what each side sends becomes packets of IP."""

    def __init__(
        self, client: tuple[str, int] = CLIENT, server: tuple[str, int] = SERVER, *, start: int = 2**32 - 20
    ) -> None:
        self._ends = {"C": client, "S": server}
        # Near the end of the space, so that numbers go around.
        self._next = {"C": start, "S": start + 7}
        self.packets: list[bytes] = []

    def packet(self, side: str, flags: int, payload: bytes = b"", *, back: int = 0) -> bytes:
        other = "S" if side == "C" else "C"
        segment = tcp(
            self._ends[side][1], self._ends[other][1], self._next[side] - back, self._next[other], flags, payload
        )
        return ipv4(self._ends[side][0], self._ends[other][0], segment)

    def open(self) -> None:
        self.packets.append(self.packet("C", SYN))
        self._next["C"] += 1
        self.packets.append(self.packet("S", SYN | ACK))
        self._next["S"] += 1
        self.packets.append(self.packet("C", ACK))

    def say(self, side: str, payload: bytes, *, captured: bool = True) -> None:
        packet = self.packet(side, ACK, payload)
        self._next[side] += len(payload)
        if captured:
            self.packets.append(packet)

    def acknowledge(self, side: str) -> None:
        self.packets.append(self.packet(side, ACK))

    def close(self, side: str, flags: int = FIN | ACK) -> None:
        self.packets.append(self.packet(side, flags))
        self._next[side] += 1


SESSION = (
    ("S", b"+OK ready\r\n"),
    ("C", b"USER ted\r\n"),
    ("S", b"+OK\r\n"),
    ("C", b"PASS SECRET\r\n"),
    ("S", b"+OK\r\n"),
    ("C", b"RETR 1\r\n"),
    ("S", b"+OK\r\nSubject: a "),
    ("S", b"letter\r\n\r\nHello"),
    ("S", b" Ted\r\n.\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"+OK bye\r\n"),
)


def session(client: tuple[str, int] = CLIENT, server: tuple[str, int] = SERVER) -> Talk:
    talk = Talk(client, server)
    talk.open()
    for side, payload in SESSION:
        talk.say(side, payload)
    talk.close("S")
    talk.close("C")
    return talk
