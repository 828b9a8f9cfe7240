"""Base64 is taken strictly, and every sequence of octets has one spelling."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.sasl.codec import NotBase64, decode, decode_initial, encode, encode_initial


@given(st.binary(max_size=200))
def test_what_is_encoded_decodes_to_itself(octets: bytes) -> None:
    assert encode(octets) == base64.b64encode(octets)
    assert decode(encode(octets)) == octets
    assert decode_initial(encode_initial(octets)) == octets


@given(st.text(alphabet="AQgwz+/= \n*", max_size=12).map(str.encode))
def test_only_the_one_spelling_is_taken(text: bytes) -> None:
    try:
        octets = decode(text)
    except NotBase64:
        return
    assert encode(octets) == text


@pytest.mark.rule("A3")
@pytest.mark.parametrize(
    "text",
    [
        b"A",
        b"AA",
        b"AAA",
        b"AA=",
        b"AA==AA==",
        b"AAA==",
        b"=AAA",
        b"=",
        b"====",
        b"AA AA",
        b" AAAA",
        b"AAAA ",
        b"AAAA\r",
        b"AAAA\n",
        b"AA-_",
        b"AA\x00A",
        b"AA\xffA",
        b"AB==",  # bits that say nothing are not zero
        b"AAB=",
        b"*",
    ],
)
def test_what_is_not_quite_base64_is_refused(text: bytes) -> None:
    with pytest.raises(NotBase64):
        decode(text)


@pytest.mark.rule("A1")
def test_an_empty_initial_response_is_an_equals_sign() -> None:
    assert encode_initial(b"") == b"="
    assert decode_initial(b"=") == b""
    with pytest.raises(NotBase64):
        decode_initial(b"")


def test_the_error_holds_nothing_of_what_came() -> None:
    with pytest.raises(NotBase64) as caught:
        decode(b"c2VjcmV0!")
    assert "c2Vj" not in str(caught.value)
