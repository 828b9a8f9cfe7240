"""Deletion marks: RFC 1939 §5, §6."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.maildrop import MarkedMessage, NoSuchMessage, Snapshot, Transaction
from restante.proto.terms import MessageNumber

N = MessageNumber


def transaction() -> Transaction:
    return Transaction(Snapshot(octets=[10, 20, 30], unique_ids=[b"a", b"b", b"c"]))


@pytest.mark.rule("C4")
def test_scan_listing_skips_marked_messages_and_numbers_do_not_move() -> None:
    open_one = transaction()
    open_one.mark_deleted(N(2))
    assert open_one.scan_listing() == b"1 10\r\n3 30\r\n"
    assert open_one.unique_id_listing() == b"1 a\r\n3 c\r\n"


@pytest.mark.rule("C3")
def test_drop_listing_does_not_count_marked_messages() -> None:
    open_one = transaction()
    open_one.mark_deleted(N(3))
    assert (open_one.count, open_one.octets) == (2, 30)


@pytest.mark.rule("C7")
def test_a_second_mark_is_an_error() -> None:
    open_one = transaction()
    open_one.mark_deleted(N(1))
    with pytest.raises(MarkedMessage):
        open_one.mark_deleted(N(1))


@pytest.mark.rule("C4")
@pytest.mark.parametrize("number", [4, 5, 2**31, 2**64, 10**200])
def test_a_number_past_the_end_is_an_error(number: int) -> None:
    with pytest.raises(NoSuchMessage):
        transaction().octets_of(N(number))


@pytest.mark.rule("C7")
def test_reset_takes_all_marks_off() -> None:
    open_one = transaction()
    open_one.mark_deleted(N(1))
    open_one.mark_deleted(N(2))
    open_one.reset()
    assert (open_one.count, open_one.octets, open_one.plan().removals) == (3, 60, ())
    assert open_one.scan_listing() == b"1 10\r\n2 20\r\n3 30\r\n"


@pytest.mark.rule("C3", "C5")
@given(st.lists(st.integers(0, 2**40), max_size=12), st.data())
def test_the_listings_and_the_totals_agree_whatever_is_marked(octets: list[int], data: st.DataObject) -> None:
    ids = [b"%d" % n for n in range(len(octets))]
    open_one = Transaction(Snapshot(octets=octets, unique_ids=ids))
    marks = data.draw(st.sets(st.sampled_from(range(1, len(octets) + 1)) if octets else st.nothing()))
    for number in marks:
        open_one.mark_deleted(N(number))
    listed = [line.split() for line in open_one.scan_listing().splitlines()]
    assert open_one.count == len(listed)
    assert open_one.octets == sum(int(size) for _, size in listed)
    assert [int(n) for n, _ in listed] == [n for n in range(1, len(octets) + 1) if n not in marks]
    assert open_one.plan().removals == tuple(sorted(marks))
