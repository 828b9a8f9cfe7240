from __future__ import annotations

import re
import string
from collections.abc import Iterable

import pytest
from tests.explain.told import TUTORIAL, told

from restante.explain.diagnoses import Diagnosis
from restante.explain.languages import ENGLISH, LANGUAGES, Language, language_for
from restante.explain.narrate import Narrator
from restante.explain.phrases import Lesson, Phrase
from restante.explain.talk_phrases import TalkPhrase
from restante.proto.spec import SPECS

each = pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.tag)

WORDS_OF_THE_PROTOCOL = frozenset(
    {
        *(
            "USER",
            "PASS",
            "APOP",
            "AUTH",
            "STLS",
            "UTF8",
            "STAT",
            "LIST",
            "RETR",
            "DELE",
            "NOOP",
            "RSET",
            "TOP",
            "UIDL",
        ),
        *(
            "CAPA",
            "LANG",
            "QUIT",
            "AUTHORIZATION",
            "TRANSACTION",
            "UPDATE",
            "+OK",
            "-ERR",
            "CVE-2007-1558",
            "-crlf",
        ),
    }
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def texts(language: Language) -> Iterable[str]:
    yield from language.story.values()
    yield from language.lessons.values()
    yield from language.talk.values()
    yield from language.commands.values()
    for pair in (*language.findings.values(), *language.steps.values()):
        yield from pair


def test_five_languages_are_spoken() -> None:
    assert list(LANGUAGES) == ["en", "de", "es", "fr", "zh"]


@each
def test_no_language_lacks_a_text(language: Language) -> None:
    assert list(language.story) == list(Phrase)
    assert list(language.lessons) == list(Lesson)
    assert list(language.findings) == list(Diagnosis)
    assert list(language.talk) == list(TalkPhrase)
    assert list(language.commands) == list(SPECS)
    assert list(language.steps) == list(ENGLISH.steps)


@each
def test_no_sentence_is_left_in_english(language: Language) -> None:
    sentences = {text for text in texts(ENGLISH) if len(text.split()) > 3}
    assert language is ENGLISH or not sentences & set(texts(language))


@each
def test_placeholders_are_the_same_in_all_languages(language: Language) -> None:
    for phrase in Phrase:
        assert placeholders(language.story[phrase]) == placeholders(ENGLISH.story[phrase]), phrase
    for lesson in Lesson:
        assert placeholders(language.lessons[lesson]) == set(), lesson
    for diagnosis in Diagnosis:
        sentences = language.findings[diagnosis], ENGLISH.findings[diagnosis]
        assert placeholders(sentences[0][0]) == placeholders(sentences[1][0]), diagnosis
        assert placeholders(sentences[0][1]) == set(), diagnosis
    for at_prompt in TalkPhrase:
        assert placeholders(language.talk[at_prompt]) == placeholders(ENGLISH.talk[at_prompt]), at_prompt
    for text in (*language.commands.values(), *(text for pair in language.steps.values() for text in pair)):
        assert placeholders(text) == set(), text


@each
def test_words_of_the_protocol_are_not_translated(language: Language) -> None:
    for lesson in Lesson:
        said = {word for word in WORDS_OF_THE_PROTOCOL if word in ENGLISH.lessons[lesson].split()}
        assert all(word in language.lessons[lesson] for word in said - {"AUTH"}), lesson
    for keyword, words in ENGLISH.steps.items():
        for english, text in zip(words, language.steps[keyword], strict=True):
            said = {word for word in WORDS_OF_THE_PROTOCOL if word in re.split(r"[ .,:]", english)}
            assert all(word in text for word in said), text


@each
def test_each_text_is_one_line_of_printable_characters(language: Language) -> None:
    for text in texts(language):
        assert text
        assert text == text.strip()
        assert "  " not in text
        assert all(c.isprintable() or c in "\u00a0\u202f" for c in text), text


@each
def test_the_tutorial_is_told_in_each_language(language: Language) -> None:
    narrator = Narrator(language)
    sentences = [narrator.tell(event).story for event in told(TUTORIAL, excerpt=True)]
    assert language.story[Phrase.ANSWERS_QUIT_REMOVED_ONE] in sentences
    assert language is ENGLISH or ENGLISH.story[Phrase.ANSWERS_RETR] not in sentences


@pytest.mark.parametrize(
    ("wish", "tag"),
    [("de", "de"), ("de-CH", "de"), ("de_DE.UTF-8", "de"), ("zh_TW", "zh"), ("ZH", "zh"), ("C", None), ("", None)],
)
def test_languages_are_found_by_tag_and_by_locale(wish: str, tag: str | None) -> None:
    found = language_for(wish)
    assert (found.tag if found else None) == tag


def test_who_speaks_and_what_to_do_are_set_off_as_each_language_does() -> None:
    assert {tag: language.colon for tag, language in LANGUAGES.items()} == {
        "en": ": ",
        "de": ": ",
        "es": ": ",
        "fr": "\u00a0: ",
        "zh": "：",
    }
    assert LANGUAGES["zh"].advice("x") == "怎么办：x"
    assert ENGLISH.advice("x") == "What to do: x"


def test_numbers_are_written_as_each_language_does() -> None:
    assert {tag: language.written(12_345) for tag, language in LANGUAGES.items()} == {
        "en": "12,345",
        "de": "12.345",
        "es": "12.345",
        "fr": "12\u202f345",
        "zh": "12,345",
    }
