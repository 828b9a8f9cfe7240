"""Reads logs and transcripts line by line, by the patterns of their format.

A log leaves out much: the readers it feeds take it as an excerpt. Sessions in one file come one after the other, or
interleaved where the format tells them apart. What fits no pattern is passed over. Bounded: the longest line, the
sessions that go on at the same time.
"""

from __future__ import annotations

import ast
import re
from re import Match
from typing import Final

from restante.explain.line_reader import LineReader
from restante.explain.protocols import MailProtocol
from restante.explain.sources.source import OpenSession
from restante.explain.sources.text_formats import NoteKind, TextFormat
from restante.explain.sources.times import Clock
from restante.explain.undecided import SessionReader
from restante.explain.wire import Side

__all__ = ["MOST_SESSIONS_AT_ONCE", "TextSource"]

MOST_SESSIONS_AT_ONCE: Final = 1000
"""Sessions of one file that go on at the same time; beyond it the oldest is taken to be over."""

_HIDDEN: Final = "…"
_DOORS: Final = {
    "pop3": MailProtocol.POP3,
    "pop3s": MailProtocol.POP3,
    **dict.fromkeys(("smtp", "smtps", "lmtp"), MailProtocol.SMTP),
}
"""As a server of ours calls the door through which a session came."""

_ESCAPES: Final = re.compile(r"\x1b\[[0-9;]{0,10}m")
"""Colours, which a log that was copied from a terminal may have."""


class _Session:
    """A session that a log tells."""

    __slots__ = ("end", "keyword", "parted", "reader", "said_anything", "speaker")

    def __init__(self, reader: SessionReader) -> None:
        self.reader = reader
        self.keyword = ""
        """Of the last command."""
        self.parted = False
        """Whether QUIT was answered."""
        self.said_anything = False
        self.speaker: Side | None = None
        self.end: tuple[Side | None, str] | None = None
        """Who closed it and why, where the answer to QUIT is still to be told."""


class TextSource:
    """Reads one file of one format."""

    def __init__(self, form: TextFormat, open_session: OpenSession) -> None:
        self._form = form
        self._open = open_session
        self._lines = LineReader()
        self._sessions: dict[str, _Session] = {}
        self._clock = Clock()
        self._last: _Session | None = None
        self._has_begun = False
        self._forestalled = ""
        """Why the line was closed, told before it was made: standard error overtakes standard output (mpop)."""

    def feed(self, octets: bytes) -> None:
        """Take the next octets."""
        start = 0
        while start < len(octets):
            line, start = self._lines.take(octets, start)
            if line is not None:
                self._take(line.kept)

    def finish(self) -> None:
        """Take note that there are no more: sessions that are under way end with the record."""
        line = self._lines.finish()
        if line is not None:
            self._take(line.kept)
        for key in list(self._sessions):
            self._close(key, self._forestalled, None)

    # --- lines ------------------------------------------------------------------------------------------------

    def _take(self, octets: bytes) -> None:
        text = _ESCAPES.sub("", octets.decode("utf-8", "surrogateescape"))
        trailed = False
        if self._form.trailer is not None:
            cut = self._form.trailer.sub("", text)
            trailed, text = cut != text, cut
        said = self._form.says.match(text)
        if trailed and not text:
            # What was logged ended with its line, and only the place is left.
            pass
        elif said is not None:
            self._hear(said)
        elif not self._note(text) and self._form.continues:
            self._go_on(text)
        if trailed and self._last is not None:
            # What was logged at once ends with where it was logged.
            self._last.speaker = None

    def _hear(self, said: Match[str]) -> None:
        groups = said.groupdict()
        side = Side.CLIENT if groups.get("client") is not None else Side.SERVER
        text = groups["client"] if side is Side.CLIENT else groups["server"]
        self._clock.read(groups.get("time"))
        session = self._session(groups.get("session") or "", side)
        if groups.get("quote") is not None:
            octets = _unquoted(text)
            if side is Side.SERVER:
                self._say_octets(session, octets)
                return
            text = octets.decode("utf-8", "surrogateescape")
        if self._form.is_literal:
            text = _literal(text)
        if side is Side.CLIENT and self._form.suppressed is not None and self._form.suppressed.search(text):
            text = self._stand_in(session, text)
        count = groups.get("octets")
        self._say(session, side, text, int(count.replace(",", "")) if count else None)

    def _go_on(self, text: str) -> None:
        if self._last is not None and self._last.speaker is not None:
            self._say(self._last, self._last.speaker, text)

    def _say(self, session: _Session, side: Side, text: str, octets: int | None = None) -> None:
        self._last, session.speaker, session.said_anything = session, side, True
        if side is Side.CLIENT:
            session.keyword = text.partition(" ")[0].upper()
        elif session.keyword == "QUIT" and not session.reader.awaits_body and _ends_a_session(text):
            session.parted = True
        line = text.encode("utf-8", "surrogateescape")
        if side is Side.SERVER and not self._form.shows_bodies:
            session.reader.replied(line, octets, at_seconds=self._clock.now)
        else:
            session.reader.line(side, line, at_seconds=self._clock.now)

    def _say_octets(self, session: _Session, octets: bytes) -> None:
        """Tell what the server said, of which the log has the line ends, too."""
        self._last, session.speaker, session.said_anything = session, None, True
        is_reply = _ends_a_session(octets[:4].decode("latin-1")) and not session.reader.awaits_body
        session.reader.octets(Side.SERVER, octets, at_seconds=self._clock.now)
        if session.keyword == "QUIT" and is_reply:
            session.parted = True
            if session.end is not None:
                self._close_session(session, *session.end)

    def _stand_in(self, session: _Session, text: str) -> str:
        """Give a command in place of one that the log left out."""
        keyword, space, _ = text.partition(" ")
        if space and keyword.isascii() and keyword.isupper():
            # The keyword is there, and only its argument is not.
            assert self._form.suppressed is not None
            return self._form.suppressed.sub(_HIDDEN, text)
        if session.reader.is_asked:
            return _HIDDEN
        return f"PASS {_HIDDEN}" if session.keyword == "USER" else f"AUTH {_HIDDEN}"

    def _note(self, text: str) -> bool:
        for note in self._form.notes:
            found = note.pattern.match(text)
            if found is None:
                continue
            groups = found.groupdict()
            self._clock.read(groups.get("time"))
            key = groups.get("session") or ""
            match note.kind:
                case NoteKind.BEGINS:
                    self._begin(key, groups)
                case NoteKind.SECURED:
                    self._session(key, None).reader.secured(groups.get("tls") or "", at_seconds=self._clock.now)
                case NoteKind.CLOSED:
                    self._close(key, groups.get("reason") or "", groups.get("by"))
            return True
        return False

    # --- sessions ---------------------------------------------------------------------------------------------

    def _session(self, key: str, side: Side | None) -> _Session:
        session = self._sessions.get(key)
        if session is not None and session.parted and side is not None:
            self._close(key, "", None)
            session = None
        return self._begin(key, {}) if session is None else session

    def _begin(self, key: str, groups: dict[str, str | None]) -> _Session:
        if key in self._sessions:
            if not self._sessions[key].said_anything and not groups.get("host"):
                return self._sessions[key]
            self._close(key, "", None)
        if len(self._sessions) >= MOST_SESSIONS_AT_ONCE:
            self._close(next(iter(self._sessions)), "", None)
        self._has_begun = True
        host, port = groups.get("host") or "", groups.get("port")
        server = f"{host}:{port}" if host and port else host
        door = groups.get("door")
        protocol = self._form.protocol if door is None else _DOORS.get(door)
        session = _Session(self._open(key, client=groups.get("peer") or "", excerpt=True, protocol=protocol))
        session.reader.connected(server, at_seconds=self._clock.now)
        if groups.get("tls"):
            session.reader.secured("", at_seconds=self._clock.now)
        self._sessions[key] = self._last = session
        return session

    def _close(self, key: str, reason: str, by: str | None) -> None:
        session = self._sessions.get(key)
        if session is None:
            if not self._has_begun:
                self._forestalled = self._forestalled or reason
            return
        end = {"client": Side.CLIENT, "server": Side.SERVER}.get(by or ""), reason
        if reason and session.end is None and session.keyword == "QUIT" and not session.parted:
            # Thunderbird notes that the line was closed before the good-bye that it heard.
            session.end = end
            return
        del self._sessions[key]
        self._close_session(session, *(session.end or end))

    def _close_session(self, session: _Session, side: Side | None, reason: str) -> None:
        session.reader.closed(side, reason, at_seconds=self._clock.now)
        if self._last is session:
            self._last = None


def _ends_a_session(text: str) -> bool:
    """Tell whether the answer to QUIT is whole with this line: POP3's has one line, SMTP's may have more."""
    return text[:1] in ("+", "-") or (text[:3].isdigit() and text[3:4] != "-")


def _unquoted(text: str) -> bytes:
    """Give the octets of a quoted text whose opening quote was taken off; each character is an octet."""
    written = text.rstrip().removesuffix('"')
    try:
        octets = ast.literal_eval(f'"{written}"')
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        octets = written
    assert isinstance(octets, str)
    try:
        return octets.encode("latin-1")
    except UnicodeEncodeError:
        return octets.encode("utf-8", "surrogateescape")


def _literal(text: str) -> str:
    try:
        octets = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    if isinstance(octets, bytes):
        octets = octets.decode("utf-8", "surrogateescape")
    return octets.removesuffix("\n").removesuffix("\r") if isinstance(octets, str) else text
