"""The index: what it remembers, and that it is never quietly replaced."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from restante.maildrop.downgrade import SURROGATE_VERSION
from restante.ports.stores import StoreFault
from restante.stores.maildir import index as index_module
from restante.stores.maildir.index import ANY_FILE, Age, FactRow, IdRow, Index, Rows
from restante.stores.maildir.measure import UNSETTLED, Facts, Measure


def facts(in_file: int, on_wire: int) -> Facts:
    return Facts(file_octets=in_file, wire_octets=on_wire, surrogate_octets=on_wire + 7, dots=2, bare_lf=True)


def row(base: bytes, in_file: int, mtime_ns: int, on_wire: int) -> FactRow:
    return FactRow(base, Measure(mtime_ns, facts(in_file, on_wire)))


@pytest.fixture
def path(tmp_path: Path) -> bytes:
    return os.fsencode(tmp_path / "restante.index")


def test_no_index_knows_nothing_and_is_not_made_by_reading(path: bytes) -> None:
    assert Index(path).read() == Rows()
    assert not os.path.exists(path)


def test_rows_come_back(path: bytes) -> None:
    Index(path).remember(
        facts=[row(b"\xff\n", 1, 2, 5_000_000_000)],
        unique_ids=[IdRow(b"a", ANY_FILE, b"A"), IdRow(b"b", 9, b"B")],
    )
    assert Index(path).read() == Rows(
        facts={(b"\xff\n", 1, 2): facts(1, 5_000_000_000)}, unique_ids={(b"a", 0): b"A", (b"b", 9): b"B"}
    )
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_later_measure_replaces_an_earlier_one_of_the_same_file(path: bytes) -> None:
    index = Index(path)
    index.remember(facts=[row(b"a", 1, 2, 3)])
    index.remember(facts=[row(b"a", 1, 2, 4), row(b"a", 2, 2, 5)])
    assert index.read().facts == {(b"a", 1, 2): facts(1, 4), (b"a", 2, 2): facts(2, 5)}


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
    index.remember(facts=[row(b"a", 1, 1, 1), row(b"b", 1, 1, 1)], unique_ids=[IdRow(b"c", 0, b"C")])
    assert index.forget_all_but(frozenset([b"a"])) == 2
    assert index.read() == Rows(facts={(b"a", 1, 1): facts(1, 1)})


def test_an_index_made_on_a_full_disk_and_left_empty_knows_nothing(path: bytes) -> None:
    Path(os.fsdecode(path)).touch()
    assert Index(path).read() == Rows()
    Index(path).remember(facts=[row(b"a", 1, 1, 1)])
    assert Index(path).read().facts == {(b"a", 1, 1): facts(1, 1)}


def test_a_damaged_index_is_a_fault_that_says_what_to_do(path: bytes) -> None:
    Path(os.fsdecode(path)).write_bytes(b"no database" * 100)
    with pytest.raises(StoreFault, match=r"restante\.index.*backup"):
        Index(path).read()
    with pytest.raises(StoreFault, match=r"restante\.index.*backup"):
        Index(path).remember(facts=[row(b"a", 1, 1, 1)])
    assert Path(os.fsdecode(path)).read_bytes() == b"no database" * 100


def test_a_link_is_not_followed(path: bytes, tmp_path: Path) -> None:
    os.symlink(tmp_path / "elsewhere", path)
    with pytest.raises(StoreFault):
        Index(path).remember(facts=[row(b"a", 1, 1, 1)])
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


def test_what_was_found_in_a_file_whose_time_proves_nothing_is_not_kept(path: bytes) -> None:
    Index(path).remember(facts=[row(b"a", 1, UNSETTLED, 1), row(b"b", 1, 1, 1)])
    assert Index(path).read().facts == {(b"b", 1, 1): facts(1, 1)}


@pytest.mark.rule("U2")
def test_the_octets_of_another_versions_surrogates_are_void(path: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    Index(path).remember(facts=[row(b"a", 1, 1, 1)])
    monkeypatch.setattr(index_module, "SURROGATE_VERSION", SURROGATE_VERSION + 1)
    assert Index(path).read().facts == {}
    Index(path).remember(facts=[row(b"a", 1, 1, 1)])
    assert Index(path).read().facts == {(b"a", 1, 1): facts(1, 1)}


@pytest.mark.rule("C9")
def test_an_index_of_before_keeps_its_unique_ids_and_has_its_octets_measured_anew(path: bytes) -> None:
    with contextlib.closing(sqlite3.connect(os.fsdecode(path))) as rows:
        rows.executescript(
            "CREATE TABLE measures (base BLOB, file_octets INTEGER, mtime_ns INTEGER, wire_octets INTEGER);"
            "CREATE TABLE unique_ids (base BLOB NOT NULL, inode INTEGER NOT NULL, unique_id BLOB NOT NULL UNIQUE,"
            " PRIMARY KEY (base, inode)) WITHOUT ROWID;"
            "INSERT INTO measures VALUES (x'61', 1, 1, 1); INSERT INTO unique_ids VALUES (x'61', 0, x'41');"
            "PRAGMA user_version = 1"
        )
    assert Index(path).read() == Rows(unique_ids={(b"a", 0): b"A"})
    Index(path).remember(facts=[row(b"a", 1, 1, 1)])
    assert Index(path).read() == Rows(unique_ids={(b"a", 0): b"A"}, facts={(b"a", 1, 1): facts(1, 1)})
