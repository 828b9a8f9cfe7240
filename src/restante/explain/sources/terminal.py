"""Reads what stood on a terminal: telnet, netcat, openssl s_client, a stream followed in Wireshark. Nobody marked
who spoke.

A line that answers is the server's; so is one where an answer has lines behind it. A line whose first word is a
command is the client's, and so is what comes behind a challenge, and, in SMTP, behind the leave to send a message.
All else is passed over: the noise of the program.
"""

from __future__ import annotations

import re
from typing import Final

from restante.explain import server_lines
from restante.explain.line_reader import LineReader
from restante.explain.smtp.commands import VERBS
from restante.explain.sources.source import OpenSession
from restante.explain.undecided import SessionReader
from restante.explain.wire import Side
from restante.proto.spec import SPECS

__all__ = ["TerminalSource", "looks_like_a_terminal"]

_CONNECTED: Final = re.compile(r"(?:Connected to |CONNECTED\()([^\s.)]{0,255}[^\s.)]?)")
_SECURED: Final = re.compile(r"(?:New, |    Protocol  : )(TLS.{1,80})$")
_CLOSED: Final = re.compile(r"(?:Connection closed by foreign host|closed$|DONE$|read:errno=|.*Connection reset)")
_KEYWORD: Final = re.compile(rb"([A-Za-z0-9]{3,8})(?= |$)")
_REPLY: Final = re.compile(rb"[2-5][0-9]{2}(?:[ -]|$)")
_CLIENT_WORDS: Final = frozenset(SPECS) | VERBS


_SERVER_SAYS: Final = re.compile(
    rb"^(?:(?:\+OK|-ERR)(?:[ \r\n]|$)|(?:220|250)[ -].{0,500}?^(?:EHLO|HELO|LHLO|MAIL|QUIT)\b)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)


def looks_like_a_terminal(head: bytes) -> bool:
    """Tell whether octets have lines that only a server of mail says."""
    return _SERVER_SAYS.search(head) is not None


class TerminalSource:
    """Reads one file."""

    def __init__(self, open_session: OpenSession) -> None:
        self._open = open_session
        self._lines = LineReader()
        self._reader: SessionReader | None = None
        self._parting = False
        self._is_pop3 = False
        """Whether its server answers as one of POP3 does: lines that begin with a number are no answers then."""

    def feed(self, octets: bytes) -> None:
        """Take the next octets."""
        start = 0
        while start < len(octets):
            line, start = self._lines.take(octets, start)
            if line is not None:
                # A terminal that `script` wrote down ends its lines in CR CR LF.
                self._take(line.kept.rstrip(b"\r"))

    def finish(self) -> None:
        """Take note that there are no more."""
        line = self._lines.finish()
        if line is not None:
            self._take(line.kept)
        self._close("")

    def _take(self, line: bytes) -> None:
        reader = self._reader
        if reader is not None and reader.awaits_body:
            reader.line(Side.SERVER, line, at_seconds=None)
        elif reader is not None and reader.awaits_message:
            reader.line(Side.CLIENT, line, at_seconds=None)
        elif server_lines.read_status(line) is not None or (_REPLY.match(line) and not self._is_pop3):
            self._is_pop3 = self._is_pop3 or server_lines.read_status(line) is not None
            self._session().line(Side.SERVER, line, at_seconds=None)
            if self._parting and line[3:4] != b"-":
                self._close("")
        elif reader is not None and server_lines.is_challenge(line):
            reader.line(Side.SERVER, line, at_seconds=None)
        elif reader is not None and reader.is_asked:
            reader.line(Side.CLIENT, line, at_seconds=None)
        elif reader is not None and (found := _KEYWORD.match(line)) and found[1].upper() in _CLIENT_WORDS:
            reader.line(Side.CLIENT, line, at_seconds=None)
            self._parting = found[1].upper() == b"QUIT"
        else:
            self._note(line.decode("utf-8", "replace"))

    def _note(self, text: str) -> None:
        if (found := _CONNECTED.match(text)) is not None:
            self._close("")
            self._session(found[1] if not found[1].isdigit() else "")
        elif (found := _SECURED.match(text)) is not None:
            self._session().secured(found[1], at_seconds=None)
        elif self._reader is not None and _CLOSED.match(text):
            self._close(text[:200])

    def _session(self, server: str = "") -> SessionReader:
        if self._reader is None:
            self._reader = self._open(excerpt=True)
            self._reader.connected(server, at_seconds=None)
        return self._reader

    def _close(self, reason: str) -> None:
        if self._reader is not None:
            self._reader.closed(None, reason, at_seconds=None)
        self._reader, self._parting, self._is_pop3 = None, False, False
