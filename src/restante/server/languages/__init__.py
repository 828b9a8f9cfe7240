"""The languages that the server speaks: one file each, and the choice among them by RFC 4647."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from restante.server.languages import de, en, es, fr, ja, zh
from restante.server.languages.texts import Text

__all__ = ["ENGLISH", "I_DEFAULT", "LANGUAGES", "Language", "Text", "lookup"]


class Language:
    """A language, with the answers that are given most made ready in octets.

    Raises KeyError where a text is missing, in which case the server does not start.
    """

    __slots__ = (
        "description",
        "greeting",
        "in_ascii",
        "left",
        "maildrop",
        "many_messages",
        "marked",
        "messages_and_octets",
        "no_messages",
        "one_message",
        "password_please",
        "peeked",
        "tag",
        "texts",
    )

    def __init__(self, tag: str, description: str, texts: Mapping[Text, str]) -> None:
        """Take a language. `description` is its name in the language itself."""
        self.tag = tag
        self.description = description
        self.texts = texts
        self.in_ascii = all(text.isascii() for text in texts.values())
        """Whether its texts ask no more of a client than RFC 1939 does."""
        self.no_messages = texts[Text.NO_MESSAGES].encode()
        self.one_message = texts[Text.ONE_MESSAGE].encode()
        self.many_messages = texts[Text.MANY_MESSAGES].format(count="%d").encode()
        self.messages_and_octets = texts[Text.MESSAGES_AND_OCTETS].format(messages="%b", octets="%d").encode()
        self.greeting = b"+OK %b\r\n" % texts[Text.GREETING].encode()
        self.password_please = b"+OK %b\r\n" % texts[Text.PASSWORD_PLEASE].encode()
        """The whole answer to USER."""
        self.maildrop = b"+OK %b\r\n" % self.messages_and_octets
        """The whole answer to a login."""
        self.marked = b"+OK %b\r\n" % texts[Text.MARKED].format(number="%d").encode()
        """The whole answer to DELE."""
        self.peeked = b"+OK %b\r\n" % texts[Text.PEEKED].format(lines="%d").encode()
        """The status line of TOP."""
        self.left = b"+OK %b\r\n" % texts[Text.LEFT].format(messages="%b").encode()
        """The whole answer to a QUIT that removed nothing."""


I_DEFAULT: Final = Language("i-default", "Default language (English)", en.TEXTS)
"""What is spoken before a client says anything of languages. Source: RFC 2277 §4.5."""

ENGLISH: Final = Language("en", "English", en.TEXTS)

LANGUAGES: Final = (
    I_DEFAULT,
    ENGLISH,
    Language("de", "Deutsch", de.TEXTS),
    Language("es", "Español", es.TEXTS),
    Language("fr", "Français", fr.TEXTS),
    Language("ja", "日本語", ja.TEXTS),
    Language("zh", "中文", zh.TEXTS),
)

_BY_TAG: Final = {language.tag: language for language in LANGUAGES}
_RANGE: Final = re.compile(r"[a-z]{1,8}(-[a-z0-9]{1,8})*")


def lookup(language_range: bytes) -> Language | None:
    """Find the language for a basic language range; None where there is none, or it is no range.

    The range is shortened from its end until a tag is it: `de-AT` finds `de`. `*` is what the server prefers, which
    is English. Sources: RFC 4647 §2.1 and §3.4, RFC 6856 §3.2.
    """
    if language_range == b"*":
        return ENGLISH
    wanted = language_range.decode("ascii", "replace").lower()
    if not _RANGE.fullmatch(wanted):
        return None
    while wanted not in _BY_TAG:
        wanted = wanted.rpartition("-")[0]
        if wanted[-2:-1] == "-":
            # What a single letter introduced is gone, and so it goes as well.
            wanted = wanted[:-2]
        if not wanted:
            return None
    return _BY_TAG[wanted]
