"""Fields in ASCII: RFC 2047 §2 and §5, RFC 2231 §3–4, RFC 1428 §3."""

from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.maildrop.encoded_words import Charset, FieldWriter, parameter_pieces, read_text

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200)


def test_octets_are_utf8_or_of_an_unknown_charset() -> None:
    assert read_text("ü".encode()) == ("ü", Charset.UTF8)
    assert read_text(b"\xfc") == ("ü", Charset.UNKNOWN)


@given(st.binary())
def test_no_octet_is_lost_in_reading(octets: bytes) -> None:
    text, charset = read_text(octets)
    assert charset.octets(text) == octets


@pytest.mark.rule("U2")
@given(TEXTS, st.sampled_from(["", " ", "  ", "\t"]))
def test_encoded_words_decode_to_the_text_and_keep_to_their_lines(text: str, space: str) -> None:
    writer = FieldWriter("Subject", Charset.UTF8)
    writer.encoded(space, text)
    field = writer.finish()
    assert field.endswith(b"\r\n")
    value = field[len("Subject:") : -2].decode("ascii")
    # Not at the places where other than CRLF would end a line for Python.
    lines = value.split("\r\n")
    assert max(map(len, lines)) <= 76
    assert all(line[:1] in " \t" and line.strip() for line in lines[1:])
    assert all(len(word) <= 75 for word in value.split())
    assert str(make_header(decode_header(value.replace("\r\n", "").strip()))) == text


def test_latin_text_can_be_read_by_eye_and_other_text_is_short() -> None:
    def encoded(text: str, charset: Charset = Charset.UTF8) -> bytes:
        writer = FieldWriter("X", charset)
        writer.encoded(" ", text)
        return writer.finish()

    assert encoded("Grüße aus") == b"X: =?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus?=\r\n"
    assert encoded("日本語") == b"X: =?UTF-8?B?5pel5pys6Kqe?=\r\n"
    assert encoded("ü", Charset.UNKNOWN) == b"X: =?unknown-8bit?Q?=FC?=\r\n"


@pytest.mark.parametrize("character", '?=_"(),.:;<>@[\\]\t\0\x7f')
def test_what_means_something_in_a_field_is_never_bare_in_a_word(character: str) -> None:
    writer = FieldWriter("X", Charset.UTF8)
    writer.encoded(" ", f"aaaaaa{character}é")
    assert writer.finish() == b"X: =?UTF-8?Q?aaaaaa=%02X=C3=A9?=\r\n" % ord(character)


def test_a_long_field_is_folded_at_its_spaces_only() -> None:
    writer = FieldWriter("X", Charset.UTF8)
    for _ in range(30):
        writer.text("  ", "abcdefghij")
    writer.text("", ";")
    lines = writer.finish().split(b"\r\n")
    assert max(map(len, lines)) <= 77
    assert b"".join(lines) == b"X:" + b"  abcdefghij" * 30 + b";"


def test_a_word_that_is_too_long_to_begin_with_stays_behind_the_name() -> None:
    writer = FieldWriter("X", Charset.UTF8)
    writer.text(" ", "a" * 100)
    assert writer.finish() == b"X: " + b"a" * 100 + b"\r\n"


@given(TEXTS)
def test_the_pieces_of_a_parameter_are_its_value_in_percents(value: str) -> None:
    from urllib.parse import unquote

    pieces = parameter_pieces("name", value, Charset.UTF8)
    texts = [piece.partition("=")[2] for piece in pieces]
    assert texts[0].startswith("UTF-8''")
    assert all(piece.isascii() and len(piece) <= 76 for piece in pieces)
    # Each by itself: no percent is cut in two.
    assert b"".join(_octets(text) for text in [texts[0].removeprefix("UTF-8''"), *texts[1:]]) == value.encode()
    assert unquote("".join(texts).removeprefix("UTF-8''")) == value
    names = [piece.partition("=")[0] for piece in pieces]
    assert names == (["name*"] if len(pieces) == 1 else [f"name*{number}*" for number in range(len(pieces))])


def _octets(text: str) -> bytes:
    from urllib.parse import unquote_to_bytes

    octets = unquote_to_bytes(text)
    assert len(octets) == len(text) - 2 * text.count("%")
    return octets
