"""The index: what it remembers, and that it is never quietly replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from restante.ports.stores import StoreFault
from restante.stores.maildir.index import ANY_FILE, Age, IdRow, Index, MeasureRow, Rows


@pytest.fixture
def path(tmp_path: Path) -> bytes:
    return os.fsencode(tmp_path / "restante.index")


def test_no_index_knows_nothing_and_is_not_made_by_reading(path: bytes) -> None:
    assert Index(path).read() == Rows()
    assert not os.path.exists(path)


def test_rows_come_back(path: bytes) -> None:
    Index(path).remember(
        measures=[MeasureRow(b"\xff\n", 1, 2, 5_000_000_000)],
        unique_ids=[IdRow(b"a", ANY_FILE, b"A"), IdRow(b"b", 9, b"B")],
    )
    assert Index(path).read() == Rows(
        measures={(b"\xff\n", 1, 2): 5_000_000_000}, unique_ids={(b"a", 0): b"A", (b"b", 9): b"B"}
    )
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_later_measure_replaces_an_earlier_one_of_the_same_file(path: bytes) -> None:
    index = Index(path)
    index.remember(measures=[MeasureRow(b"a", 1, 2, 3)])
    index.remember(measures=[MeasureRow(b"a", 1, 2, 4), MeasureRow(b"a", 2, 2, 5)])
    assert index.read().measures == {(b"a", 1, 2): 4, (b"a", 2, 2): 5}


@pytest.mark.rule("C9")
def test_a_unique_id_is_claimed_once(path: bytes) -> None:
    index = Index(path)
    assert index.claim_id(b"a", b"ID", is_there=lambda base: True)
    assert not index.claim_id(b"b", b"ID", is_there=lambda base: base == b"a")
    assert index.claim_id(b"b", b"ID", is_there=lambda base: False)
    assert index.read().unique_ids == {(b"b", 0): b"ID"}
    index.forget_id(b"b")
    assert index.read().unique_ids == {}


@pytest.mark.rule("C9")
def test_a_unique_id_is_not_taken_from_another_row(path: bytes) -> None:
    index = Index(path)
    index.remember(unique_ids=[IdRow(b"a", ANY_FILE, b"ID")])
    with pytest.raises(StoreFault):
        index.remember(unique_ids=[IdRow(b"b", ANY_FILE, b"ID")])
    assert index.read().unique_ids == {(b"a", 0): b"ID"}


def test_rows_of_files_that_are_gone_are_forgotten(path: bytes) -> None:
    index = Index(path)
    index.remember(
        measures=[MeasureRow(b"a", 1, 1, 1), MeasureRow(b"b", 1, 1, 1)], unique_ids=[IdRow(b"c", 0, b"C")]
    )
    assert index.forget_all_but(frozenset([b"a"])) == 2
    assert index.read() == Rows(measures={(b"a", 1, 1): 1})


def test_an_index_made_on_a_full_disk_and_left_empty_knows_nothing(path: bytes) -> None:
    Path(os.fsdecode(path)).touch()
    assert Index(path).read() == Rows()
    Index(path).remember(measures=[MeasureRow(b"a", 1, 1, 1)])
    assert Index(path).read().measures == {(b"a", 1, 1): 1}


def test_a_damaged_index_is_a_fault_that_says_what_to_do(path: bytes) -> None:
    Path(os.fsdecode(path)).write_bytes(b"no database" * 100)
    with pytest.raises(StoreFault, match=r"restante\.index.*backup"):
        Index(path).read()
    with pytest.raises(StoreFault, match=r"restante\.index.*backup"):
        Index(path).remember(measures=[MeasureRow(b"a", 1, 1, 1)])
    assert Path(os.fsdecode(path)).read_bytes() == b"no database" * 100


def test_a_link_is_not_followed(path: bytes, tmp_path: Path) -> None:
    os.symlink(tmp_path / "elsewhere", path)
    with pytest.raises(StoreFault):
        Index(path).remember(measures=[MeasureRow(b"a", 1, 1, 1)])
    assert not (tmp_path / "elsewhere").exists()


def test_the_first_retrieval_is_the_one_that_is_remembered(path: bytes) -> None:
    index = Index(path)
    assert index.read_ages() == {}
    assert not os.path.exists(path)
    index.note_retrieved([(b"a", ANY_FILE), (b"b", 9)], 100)
    index.note_retrieved([(b"a", ANY_FILE)], 200)
    assert index.read_ages() == {(b"a", 0): Age(100, None), (b"b", 9): Age(100, None)}


def test_what_was_brought_back_begins_anew(path: bytes) -> None:
    index = Index(path)
    index.note_retrieved([(b"a", ANY_FILE)], 100)
    index.note_restored([(b"a", ANY_FILE)], 300)
    assert index.read_ages() == {(b"a", 0): Age(None, 300)}
    index.note_retrieved([(b"a", ANY_FILE)], 400)
    assert index.read_ages() == {(b"a", 0): Age(400, 300)}


def test_an_index_of_before_there_were_ages_has_none_and_takes_some(path: bytes) -> None:
    index = Index(path)
    index.remember(unique_ids=[IdRow(b"a", ANY_FILE, b"A")])
    assert index.read_ages() == {}
    index.note_retrieved([(b"a", ANY_FILE)], 100)
    assert index.read().unique_ids == {(b"a", 0): b"A"}
    assert index.forget_all_but(frozenset()) == 1
    assert index.read_ages() == {}
