from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.explain.events import CommandSent, Greeted, WireEvent
from restante.explain.foreword import Foreword
from restante.explain.reader import Reader
from restante.explain.wire import Side

LINE = b"PROXY TCP4 192.0.2.1 192.0.2.2 49152 110\r\n"
BLOCK = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\xc0\x00\x02\x01\xc0\x00\x02\x02\xc0\x00\x00\x6e"


@pytest.mark.parametrize("header", [LINE, b"PROXY UNKNOWN\r\n", BLOCK])
def test_a_proxys_header_is_no_part_of_what_the_client_says(header: bytes) -> None:
    foreword = Foreword()
    assert foreword.without(header + b"CAPA\r\n") == b"CAPA\r\n"
    assert foreword.is_over
    late = Foreword()
    assert late.without(header[:14]) + late.without(header[14:] + b"CAPA\r\n") == b"CAPA\r\n"


@pytest.mark.parametrize("said", [b"PASS x\r\n", b"\r\nCAPA\r\n", b"PROXY me\r\n", b"PROXY TCP4 " + b"x" * 200])
def test_what_is_no_such_header_is_the_clients(said: bytes) -> None:
    assert Foreword().without(said) == said


def test_what_is_held_back_is_told_once_the_server_speaks() -> None:
    told: list[WireEvent] = []
    reader = Reader(told.append)
    for side, octets in ((Side.CLIENT, b"\r\n"), (Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"PROXY UNKNOWN\r\n")):
        reader.octets(side, octets, at_seconds=None)
    assert [type(event) for event in told] == [CommandSent, Greeted, CommandSent]


@given(
    said=st.lists(st.binary(max_size=9) | st.sampled_from([LINE, BLOCK, BLOCK[:13], LINE[:9], b"\n"]), max_size=5),
    step=st.integers(1, 30),
)
def test_however_it_is_cut_the_same_is_the_clients(said: list[bytes], step: int) -> None:
    octets = b"".join(said)
    whole, cut = Foreword(), Foreword()
    own = whole.without(octets) + whole.rest()
    pieces = [octets[start : start + step] for start in range(0, len(octets), step)]
    parts = b"".join([piece if cut.is_over else cut.without(piece) for piece in pieces])
    assert parts + cut.rest() == own
    assert octets.endswith(own)
