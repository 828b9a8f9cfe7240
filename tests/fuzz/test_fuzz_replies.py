"""The fuzzer's invariant holds for its corpus, and for what hypothesis makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.fuzz_replies import one_input

CORPUS = sorted((Path(__file__).parent / "corpus" / "replies").iterdir())
SEEDS = [seed.read_bytes() for seed in CORPUS]
PARTS = st.sampled_from(
    [b"+OK", b"-ERR", b"\r\n", b"\n", b"\r", b".", b".\r\n", b" ", b"[AUTH]", b"1 2", b"x" * 70]
)


@pytest.mark.rule("L6", "L7")
@pytest.mark.parametrize("seed", CORPUS, ids=lambda seed: seed.name)
def test_the_invariant_holds_for_the_corpus(seed: Path) -> None:
    one_input(seed.read_bytes())


@settings(deadline=None)
@given(st.binary(min_size=2, max_size=2), st.lists(PARTS | st.binary(max_size=4), max_size=30))
def test_the_invariant_holds_for_any_octets(head: bytes, parts: list[bytes]) -> None:
    one_input(head + b"".join(parts))


@settings(deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_the_invariant_holds_for_seeds_that_were_spoiled(seed: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(seed)))
        cut = data.draw(st.integers(0, 3))
        seed = seed[:at] + data.draw(PARTS | st.binary(max_size=3)) + seed[at + cut :]
    one_input(seed)
