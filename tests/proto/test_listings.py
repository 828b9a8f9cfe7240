"""What servers say in listings: RFC 1939 §5 and §7, RFC 2449 §5 and §6, and the habits of real ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.proto.listings import (
    LARGEST_NUMBER,
    LARGEST_OCTETS,
    Capabilities,
    DropListing,
    drop_listing,
    scan_listing_line,
    unique_id_line,
)
from restante.proto.terms import Octets


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("text", "messages", "octets"),
    [
        (b"2 320", 2, 320),
        (b"0 0", 0, 0),
        (b"2 messages (320 octets)", 2, 320),
        (b"maildrop has 1 message (120 octets)", 1, 120),
        (b"3", 3, 0),
        (b"  2   320  extra 17", 2, 320),
        (b"2147483647 9007199254740991", LARGEST_NUMBER, LARGEST_OCTETS),
    ],
)
def test_a_drop_listing_is_its_first_two_numbers(text: bytes, messages: int, octets: int) -> None:
    assert drop_listing(text) == DropListing(messages=messages, octets=Octets(octets))


@pytest.mark.parametrize("text", [b"", b"none", b"-1 5", b"2147483648 1", b"9" * 400, b"1 9007199254740992"])
def test_a_drop_listing_that_cannot_be_is_none(text: bytes) -> None:
    assert drop_listing(text) is None


@pytest.mark.rule("C5")
@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"1 120", (1, 120)),
        (b"1 120 octets", (1, 120)),
        (b"  12\t340  ", (12, 340)),
        (b"1: 120", (1, 120)),
        (b"1 (120 octets)", (1, 120)),
        (b"1 0", (1, 0)),
        (b"0 120", None),
        (b"-1 120", None),
        (b"1 -120", None),
        (b"1", None),
        (b"", None),
        (b"one 120", None),
        (b"2147483648 1", None),
        (b"1 9007199254740992", None),
        (b"1 " + b"9" * 100_000, None),
        (b"9" * 100_000 + b" 1", None),
    ],
)
def test_a_line_of_a_scan_listing_is_a_number_and_octets(line: bytes, found: tuple[int, int] | None) -> None:
    assert scan_listing_line(line) == found


@pytest.mark.rule("C9")
@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"1 whqtswO00WBw418f9t5JxYwZ", (1, b"whqtswO00WBw418f9t5JxYwZ")),
        (b"1 " + b"u" * 300, (1, b"u" * 300)),
        (b"2", (2, b"")),
        (b"2 ", (2, b"")),
        (b"3 id extra columns", (3, b"id")),
        (b"3\tid", (3, b"id")),
        (b"4 \xfc\x01", (4, b"\xfc\x01")),
        (b"0 id", None),
        (b"-1 id", None),
        (b"id", None),
        (b"", None),
        (b"9" * 50 + b" id", None),
    ],
)
def test_a_line_of_a_unique_id_listing_is_a_number_and_an_id(line: bytes, found: tuple[int, bytes] | None) -> None:
    assert unique_id_line(line) == found


@given(st.binary(max_size=80))
def test_no_line_raises(line: bytes) -> None:
    drop_listing(line)
    scan_listing_line(line)
    unique_id_line(line)
    Capabilities([line])


@pytest.mark.rule("C11")
def test_capabilities_are_tags_in_upper_case_with_their_parameters() -> None:
    told = Capabilities([b"top", b"SASL PLAIN SCRAM-SHA-256", b"LOGIN-DELAY 900 USER", b"Sasl LOGIN", b"", b"  "])
    assert set(told) == {"TOP", "SASL", "LOGIN-DELAY"}
    assert told["SASL"] == ("PLAIN", "SCRAM-SHA-256", "LOGIN")
    assert told.seconds("LOGIN-DELAY") == 900
    assert len(told) == 3
    assert "SASL" in repr(told)


@pytest.mark.parametrize("parameter", [b"", b" soon", b" -1", b" 9999999999", b" \xb2"])
def test_a_delay_that_is_no_number_is_none(parameter: bytes) -> None:
    assert Capabilities([b"LOGIN-DELAY" + parameter]).seconds("LOGIN-DELAY") is None
