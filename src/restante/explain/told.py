"""An event that is told: by whom, in which words, in which part of the session. What all forms show."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, assert_never

from restante.explain.events import Greeted, Replied, WireEvent
from restante.explain.languages import Language
from restante.explain.line_events import (
    Connected,
    Disturbed,
    Ended,
    Joined,
    LineEvent,
    Lost,
    Sealed,
    SealedKind,
    Secured,
    StrayLine,
)
from restante.explain.phrases import Lesson, Phrase
from restante.explain.smtp import events as smtp_events
from restante.explain.smtp.events import SmtpEvent
from restante.explain.smtp.lines import smtp_lines
from restante.explain.smtp.phase import Phase
from restante.explain.smtp.phrases import SmtpLesson, SmtpPhrase
from restante.explain.wire import Reason, Side
from restante.explain.wire_lines import WireLine, printable, printable_text, wire_lines

__all__ = ["CHAPTER_NAMES", "Chapter", "Told", "line_told", "reason_told"]


class Chapter(Enum):
    """A part of a session of POP3; the value is the state."""

    GREETING = "AUTHORIZATION"
    BODY = "TRANSACTION"
    CLOSING = "UPDATE"


CHAPTER_NAMES: Final[Mapping[Chapter | Phase, Phrase | SmtpPhrase]] = {
    Chapter.GREETING: Phrase.CHAPTER_GREETING,
    Chapter.BODY: Phrase.CHAPTER_BODY,
    Chapter.CLOSING: Phrase.CHAPTER_CLOSING,
    Phase.GREETING: Phrase.CHAPTER_GREETING,
    Phase.ENVELOPE: SmtpPhrase.CHAPTER_ENVELOPE,
    Phase.DATA: Phrase.CHAPTER_BODY,
    Phase.QUIT: Phrase.CHAPTER_CLOSING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event, told."""

    event: WireEvent | SmtpEvent
    chapter: Chapter | Phase
    opens: bool
    """Whether the chapter begins here."""
    speaker: Side | None
    """Who says the story's sentence; None for an aside."""
    story: str
    lesson: Lesson | SmtpLesson | None
    """What there is to learn, the first time in this session that it comes."""

    @property
    def is_end(self) -> bool:
        """Whether the session ends here."""
        return isinstance(self.event, Ended)

    @property
    def is_refusal(self) -> bool:
        """Whether the server says no."""
        return isinstance(self.event, Greeted | Replied | smtp_events.Replied) and not self.event.good

    def lines(self, *, all_lines: bool = False) -> tuple[WireLine, ...]:
        """Give its lines on the wire. `all_lines` gives long listings in full."""
        match self.event:
            case (
                smtp_events.CommandSent()
                | smtp_events.AuthResponseSent()
                | smtp_events.MessageSent()
                | smtp_events.Replied()
                | smtp_events.Closed()
            ):
                return smtp_lines(self.event)
            case _:
                return wire_lines(self.event, all_lines=all_lines)


def line_told(event: LineEvent, language: Language, *, sealed: Collection[Side]) -> tuple[Side | None, str]:
    """Tell what became of the line, which is the same for all protocols. `sealed`: who was under TLS before."""
    say = language.say
    match event:
        case Connected():
            if event.server:
                return None, say(Phrase.CONNECTED_TO, server=printable_text(event.server))
            if event.client:
                return None, say(Phrase.CONNECTED_FROM, client=printable_text(event.client))
            return None, say(Phrase.CONNECTED)
        case Joined():
            if event.for_seconds is None or event.commands is None:
                return None, say(Phrase.JOINED)
            return None, say(Phrase.JOINED_AFTER, seconds=event.for_seconds, commands=event.commands)
        case Secured():
            if event.description:
                return None, say(Phrase.SECURED_AS, description=printable_text(event.description))
            return None, say(Phrase.SECURED)
        case Sealed():
            return event.side, _sealed_told(event, language, sealed)
        case StrayLine():
            if event.foreign is not None:
                return Side.SERVER, say(Phrase.STRAY_FOREIGN, protocol=event.foreign.value)
            return None, say(Phrase.STRAY, octets=event.octets)
        case Lost():
            return None, say(Phrase.LOST, octets=event.octets)
        case Disturbed():
            return None, say(Phrase.DISTURBED, resent=event.resent, disordered=event.disordered)
        case _:
            assert_never(event)


def _sealed_told(event: Sealed, language: Language, sealed: Collection[Side]) -> str:
    say = language.say
    if event.alert:
        return say(Phrase.SEALED_ALERT, alert=event.alert)
    if event.kind is SealedKind.ALERT and sealed:
        return say(Phrase.SEALED_BROKEN_OFF)
    if event.kind is not SealedKind.HELLO or sealed:
        return say(Phrase.SEALED)
    if event.server_name and event.version:
        return say(Phrase.SEALED_HELLO_FOR, version=event.version, name=printable(event.server_name))
    return say(Phrase.SEALED_HELLO, version=event.version or "TLS")


def reason_told(reason: str, language: Language) -> str:
    """Tell why a connection ended: in the language's words where it is one of ours."""
    known, colon, more = reason.partition(": ")
    phrase = _REASONS.get(known)
    if phrase is None:
        return printable_text(reason)
    return language.say(phrase) + colon + printable_text(more)


_REASONS: Final[Mapping[str, Phrase]] = {
    Reason.CLOSED: Phrase.REASON_CLOSED,
    Reason.TIME_OUT: Phrase.REASON_TIME_OUT,
    Reason.ENDED_IN_THE_MIDDLE: Phrase.REASON_ENDED_IN_THE_MIDDLE,
    Reason.AFTER_QUIT: Phrase.REASON_AFTER_QUIT,
    Reason.WITHOUT_QUIT: Phrase.REASON_WITHOUT_QUIT,
    Reason.EARLY_OCTETS: Phrase.REASON_EARLY_OCTETS,
    Reason.NO_TLS: Phrase.REASON_NO_TLS,
    Reason.OTHER_CERTIFICATE: Phrase.REASON_OTHER_CERTIFICATE,
    Reason.CLIENT_TLS_FAILED: Phrase.REASON_CLIENT_TLS_FAILED,
    Reason.OVER_A_LIMIT: Phrase.REASON_OVER_A_LIMIT,
    Reason.NOT_POP3: Phrase.REASON_NOT_POP3,
    Reason.LOGIN_ENDED_BADLY: Phrase.REASON_LOGIN_ENDED_BADLY,
    Reason.NO_SESSION: Phrase.REASON_NO_SESSION,
    Reason.HUNG_UP: Phrase.REASON_HUNG_UP,
    Reason.RESET: Phrase.REASON_RESET,
    Reason.BROKE: Phrase.REASON_BROKE,
    Reason.SILENCE: Phrase.REASON_SILENCE,
    Reason.PROXY_STOPPED: Phrase.REASON_PROXY_STOPPED,
    Reason.NO_SERVER: Phrase.REASON_NO_SERVER,
    Reason.TLS_BROKE: Phrase.REASON_TLS_BROKE,
    Reason.LOST: Phrase.REASON_LOST,
    Reason.AUTOLOGOUT: Phrase.REASON_AUTOLOGOUT,
    Reason.TOO_MANY_BAD_COMMANDS: Phrase.REASON_TOO_MANY_BAD_COMMANDS,
    Reason.MESSAGE_GONE: Phrase.REASON_MESSAGE_GONE,
    Reason.SHUTDOWN: Phrase.REASON_SHUTDOWN,
    Reason.ENDED: Phrase.REASON_ENDED,
    Reason.TLS_FAILED: Phrase.REASON_TLS_FAILED,
    Reason.TOO_EARLY_FOR_TLS: Phrase.REASON_TOO_EARLY_FOR_TLS,
    Reason.UPDATE_FAILED: Phrase.REASON_UPDATE_FAILED,
    Reason.FAULT: Phrase.REASON_FAULT,
    Reason.SERVER_GONE: Phrase.REASON_SERVER_GONE,
}
"""By what was told: a record of ours that is read again has the same words."""
