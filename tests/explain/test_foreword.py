from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.explain.foreword import Foreword

LINE = b"PROXY TCP4 192.0.2.1 192.0.2.2 49152 110\r\n"
BLOCK = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\xc0\x00\x02\x01\xc0\x00\x02\x02\xc0\x00\x00\x6e"


@pytest.mark.parametrize("header", [LINE, b"PROXY UNKNOWN\r\n", BLOCK])
def test_a_proxys_header_is_no_part_of_what_the_client_says(header: bytes) -> None:
    foreword = Foreword()
    assert foreword.without(header + b"CAPA\r\n") == b"CAPA\r\n"
    assert foreword.is_over
    late = Foreword()
    assert late.without(header[:14]) + late.without(header[14:] + b"CAPA\r\n") == b"CAPA\r\n"


@pytest.mark.parametrize("said", [b"PASS x\r\n", b"\r\n", b"PROXY me\r\n", b"PROXY " + b"x" * 200, b"QUIT\n"])
def test_what_is_no_such_header_is_the_clients(said: bytes) -> None:
    assert Foreword().without(said) == said


@given(st.lists(st.binary(max_size=40) | st.sampled_from([LINE, BLOCK, BLOCK[:13], b"PROXY "]), max_size=6))
def test_nothing_but_a_header_is_lost(parts: list[bytes]) -> None:
    foreword, said = Foreword(), b""
    for part in parts:
        said += part if foreword.is_over else foreword.without(part)
    assert b"".join(parts).endswith(said)
