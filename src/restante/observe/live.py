"""Sessions that a server tells of while they go on, put into words as `explain` tells a record.

A server tells the first line of a reply and its octets, not what is in it; so a message is told of, but not
measured. A session may be joined midway; so it is, too, behind a gap. Of such a
session nothing is told before its next command: a reply to one that was not seen would mean nothing.

How it fails: OSError and ValueError of whatever is written to. Bounded by the sessions that there are, and by
`MOST_SESSIONS`, should their ends not be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from restante.explain.reader import Reader
from restante.explain.smtp.reader import SmtpReader
from restante.explain.telling import Telling
from restante.explain.wire import Reason, Side
from restante.ports.events import Door, Outcome
from restante.proto.redact import HIDDEN
from restante.proto.terms import State

__all__ = ["MOST_SESSIONS", "Live"]

MOST_SESSIONS: Final = 50_000
"""That are told at the same time. Beyond them the one that began first is forgotten."""

_ANSWERED: Final = frozenset({Outcome.QUIT, Outcome.UPDATE_FAILED, Outcome.TOO_MANY_BAD_COMMANDS})
"""Ends of a session of POP3 of which the client is told in a reply, which goes out after the end was told."""

_REASONS: Final[Mapping[Outcome, Reason | None]] = {
    Outcome.QUIT: None,
    Outcome.UPDATE_FAILED: Reason.UPDATE_FAILED,
    Outcome.DISCONNECTED: Reason.LOST,
    Outcome.AUTOLOGOUT: Reason.AUTOLOGOUT,
    Outcome.TOO_MANY_BAD_COMMANDS: Reason.TOO_MANY_BAD_COMMANDS,
    Outcome.MESSAGE_GONE: Reason.MESSAGE_GONE,
    Outcome.SHUTDOWN: Reason.SHUTDOWN,
    Outcome.ENDED: Reason.ENDED,
    Outcome.TLS_FAILED: Reason.TLS_FAILED,
    Outcome.TOO_EARLY_FOR_TLS: Reason.TOO_EARLY_FOR_TLS,
    Outcome.FAULT: Reason.FAULT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """What is known of a session that was under way before it is told."""

    door: Door = Door.POP3
    peer: str = ""
    state: State | None = None
    secured: bool | None = None
    for_seconds: int | None = None
    commands: int | None = None


@dataclass(slots=True)
class _Session:
    reader: Reader | SmtpReader | None
    """None: nothing of it was told yet."""
    before: _Before | None = None
    """What goes before its next command, if that is to be told."""
    ended: Outcome | None = None
    """Its end, of which the last reply is still to come."""


class Live:
    """Tells the sessions of one process of a server. Times are seconds since the epoch."""

    __slots__ = ("_sessions", "_telling")

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._sessions: dict[str, _Session] = {}

    def opened(self, session: str, *, door: Door, peer: str, secured: bool, at: float) -> None:
        """Tell of a client that connected."""
        reader = self._reader(session, door, peer)
        self._keep(session, _Session(reader))
        reader.connected("", at_seconds=at, client=peer)
        if secured:
            reader.secured("", at_seconds=at)

    def joined(
        self, session: str, *, door: Door, peer: str, state: str, secured: bool, for_seconds: int, commands: int
    ) -> None:
        """Take note of a session that goes on already; of one that is told, nothing."""
        if session not in self._sessions:
            before = _Before(
                door=door,
                peer=peer,
                state=State(state) if door is Door.POP3 else None,
                secured=secured,
                for_seconds=for_seconds,
                commands=commands,
            )
            self._keep(session, _Session(None, before))

    def command(self, session: str, line: bytes, *, at: float) -> None:
        """Tell a command."""
        told = self._sessions.get(session)
        if told is None:
            return
        if told.before is not None:
            if line == HIDDEN:
                # A response within an AUTH that was not seen.
                return
            before, told.before = told.before, None
            if told.reader is None:
                told.reader = self._reader(session, before.door, before.peer)
            _join(told.reader, before, at)
        assert told.reader is not None, "what has no reader has something to tell before"
        told.reader.line(Side.CLIENT, line, at_seconds=at)

    def replied(self, session: str, line: bytes, octets: int, *, at: float) -> None:
        """Tell a reply."""
        told = self._sessions.get(session)
        if told is None:
            return
        if told.before is None:
            assert told.reader is not None, "what has no reader has something to tell before"
            told.reader.replied(line, octets, at_seconds=at)
        if told.ended is not None:
            self._end(session, told.ended, at)

    def ended(self, session: str, outcome: Outcome, *, at: float) -> None:
        """Tell of the end of a session."""
        told = self._sessions.get(session)
        if told is None:
            return
        if outcome in _ANSWERED and not isinstance(told.reader, SmtpReader):
            told.ended = outcome
        else:
            self._end(session, outcome, at)

    def missed(self, count: int) -> None:
        """Tell that so many events were not told, of whichever sessions."""
        self._telling.missed(count)
        for session in self._sessions.values():
            session.before = session.before or _Before()

    def gone(self, *, at: float) -> None:
        """Tell of the end of all sessions: their process is no more."""
        for told in self._sessions.values():
            if told.reader is not None:
                told.reader.closed(Side.SERVER, Reason.SERVER_GONE, at_seconds=at)
        self._sessions.clear()

    def _reader(self, session: str, door: Door, peer: str) -> Reader | SmtpReader:
        if door is Door.POP3:
            return self._telling.session(session, client=peer, excerpt=True)
        return self._telling.smtp_session(session, client=peer, excerpt=True)

    def _keep(self, session: str, told: _Session) -> None:
        if len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[session] = told

    def _end(self, session: str, outcome: Outcome, at: float) -> None:
        reader = self._sessions.pop(session).reader
        if reader is not None:
            by = Side.CLIENT if outcome is Outcome.DISCONNECTED else Side.SERVER
            reader.closed(by, _REASONS[outcome] or "", at_seconds=at)


def _join(reader: Reader | SmtpReader, before: _Before, at: float) -> None:
    match reader:
        case Reader():
            reader.joined(
                at_seconds=at,
                state=before.state,
                secured=before.secured,
                for_seconds=before.for_seconds,
                commands=before.commands,
            )
        case SmtpReader():
            reader.joined(
                at_seconds=at, secured=before.secured, for_seconds=before.for_seconds, commands=before.commands
            )
