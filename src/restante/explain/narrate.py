"""From events to a story: who says what, in which chapter, and what there is to learn.

The conversation is set beside the protocol, and divided as a letter is: the greeting (AUTHORIZATION), the body
(TRANSACTION), the closing (UPDATE). A `Narrator` tells one session; it keeps no more than which chapter it is in
and what is marked. Which words are used is for `languages`; what went wrong is for `diagnoses`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.answers import answer_phrase
from restante.explain.events import (
    AuthResponseSent,
    BodyEnd,
    BodyReceived,
    Challenged,
    Closed,
    CommandSent,
    Connected,
    Disturbed,
    Greeted,
    Joined,
    Lost,
    Replied,
    ResponseKind,
    Sealed,
    Secured,
    StrayLine,
    WireEvent,
)
from restante.explain.languages import ENGLISH, Language
from restante.explain.phrases import Lesson, Phrase
from restante.explain.smtp.phase import Phase
from restante.explain.told import Chapter, Told, line_told, reason_told
from restante.explain.wire import Side
from restante.explain.wire_lines import printable
from restante.proto.terms import State

__all__ = ["Narrator"]


_CHAPTERS: Final[Mapping[State | Phase, Chapter]] = {
    State.AUTHORIZATION: Chapter.GREETING,
    State.TRANSACTION: Chapter.BODY,
    State.UPDATE: Chapter.CLOSING,
}

_ENDS: Final[Mapping[State, Phrase]] = {
    State.AUTHORIZATION: Phrase.CLOSED_BEFORE_LOGIN,
    State.TRANSACTION: Phrase.CLOSED_IN_TRANSACTION,
    State.UPDATE: Phrase.CLOSED_IN_UPDATE,
}

_SAYS: Final[Mapping[bytes, Phrase]] = {
    b"USER": Phrase.SAYS_USER,
    b"PASS": Phrase.SAYS_PASS,
    b"APOP": Phrase.SAYS_APOP,
    b"STLS": Phrase.SAYS_STLS,
    b"UTF8": Phrase.SAYS_UTF8,
    b"STAT": Phrase.SAYS_STAT,
    b"NOOP": Phrase.SAYS_NOOP,
    b"RSET": Phrase.SAYS_RSET,
    b"CAPA": Phrase.SAYS_CAPA,
}
_SAYS_OF_ONE: Final[Mapping[bytes, Phrase]] = {
    b"LIST": Phrase.SAYS_LIST_ONE,
    b"UIDL": Phrase.SAYS_UIDL_ONE,
    b"DELE": Phrase.SAYS_DELE,
}
_SAYS_OF_ALL: Final[Mapping[bytes, Phrase]] = {
    b"LIST": Phrase.SAYS_LIST,
    b"UIDL": Phrase.SAYS_UIDL,
    b"LANG": Phrase.SAYS_LANG_LIST,
}


class Narrator:
    """Tells one session, in one language."""

    __slots__ = ("_chapter", "_language", "_marked", "_parted", "_sealed_sides", "_taught")

    def __init__(self, language: Language = ENGLISH) -> None:
        self._language = language
        self._chapter: Chapter | None = None
        self._marked: set[int] = set()
        self._parted = False
        self._sealed_sides: set[Side] = set()
        self._taught: set[Lesson] = set()

    def tell(self, event: WireEvent) -> Told:
        """Tell an event."""
        speaker, story = self._sentence(event)
        chapter = _chapter_of(event)
        opens, self._chapter = chapter is not self._chapter, chapter
        lesson = _lesson_of(event)
        if lesson in self._taught:
            lesson = None
        elif lesson is not None:
            self._taught.add(lesson)
        self._remember(event)
        return Told(event=event, chapter=chapter, opens=opens, speaker=speaker, story=story, lesson=lesson)

    def _remember(self, event: WireEvent) -> None:
        if isinstance(event, Sealed):
            self._sealed_sides.add(event.side)
        if isinstance(event, Replied) and event.good and event.to is not None:
            if event.to.keyword == b"DELE" and event.to.number is not None:
                self._marked.add(event.to.number)
            elif event.to.keyword == b"RSET":
                self._marked.clear()
            elif event.to.keyword == b"QUIT":
                self._parted = True

    def _sentence(self, event: WireEvent) -> tuple[Side | None, str]:
        say = self._language.say
        match event:
            case CommandSent():
                return Side.CLIENT, self._command(event)
            case AuthResponseSent():
                return Side.CLIENT, say(_RESPONSES[event.kind])
            case Greeted():
                if not event.good:
                    return Side.SERVER, say(Phrase.GREETS_BADLY, text=printable(event.text))
                return Side.SERVER, say(Phrase.GREETS_WITH_RIDDLE if event.timestamp else Phrase.GREETS)
            case Replied():
                phrase, values = answer_phrase(event, marked=len(self._marked))
                return Side.SERVER, say(phrase, **values)
            case Challenged():
                return Side.SERVER, self._challenge(event)
            case BodyReceived():
                return None, self._body(event)
            case Closed():
                return None, self._closed(event)
            case _:
                return line_told(event, self._language, sealed=self._sealed_sides)

    def _command(self, sent: CommandSent) -> str:
        say, keyword = self._language.say, sent.keyword
        if sent.foreign is not None:
            return say(Phrase.SAYS_FOREIGN, protocol=sent.foreign.value)
        if sent.spec is None:
            return say(Phrase.SAYS_NO_COMMAND)
        if keyword == b"AUTH" and not sent.has_argument:
            return say(Phrase.SAYS_AUTH_ALONE)
        if sent.misuse is not None:
            return say(Phrase.SAYS_BADLY, keyword=keyword.decode("ascii"))
        if keyword == b"USER" and sent.name is not None:
            return say(Phrase.SAYS_USER_NAMED, name=printable(sent.name))
        if keyword == b"AUTH" and sent.mechanism is None:
            return say(Phrase.SAYS_AUTH_SOMEHOW)
        if keyword == b"AUTH":
            phrase = Phrase.SAYS_AUTH_AT_ONCE if sent.has_initial_response else Phrase.SAYS_AUTH
            return say(phrase, mechanism=sent.mechanism or "")
        if keyword == b"QUIT":
            early = sent.state is State.AUTHORIZATION
            return say(Phrase.SAYS_QUIT_BEFORE_LOGIN if early else Phrase.SAYS_QUIT)
        if sent.asks_for_all and sent.number is not None:
            return say(Phrase.SAYS_RETR, number=str(sent.number))
        if keyword == b"TOP" and sent.number is not None:
            if not sent.lines:
                return say(Phrase.SAYS_TOP_HEADERS, number=str(sent.number))
            return say(Phrase.SAYS_TOP, number=str(sent.number), lines=sent.lines)
        if sent.number is not None and keyword in _SAYS_OF_ONE:
            return say(_SAYS_OF_ONE[keyword], number=str(sent.number))
        if not sent.has_argument and keyword in _SAYS_OF_ALL:
            return say(_SAYS_OF_ALL[keyword])
        if keyword == b"LANG":
            return say(Phrase.SAYS_LANG)
        phrase = _SAYS.get(keyword, Phrase.SAYS_BADLY)
        return say(phrase, keyword=keyword.decode("ascii")) if phrase is Phrase.SAYS_BADLY else say(phrase)

    def _challenge(self, event: Challenged) -> str:
        say = self._language.say
        if event.text:
            return say(Phrase.CHALLENGES_WITH, text=printable(event.text))
        return say(Phrase.CHALLENGES_EMPTY if event.octets <= len("+ \r\n") else Phrase.CHALLENGES)

    def _body(self, event: BodyReceived) -> str:
        say = self._language.say
        match event.end:
            case BodyEnd.NOT_SHOWN:
                if not event.is_message:
                    return say(Phrase.LISTING_NOT_SHOWN)
                if event.wire_octets is not None:
                    return say(Phrase.MESSAGE_NOT_SHOWN_OCTETS, octets=event.wire_octets)
                return say(Phrase.MESSAGE_NOT_SHOWN)
            case BodyEnd.CUT | BodyEnd.UNFINISHED:
                if event.is_message:
                    return say(Phrase.MESSAGE_CUT, octets=event.octets or 0)
                return say(Phrase.LISTING_CUT, count=event.line_count or 0)
            case BodyEnd.COMPLETE:
                if event.is_message:
                    return say(Phrase.MESSAGE_CAME, octets=event.octets or 0, lines=event.line_count or 0)
                if event.to.keyword == b"CAPA" and event.lines:
                    return say(Phrase.CAPABILITIES_ARE, names=", ".join(map(printable, event.lines)))
                return self._listing(event.line_count or 0)

    def _listing(self, count: int) -> str:
        if not count:
            return self._language.say(Phrase.LISTING_EMPTY)
        if count == 1:
            return self._language.say(Phrase.LISTING_ONE)
        return self._language.say(Phrase.LISTING_MANY, count=count)

    def _closed(self, event: Closed) -> str:
        say = self._language.say
        if self._parted:
            return say(Phrase.CLOSED_AT_END)
        if len(self._sealed_sides) == len(Side):
            return say(Phrase.CLOSED_BEHIND_CURTAIN)
        if event.by is None and not event.reason:
            return say(Phrase.RECORD_ENDS)
        sentence = say(_ENDS[event.state])
        if event.reason:
            sentence += " " + say(Phrase.REASON, reason=reason_told(event.reason, self._language))
        return sentence


_RESPONSES: Final[Mapping[ResponseKind, Phrase]] = {
    ResponseKind.DATA: Phrase.SAYS_RESPONSE,
    ResponseKind.BAD_BASE64: Phrase.SAYS_RESPONSE,
    ResponseKind.EMPTY: Phrase.SAYS_EMPTY_RESPONSE,
    ResponseKind.CANCEL: Phrase.SAYS_CANCEL,
}


def _chapter_of(event: WireEvent) -> Chapter:
    if isinstance(event, CommandSent) and event.keyword == b"QUIT" and event.state is State.TRANSACTION:
        # As in a letter: the good-bye belongs to the closing, though UPDATE begins behind it.
        return Chapter.CLOSING
    return _CHAPTERS[event.state]


def _lesson_of(event: WireEvent) -> Lesson | None:
    match event:
        case CommandSent():
            return _lesson_of_command(event)
        case Replied():
            return _lesson_of_reply(event)
        case AuthResponseSent():
            return Lesson.CANCEL if event.kind is ResponseKind.CANCEL else None
        case Greeted():
            return Lesson.APOP_TIMESTAMP if event.timestamp else Lesson.GREETING
        case Challenged():
            return Lesson.CHALLENGE
        case BodyReceived():
            return Lesson.MESSAGE if event.is_message else Lesson.LISTING
        case Connected():
            return Lesson.CONNECTED
        case Secured():
            return Lesson.SECURED
        case Sealed():
            return Lesson.SEALED
        case Closed():
            return Lesson.CLOSED_EARLY if event.state is State.TRANSACTION else None
        case Joined() | StrayLine() | Lost() | Disturbed():
            return None


def _lesson_of_command(sent: CommandSent) -> Lesson:
    if sent.spec is None:
        return Lesson.NO_COMMAND
    if sent.keyword == b"QUIT":
        return Lesson.QUIT_BEFORE_LOGIN if sent.state is State.AUTHORIZATION else Lesson.QUIT
    if sent.keyword == b"AUTH":
        return Lesson.AUTH if sent.has_argument else Lesson.AUTH_ALONE
    return Lesson[sent.keyword.decode("ascii")]


def _lesson_of_reply(event: Replied) -> Lesson | None:
    if not event.good:
        return Lesson.REFUSED_WITH_CODE if event.code else Lesson.REFUSED
    if event.new_state is State.TRANSACTION and event.state is State.AUTHORIZATION:
        return Lesson.LOGGED_IN
    return Lesson.UPDATED if event.state is State.UPDATE else None
