from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.observe.hostile import SHOWN_CHARACTERS, plain, plain_octets, quoted, whole


@given(st.text(max_size=2 * SHOWN_CHARACTERS))
def test_plain_text_is_printable_ascii_on_one_line(text: str) -> None:
    assert re.fullmatch("[ -~]*", plain(text))


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=SHOWN_CHARACTERS))
def test_printable_ascii_is_shown_as_it_is(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\r\nb", r"a\x0d\x0ab"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b31m", r"\x9b31m"),
        ("\x7f", r"\x7f"),
        ("\u202eevil", r"\u202eevil"),
        ("\u2028", r"\u2028"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
    ],
)
def test_each_sign_that_acts_is_written_out(hostile: str, shown: str) -> None:
    assert plain(hostile) == shown


def test_octets_that_are_not_utf8_are_written_out() -> None:
    assert plain_octets(b"a\xff\x00\xc3\xa9") == r"a\xff\x00\xe9"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain("x" * 501) == whole("x" * 501) == "x" * 497 + "..."
    assert plain("x" * 500) == whole("x" * 500) == "x" * 500


@pytest.mark.parametrize("word", ["ted", "ted@example.org", "203.0.113.5", "fe80::1%eth0", "SCRAM-SHA-256", "a+b"])
def test_one_harmless_word_needs_no_quotes(word: str) -> None:
    assert quoted(word) == word


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("", '""'),
        ("two words", '"two words"'),
        ('ted", account=root', r'"ted\", account=root"'),
        ("back\\slash", r'"back\\slash"'),
        ("a=b", '"a=b"'),
        ("ted\n", r'"ted\x0a"'),
    ],
)
def test_all_else_stands_in_quotes_that_it_cannot_leave(hostile: str, shown: str) -> None:
    assert quoted(hostile) == shown


@given(st.text(max_size=40))
def test_quotes_are_left_only_at_the_end(text: str) -> None:
    shown = quoted(text)
    if shown.startswith('"'):
        assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', shown)


def test_a_whole_text_has_no_lone_surrogates() -> None:
    assert whole("é\udcff") == "é\\udcff"
    assert json.loads(json.dumps(whole("\ud800"))) == "\\ud800"
