"""Each fuzzer's invariant holds for its corpus, for what hypothesis makes of it, and for any octets."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.run import HERE, NAMES

from restante.doors.proxy_header import ProxyHeader, ProxyHeaderParser
from restante.sasl.registry import MECHANISMS

SEEDS = {name: sorted((HERE / "corpus" / name).iterdir()) for name in NAMES}
OCTETS = {name: [seed.read_bytes() for seed in SEEDS[name]] for name in NAMES}


def fuzzer(name: str) -> tuple[Callable[[bytes], None], tuple[bytes, ...]]:
    """Give what runs an input, and what trips such readers."""
    module = importlib.import_module(f"tests.fuzz.fuzz_{name}")
    return module.one_input, module.PIECES


@pytest.mark.rule("A3", "L6", "L7")
@pytest.mark.parametrize(
    ("name", "seed"), [pytest.param(name, seed, id=f"{name}-{seed.name}") for name in NAMES for seed in SEEDS[name]]
)
def test_the_invariant_holds_for_the_corpus(name: str, seed: Path) -> None:
    fuzzer(name)[0](seed.read_bytes())


@settings(max_examples=100)
@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_the_invariant_holds_for_any_octets(name: str, data: st.DataObject) -> None:
    one_input, pieces = fuzzer(name)
    parts = data.draw(st.lists(st.sampled_from(pieces) | st.binary(max_size=60), max_size=8))
    one_input(data.draw(st.binary(max_size=2)) + b"".join(parts))


@settings(max_examples=150)
@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_the_invariant_holds_for_seeds_that_were_spoiled(name: str, data: st.DataObject) -> None:
    one_input, pieces = fuzzer(name)
    octets = data.draw(st.sampled_from(OCTETS[name]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(octets)))
        cut = data.draw(st.integers(0, 3))
        put = data.draw(st.just(b"") | st.sampled_from(pieces) | st.binary(max_size=3))
        octets = octets[:at] + put + octets[at + cut :]
    one_input(octets)


def test_the_corpus_of_sasl_has_both_sides_of_each_mechanism() -> None:
    assert {seed[0] % (2 * len(MECHANISMS)) for seed in OCTETS["sasl"]} == set(range(2 * len(MECHANISMS)))


def test_the_corpus_of_the_proxy_header_has_both_versions_and_fields() -> None:
    found = [ProxyHeaderParser().receive(seed[1:]) for seed in OCTETS["proxy_header"]]
    headers = [each for each in found if isinstance(each, ProxyHeader)]
    assert {header.version for header in headers} == {1, 2}
    assert any(header.tls and header.authority for header in headers)
