"""The heuristic that tells a change of unique-ids from mail that comes and goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from restante.stores.maildir.measure import UNSETTLED
from restante.stores.maildir.seen import Seen, compare, digest_of, write_seen

BEFORE: Seen = [(100, 1, 5, b"a"), (200, 2, 5, b"b"), (300, 3, 5, b"c")]


@pytest.fixture
def path(tmp_path: Path) -> bytes:
    return os.fsencode(tmp_path / "restante.seen")


def ids(seen: Seen) -> list[bytes]:
    return [row[3] for row in seen]


def held_against(path: bytes, now: Seen, before: Seen = BEFORE) -> tuple[bool, int]:
    write_seen(path, before, digest_of(ids(before)))
    return compare(path, lambda: now, digest_of(ids(now)))


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
def test_only_messages_that_stayed_under_another_unique_id_count(path: bytes, now: Seen, changed: int) -> None:
    assert held_against(path, now) == (False, changed)


def test_the_very_same_list_is_recorded_already(path: bytes) -> None:
    assert held_against(path, BEFORE) == (True, 0)


def test_one_message_replaced_by_one_of_the_same_octets_is_mail_that_came(path: bytes) -> None:
    assert held_against(path, [(100, 9, 5, b"z")], before=[(100, 1, 5, b"a")]) == (False, 0)


def test_no_record_tells_no_change(path: bytes) -> None:
    assert compare(path, lambda: BEFORE, "x") == (False, 0)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0" * 50,
        b"restante seen 1 3 abc\n1 1 a\n",
        b"restante seen 1 1 abc\nx y z\n",
        b"restante seen 1 x y\n",
    ],
)
def test_a_record_that_does_not_add_up_tells_no_change(path: bytes, damage: bytes) -> None:
    Path(os.fsdecode(path)).write_bytes(damage)
    assert compare(path, lambda: BEFORE, "x") == (False, 0)


def test_writing_replaces_the_record_whole_and_leaves_no_draft(path: bytes) -> None:
    held_against(path, BEFORE)
    held_against(path, BEFORE, before=[])
    assert os.listdir(os.path.dirname(path)) == [b"restante.seen"]


def test_writing_where_that_cannot_be_is_no_fault(path: bytes) -> None:
    write_seen(path + b"/no/such", BEFORE, "x")
