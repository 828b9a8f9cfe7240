"""From events of SMTP and LMTP to a story: who says what, in which part of a letter, and what there is to learn.

The parts are those of a letter: greeting (EHLO, STARTTLS, AUTH), envelope (MAIL, RCPT), body (DATA), closing
(QUIT). A `SmtpNarrator` tells one session and keeps no more than where it is. The words are in `languages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.events import ResponseKind
from restante.explain.languages import ENGLISH, Language
from restante.explain.line_events import Sealed
from restante.explain.phrases import Phrase
from restante.explain.smtp.commands import HELLOS
from restante.explain.smtp.events import (
    AuthResponseSent,
    Closed,
    CommandSent,
    MessageSent,
    Replied,
    SmtpEvent,
)
from restante.explain.smtp.phase import Phase
from restante.explain.smtp.phrases import SmtpLesson, SmtpPhrase
from restante.explain.told import Told, line_told, reason_told
from restante.explain.wire import Side
from restante.explain.wire_lines import printable

__all__ = ["SmtpNarrator"]

_SAYS: Final[Mapping[bytes, Phrase | SmtpPhrase]] = {
    b"STARTTLS": Phrase.SAYS_STLS,
    b"DATA": SmtpPhrase.SAYS_DATA,
    b"BDAT": SmtpPhrase.SAYS_DATA,
    b"RSET": SmtpPhrase.SAYS_RSET,
    b"NOOP": Phrase.SAYS_NOOP,
    b"QUIT": Phrase.SAYS_QUIT,
    b"VRFY": SmtpPhrase.SAYS_VRFY,
    b"EXPN": SmtpPhrase.SAYS_VRFY,
    b"HELP": SmtpPhrase.SAYS_HELP,
}
_RESPONSES: Final[Mapping[ResponseKind, Phrase]] = {
    ResponseKind.DATA: Phrase.SAYS_RESPONSE,
    ResponseKind.BAD_BASE64: Phrase.SAYS_RESPONSE,
    ResponseKind.EMPTY: Phrase.SAYS_EMPTY_RESPONSE,
    ResponseKind.CANCEL: Phrase.SAYS_CANCEL,
}
_GOOD: Final[Mapping[bytes, SmtpPhrase]] = {
    b"STARTTLS": SmtpPhrase.ANSWERS_STARTTLS,
    b"AUTH": SmtpPhrase.ANSWERS_LOGIN,
    b"MAIL": SmtpPhrase.ANSWERS_MAIL,
    b"RCPT": SmtpPhrase.ANSWERS_RCPT,
    b"DATA": SmtpPhrase.ANSWERS_DATA,
    b"RSET": SmtpPhrase.ANSWERS_RSET,
    b"QUIT": SmtpPhrase.ANSWERS_QUIT,
}
_BAD: Final[Mapping[bytes, SmtpPhrase]] = {
    b"STARTTLS": SmtpPhrase.REFUSES_TLS,
    b"AUTH": SmtpPhrase.REFUSES_LOGIN,
    b"MAIL": SmtpPhrase.REFUSES_SENDER,
}
_LESSONS: Final[Mapping[bytes, SmtpLesson]] = {
    **dict.fromkeys(HELLOS, SmtpLesson.HELLO),
    b"STARTTLS": SmtpLesson.STARTTLS,
    b"AUTH": SmtpLesson.AUTH,
    b"MAIL": SmtpLesson.MAIL,
    b"RCPT": SmtpLesson.RCPT,
    b"DATA": SmtpLesson.DATA,
    b"QUIT": SmtpLesson.QUIT,
}


class SmtpNarrator:
    """Tells one session, in one language."""

    __slots__ = ("_language", "_parted", "_phase", "_sealed_sides", "_taught")

    def __init__(self, language: Language = ENGLISH) -> None:
        self._language = language
        self._phase: Phase | None = None
        self._parted = False
        self._sealed_sides: set[Side] = set()
        self._taught: set[SmtpLesson] = set()

    def tell(self, event: SmtpEvent) -> Told:
        """Tell an event."""
        speaker, story = self._sentence(event)
        phase = event.state
        assert isinstance(phase, Phase), "what a reader of SMTP tells has a phase"
        opens, self._phase = phase is not self._phase, phase
        lesson = _lesson_of(event)
        if lesson in self._taught:
            lesson = None
        elif lesson is not None:
            self._taught.add(lesson)
        if isinstance(event, Replied) and event.to is not None and event.to.verb == b"QUIT" and event.good:
            self._parted = True
        if isinstance(event, Sealed):
            self._sealed_sides.add(event.side)
        return Told(event=event, chapter=phase, opens=opens, speaker=speaker, story=story, lesson=lesson)

    def _sentence(self, event: SmtpEvent) -> tuple[Side | None, str]:
        say = self._language.say
        match event:
            case CommandSent():
                return Side.CLIENT, self._command(event)
            case AuthResponseSent():
                return Side.CLIENT, say(_RESPONSES[event.kind])
            case MessageSent():
                return None, self._message(event)
            case Replied():
                return Side.SERVER, self._reply(event)
            case Closed():
                return None, self._closed(event)
            case _:
                return line_told(event, self._language, sealed=self._sealed_sides)

    def _command(self, sent: CommandSent) -> str:
        say, verb = self._language.say, sent.verb
        address = printable(sent.argument) or "…"
        if sent.foreign is not None:
            return say(Phrase.SAYS_FOREIGN, protocol=sent.foreign.value)
        if verb in HELLOS:
            return say(SmtpPhrase.SAYS_HELLO, name=address)
        if verb == b"AUTH" and sent.mechanism is None:
            return say(Phrase.SAYS_AUTH_SOMEHOW)
        if verb == b"AUTH":
            at_once = Phrase.SAYS_AUTH_AT_ONCE if sent.has_initial_response else Phrase.SAYS_AUTH
            return say(at_once, mechanism=sent.mechanism or "")
        if verb == b"MAIL" and sent.is_null_path:
            return say(SmtpPhrase.SAYS_MAIL_NOBODY)
        if verb == b"MAIL" and sent.message_octets is not None:
            return say(SmtpPhrase.SAYS_MAIL_OCTETS, address=address, octets=sent.message_octets)
        if verb == b"MAIL":
            return say(SmtpPhrase.SAYS_MAIL, address=address)
        if verb == b"RCPT":
            return say(SmtpPhrase.SAYS_RCPT, address=address)
        return say(_SAYS.get(verb, Phrase.SAYS_NO_COMMAND))

    def _message(self, event: MessageSent) -> str:
        say = self._language.say
        if event.octets is None:
            return say(SmtpPhrase.MESSAGE_NOT_SHOWN)
        if not event.is_complete:
            return say(SmtpPhrase.MESSAGE_CUT, octets=event.octets)
        if event.lines is None:
            return say(SmtpPhrase.MESSAGE_GIVEN_OCTETS, octets=event.octets)
        return say(SmtpPhrase.MESSAGE_GIVEN, octets=event.octets, lines=event.lines)

    def _reply(self, event: Replied) -> str:
        say = self._language.say
        text = printable(event.text)
        if event.is_challenge:
            return say(Phrase.CHALLENGES_WITH, text=text) if text else say(Phrase.CHALLENGES)
        if event.code == 421:
            return say(SmtpPhrase.CLOSES, text=text)
        if event.is_greeting:
            return say(SmtpPhrase.GREETS) if event.good else say(SmtpPhrase.GREETS_BADLY, text=text)
        if event.to is None:
            return say(SmtpPhrase.SAYS_UNASKED, text=text)
        if not event.good:
            return say(_refusal(event), text=text)
        if event.for_message:
            return say(SmtpPhrase.ANSWERS_MESSAGE)
        if event.to.verb in HELLOS:
            names = ", ".join([printable(line) for line in event.lines[1:]])
            return say(SmtpPhrase.ANSWERS_EXTENSIONS, names=names) if names else say(SmtpPhrase.ANSWERS_HELLO)
        return say(_GOOD.get(event.to.verb, SmtpPhrase.ANSWERS_WELL))

    def _closed(self, event: Closed) -> str:
        say = self._language.say
        if self._parted:
            return say(Phrase.CLOSED_AT_END)
        if len(self._sealed_sides) == len(Side):
            return say(Phrase.CLOSED_BEHIND_CURTAIN)
        if event.by is None and not event.reason:
            return say(Phrase.RECORD_ENDS)
        sentence = say(SmtpPhrase.CLOSED_EARLY)
        if event.reason:
            sentence += " " + say(Phrase.REASON, reason=reason_told(event.reason, self._language))
        return sentence


def _refusal(event: Replied) -> SmtpPhrase:
    for_now = event.code < 500
    assert event.to is not None
    if event.for_message or event.to.verb in (b"DATA", b"BDAT"):
        return SmtpPhrase.REFUSES_MESSAGE_FOR_NOW if for_now else SmtpPhrase.REFUSES_MESSAGE
    if event.to.verb == b"RCPT":
        return SmtpPhrase.REFUSES_RECIPIENT_FOR_NOW if for_now else SmtpPhrase.REFUSES_RECIPIENT
    return _BAD.get(event.to.verb, SmtpPhrase.REFUSES_FOR_NOW if for_now else SmtpPhrase.REFUSES)


def _lesson_of(event: SmtpEvent) -> SmtpLesson | None:
    match event:
        case CommandSent():
            return _LESSONS.get(event.verb)
        case MessageSent():
            return SmtpLesson.MESSAGE
        case Replied(is_greeting=True):
            return SmtpLesson.GREETING
        case Replied(good=False):
            return SmtpLesson.LATER if event.code < 500 else SmtpLesson.NEVER
        case Replied(for_message=True):
            return SmtpLesson.TAKEN
        case _:
            return None
