"""The fuzzer's invariant holds for its corpus, and for what hypothesis makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.fuzz_sasl import one_input

from restante.sasl.registry import MECHANISMS

CORPUS = sorted((Path(__file__).parent / "corpus" / "sasl").iterdir())
SEEDS = [seed.read_bytes() for seed in CORPUS]


@pytest.mark.rule("A3")
@pytest.mark.parametrize("seed", CORPUS, ids=lambda seed: seed.name)
def test_the_invariant_holds_for_the_corpus(seed: Path) -> None:
    one_input(seed.read_bytes())


def test_the_corpus_has_both_sides_of_each_mechanism() -> None:
    assert {seed[0] % (2 * len(MECHANISMS)) for seed in SEEDS} == set(range(2 * len(MECHANISMS)))


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 255), st.lists(st.binary(max_size=60), max_size=4))
def test_the_invariant_holds_for_any_octets(first: int, lines: list[bytes]) -> None:
    one_input(bytes([first]) + b"\n".join(lines))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(SEEDS), st.data())
def test_the_invariant_holds_for_seeds_that_were_spoiled(seed: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(1, len(seed)))
        cut = data.draw(st.integers(0, 3))
        put = data.draw(
            st.sampled_from([b"", b"\0", b",", b"=", b"\1", b"\n", b"m=x,", b"\xff"]) | st.binary(max_size=3)
        )
        seed = seed[:at] + put + seed[at + cut :]
    one_input(seed)
