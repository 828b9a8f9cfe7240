"""The fuzzer's invariant holds for its corpus, and for what hypothesis makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.fuzz_proxy_header import one_input

from restante.doors.proxy_header import ProxyHeader, ProxyHeaderParser

CORPUS = sorted((Path(__file__).parent / "corpus" / "proxy_header").iterdir())
SEEDS = [seed.read_bytes() for seed in CORPUS]


@pytest.mark.parametrize("seed", CORPUS, ids=lambda seed: seed.name)
def test_the_invariant_holds_for_the_corpus(seed: Path) -> None:
    one_input(seed.read_bytes())


def test_the_corpus_has_headers_of_both_versions_and_some_with_fields() -> None:
    found = [ProxyHeaderParser().receive(seed[1:]) for seed in SEEDS]
    headers = [each for each in found if isinstance(each, ProxyHeader)]
    assert {header.version for header in headers} == {1, 2}
    assert any(header.tls and header.authority for header in headers)


@given(st.integers(0, 255), st.binary(max_size=300))
def test_the_invariant_holds_for_any_octets(piece: int, octets: bytes) -> None:
    one_input(bytes([piece]) + octets)


@settings(max_examples=300)
@given(st.sampled_from(SEEDS), st.data())
def test_the_invariant_holds_for_seeds_that_were_spoiled(seed: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(seed)))
        cut = data.draw(st.integers(0, 3))
        put = data.draw(
            st.sampled_from([b"", b"\0", b" ", b"\r", b"\r\n", b":", b"\xff\xff"]) | st.binary(max_size=3)
        )
        seed = seed[:at] + put + seed[at + cut :]
    one_input(seed)
