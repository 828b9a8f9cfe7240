"""Fuzzes what explain reads of SMTP and LMTP: however the octets are cut, the same is told, and no password is.

An input is one octet that says into how long pieces the octets are cut, one whose lowest bits say whether it is an
excerpt and who closes, then, parted by NUL and in turn, what the server and the client say behind a login.
"""

from __future__ import annotations

from typing import Final

from restante.explain.languages import ENGLISH
from restante.explain.smtp.diagnoses import SmtpDiagnoser
from restante.explain.smtp.events import SmtpEvent
from restante.explain.smtp.narrate import SmtpNarrator
from restante.explain.smtp.reader import SmtpReader
from restante.explain.wire import Side

PIECES: Final = (
    *(b"\0", b"\0\0", b"\r\n", b"\n", b".\r\n", b"\r\n.\r\n", b"\n.\n", b"220 x ESMTP\r\n", b"250 ok\r\n"),
    *(b"250-x\r\n250-SIZE 9\r\n250 AUTH PLAIN\r\n", b"354 go\r\n\0", b"334 \r\n\0", b"535 5.7.8 no\r\n\0"),
    *(
        b"EHLO x\r\n\0",
        b"LHLO x\r\n\0",
        b"MAIL FROM:<a@b.example> SIZE=9 SMTPUTF8\r\n\0",
        b"RCPT TO:<\xc3\xa4@b>\r\n\0",
    ),
    *(b"DATA\r\n\0354 go\r\n\0", b"BDAT 7 LAST\r\n", b"BDAT 999999999999 LAST\r\n", b"STARTTLS\r\n\0220 go\r\n\0"),
    *(
        b"\x16\x03\x01\x00\x05hello",
        b"\x15\x03\x03\x00\x02\x02\x30",
        b"421 4.4.2 timeout\r\n",
        b"550-5.7.1 a\r\n550 b\r\n",
    ),
    *(
        b"AUTH PLAIN AHgAeQ==\r\n\0",
        b"*\r\n",
        b"QUIT\r\n\0221 bye\r\n",
        b"+OK\r\n",
        b"GET / HTTP/1.1\r\n",
        b"PROXY TCP4 ",
    ),
)

_SECRET: Final = b"hunter2"
_LOGIN: Final = (
    (Side.SERVER, b"220 x\r\n"),
    (Side.CLIENT, b"AUTH LOGIN\r\n"),
    (Side.SERVER, b"334 \r\n"),
    (Side.CLIENT, _SECRET + b"\r\n"),
    (Side.SERVER, b"535 5.7.8 hunter2 is wrong\r\n"),
)
_CLOSERS: Final = (None, Side.CLIENT, Side.SERVER, None)


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    piece = octets[0] + 1 if octets else 1
    flags = octets[1] if len(octets) > 1 else 0
    said = octets[2:].split(b"\0")
    whole = _told(said, flags, None)
    assert whole == _told(said, flags, piece)
    if _SECRET not in octets:
        assert _SECRET.decode() not in whole


def _told(said: list[bytes], flags: int, piece: int | None) -> str:
    told: list[object] = []
    narrator, diagnoser = SmtpNarrator(), SmtpDiagnoser()

    def tell(event: SmtpEvent) -> None:
        findings = diagnoser.hear(event)
        one = narrator.tell(event)
        told.append((event, one.story, one.lines()))
        told.extend(ENGLISH.diagnosis(finding.diagnosis, finding.values) for finding in findings)

    reader = SmtpReader(tell, excerpt=bool(flags & 1))
    reader.connected("mail.example.org:25", at_seconds=None)
    speakers = (Side.SERVER, Side.CLIENT)
    for side, octets in (*_LOGIN, *((speakers[at % 2], part) for at, part in enumerate(said))):
        step = piece or len(octets) or 1
        for start in range(0, len(octets), step):
            reader.octets(side, octets[start : start + step], at_seconds=None)
    reader.closed(_CLOSERS[flags >> 1 & 3], "reset" if flags & 8 else "", at_seconds=None)
    return repr(told)
