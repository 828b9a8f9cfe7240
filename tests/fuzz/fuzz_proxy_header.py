"""Fuzzes the PROXY header: the same octets give the same header or refusal however they are cut, and none raise.

An input is one octet that says into how long pieces the rest is cut, then what a proxy sends.
"""

from __future__ import annotations

from typing import Final

from restante.doors.proxy_header import HEADER_OCTETS, Need, ProxyHeader, ProxyHeaderParser

PIECES: Final = (b"\0", b" ", b"\r", b"\r\n", b":", b"\xff\xff")


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    piece, sent = octets[0] + 1 if octets else 1, octets[1:]
    whole = ProxyHeaderParser().receive(sent)
    if isinstance(whole, ProxyHeader):
        assert sent.endswith(whole.rest)
        assert len(sent) - len(whole.rest) <= HEADER_OCTETS
    elif whole is Need.MORE:
        assert len(sent) < HEADER_OCTETS
    parser, cut, end = ProxyHeaderParser(), whole, 0
    for end in range(piece, len(sent) + piece, piece):
        cut = parser.receive(sent[end - piece : end])
        if cut is not Need.MORE:
            break
    if isinstance(cut, ProxyHeader):
        assert isinstance(whole, ProxyHeader)
        assert cut.rest + sent[end:] == whole.rest
        assert (cut.source, cut.destination, cut.authority) == (whole.source, whole.destination, whole.authority)
        assert cut.tls == whole.tls
    else:
        assert cut == whole
