"""What the last session saw: read back whole or not at all, and good for telling a change of unique-ids."""

from __future__ import annotations

import os
import stat
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.stores.maildir.columns import Columns
from restante.stores.maildir.measure import UNSETTLED
from restante.stores.maildir.packing import pack
from restante.stores.maildir.seen import Seen, count_changed, read_seen, stamp_from, write_seen

Row = tuple[int, int, int, bytes]
"""Octets, inode, time and unique-id."""

BEFORE: list[Row] = [(100, 1, 5, b"a"), (200, 2, 5, b"b"), (300, 3, 5, b"c")]
STAMP = stamp_from(7, 8, 9, 10)


@pytest.fixture
def path(tmp_path: Path) -> bytes:
    return os.fsencode(tmp_path / "restante.seen")


def columns(rows: list[Row], *, surrogates: bool = False, doubled: frozenset[int] = frozenset()) -> Columns:
    octets = [row[0] for row in rows]
    return Columns.made(
        names=[b"%d.a:2,S" % n if n % 2 else row[3] for n, row in enumerate(rows)],
        in_cur=bytes(n % 2 for n in range(len(rows))),
        inodes=[row[1] for row in rows],
        file_octets=octets,
        wire_octets=octets,
        surrogate_octets=octets if surrogates else [],
        dots=range(len(rows)),
        bare_lf=bytes(len(rows)),
        mtimes_ns=[row[2] for row in rows],
        unique_ids=[row[3] for row in rows],
        doubled=doubled,
    )


def write(path: bytes, seen: Seen) -> None:
    write_seen(path, pack(seen.columns), stamp=seen.stamp, index_stamp=seen.index_stamp)


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        ([], 0),
        ([*BEFORE, (400, 4, 5, b"d")], 0),
        ([(400, 4, 5, b"d")], 0),
        ([(200, 2, 5, b"b")], 0),
        ([(100, 9, 5, b"z"), (200, 2, 5, b"b")], 0),
        ([(150, 1, 5, b"z"), (200, 2, 5, b"b")], 0),
        ([(100, 1, 6, b"z"), (200, 2, 5, b"b")], 0),
        ([(100, 1, UNSETTLED, b"z"), (200, 2, 5, b"b")], 0),
        ([(100, 1, 5, b"z"), (200, 2, 5, b"b"), (300, 3, 5, b"c")], 1),
        ([(100, 1, 5, b"x"), (200, 2, 5, b"y"), (300, 3, 5, b"z")], 3),
        ([(100, 7, 5, b"x"), (200, 8, 5, b"y"), (300, 9, 5, b"z")], 3),
        ([(100, 7, 5, b"x"), (200, 8, 5, b"y"), (300, 9, 5, b"z"), (5, 10, 5, b"new")], 3),
        ([(100, 7, 5, b"x"), (200, 8, 5, b"y"), (301, 9, 5, b"z")], 0),
        ([(200, 7, 5, b"x"), (100, 8, 5, b"y"), (300, 9, 5, b"z")], 0),
    ],
    ids=[
        "all gone",
        "mail came",
        "all gone and mail came",
        "some gone",
        "another message of the same octets",
        "another message in the same inode",
        "another message of the same octets in the same inode",
        "a message of the same octets in the same inode, come a moment ago",
        "one renamed",
        "all renamed",
        "restored under other names",
        "restored, then mail came",
        "other octets",
        "another order",
    ],
)
def test_only_messages_that_stayed_under_another_unique_id_count(now: list[Row], changed: int) -> None:
    assert count_changed(columns(BEFORE), columns(now)) == changed


def test_one_message_replaced_by_one_of_the_same_octets_is_mail_that_came() -> None:
    assert count_changed(columns([(100, 1, 5, b"a")]), columns([(100, 9, 5, b"z")])) == 0


@given(
    rows=st.lists(
        st.tuples(
            st.integers(min_value=0, max_value=2**63),
            st.integers(min_value=0, max_value=2**63),
            st.integers(min_value=-1, max_value=2**62),
            st.integers(min_value=0, max_value=99).map(lambda n: b"id-%d" % n),
        ),
        max_size=5,
        unique_by=lambda row: row[3],
    ),
    surrogates=st.booleans(),
    stamped=st.booleans(),
    doubles=st.booleans(),
)
def test_what_was_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], surrogates: bool, stamped: bool, doubles: bool
) -> None:
    path = os.fsencode(tmp_path_factory.getbasetemp() / "restante.seen")
    doubled = frozenset(range(len(rows))) if doubles else frozenset()
    seen = Seen(
        columns=columns(rows, surrogates=surrogates, doubled=doubled),
        stamp=STAMP if stamped else None,
        index_stamp=(11, 12),
    )
    write(path, seen)
    assert read_seen(path) == seen
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_the_others_are_left_when_some_are_taken_out() -> None:
    left = columns(BEFORE, surrogates=True, doubled=frozenset({0, 2})).without({1})
    assert list(left.unique_ids) == [b"a", b"c"]
    assert (list(left.file_octets), list(left.surrogate_octets)) == ([100, 300], [100, 300])
    assert left.doubled == {0, 1}
    assert left == left.without(())


def test_no_record_is_none(path: bytes) -> None:
    assert read_seen(path) is None


def written(path: bytes) -> bytes:
    write(path, Seen(columns=columns(BEFORE), stamp=STAMP, index_stamp=(11, 12)))
    return Path(os.fsdecode(path)).read_bytes()


def test_a_record_that_does_not_add_up_is_none(path: bytes) -> None:
    good = written(path)
    flipped = [good[:n] + bytes([good[n] ^ 1]) + good[n + 1 :] for n in range(len(good))]
    for damaged in [b"", b"\0" * 50, good[:-1], good + b"x", *flipped]:
        Path(os.fsdecode(path)).write_bytes(damaged)
        assert read_seen(path) is None


def test_a_name_that_leads_out_of_the_folder_is_none_of_ours(path: bytes) -> None:
    good = written(path)
    magic, header, body = good.split(b"\n", 2)
    assert body.count(b"1.a") == 1
    body = body.replace(b"1.a", b"1/a")
    numbers = header.rpartition(b" ")[0]
    header = b"%s %d" % (numbers, zlib.crc32(body, zlib.crc32(numbers)))
    Path(os.fsdecode(path)).write_bytes(b"\n".join((magic, header, body)))
    assert read_seen(path) is None


def test_a_link_is_not_followed_and_nobody_waits_for_a_pipe(path: bytes, tmp_path: Path) -> None:
    written(path)
    os.rename(path, path + b".real")
    os.symlink(path + b".real", path)
    assert read_seen(path) is None
    os.unlink(path)
    os.mkfifo(path)
    assert read_seen(path) is None


def test_writing_replaces_the_record_whole_and_leaves_no_draft(path: bytes) -> None:
    written(path)
    written(path)
    assert os.listdir(os.path.dirname(path)) == [b"restante.seen"]


def test_writing_where_that_cannot_be_is_no_fault(path: bytes) -> None:
    write_seen(path + b"/no/such", pack(columns(BEFORE)), stamp=None, index_stamp=(0, 0))
