"""Counting canonical octets without making them: held to the one owner of canonical form."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.maildrop.downgrade import downgraded, needs_utf8
from restante.proto.lines import canonical, is_canonical, stuffed
from restante.stores.maildir.measure import UNSETTLED, Facts, Measure, NotAFile, facts_of, measure
from restante.stores.maildir.names import NO_SURROGATE
from restante.testing.store_contract import any_octets


def cut_up(octets: bytes, cuts: list[int]) -> list[bytes]:
    bounds = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    return [octets[start:end] for start, end in pairwise(bounds)]


@pytest.mark.rule("C5", "L7", "U2")
@given(octets=any_octets, cuts=st.lists(st.integers(min_value=0, max_value=300)))
def test_the_facts_are_those_of_the_canonical_form_however_cut(octets: bytes, cuts: list[int]) -> None:
    facts, form = facts_of(cut_up(octets, cuts)), canonical(octets)
    assert facts.file_octets == len(octets)
    assert facts.wire_octets == len(form)
    assert facts.dots == len(stuffed(form)) - len(form)
    assert facts.surrogate_octets == (len(downgraded(form)) if needs_utf8(form) else NO_SURROGATE)
    assert facts.bare_lf == (octets.endswith(b"\n") and b"\r" not in octets)


@pytest.mark.rule("U2")
@given(
    fields=st.lists(
        st.sampled_from(
            [
                "Subject: gr\u00fc\u00df",
                "To: a@example.org",
                "From: \u00c9 <e@example.org>",
                " folded \u4e2d",
                "X: \udcff",
            ]
        ),
        max_size=6,
    ),
    body=st.sampled_from(["", "\u00e9\n", "a\n.\n"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(min_value=0, max_value=300)),
)
def test_the_surrogates_octets_are_those_of_the_surrogate(
    fields: list[str], body: str, line_end: str, cuts: list[int]
) -> None:
    message = "".join(f"{field}\n" for field in fields) + "\n" + body
    octets = message.replace("\n", line_end).encode(errors="surrogateescape")
    form = canonical(octets)
    expected = len(downgraded(form)) if needs_utf8(form) else NO_SURROGATE
    assert facts_of(cut_up(octets, cuts)).surrogate_octets == expected


@given(any_octets)
def test_octets_are_canonical_when_their_canonical_form_is_themselves(octets: bytes) -> None:
    assert is_canonical(octets) == (canonical(octets) == octets)


def test_a_file_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b".\nb\n" * 200_000 + b"c")
    os.utime(path, ns=(1, 1))
    found = measure(os.fsencode(path))
    assert found == Measure(
        1,
        Facts(
            file_octets=800_001, wire_octets=1_200_003, surrogate_octets=NO_SURROGATE, dots=200_000, bare_lf=False
        ),
    )


def test_the_time_of_a_file_that_changed_a_moment_ago_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"a\r\n")
    os.utime(tmp_path / "m")
    assert measure(os.fsencode(tmp_path / "m")).mtime_ns == UNSETTLED


def test_a_pipe_is_no_message_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAFile):
        measure(os.fsencode(tmp_path / "pipe"))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic"):
        measure(os.fsencode(tmp_path / "link"))
