"""Counting canonical octets without making them: held to the one owner of canonical form."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.proto.lines import canonical, is_canonical
from restante.stores.maildir.measure import LineEnds, NotAFile, measure
from restante.testing.store_contract import any_octets


@pytest.mark.rule("C5")
@given(octets=any_octets, cuts=st.lists(st.integers(min_value=0, max_value=300)))
def test_the_count_is_the_length_of_the_canonical_form_however_cut(octets: bytes, cuts: list[int]) -> None:
    ends = LineEnds()
    start = 0
    for cut in [*sorted(cuts), len(octets)]:
        ends.feed(octets[start:cut])
        assert ends.owed_so_far >= 0
        start = max(start, cut)
    assert ends.file_octets == len(octets)
    assert ends.wire_octets == len(canonical(octets))


@given(any_octets)
def test_octets_are_canonical_when_their_canonical_form_is_themselves(octets: bytes) -> None:
    assert is_canonical(octets) == (canonical(octets) == octets)


def test_a_file_is_measured(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"a\nb\n" * 200_000 + b"c")
    found = measure(os.fsencode(tmp_path / "m"))
    assert found.file_octets == 800_001
    assert found.wire_octets == 1_200_003
    assert found.mtime_ns == (tmp_path / "m").stat().st_mtime_ns


def test_a_pipe_is_no_message_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAFile):
        measure(os.fsencode(tmp_path / "pipe"))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic"):
        measure(os.fsencode(tmp_path / "link"))
