"""The GS2 header and the escapes of names are those of RFC 5801 and RFC 5802."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.sasl.acting import texts

from restante.sasl.gs2 import BindingFlag, Gs2Header, escaped, gs2_header, name_unescaped, read_gs2_header
from restante.sasl.machine import Refusal
from restante.sasl.prep import prepared


@pytest.mark.parametrize(
    ("message", "header"),
    [
        (b"n,,", Gs2Header(flag=BindingFlag.UNSUPPORTED, binding_type=None, authzid=None, octets=b"n,,")),
        (b"y,,", Gs2Header(flag=BindingFlag.UNSEEN, binding_type=None, authzid=None, octets=b"y,,")),
        (
            b"p=tls-exporter,a=t=2Ced,",
            Gs2Header(
                flag=BindingFlag.USED,
                binding_type="tls-exporter",
                authzid="t,ed",
                octets=b"p=tls-exporter,a=t=2Ced,",
            ),
        ),
    ],
)
def test_a_header_is_read_and_the_rest_left(message: bytes, header: Gs2Header) -> None:
    assert read_gs2_header(message + b"n=rest,,") == (header, b"n=rest,,")


@pytest.mark.parametrize(
    "message",
    [b"", b"n", b"n,", b"N,,", b"q,,", b"p,,", b"p=,,", b"p=a b,,", b"n,a=,", b"n,ted,", b"n,a=t=ed,", b"=,,"],
)
def test_what_is_no_header_is_refused(message: bytes) -> None:
    with pytest.raises(Refusal):
        read_gs2_header(message)


@given(texts)
def test_a_name_survives_its_escapes(name: str) -> None:
    octets = escaped(name.encode())
    assert b"," not in octets
    assert name_unescaped(octets) == prepared(name)
    header = gs2_header(BindingFlag.UNSUPPORTED, binding_type=None, authzid=name.encode())
    assert read_gs2_header(header)[0].authzid == prepared(name)


def test_an_escape_is_not_unescaped_twice() -> None:
    assert name_unescaped(b"a=3D2C") == "a=2C"
    assert escaped(b"a=2C") == b"a=3D2C"
