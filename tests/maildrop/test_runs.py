"""Many octet strings as one: each comes back as it was, wherever it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.maildrop.runs import Run

STRINGS = st.lists(st.binary(max_size=5).map(lambda octets: octets.replace(b"\0", b"x")), max_size=8)


@given(strings=STRINGS)
def test_each_string_comes_back_by_its_place_and_in_order(strings: list[bytes]) -> None:
    run = Run.of(strings)
    assert len(run) == len(strings)
    assert list(run) == strings
    assert [run[place] for place in range(len(run))] == strings


@given(one=STRINGS, other=STRINGS)
def test_runs_are_equal_when_their_strings_are(one: list[bytes], other: list[bytes]) -> None:
    assert (Run.of(one) == Run.of(other)) is (one == other)
    assert Run.of(one) == Run.of(list(one))
    assert hash(Run.of(one)) == hash(Run.of(list(one)))


def test_there_is_none_behind_the_last() -> None:
    with pytest.raises(IndexError):
        Run.of([b"a", b"b"])[2]


@pytest.mark.parametrize("octets", [2**16 - 30, 2**16 + 30])
def test_places_past_64_kib_are_found(octets: int) -> None:
    run = Run.of([b"x" * octets, b"", b"last"])
    assert (len(run[0]), run[1], run[2]) == (octets, b"", b"last")


def test_a_string_with_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        Run.of([b"a\0b"])


def test_octets_that_have_no_end_are_refused() -> None:
    with pytest.raises(ValueError, match="no end"):
        Run(b"a\0b")
