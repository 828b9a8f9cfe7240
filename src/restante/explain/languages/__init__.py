"""The languages that explain and talk speak, each in a folder of its own; English is the first, and the measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis
from restante.explain.languages.de.findings import FINDINGS as DE_FINDINGS
from restante.explain.languages.de.lessons import LESSONS as DE_LESSONS
from restante.explain.languages.de.smtp import SMTP_LESSONS as DE_SMTP_LESSONS
from restante.explain.languages.de.smtp import SMTP_STORY as DE_SMTP_STORY
from restante.explain.languages.de.smtp_findings import SMTP_FINDINGS as DE_SMTP_FINDINGS
from restante.explain.languages.de.story import STORY as DE_STORY
from restante.explain.languages.de.talk import COMMANDS as DE_COMMANDS
from restante.explain.languages.de.talk import STEPS as DE_STEPS
from restante.explain.languages.de.talk import TALK as DE_TALK
from restante.explain.languages.en.findings import FINDINGS as EN_FINDINGS
from restante.explain.languages.en.lessons import LESSONS as EN_LESSONS
from restante.explain.languages.en.smtp import SMTP_LESSONS as EN_SMTP_LESSONS
from restante.explain.languages.en.smtp import SMTP_STORY as EN_SMTP_STORY
from restante.explain.languages.en.smtp_findings import SMTP_FINDINGS as EN_SMTP_FINDINGS
from restante.explain.languages.en.story import STORY as EN_STORY
from restante.explain.languages.en.talk import COMMANDS as EN_COMMANDS
from restante.explain.languages.en.talk import STEPS as EN_STEPS
from restante.explain.languages.en.talk import TALK as EN_TALK
from restante.explain.languages.es.findings import FINDINGS as ES_FINDINGS
from restante.explain.languages.es.lessons import LESSONS as ES_LESSONS
from restante.explain.languages.es.smtp import SMTP_LESSONS as ES_SMTP_LESSONS
from restante.explain.languages.es.smtp import SMTP_STORY as ES_SMTP_STORY
from restante.explain.languages.es.smtp_findings import SMTP_FINDINGS as ES_SMTP_FINDINGS
from restante.explain.languages.es.story import STORY as ES_STORY
from restante.explain.languages.es.talk import COMMANDS as ES_COMMANDS
from restante.explain.languages.es.talk import STEPS as ES_STEPS
from restante.explain.languages.es.talk import TALK as ES_TALK
from restante.explain.languages.fr.findings import FINDINGS as FR_FINDINGS
from restante.explain.languages.fr.lessons import LESSONS as FR_LESSONS
from restante.explain.languages.fr.smtp import SMTP_LESSONS as FR_SMTP_LESSONS
from restante.explain.languages.fr.smtp import SMTP_STORY as FR_SMTP_STORY
from restante.explain.languages.fr.smtp_findings import SMTP_FINDINGS as FR_SMTP_FINDINGS
from restante.explain.languages.fr.story import STORY as FR_STORY
from restante.explain.languages.fr.talk import COMMANDS as FR_COMMANDS
from restante.explain.languages.fr.talk import STEPS as FR_STEPS
from restante.explain.languages.fr.talk import TALK as FR_TALK
from restante.explain.languages.zh.findings import FINDINGS as ZH_FINDINGS
from restante.explain.languages.zh.lessons import LESSONS as ZH_LESSONS
from restante.explain.languages.zh.smtp import SMTP_LESSONS as ZH_SMTP_LESSONS
from restante.explain.languages.zh.smtp import SMTP_STORY as ZH_SMTP_STORY
from restante.explain.languages.zh.smtp_findings import SMTP_FINDINGS as ZH_SMTP_FINDINGS
from restante.explain.languages.zh.story import STORY as ZH_STORY
from restante.explain.languages.zh.talk import COMMANDS as ZH_COMMANDS
from restante.explain.languages.zh.talk import STEPS as ZH_STEPS
from restante.explain.languages.zh.talk import TALK as ZH_TALK
from restante.explain.phrases import Lesson, Phrase
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.smtp.phrases import SmtpLesson, SmtpPhrase
from restante.explain.talk_phrases import TalkPhrase

__all__ = ["ENGLISH", "LANGUAGES", "Language", "language_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What explain says, and a talk by hand, in one language."""

    tag: str
    name: str
    """In itself."""
    story: Mapping[Phrase, str]
    lessons: Mapping[Lesson, str]
    findings: Mapping[Diagnosis, tuple[str, str]]
    """Sentence and advice."""
    talk: Mapping[TalkPhrase, str]
    commands: Mapping[bytes, str]
    """What each does, by keyword."""
    steps: Mapping[bytes, tuple[str, str]]
    """Of the newcomer's lesson, by keyword: what each is for, and what it did."""
    smtp_story: Mapping[SmtpPhrase, str]
    smtp_lessons: Mapping[SmtpLesson, str]
    smtp_findings: Mapping[SmtpDiagnosis, tuple[str, str]]
    thousands: str
    """What parts the thousands of a number."""
    colon: str = ": "
    """What stands behind the name of who speaks."""

    def say(self, phrase: Phrase | SmtpPhrase, **values: str | int) -> str:
        """Give a phrase with its values."""
        text = self.story[phrase] if isinstance(phrase, Phrase) else self.smtp_story[phrase]
        return text.format_map({name: self.written(value) for name, value in values.items()})

    def lesson(self, lesson: Lesson | SmtpLesson) -> str:
        """Give what there is to learn."""
        return self.lessons[lesson] if isinstance(lesson, Lesson) else self.smtp_lessons[lesson]

    def at_prompt(self, phrase: TalkPhrase, **values: str | int) -> str:
        """Give a phrase of a talk by hand with its values."""
        return self.talk[phrase].format_map({name: self.written(value) for name, value in values.items()})

    def texts(self, diagnosis: Diagnosis | SmtpDiagnosis) -> tuple[str, str]:
        """Give the sentence of a diagnosis, with its placeholders, and the advice."""
        return self.findings[diagnosis] if isinstance(diagnosis, Diagnosis) else self.smtp_findings[diagnosis]

    def diagnosis(self, diagnosis: Diagnosis | SmtpDiagnosis, values: Mapping[str, str | int]) -> tuple[str, str]:
        """Give the sentence of a diagnosis, with its values, and the advice."""
        sentence, advice = self.texts(diagnosis)
        return sentence.format_map({name: self.written(value) for name, value in values.items()}), advice

    def advice(self, advice: str) -> str:
        """Give an advice with what stands before it."""
        before = self.story[Phrase.WHAT_TO_DO]
        # The full-width colon has its space in itself.
        return before + ("" if before.endswith("：") else " ") + advice

    def written(self, value: str | int) -> str:
        """Write a value: numbers with their thousands parted."""
        return value if isinstance(value, str) else f"{value:,}".replace(",", self.thousands)


ENGLISH: Final = Language(
    tag="en",
    name="English",
    story=EN_STORY,
    lessons=EN_LESSONS,
    findings=EN_FINDINGS,
    talk=EN_TALK,
    commands=EN_COMMANDS,
    steps=EN_STEPS,
    smtp_story=EN_SMTP_STORY,
    smtp_lessons=EN_SMTP_LESSONS,
    smtp_findings=EN_SMTP_FINDINGS,
    thousands=",",
)
_GERMAN: Final = Language(
    tag="de",
    name="Deutsch",
    story=DE_STORY,
    lessons=DE_LESSONS,
    findings=DE_FINDINGS,
    talk=DE_TALK,
    commands=DE_COMMANDS,
    steps=DE_STEPS,
    smtp_story=DE_SMTP_STORY,
    smtp_lessons=DE_SMTP_LESSONS,
    smtp_findings=DE_SMTP_FINDINGS,
    thousands=".",
)
_SPANISH: Final = Language(
    tag="es",
    name="español",
    story=ES_STORY,
    lessons=ES_LESSONS,
    findings=ES_FINDINGS,
    talk=ES_TALK,
    commands=ES_COMMANDS,
    steps=ES_STEPS,
    smtp_story=ES_SMTP_STORY,
    smtp_lessons=ES_SMTP_LESSONS,
    smtp_findings=ES_SMTP_FINDINGS,
    thousands=".",
)
_FRENCH: Final = Language(
    tag="fr",
    name="français",
    story=FR_STORY,
    lessons=FR_LESSONS,
    findings=FR_FINDINGS,
    talk=FR_TALK,
    commands=FR_COMMANDS,
    steps=FR_STEPS,
    smtp_story=FR_SMTP_STORY,
    smtp_lessons=FR_SMTP_LESSONS,
    smtp_findings=FR_SMTP_FINDINGS,
    thousands="\u202f",
    colon="\u00a0: ",
)
_CHINESE: Final = Language(
    tag="zh",
    name="中文",
    story=ZH_STORY,
    colon="：",
    lessons=ZH_LESSONS,
    findings=ZH_FINDINGS,
    talk=ZH_TALK,
    commands=ZH_COMMANDS,
    steps=ZH_STEPS,
    smtp_story=ZH_SMTP_STORY,
    smtp_lessons=ZH_SMTP_LESSONS,
    smtp_findings=ZH_SMTP_FINDINGS,
    thousands=",",
)

LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {language.tag: language for language in (ENGLISH, _GERMAN, _SPANISH, _FRENCH, _CHINESE)}
)
"""By tag."""


def language_for(wish: str) -> Language | None:
    """Give the language of a tag or the name of a locale (`de`, `de-CH`, `de_DE.UTF-8`); None for one not here."""
    return LANGUAGES.get(wish.replace("_", "-").partition("-")[0].partition(".")[0].lower())
