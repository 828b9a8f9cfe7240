r"""Fuzzes SMTP and LMTP on their way in: however octets are cut, the same lines and messages, and no others.

A message ends at CRLF `.` CRLF alone, and nothing of it becomes a command. An input is one octet that says into how
long pieces the rest is cut, and one that says what a client may send at most; then what a client sends. A line that
reads DATA begins a message, as it does for the doors, which are driven whole by the tests of `tests/delivery`.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from restante.delivery.envelope import cut_path
from restante.delivery.intake import HeldOctets, Intake, LineFault, MessageData

PIECES: Final = (
    b"\r\n.\r\n",
    b"\n.\n",
    b"\r.\r",
    b"\r\n.\n",
    b"\r\n..\r\n",
    b"DATA\r\n",
    b"\0",
    b"x" * 600,
    b"<a@b>",
)

LINE_OCTETS: Final = 512

Found: TypeAlias = list[tuple[str, bytes]]


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    piece, most, sent = (octets + b"\0\0")[0] + 1, (octets + b"\0\0")[1] * 8 + 8, octets[2:]
    whole = taken_in([sent], most)
    assert taken_in([sent[start : start + piece] for start in range(0, len(sent), piece)], most) == whole
    assert whole == in_plain_words(sent, most)


def taken_in(pieces: list[bytes], most: int) -> Found:
    intake, room = Intake(), HeldOctets(10_000_000)
    data: MessageData | None = None
    found: Found = []
    for piece in pieces:
        intake.receive(piece)
        while True:
            if data is not None:
                if not intake.fill(data):
                    break
                found.append(("message", b"" if data.problem else data.message()))
                data.give_back()
                data = None
                assert room.held == 0
                continue
            line = intake.next_line(LINE_OCTETS)
            if line is None:
                break
            if isinstance(line, LineFault):
                found.append(("too long", b""))
                continue
            found.append(("line", line))
            cut_path(line.decode("utf-8", "surrogateescape").partition(":")[2])
            if line.strip().upper() == b"DATA":
                data = MessageData(limit=most, room=room)
        # Dots that were stuffed are held, too, and are at most half of what is there.
        assert room.held <= 2 * most + 16
    return found


def in_plain_words(sent: bytes, most: int) -> Found:
    """Say the same again, with all octets in hand."""
    found: Found = []
    while sent:
        line, end, rest = sent.partition(b"\n")
        if not end:
            break
        sent = rest
        if len(line) + 1 > LINE_OCTETS:
            found.append(("too long", b""))
            continue
        found.append(("line", line + b"\n"))
        if line.strip().upper() != b"DATA":
            continue
        message, end, rest = (b"\r\n" + sent).partition(b"\r\n.\r\n")
        if not end:
            break
        sent = rest
        message = (message + b"\r\n").replace(b"\r\n.", b"\r\n")[2:]
        found.append(("message", message if len(message) <= most else b""))
    return found
