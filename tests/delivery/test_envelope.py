"""Addresses as they come behind MAIL FROM and RCPT TO."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.delivery.envelope import ADDRESS_OCTETS, Address, Path, cut_path, parse_address


@pytest.mark.parametrize(
    ("text", "address", "rest"),
    [
        ("<ted@example.org>", "ted@example.org", ""),
        (" <ted@example.org> SIZE=12 BODY=8BITMIME", "ted@example.org", "SIZE=12 BODY=8BITMIME"),
        ("<>", "", ""),
        ("<> BODY=7BIT", "", "BODY=7BIT"),
        ("ted@example.org SIZE=1", "ted@example.org", "SIZE=1"),
        ("<postmaster>", "postmaster", ""),
        ("<@one.example,@two.example:ted@example.org>", "ted@example.org", ""),
        ('<"a>b \\" c"@example.org>', '"a>b \\" c"@example.org', ""),
        ("<ted@[127.0.0.1]>", "ted@[127.0.0.1]", ""),
        ("<a..b.@example.org>", "a..b.@example.org", ""),
    ],
)
def test_a_path_is_parted_from_its_parameters(text: str, address: str, rest: str) -> None:
    assert cut_path(text) == Path(address=address, rest=rest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<ted@example.org",
        "ted@example.org>",
        "<ted@example.org>SIZE=1",
        "<ted @example.org>",
        "<ted@@example.org>",
        "<ted@exa mple.org>",
        "<ted@>",
        "<@example.org>",
        "<ted\r\n@example.org>",
        "<ted\0@example.org>",
        '<"ted\n"@example.org>',
        "<t\xe9d@example.org>",
        "<ted@ex\xe4mple.org>",
        "<<ted@example.org>>",
        "<" + "a" * ADDRESS_OCTETS + "@b>",
    ],
)
def test_what_cannot_be_read_is_no_path(text: str) -> None:
    assert cut_path(text) is None


def test_quotes_come_off_a_local_part_and_domains_are_in_lower_case() -> None:
    assert parse_address('"Ted Ed\\"s"@Example.ORG') == Address(local='Ted Ed"s', domain="example.org")
    assert parse_address("Ted") == Address(local="Ted", domain=None)


@given(st.text(max_size=40))
def test_no_address_that_is_read_holds_a_control_or_a_letter_beyond_ascii(text: str) -> None:
    path = cut_path(text)
    if path is not None:
        assert all(" " <= letter <= "~" for letter in path.address)
        assert path.address == "" or parse_address(path.address) is not None


@pytest.mark.parametrize(
    "text", ["<" + "a." * 500, "<a@" + "b-" * 500 + ">", '<"' + "\\a" * 400, "<@" + "a," * 480]
)
def test_hostile_addresses_take_no_time(text: str) -> None:
    started = time.process_time()
    for _ in range(20):
        assert cut_path(text) is None
    assert time.process_time() - started < 1
