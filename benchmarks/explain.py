"""How fast explain reads: octets and sessions a second of the processor, from a capture, a log and a transcript.

    .venv/bin/python benchmarks/explain.py [--mebibytes N] [--json]

Each source is made here, of the same sessions over and over, and read in pieces of 64 KiB, told as a story, looked
through for all diagnoses, and thrown away. One core, CPU time: what the machine does besides matters less.
"""

from __future__ import annotations

import argparse
import json
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Final

from restante.explain.sources import Recognizer
from restante.explain.telling import Telling
from restante.explain.text_form import TextForm
from restante.explain.view import View

__all__ = ["Figure", "main", "measured"]

PIECE_OCTETS: Final = 64 * 1024
SEGMENT_OCTETS: Final = 1448
"""Of a full segment on Ethernet."""

MESSAGE: Final = b"Subject: a letter\r\n\r\n" + b"".join(
    b"%04d it waits at the post office until you call for it.\r\n" % n for n in range(100)
)
MESSAGES: Final = 10

_TOLD: Final = [
    (b"", b"+OK ready\r\n"),
    (b"CAPA\r\n", b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\n.\r\n"),
    (b"USER ted\r\n", b"+OK\r\n"),
    (b"PASS secret\r\n", b"+OK\r\n"),
    (b"STAT\r\n", b"+OK %d %d\r\n" % (MESSAGES, MESSAGES * len(MESSAGE))),
    (b"UIDL\r\n", b"+OK\r\n" + b"".join(b"%d id%d\r\n" % (n, n) for n in range(1, MESSAGES + 1)) + b".\r\n"),
    *(
        (b"RETR %d\r\n" % n, b"+OK %d octets\r\n" % len(MESSAGE) + MESSAGE + b".\r\n")
        for n in range(1, MESSAGES + 1)
    ),
    *((b"DELE %d\r\n" % n, b"+OK marked\r\n") for n in range(1, MESSAGES + 1)),
    (b"QUIT\r\n", b"+OK bye\r\n"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one source took."""

    source: str
    sessions: int
    octets: int
    seconds: float
    """Of the processor."""

    @property
    def octets_a_second(self) -> float:
        """How fast it was read."""
        return self.octets / self.seconds


def measured(source: str, octets: int) -> Figure:
    """Read so many octets of a source."""
    pieces = list(_pieces(_SOURCES[source](), octets))
    telling = Telling(TextForm(View.STORY, len), in_turn=True)
    recognizer = Recognizer(telling.any_session)
    began = time.process_time()
    for piece in pieces:
        recognizer.feed(piece)
    recognizer.finish()
    telling.finish()
    seconds = time.process_time() - began
    return Figure(
        source=source, sessions=telling.sessions, octets=sum(map(len, pieces)), seconds=max(seconds, 1e-9)
    )


def _pieces(sessions: Iterator[bytes], octets: int) -> Iterator[bytes]:
    made = bytearray()
    total = 0
    while total < octets:
        session = next(sessions)
        total += len(session)
        made += session
        while len(made) >= PIECE_OCTETS:
            yield bytes(made[:PIECE_OCTETS])
            del made[:PIECE_OCTETS]
    yield bytes(made)


# --- the sources -------------------------------------------------------------------------------------------------


def _capture() -> Iterator[bytes]:
    """A pcap of raw IPv4; each session begins with its SYN."""
    yield struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 101)
    for number in count():
        packets: list[bytes] = []
        ends = {"C": (b"\xc0\x00\x02\x01", 1024 + number % 60_000), "S": (b"\xc0\x00\x02\x02", 110)}
        sequence = {"C": 1000, "S": 5000}

        def send(
            side: str,
            flags: int,
            payload: bytes = b"",
            *,
            ends: dict[str, tuple[bytes, int]] = ends,
            sequence: dict[str, int] = sequence,
            packets: list[bytes] = packets,
            at: int = number,
        ) -> None:
            (source, port), (target, other_port) = ends[side], ends["S" if side == "C" else "C"]
            acknowledged = sequence["S" if side == "C" else "C"] if flags != _SYN else 0
            tcp = struct.pack(
                ">HHIIBBHHH", port, other_port, sequence[side], acknowledged, 0x50, flags, 65_535, 0, 0
            )
            length = 20 + len(tcp) + len(payload)
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 6, 0, source, target)
            packets.append(struct.pack("<IIII", at, 0, length, length) + ip + tcp + payload)
            sequence[side] += len(payload) + (flags & (_SYN | _FIN) != 0)

        send("C", _SYN)
        send("S", _SYN | _ACK)
        for asked, answered in _TOLD:
            if asked:
                send("C", _ACK, asked)
            for start in range(0, len(answered), SEGMENT_OCTETS):
                send("S", _ACK, answered[start : start + SEGMENT_OCTETS])
        send("S", _FIN | _ACK)
        send("C", _FIN | _ACK)
        yield b"".join(packets)


_FIN, _SYN, _ACK = 1, 2, 16


def _server_log() -> Iterator[bytes]:
    """The log of the server in JSON: the first line of each reply, and its octets."""
    for number in count():
        lines = []
        for asked, answered in _TOLD:
            head = (
                f'{{"time":"2026-11-25T22:46:00.000Z","level":"info","event":"%s","session":"s{number}","line":"%s"'
            )
            if asked:
                lines.append(head % ("command_received", asked.decode().strip()) + "}\n")
            first = answered.partition(b"\r\n")[0].decode()
            lines.append(head % ("reply_sent", first) + f',"octets":{len(answered)}}}\n')
        yield "".join(lines).encode()


def _transcript() -> Iterator[bytes]:
    """C: and S: lines, with all that was said."""
    session = b"".join(
        mark + line + b"\r\n"
        for asked, answered in _TOLD
        for mark, said in ((b"C: ", asked), (b"S: ", answered))
        for line in said.split(b"\r\n")[:-1]
    )
    while True:
        yield session


_SOURCES: Final[dict[str, Callable[[], Iterator[bytes]]]] = {
    "capture": _capture,
    "server-log": _server_log,
    "transcript": _transcript,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all sources and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mebibytes", type=float, default=8, help="of each source")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    for source in _SOURCES:
        figure = measured(source, int(given.mebibytes * 1024 * 1024))
        if given.json:
            print(json.dumps(asdict(figure)))
        else:
            print(
                f"{source:<11} {figure.octets_a_second / 1e6:7.1f} million octets a second, "
                f"{figure.sessions / figure.seconds:7.0f} sessions a second"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
