"""A snapshot: RFC 1939 §4, §5, §7."""

import pytest

from restante.maildrop.snapshot import Snapshot
from restante.proto.lines import DOTS_UNKNOWN
from restante.proto.terms import MessageNumber


@pytest.mark.rule("S3")
def test_messages_are_numbered_from_1_in_the_order_given() -> None:
    snapshot = Snapshot(octets=[120, 200], unique_ids=[b"a", b"b"])
    assert len(snapshot) == 2
    assert snapshot.octets(MessageNumber(1)) == 120
    assert snapshot.unique_id(MessageNumber(2)) == b"b"
    assert snapshot.scan_listing == b"1 120\r\n2 200\r\n"
    assert snapshot.unique_id_listing == b"1 a\r\n2 b\r\n"


@pytest.mark.rule("L8")
def test_an_empty_maildrop_lists_nothing() -> None:
    snapshot = Snapshot(octets=[], unique_ids=[])
    assert (len(snapshot), snapshot.total_octets, snapshot.scan_listing) == (0, 0, b"")


@pytest.mark.rule("C3")
def test_totals_past_4_gib_are_exact() -> None:
    snapshot = Snapshot(octets=[2**32 + 1, 2**40], unique_ids=[b"a", b"b"])
    assert snapshot.total_octets == 2**32 + 1 + 2**40
    assert snapshot.scan_listing == b"1 4294967297\r\n2 1099511627776\r\n"


@pytest.mark.rule("C9")
@pytest.mark.parametrize(
    "unique_ids", [[b"a", b"a"], [b"a", b""], [b"a", b"b c"], [b"a", b"b" * 71], [b"a"], [b"a", b"b\nc"]]
)
def test_unique_ids_that_would_mislead_a_client_are_refused(unique_ids: list[bytes]) -> None:
    with pytest.raises(ValueError, match="unique-id"):
        Snapshot(octets=[1, 2], unique_ids=unique_ids)


@pytest.mark.rule("L7")
def test_dots_are_told_where_they_are_known() -> None:
    snapshot = Snapshot(octets=[1] * 4, unique_ids=[b"a", b"b", b"c", b"d"], dots=[0, 3, 127, 128])
    assert [snapshot.dots(MessageNumber(n)) for n in (1, 2, 3, 4)] == [0, 3, 127, 128]
    assert Snapshot(octets=[1], unique_ids=[b"a"]).dots(MessageNumber(1)) == DOTS_UNKNOWN
