"""A name for every message, also where the server has none: RFC 1939 §7."""

import pytest

from restante.client.unique_ids import digest_id, distinct, unnamed
from restante.proto.terms import MessageNumber, Octets, UniqueId, is_legal_unique_id


def numbers(*values: int) -> list[MessageNumber]:
    return [MessageNumber(value) for value in values]


def test_names_are_made_for_what_has_none_or_shares_one() -> None:
    told = {MessageNumber(1): b"a", MessageNumber(2): b"", MessageNumber(3): b"a", MessageNumber(4): b"b"}
    assert unnamed(numbers(1, 2, 3, 4, 5), told) == numbers(1, 2, 3, 5)


@pytest.mark.rule("C9")
def test_a_made_name_is_a_legal_unique_id() -> None:
    assert is_legal_unique_id(digest_id(b"Subject: x\r\n\r\n", Octets(7)))


@pytest.mark.parametrize(
    "headers",
    [
        b"Subject: x\r\nStatus: RO\r\n\r\n",
        b"Status: O\r\nSubject: x\r\n\r\n",
        b"Subject: x\r\nX-UIDL: a\r\n b\r\nX-Status: F\r\n\r\n",
        b"Subject: x\r\n",
    ],
)
def test_headers_that_servers_change_are_no_part_of_a_name(headers: bytes) -> None:
    assert digest_id(headers, Octets(7)) == digest_id(b"Subject: x\r\n\r\n", Octets(7))


@pytest.mark.parametrize(
    ("headers", "octets"), [(b"Subject: y\r\n\r\n", 7), (b"Subject: x\r\n\r\n", 8), (b"X-Subject: x\r\n", 7)]
)
def test_other_messages_have_other_names(headers: bytes, octets: int) -> None:
    assert digest_id(headers, Octets(octets)) != digest_id(b"Subject: x\r\n\r\n", Octets(7))


def test_copies_are_counted_in_their_order() -> None:
    names = [UniqueId(name) for name in (b"a", b"b", b"a", b"a")]
    assert distinct(names) == [b"a", b"b", b"a~2", b"a~3"]
