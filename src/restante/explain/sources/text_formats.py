"""The text formats that are known: how each marks who speaks, as data. To add one: a `TextFormat`, and a log of it
in the tests.

A pattern's groups say what it found: `client` or `server` is what was said; `time`, `session` (what tells sessions
in one file apart), `octets` (of the whole reply on the wire), `host` and `port`, `tls`, `reason` are what they are
called. A `quote` says that what was said stands in quotes, as a literal with escapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from re import Pattern
from typing import Final

from restante.explain.protocols import MailProtocol

__all__ = ["TEXT_FORMATS", "Note", "NoteKind", "TextFormat"]


class NoteKind(Enum):
    """What a line tells besides what was said."""

    BEGINS = "begins"
    SECURED = "secured"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Note:
    """A line that is no speech but matters."""

    kind: NoteKind
    pattern: Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFormat:
    """How a program writes down what was said."""

    name: str
    """As `--format` takes it."""
    summary: str
    says: Pattern[str]
    notes: tuple[Note, ...] = ()
    continues: bool = False
    """Whether lines without a mark go on with what was said last."""
    suppressed: Pattern[str] | None = None
    """What stands in place of a credential."""
    trailer: Pattern[str] | None = None
    """What is to be taken off a line's end."""
    shows_bodies: bool = True
    is_unmistakable: bool = False
    """Whether one line tells the format, so that it is told live from the first."""
    protocol: MailProtocol | None = None
    """Where the format is that of one protocol alone; None: port and first lines tell."""
    is_literal: bool = False
    """Whether what was said is written as a literal of Python."""
    needs: Pattern[str] | None = None
    """What a file must have besides, to be known as this; for formats whose marks others use, too."""

    def begins(self, line: str) -> bool:
        """Tell whether a line says that a connection is made."""
        return any(note.kind is NoteKind.BEGINS and note.pattern.match(line) for note in self.notes)


_CLOCK: Final = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[T ])?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
_TIME: Final = rf"(?:[\[(]?(?P<time>{_CLOCK})(?: ?UTC|Z|[+-][0-9:]{{4,5}})?[\])]?[ \t]+(?:- )?)?"

_URL: Final = (
    # Thunderbird writes pop: in any case, so that the port tells.
    r"(?:(?P<tls>pops(?=:)|pop3?(?=:/{1,2}[^:/?\s]{1,255}:995(?![0-9])))|pop3?)?"
    r":/{1,2}(?P<host>[^:/?\s]{1,255})(?::(?P<port>[0-9]{1,5}))?"
)
_THUNDERBIRD: Final = r"(?:mailnews\.)?pop3\.(?P<session>(?:server[0-9]{1,6}\.)?[0-9]{1,9}): "
_CURL: Final = _TIME + r"\* +(?:\[[^\]]*\] )?"


def _pattern(text: str) -> Pattern[str]:
    return re.compile(text, re.DOTALL)


def _note(kind: NoteKind, text: str) -> Note:
    return Note(kind, re.compile(text))


_BEGINS, _SECURED, _CLOSED = NoteKind.BEGINS, NoteKind.SECURED, NoteKind.CLOSED

TEXT_FORMATS: Final = (
    TextFormat(
        name="restante",
        summary="the live view of restante serve",
        is_unmistakable=True,
        says=_pattern(
            r"(?P<time>[0-9:]{8}) (?P<session>[0-9a-z-]{1,20}) +(?:C: (?P<client>.*)|S: (?P<server>.*?)"
            r"(?:  \[(?P<octets>[0-9,]{1,20}) octets on the wire\])?)$"
        ),
        notes=(
            _note(
                _BEGINS,
                r"(?P<time>[0-9:]{8}) (?P<session>[0-9a-z-]{1,20}) +-- (?P<door>[a-z0-9]{3,5}) connection from "
                r"(?P<peer>[^ ,]{1,100})(?P<tls>, under TLS)?$",
            ),
            _note(_CLOSED, r"(?P<time>[0-9:]{8}) (?P<session>[0-9a-z-]{1,20}) +-- ended[^:]*: (?P<reason>[a-z ]+)"),
        ),
        shows_bodies=False,
    ),
    TextFormat(
        name="thunderbird",
        protocol=MailProtocol.POP3,
        summary="Thunderbird's error console, or its standard output (mailnews.pop3.loglevel = All)",
        is_unmistakable=True,
        says=_pattern(
            _TIME + r".{0,40}?" + _THUNDERBIRD + r'(?P<quote>")?(?:C: ?(?P<client>.*)|S: ?(?P<server>.*))$'
        ),
        notes=(
            _note(_BEGINS, r".{0,60}?" + _THUNDERBIRD + r'"?Connecting to ' + _URL),
            _note(
                _CLOSED,
                r".{0,60}?"
                + _THUNDERBIRD
                + r'"?(?P<reason>Connection closed|[A-Za-z]{1,60}Error: a .{1,100}? occurred)',
            ),
        ),
        continues=True,
        suppressed=re.compile(r"Logging suppressed"),
        trailer=re.compile(r"\s+(?:resource:\S+/)?Pop3Client\.(?:jsm|sys\.mjs):[0-9]+(?::[0-9]+)?$"),
    ),
    TextFormat(
        name="thunderbird-log",
        protocol=MailProtocol.POP3,
        summary="Thunderbird's MOZ_LOG=POP3:5",
        is_unmistakable=True,
        says=_pattern(
            r"(?:" + _TIME + r")?.{0,120}?\bPOP3:? (?:\[this=(?P<session>[0-9a-fA-Fx]{1,20})\] )?"
            r"(?:SEND: (?P<client>.*)|RECV: (?P<server>.*))$"
        ),
        suppressed=re.compile(r"Logging suppressed"),
    ),
    TextFormat(
        name="fetchmail",
        protocol=MailProtocol.POP3,
        summary="fetchmail -vv",
        is_unmistakable=True,
        says=_pattern(r".{0,80}?fetchmail: POP3(?:> ?(?P<client>.*)|< ?(?P<server>.*))$"),
        notes=(
            _note(_BEGINS, r".{0,80}?Trying to connect to (?P<host>\S{1,255})/(?P<port>[0-9]{1,5})\.\.\."),
            _note(_SECURED, r".{0,80}?SSL/TLS: using protocol (?P<tls>.{1,100})$"),
            _note(
                _CLOSED,
                r".{0,80}?fetchmail: (?:OpenSSL reported: )?(?P<reason>error:\S+ .{0,60}certificate verify failed"
                r"|socket error.{0,100}|.{0,60}[Ss]erver \S+ closed.{0,60})$",
            ),
        ),
    ),
    TextFormat(
        name="mpop",
        summary="mpop -d, msmtp -d",
        says=_pattern(r"(?:--> ?(?P<client>.*)|<-- ?(?P<server>.*))$"),
        notes=(
            _note(_BEGINS, r"host = (?P<host>\S{1,255})$"),
            _note(_SECURED, r" {4}\((?P<tls>TLS.{1,100})\)$"),
            _note(_CLOSED, r"mpop: (?P<reason>.{1,200}?)[. ]*$"),
            # What it says of refusals the server said, too, and it names the address.
            _note(_CLOSED, r"msmtp: (?P<reason>(?:TLS|cannot|network|the server) [^@]{1,200}?)[. ]*$"),
        ),
    ),
    TextFormat(
        name="curl",
        summary="curl -v",
        says=_pattern(_TIME + r"(?:> ?(?P<client>.*)|< ?(?P<server>.*))$"),
        notes=(
            _note(
                _BEGINS,
                _CURL + r"Connected to (?P<host>\S{1,255}) \(.{0,60}\) port (?P<port>[0-9]{1,5})",
            ),
            _note(
                _BEGINS,
                _CURL + r"Established connection to (?P<host>\S{1,255}) \(.{0,80} port (?P<port>[0-9]{1,5})\)",
            ),
            _note(_SECURED, _CURL + r"SSL connection using (?P<tls>.{1,100})$"),
            _note(
                _CLOSED,
                _CURL
                + r"(?:(?P<reason>SSL certificate problem.{0,100}|.{0,60}(?:[Tt]imed out|reset by peer).{0,60})"
                r"|[Cc]losing connection.{0,20}|shutting down connection.{0,20})$",
            ),
        ),
        needs=re.compile(
            r"^\s*(?:[0-9:.]+ )?\* +(?:\[.*\] )?(?:Trying|Connected|Host|Could not|IPv[46])", re.MULTILINE
        ),
    ),
    TextFormat(
        name="poplib",
        protocol=MailProtocol.POP3,
        summary="poplib of Python, set_debuglevel(2)",
        is_unmistakable=True,
        says=_pattern(r"(?:\*put\* (?P<client>b?['\"].*)|\*get\* (?P<server>b?['\"].*))$"),
        is_literal=True,
    ),
    TextFormat(
        name="smtplib",
        protocol=MailProtocol.SMTP,
        summary="smtplib of Python, set_debuglevel(1)",
        is_unmistakable=True,
        says=_pattern(r"(?:[0-9:.]{8,15} )?(?:send: (?P<client>b?['\"].*)|reply: (?P<server>b['\"].*))$"),
        notes=(
            _note(_BEGINS, r"(?:[0-9:.]{8,15} )?connect: to \('(?P<host>[^']{1,255})', (?P<port>[0-9]{1,5})\)"),
        ),
        is_literal=True,
    ),
    TextFormat(
        name="transcript",
        summary="lines that begin with S: and C:, as MailKit, JavaMail and the RFCs write them",
        says=_pattern(_TIME + r"(?:(?:C|Client|CLIENT): ?(?P<client>.*)|(?:S|Server|SERVER): ?(?P<server>.*))$"),
        notes=(
            _note(
                _BEGINS,
                _TIME + "Connected to " + _URL,
            ),
        ),
        suppressed=re.compile(r"\*{4,}$|<hidden>$"),
    ),
    TextFormat(
        name="arrows",
        summary="lines that begin with arrows: < and >, <- and ->, <~ and ~> under TLS; so does swaks",
        says=_pattern(
            # openssl s_client -msg writes of TLS in the same way.
            _TIME + r"(?: ?(?:-{0,2}|~|=|>{0,2})> {0,2}(?!TLS [0-9.]+, )(?P<client>.*)|"
            r"<(?:-{1,2}|~\*?|=|<{1,2}|\*\*)? {0,2}(?!TLS [0-9.]+, )(?P<server>.*))$"
        ),
        notes=(
            _note(
                _BEGINS,
                r"=== +[Cc]onnected(?: to)? (?P<host>[^\s:]{1,255}?)(?::(?P<port>[0-9]{1,5}))?"
                r"(?:\.{1,3})?(?: from (?P<peer>\S{1,100}))?$",
            ),
            _note(
                _SECURED, r"=== +TLS (?:started with cipher )?(?P<tls>(?!peer|local|no |client|server).{0,100})$"
            ),
            _note(_CLOSED, r"=== +closed(?: by the (?P<by>client|server))? ?(?P<reason>.{0,200})$"),
            _note(_CLOSED, r"=== +Connection closed with remote host\.$"),
            _note(_CLOSED, r"\*{3} +(?P<reason>(?:TLS|Remote host|Error connecting|Timeout).{0,200}?)\.?$"),
        ),
    ),
)
"""The first that fits is taken, so those with rare marks stand before those with common ones."""
