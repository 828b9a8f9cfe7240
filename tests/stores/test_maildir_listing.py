"""Listing a Maildir that anybody may have filled."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from restante.proto.lines import canonical
from restante.proto.terms import MessageNumber, is_legal_unique_id
from restante.stores.maildir import listing as listing_module
from restante.stores.maildir.index import ANY_FILE, FactRow, IdRow, Index
from restante.stores.maildir.listing import Listing, list_maildrop, stamp_of
from restante.stores.maildir.measure import CLOCK_GRAIN_NS, Facts, Measure
from restante.stores.maildir.names import NO_SURROGATE
from restante.stores.maildir.places import Places, places_in


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    return places_in(tmp_path, ours=False)


def put(places: Places, name: str, octets: bytes) -> Path:
    path = Path(os.fsdecode(places.folder)) / name
    path.write_bytes(octets)
    return path


def octets_listed(listing: Listing) -> list[int]:
    return [listing.snapshot.octets(MessageNumber(n)) for n in range(1, len(listing) + 1)]


@pytest.mark.rule("C5")
def test_files_with_lf_lines_are_listed_with_their_octets_on_the_wire(places: Places) -> None:
    put(places, "new/1.a.host", b"a\nb")
    put(places, "cur/2.b.host,S=4:2,S", b"a\n\r\n")
    put(places, "new/3.c.host,S=2,W=3", b"a\n")
    assert octets_listed(list_maildrop(places)) == [len(canonical(b"a\nb")), 5, 3]


def test_names_that_tell_all_never_touch_sqlite_nor_the_files(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "connect", None)
    monkeypatch.setattr(listing_module, "measure", None)
    put(places, "new/1.M000001P1Q1Ra.host,S=5,W=5,D=0", b"not so")
    put(places, "cur/2.M000001P1Q1Ra.host,S=5,W=5,D=0:2,RS", b"")
    listing = list_maildrop(places)
    assert octets_listed(listing) == [5, 5]
    assert listing.snapshot.unique_ids == (b"1.M000001P1Q1Ra.host,S=5,W=5,D=0", b"2.M000001P1Q1Ra.host,S=5,W=5,D=0")
    assert not os.path.exists(places.index)


@pytest.mark.rule("C5")
def test_octets_past_4_gib_are_exact(places: Places) -> None:
    octets = 5 * 2**30
    for n in range(3):
        put(places, f"new/{n}.M000001P1Q1Ra.host,S={octets + n},W={octets + n},D=0", b"")
    listing = list_maildrop(places)
    assert octets_listed(listing) == [octets, octets + 1, octets + 2]
    assert listing.snapshot.total_octets == 3 * octets + 3


def test_foreign_files_are_measured_once(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(put(places, "new/1.a.host", b"a\nb\n"), ns=(1, 1))
    list_maildrop(places)
    (Path(os.fsdecode(places.new)) / "1.a.host").rename(Path(os.fsdecode(places.cur)) / "1.a.host:2,S")
    monkeypatch.setattr(listing_module, "measure", None)
    assert octets_listed(list_maildrop(places)) == [6]


def test_a_foreign_file_that_changed_is_measured_again(places: Places) -> None:
    path = put(places, "new/1.a.host", b"a\nb\n")
    list_maildrop(places)
    path.write_bytes(b"a\r\n\n")
    os.utime(path, ns=(1, 1))
    assert octets_listed(list_maildrop(places)) == [5]


def test_what_the_index_knows_of_a_file_stands_over_its_name(places: Places) -> None:
    path = put(places, "new/1.a.host,S=9,W=9", b"a\n")
    found = Facts(file_octets=2, wire_octets=3, surrogate_octets=NO_SURROGATE, dots=0, bare_lf=True)
    Index(places.index).remember(facts=[FactRow(b"1.a.host,S=9,W=9", Measure(path.stat().st_mtime_ns, found))])
    assert octets_listed(list_maildrop(places)) == [3]


@pytest.mark.rule("C9")
def test_unique_ids_survive_flags_and_folders(places: Places) -> None:
    put(places, "new/1.a.host", b"a\n")
    path = put(places, "new/" + "x" * 80, b"b\n")
    before = list_maildrop(places).snapshot.unique_ids
    path.rename(Path(os.fsdecode(places.cur)) / ("x" * 80 + ":2,FRS"))
    assert sorted(list_maildrop(places).snapshot.unique_ids) == sorted(before)
    assert all(map(is_legal_unique_id, before))


def test_what_is_no_regular_file_is_no_message(places: Places, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "new" / "1.pipe,S=1,W=1")
    (tmp_path / "new" / "2.folder").mkdir()
    (tmp_path / "new" / "3.link,S=1,W=1").symlink_to("/etc/passwd")
    (tmp_path / "cur" / ".hidden").touch()
    assert len(list_maildrop(places)) == 0


@pytest.mark.rule("C9")
def test_two_files_with_one_base_name_are_two_messages_whose_unique_ids_stay(
    places: Places, tmp_path: Path
) -> None:
    put(places, "new/1.same,S=3,W=3", b"a\r\n")
    put(places, "cur/1.same,S=3,W=3:2,S", b"b\r\n")
    first = list_maildrop(places)
    assert len(set(first.snapshot.unique_ids)) == 2
    assert b"1.same,S=3,W=3" in first.snapshot.unique_ids
    by_octets = {
        Path(os.fsdecode(first.path(n, places))).read_bytes(): first.snapshot.unique_ids[n] for n in range(2)
    }
    assert list_maildrop(places).snapshot.unique_ids == first.snapshot.unique_ids
    (tmp_path / "new" / "1.same,S=3,W=3").rename(tmp_path / "cur" / "1.same,S=3,W=3:2,F")
    assert set(list_maildrop(places).snapshot.unique_ids) == set(first.snapshot.unique_ids)
    (tmp_path / "cur" / "1.same,S=3,W=3:2,F").unlink()
    assert list_maildrop(places).snapshot.unique_ids == (by_octets[b"b\r\n"],)


def test_one_file_met_under_two_names_is_one_message(places: Places, tmp_path: Path) -> None:
    path = put(places, "new/1.same,S=3,W=3", b"a\r\n")
    os.link(path, tmp_path / "cur" / "1.same,S=3,W=3:2,S")
    listing = list_maildrop(places)
    assert listing.snapshot.unique_ids == (b"1.same,S=3,W=3",)
    assert listing.inode(0) == path.stat().st_ino


@pytest.mark.rule("C9")
def test_a_unique_id_taken_over_is_not_given_twice(places: Places) -> None:
    put(places, "new/1.a,S=3,W=3", b"a\r\n")
    put(places, "new/2.b,S=3,W=3", b"a\r\n")
    Index(places.index).remember(unique_ids=[IdRow(b"2.b,S=3,W=3", ANY_FILE, b"1.a,S=3,W=3")])
    first = list_maildrop(places).snapshot.unique_ids
    assert first[1] == b"1.a,S=3,W=3"
    assert first[0].startswith(b"h-")
    (Path(os.fsdecode(places.new)) / "2.b,S=3,W=3").unlink()
    assert list_maildrop(places).snapshot.unique_ids == first[:1]


def test_a_listing_read_too_soon_after_a_change_proves_nothing(places: Places) -> None:
    put(places, "new/1.a,S=3,W=3", b"a\r\n")
    assert list_maildrop(places).stamp is None
    for folder in (places.new, places.cur):
        facts = os.stat(folder)
        os.utime(folder, ns=(facts.st_atime_ns, facts.st_mtime_ns - 2 * CLOCK_GRAIN_NS - 10**9))
    assert list_maildrop(places).stamp == stamp_of(places)


def test_a_folder_that_is_a_link_is_not_followed(places: Places, tmp_path: Path) -> None:
    (tmp_path / "new").rmdir()
    (tmp_path / "new").symlink_to("/etc")
    with pytest.raises(NotADirectoryError):
        list_maildrop(places)
