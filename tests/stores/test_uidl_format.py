"""`pop3_uidl_format` as Dovecot follows it; the expected values are what a Dovecot 2.3.19.1 answered."""

from __future__ import annotations

import pytest

from restante.stores.uidl_format import DEFAULT_UIDL_FORMAT, UidlFormat, UidlFormatError


def expanded(text: str) -> bytes:
    return UidlFormat(text).expand(uid_validity=1795472138, uid=1, base=b"1700000100.M1P7.host", guid=b"Abc")


@pytest.mark.parametrize(
    ("text", "unique_id"),
    [
        ("%08Xu%08Xv", b"000000016b04bb0a"),
        ("%{uid | hex(8)}%{uidvalidity | hex(8)}", b"000000016b04bb0a"),
        ("%{uid|hex(8)}%{ uidvalidity|hex|upper }", b"000000016B04BB0A"),
        ("%v.%u", b"1795472138.1"),
        ("%v-%u", b"1795472138-1"),
        ("UID%u-%v", b"UID1-1795472138"),
        ("UID%{uid}-%{uidvalidity}", b"UID1-1795472138"),
        ("%f", b"1700000100.M1P7.host"),
        ("%Mf", b"0b1987e7634bcfb1fe03926c036a81c1"),
        ("%{filename | md5 | hexlify}", b"0b1987e7634bcfb1fe03926c036a81c1"),
        ("%{filename | md5}", b"0b1987e7634bcfb1fe03926c036a81c1"),
        ("%g%Lg%Ug%{guid | lower}", b"AbcabcABCabc"),
        ("%04u", b"0001"),
        ("%4u%%", b"1%"),
        ("%4f", b"1700"),
        ("%u%2v", b"117"),
    ],
)
def test_a_format_is_followed_as_dovecot_follows_it(text: str, unique_id: bytes) -> None:
    assert expanded(text) == unique_id


def test_the_default_is_two_numbers_of_eight_lower_case_digits() -> None:
    assert DEFAULT_UIDL_FORMAT.text == "%08Xu%08Xv"
    assert DEFAULT_UIDL_FORMAT.expand(uid_validity=0xABCDEF01, uid=0xAB, base=b"", guid=b"") == b"000000ababcdef01"


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("%m", 0, "mbox"),
        ("%u%{md5}", 2, "mbox"),
        ("a%z", 1, "no variable 'z'"),
        ("%{hostname}", 0, "no variable 'hostname'"),
        ("%{uid | rot13}", 5, "filter 'rot13'"),
        ("%{uid | hexlify}", 5, "filter 'hexlify'"),
        ("%{uid ; hex}", 5, "not a filter"),
        ("%u%", 2, "not a variable"),
        ("%{uid", 0, "not a variable"),
        ("%-3.2v%u", 0, "not a variable"),
        ("%v", 0, "same unique-id"),
        ("", 0, "same unique-id"),
        ("all", 0, "same unique-id"),
    ],
)
def test_what_cannot_be_followed_is_told_with_its_place(text: str, place: int, why: str) -> None:
    with pytest.raises(UidlFormatError, match=why) as caught:
        UidlFormat(text)
    assert (caught.value.text, caught.value.place) == (text, place)
    assert "doveconf -h pop3_uidl_format" in str(caught.value)


def test_a_huge_width_makes_no_huge_id() -> None:
    assert len(expanded("%0999u%{uid | hex(999)}")) == 142
