"""What the name of a peer tells."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.doors.peers import address_of, is_local


@pytest.mark.parametrize("peer", ["unix", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::1%lo"])
def test_this_machine_is_known_however_it_is_written(peer: str) -> None:
    assert is_local(peer)


@pytest.mark.parametrize(
    "peer", ["10.0.0.1", "fe80::1%eth0", "::ffff:10.0.0.1", "proxied 127.0.0.1", "", "localhost"]
)
def test_others_are_not_this_machine(peer: str) -> None:
    assert not is_local(peer)


def test_an_address_has_one_form() -> None:
    assert address_of("::ffff:192.0.2.7") == address_of("192.0.2.7") == ip_address("192.0.2.7")
    assert address_of("fe80::1%eth0") == ip_address("fe80::1")


@given(st.text())
def test_what_is_no_address_is_none_and_no_error(peer: str) -> None:
    address = address_of(peer)
    assert address is None or str(address)
