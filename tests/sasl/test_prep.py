"""SASLprep is that of RFC 4013."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.sasl.prep import NotPreparable, prepared, prepared_octets


@pytest.mark.rule("A6")
@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        # beyond the RFC's own examples
        ("e\u0301", "é"),
        ("a\u00a0b\u3000c", "a b c"),
        ("a\u200bb", "a b"),
        ("x²", "x2"),
        ("\u0627\u0628", "\u0627\u0628"),
        ("\U0001f600", "\U0001f600"),
        ("\u1d2c", "\u1d2c"),  # a letter that came after Unicode 3.2, and is A today
        (" two  spaces ", " two  spaces "),
    ],
)
def test_text_gets_its_one_spelling(text: str, result: str) -> None:
    assert prepared(text) == result


@pytest.mark.rule("A6")
@pytest.mark.parametrize(
    "text",
    [
        "\u0007",
        "\u0627\u0031",
        "",
        "\u00ad",
        "a\0",
        "a\tb",
        "\x7f",
        "\ue000",
        "\ufffd",
        "\u200e",
        "\U000e0001",
        chr(0xD800),
        "\u0627a\u0628",
    ],
)
def test_what_is_prohibited_or_empty_is_refused(text: str) -> None:
    with pytest.raises(NotPreparable) as caught:
        prepared(text)
    assert not text or text not in str(caught.value)


@given(st.text(max_size=20))
def test_preparing_twice_changes_nothing_more(text: str) -> None:
    try:
        once = prepared(text)
    except NotPreparable:
        return
    assert prepared(once) == once


@pytest.mark.parametrize(
    ("octets", "result"),
    [
        (b"plain", b"plain"),
        ("½".encode(), "1⁄2".encode()),
        (b"\xff\xfe", b"\xff\xfe"),
        (b"a\tb", b"a\tb"),
        (b"", b""),
    ],
)
def test_a_password_that_cannot_be_prepared_is_hashed_as_it_is(octets: bytes, result: bytes) -> None:
    assert prepared_octets(octets) == result
