"""Fuzzes the client's reader of replies: the same octets give the same replies, however they are cut.

An input is one octet that says into how long pieces the rest is cut, one whose bits say which good replies have a
body, then what a server sends. Listings are read from each body too.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from restante.proto.client import BadReply, ReplyLineTooLong, ReplyReader, Status
from restante.proto.listings import Capabilities, drop_listing, scan_listing_line, unique_id_line

PIECES: Final = (
    b"+OK",
    b"-ERR [",
    b"]",
    b"\r\n.\r\n",
    b"\n",
    b"\r",
    b"\r\n",
    b"..",
    b"+OK 2 320\r\n",
    b"1 120\r\n",
    b"\0",
)

LINE_OCTETS: Final = 64
"""Short, so that the limit is met often."""

Told: TypeAlias = list[Status | bytes | str]


def read(pieces: list[bytes], bodies: int) -> Told:
    """Give status lines, bodies as far as they came, and the error at the end."""
    reader = ReplyReader(line_octets=LINE_OCTETS)
    told: Told = []
    received = replies = 0
    try:
        for piece in pieces:
            reader.receive(piece)
            received += len(piece)
            while True:
                if reader.in_body:
                    chunk = reader.chunk()
                    if chunk is None:
                        assert reader.pending <= 4
                        break
                    body = told.pop()
                    assert isinstance(body, bytes)
                    told.append(body + chunk)
                else:
                    status = reader.status()
                    if status is None:
                        assert reader.pending < LINE_OCTETS
                        break
                    told.append(status)
                    if status.ok and bodies >> replies % 8 & 1:
                        reader.begin_body()
                        told.append(b"")
                    replies += 1
            assert reader.pending <= received
    except (BadReply, ReplyLineTooLong) as error:
        told.append(type(error).__name__)
    else:
        if not reader.in_body:
            told.append(reader.unfinished)
    return told


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    piece, bodies, sent = (octets[0] + 1, octets[1], octets[2:]) if len(octets) > 1 else (1, 0, b"")
    whole = read([sent], bodies)
    assert read([sent[start : start + piece] for start in range(0, len(sent), piece)], bodies) == whole
    assert sum(len(told) for told in whole if isinstance(told, bytes)) <= len(sent)
    for told in whole:
        if isinstance(told, Status):
            assert len(told.line) < LINE_OCTETS
            listing = drop_listing(told.text)
            assert listing is None or listing.messages >= 0
        elif isinstance(told, bytes):
            lines = told.split(b"\r\n")
            Capabilities(lines)
            for line in lines:
                scanned = scan_listing_line(line)
                assert scanned is None or (scanned[0] > 0 and scanned[1] >= 0)
                named = unique_id_line(line)
                assert named is None or (named[0] > 0 and b" " not in named[1])
