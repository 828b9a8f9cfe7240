"""The languages of the server: RFC 6856 §3, RFC 4647 §3.4, RFC 2449 §4 and §8."""

import re
import string

import pytest

from restante.proto.replies import FIRST_LINE_OCTETS
from restante.proto.terms import ResponseCode
from restante.server.languages import ENGLISH, I_DEFAULT, LANGUAGES, Language, Text, lookup

languages = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.tag)

SAMPLES = {
    "count": "100000",
    "number": "9" * 20,
    "octets": "9" * 20,
    "left": "100000",
    "lines": "9" * 20,
    "messages": "100000 messages more",
    "since": "2026-01-01 00:00:00",
    "peer": "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255%interface00",
    "syntax": "AUTH mechanism [initial-response]",
    "detail": "x" * 80,
    "seconds": "9" * 9,
}


def placeholders(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


@languages
def test_a_language_says_everything_and_nothing_else(language: Language) -> None:
    assert set(language.texts) == set(Text)


@languages
@pytest.mark.parametrize("text", list(Text))
def test_a_text_has_the_same_placeholders_in_all_languages(language: Language, text: Text) -> None:
    assert sorted(placeholders(language.texts[text])) == sorted(placeholders(ENGLISH.texts[text]))
    assert set(placeholders(language.texts[text])) <= set(SAMPLES)


@pytest.mark.rule("L4", "L6", "L9")
@languages
@pytest.mark.parametrize("text", list(Text))
def test_a_text_is_one_line_that_prints_and_fits(language: Language, text: Text) -> None:
    words = language.texts[text]
    assert words.isprintable()
    assert words == words.strip()
    assert words
    assert not words.startswith("[")
    longest = max(len(code.value) for code in ResponseCode)
    line = f"-ERR [{'x' * longest}] {words.format_map(SAMPLES)}\r\n"
    assert len(line.encode()) <= FIRST_LINE_OCTETS


@languages
def test_what_is_made_ready_in_octets_can_be(language: Language) -> None:
    """The count before the octets, no percent sign: `%` fills these in."""
    for text in (
        Text.NO_MESSAGES,
        Text.ONE_MESSAGE,
        Text.MANY_MESSAGES,
        Text.MESSAGES_AND_OCTETS,
        Text.MARKED,
        Text.PEEKED,
    ):
        assert "%" not in language.texts[text]
    assert placeholders(language.texts[Text.MESSAGES_AND_OCTETS]) == ["messages", "octets"]
    assert language.many_messages % 3 == language.texts[Text.MANY_MESSAGES].format(count=3).encode()
    assert language.peeked % 7 == b"+OK %b\r\n" % language.texts[Text.PEEKED].format(lines=7).encode()
    assert language.marked % 7 == b"+OK %b\r\n" % language.texts[Text.MARKED].format(number=7).encode()


@languages
def test_no_language_leaves_a_text_in_english(language: Language) -> None:
    if language in (I_DEFAULT, ENGLISH):
        return
    alike = [text for text in Text if language.texts[text] == ENGLISH.texts[text]]
    # French counts with the same words.
    assert set(alike) <= {Text.ONE_MESSAGE, Text.MANY_MESSAGES, Text.MESSAGES_AND_OCTETS}


@languages
def test_words_of_the_protocol_are_not_translated(language: Language) -> None:
    def words(text: str) -> list[str]:
        return sorted(re.findall(r"(?<![A-Za-z])[A-Z]{3,}[0-9]?[A-Z]?(?![A-Za-z])", text))

    for text in Text:
        assert words(language.texts[text]) == words(ENGLISH.texts[text]), text


def test_english_is_in_ascii_and_the_others_are_not() -> None:
    assert [language.tag for language in LANGUAGES if language.in_ascii] == ["i-default", "en"]


@pytest.mark.rule("U4")
@pytest.mark.parametrize(
    ("language_range", "tag"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("de-Latn-AT-1996", "de"),
        ("zh-Hant-TW", "zh"),
        ("en-GB", "en"),
        ("ja-x-polite", "ja"),
        ("fr-a-bb-cc", "fr"),
        ("i-default", "i-default"),
        ("I-Default", "i-default"),
        ("*", "en"),
        ("i-klingon", None),
        ("mul", None),
        ("d", None),
        ("deutsch", None),
        ("de-", None),
        ("-de", None),
        ("de--AT", None),
        ("de-*", None),
        ("**", None),
        ("de_AT", None),
        ("abcdefghi", None),
        ("dé", None),
        ("x-de", None),
        ("[AUTH]", None),
    ],
)
def test_a_range_finds_the_language_by_lookup(language_range: str, tag: str | None) -> None:
    found = lookup(language_range.encode())
    assert (found.tag if found else None) == tag


@pytest.mark.rule("U4")
def test_a_range_of_any_length_is_looked_up() -> None:
    assert lookup(b"de" + b"-x" * 120) is not None
