"""The tokens of structured fields: RFC 5322 §3.2."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.maildrop.structured import Kind, Token, is_ascii, text_of, tokens_of


def test_a_value_is_parted_into_its_tokens() -> None:
    assert tokens_of(' "a \\" b" <c.d@[1:2]> (x (y\\)) z),') == [
        Token(Kind.SPACE, " "),
        Token(Kind.QUOTED, '"a \\" b"'),
        Token(Kind.SPACE, " "),
        Token(Kind.SPECIAL, "<"),
        Token(Kind.ATOM, "c.d"),
        Token(Kind.SPECIAL, "@"),
        Token(Kind.LITERAL, "[1:2]"),
        Token(Kind.SPECIAL, ">"),
        Token(Kind.SPACE, " "),
        Token(Kind.COMMENT, "(x (y\\)) z)"),
        Token(Kind.SPECIAL, ","),
    ]


def test_a_quoted_string_says_what_stands_in_it() -> None:
    assert Token(Kind.QUOTED, '"a \\" \\\\b"').plain == 'a " \\b'
    assert Token(Kind.ATOM, "a\\b").plain == "a\\b"


@pytest.mark.parametrize("value", ['"', '"\\"', "(", "(()", "(\\)", "[", "a [b", '"a\\'])
def test_what_does_not_close_has_no_tokens(value: str) -> None:
    assert tokens_of(value) is None


@given(st.text(st.sampled_from('"()[]\\<>,;:@ \tabü)')))
def test_all_tokens_together_are_the_value(value: str) -> None:
    tokens = tokens_of(value)
    if tokens is not None:
        assert text_of(tokens) == value
        assert all(token.text for token in tokens)


def test_comments_may_be_left_aside() -> None:
    tokens = tokens_of("a (ü)") or []
    assert is_ascii(tokens, but_for_comments=True)
    assert not is_ascii(tokens)


@pytest.mark.parametrize("piece", ["(", "[", '"', "\\", '"\\', "()", "a", " a", "[]", ")"])
def test_reading_is_linear(piece: str) -> None:
    began = time.process_time()
    tokens_of(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 10, "what is quadratic takes minutes"
