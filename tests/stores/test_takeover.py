"""Lists of unique-ids of other servers: what they say, what is wrong with them, and what that does to the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.proto.terms import is_legal_unique_id
from restante.stores import takeover
from restante.stores.takeover import FaultReason, UnreadableList, base_name, read_unique_id_list, take_over
from restante.stores.uidl_format import UidlFormat

DATA = Path(__file__).parent / "data"
DOVECOT = DATA / "dovecot-2.3.19.1"
COURIER = DATA / "courier"


def ids_of(octets: bytes, uidl_format: str = "%08Xu%08Xv") -> dict[bytes, bytes]:
    listed = read_unique_id_list(octets, uidl_format=UidlFormat(uidl_format))
    assert listed.faults == ()
    return {message.base: message.unique_id for message in listed.messages}


@pytest.mark.rule("C9")
@pytest.mark.parametrize("name", sorted(path.stem for path in DOVECOT.glob("*.uidlist")))
def test_a_recorded_list_gives_what_dovecot_showed_in_its_order(name: str) -> None:
    uidl_format = UidlFormat((DOVECOT / f"{name}.format").read_text().removesuffix("\n"))
    listed = read_unique_id_list((DOVECOT / f"{name}.uidlist").read_bytes(), uidl_format=uidl_format)
    shown = [line.split()[1] for line in (DOVECOT / f"{name}.uidl").read_bytes().splitlines()]
    assert listed.faults == ()
    assert len(shown) == 5
    assert [message.unique_id for message in listed.messages] == shown


def test_a_stored_id_wins_over_the_format() -> None:
    octets = b"3 V16 N9\n1 W41 Pkept :a\n2 P S40 :b.x:2,S\n3 Gguid :c\n"
    assert ids_of(octets, "%g") == {b"a": b"kept", b"b.x": b"b.x", b"c": b"guid"}


def test_messages_with_a_place_come_before_those_without() -> None:
    listed = read_unique_id_list(b"3 V1 N9\n1 :a\n2 O7 :b\n3 O10 :c\n4 :d\n5 Ox :e\n")
    assert listed.order == (b"b", b"c", b"a", b"d", b"e")


def test_a_file_name_may_hold_spaces_and_colons() -> None:
    assert ids_of(b"3 V1 N9\n12 W1 :a b:2,S\n", "%u") == {b"a b": b"12"}


def test_dovecots_oldest_version_is_read_and_needs_no_fields() -> None:
    assert ids_of(b"1 16 9\n4 a.b:2,S\n8 c\n") == {b"a.b": b"0000000400000010", b"c": b"0000000800000010"}


def test_courier_shows_number_and_validity_or_the_name_of_the_file() -> None:
    listed = read_unique_id_list((COURIER / "version3.sizelist").read_bytes())
    assert listed.faults == ()
    assert [(message.base, message.unique_id) for message in listed.messages] == [
        (b"1500000000.M9P7.h\\072ost+x", b"1500000000.M9P7.h\\072ost+2Bx"),
        (b"1700000100.M1P7.host", b"UID5-1300000000"),
        (b"1700000200.M2P7.host", b"UID6"),
        (b"1700000300.M3P7.host,S=40", b"UID7-1400000000"),
    ]


@pytest.mark.parametrize(
    ("version", "unique_ids"),
    [
        (2, [b"UID5-1400000000", b"1700000200.M2P7.host"]),
        (1, [b"UID5", b"UID6"]),
        (0, [b"1700000100.M1P7.host", b"1700000200.M2P7.host"]),
    ],
)
def test_older_versions_of_courier_are_read(version: int, unique_ids: list[bytes]) -> None:
    listed = read_unique_id_list((COURIER / f"version{version}.sizelist").read_bytes())
    assert listed.faults == ()
    assert [message.unique_id for message in listed.messages] == unique_ids


def test_a_bad_line_is_told_and_the_rest_is_read() -> None:
    octets = b"3 V16 N9\n1 :a\nwhat is this\n0 :zero\n4294967295 :over\n3 W :no/path\n4 W1\n5 Pa\x7fb :ill\n6 :f\n"
    listed = read_unique_id_list(octets)
    assert listed.order == (b"a", b"f")
    assert [(fault.line, fault.reason) for fault in listed.faults] == [
        (3, FaultReason.MALFORMED),
        (4, FaultReason.MALFORMED),
        (5, FaultReason.MALFORMED),
        (6, FaultReason.MALFORMED),
        (7, FaultReason.MALFORMED),
        (8, FaultReason.ILLEGAL),
    ]
    assert listed.faults[-1].text == b"a\x7fb"


@pytest.mark.parametrize("line", [b"a 43 5", b"a 43 5:x:0", b"a 43", b" 43 5:6"])
def test_a_bad_line_of_courier_is_told(line: bytes) -> None:
    listed = read_unique_id_list(b"/2 9 7\n" + line + b"\nb 1 2:3\n")
    assert [(fault.line, fault.reason) for fault in listed.faults] == [(2, FaultReason.MALFORMED)]
    assert listed.order == (b"b",)


def test_a_last_line_that_was_cut_off_is_not_believed() -> None:
    listed = read_unique_id_list(b"/2 9 7\na 1 2:3\nb 1 2:14000")
    assert listed.order == (b"a",)
    assert [(fault.line, fault.reason) for fault in listed.faults] == [(3, FaultReason.CUT_OFF)]
    oldest = read_unique_id_list(b"a 1\nb 1")
    assert [fault.line for fault in oldest.faults] == [2]


def test_an_id_longer_than_seventy_octets_is_a_fault() -> None:
    name = b"n" * 71
    listed = read_unique_id_list(b"3 V1 N9\n1 :" + name + b"\n2 :ok\n", uidl_format=UidlFormat("%f"))
    assert listed.order == (b"ok",)
    assert listed.faults[0].reason is FaultReason.ILLEGAL


def test_where_a_file_stands_twice_the_later_line_holds_and_it_is_told() -> None:
    listed = read_unique_id_list(b"3 V1 N9\n1 :a:2,S\n2 :b\n3 :a\n", uidl_format=UidlFormat("%u"))
    assert {m.base: m.unique_id for m in listed.messages} == {b"b": b"2", b"a": b"3"}
    assert [(fault.line, fault.reason) for fault in listed.faults] == [(2, FaultReason.DOUBLED_FILE)]


@pytest.mark.rule("C9")
def test_of_two_files_with_one_id_the_first_keeps_it_and_the_other_is_told() -> None:
    listed = read_unique_id_list(b"3 V1 N9\n1 Psame :a\n2 Psame :b\n3 Psame O1 :gone\n")
    taken = take_over(listed, [b"b", b"a"])
    assert taken.unique_ids == {b"a": b"same"}
    assert taken.without_id == (b"b",)
    assert [(fault.line, fault.reason, fault.text) for fault in taken.faults] == [(3, FaultReason.DOUBLED, b"same")]


def test_files_without_id_and_ids_without_file_are_told() -> None:
    listed = read_unique_id_list(b"3 V1 N9\n1 :a\n2 :b\nbad\n")
    taken = take_over(listed, [b"b", b"new", b"b"])
    assert list(taken.unique_ids) == [b"b"]
    assert taken.without_id == (b"new",)
    assert [message.base for message in taken.without_file] == [b"a"]
    assert [fault.reason for fault in taken.faults] == [FaultReason.MALFORMED]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\n",
        b"2 1 2\n1 0 a\n",
        b"3 N9\n1 :a\n",
        b"3 V0 N9\n1 :a\n",
        b"3 V4294967296 N9\n1 :a\n",
        b"3 Vx N9\n",
        b"1 0 9\n",
        b"/4 1 2\n",
        b"/x\n",
        b"From ted@example.org Sat Jan  3 01:05:34 1996\n",
    ],
)
def test_what_is_no_list_is_refused_whole(octets: bytes) -> None:
    with pytest.raises(UnreadableList):
        read_unique_id_list(octets)


def test_a_list_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takeover, "LARGEST_LIST_OCTETS", 10)
    with pytest.raises(UnreadableList, match="longer than 10"):
        read_unique_id_list(b"3 V1 N9\n1 :a\n")


def test_the_base_name_ends_before_the_flags() -> None:
    assert base_name(b"1.a:2,S") == b"1.a" == base_name(b"1.a") == base_name(b"1.a:x:y")


@pytest.mark.parametrize(
    "line", [b"1" + b" " * 200_000, b"1 " + b"W1 " * 100_000, b"a" + b" 1" * 100_000, b"1 :" + b"x:" * 99_999]
)
@pytest.mark.parametrize("header", [b"3 V1 N2\n", b"1 1 2\n", b"/3 1 2\n", b"/1 1\n"])
def test_a_long_hostile_line_takes_linear_work(header: bytes, line: bytes) -> None:
    # Quadratic work would run into the time limit of the test.
    read_unique_id_list(header + line * 20 + b"\n")


@given(
    st.lists(st.binary(max_size=40)),
    st.sampled_from([b"3 V7 N9\n", b"1 7 9\n", b"/3 7 9\n", b"/2 7 9\n", b"/1 7\n", b"a 1\n"]),
)
def test_whatever_a_list_says_each_file_has_at_most_one_legal_id_of_its_own(
    lines: list[bytes], header: bytes
) -> None:
    listed = read_unique_id_list(header + b"\n".join(lines))
    assert len(set(listed.order)) == len(listed.order)
    taken = take_over(listed, listed.order)
    assert len(set(taken.unique_ids.values())) == len(taken.unique_ids)
    assert all(is_legal_unique_id(unique_id) for unique_id in taken.unique_ids.values())
