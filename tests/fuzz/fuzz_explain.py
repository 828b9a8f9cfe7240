"""Fuzzes what explain reads: logs, transcripts and captures, and the octets of both sides.

Of POP3, SMTP and LMTP. However a file is cut, the same is told; nothing raises; no password of the corpus gets
through. An input is one octet that says into how long pieces the rest is cut, one that says which format it is (or
that this is to be found out), then the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from restante.explain.diagnoses import Diagnoser, Finding
from restante.explain.languages import ENGLISH
from restante.explain.narrate import Narrator
from restante.explain.protocols import MailProtocol
from restante.explain.reader import Reader
from restante.explain.smtp.diagnoses import SmtpDiagnoser
from restante.explain.smtp.narrate import SmtpNarrator
from restante.explain.smtp.reader import SmtpReader
from restante.explain.sources import FORMATS, Recognizer
from restante.explain.told import Told
from restante.explain.undecided import SessionReader, UndecidedReader

E = TypeVar("E")

PIECES: Final = (
    *(b"\n", b"\r\n", b"S: +OK\n", b"C: RETR 1\n", b"S: .\n", b"C: AUTH PLAIN\n", b"S: + \n", b"C: STLS\n"),
    *(b"< +OK\n", b"> PASS hunter2\n", b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a", b"\x16\x03\x01", b"+OK\n"),
    *(b"S: 220 x ESMTP\n", b"C: EHLO me\n", b"C: MAIL FROM:<a@b.example>\n", b"S: 250-SIZE 9\n", b"S: 250 ok\n"),
    *(
        b"C: DATA\n",
        b"S: 354 go\n",
        b"C: .\n",
        b"C: BDAT 7 LAST\n",
        b"S: 334 \n",
        b"S: 550 5.7.1 hunter2\n",
        b".\r\n",
    ),
    *(b"*get* b'", b"0000: ", b"<= Recv header, 9 bytes\n", b"fetchmail: POP3< ", b"-ERR [AUTH] hunter2\n"),
)

_NAMES: Final = (None, *FORMATS)
_SECRET: Final = "hunter2"
_LOGIN: Final = b"\n> PASS hunter2\n"


class _Sessions:
    """Reads all sessions of a file to the end: the events, the story, the wire, the findings."""

    def __init__(self) -> None:
        self.told: list[list[object]] = []

    def __call__(
        self, label: str = "", *, client: str = "", excerpt: bool = False, protocol: MailProtocol | None = None
    ) -> SessionReader:
        told: list[object] = [label, client]
        self.told.append(told)

        def begin(spoken: MailProtocol) -> SessionReader:
            told.append(spoken)
            return _smtp(told, client, excerpt) if spoken is MailProtocol.SMTP else _pop3(told, client, excerpt)

        return UndecidedReader(begin, protocol=protocol)


def _pop3(told: list[object], client: str, excerpt: bool) -> Reader:
    return Reader(_into(told, Diagnoser(client=client).hear, Narrator().tell), excerpt=excerpt)


def _smtp(told: list[object], client: str, excerpt: bool) -> SmtpReader:
    return SmtpReader(_into(told, SmtpDiagnoser(client=client).hear, SmtpNarrator().tell), excerpt=excerpt)


def _into(
    told: list[object], hear: Callable[[E], Sequence[Finding]], narrate: Callable[[E], Told]
) -> Callable[[E], None]:
    def tell(event: E) -> None:
        findings, one = hear(event), narrate(event)
        told.append((event, one.story, one.lines()))
        told.extend(ENGLISH.diagnosis(finding.diagnosis, finding.values) for finding in findings)

    return tell


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    piece = octets[0] + 1 if octets else 1
    name = _NAMES[octets[1] % len(_NAMES)] if len(octets) > 1 else None
    file = octets[2:]
    whole, cut = _Sessions(), _Sessions()
    for sessions, step in ((whole, len(file) or 1), (cut, piece)):
        source = Recognizer(sessions, name=name)
        for start in range(0, len(file), step):
            source.feed(file[start : start + step])
        source.finish()
    # Which format it is may be found out from a line or two, when the rest was not there yet.
    assert name is None or whole.told == cut.told
    # A client's line, whole, and nothing in front of it that makes it another's.
    if name == "arrows" and _LOGIN in b"\n" + file and file.count(_SECRET.encode()) == 1:
        assert _SECRET not in repr(whole.told)
