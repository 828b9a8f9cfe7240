"""What answers at a port that should be POP3's and is not: in a word that people know, with what it said.

It is told by its first words; who says none is asked in the clear by two lines that a web server answers too, and
then in TLS. Nothing is judged here, and nothing fails: who cannot be told is told as silent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from restante.client.faults import shown
from restante.doctor.line import Leave, LineFault, Silent
from restante.doctor.world import DialFault

if TYPE_CHECKING:
    from restante.doctor.bench import Bench
    from restante.doctor.patient import Door

__all__ = ["kind_of", "who_is_there"]

FIRST_WORDS_SECONDS: Final = 4.0
ANSWER_SECONDS: Final = 3.0

_KINDS: Final = (
    (re.compile(rb"\+OK|-ERR", re.IGNORECASE), "a POP3 server that begins in the clear"),
    (re.compile(rb"[245]\d\d[ -].*(?:E?SMTP|mail)", re.IGNORECASE), "an SMTP server"),
    (re.compile(rb"[245]\d\d[ -].*FTP", re.IGNORECASE), "an FTP server"),
    (re.compile(rb"[245]\d\d[ -]"), "an SMTP or FTP server"),
    (re.compile(rb"\* (?:OK|PREAUTH|BYE)\b", re.IGNORECASE), "an IMAP server"),
    (re.compile(rb"SSH-"), "an SSH server"),
    (re.compile(rb"HTTP/", re.IGNORECASE), "a web server"),
    (re.compile(rb"\"IMPLEMENTATION\"|OK \"", re.IGNORECASE), "a ManageSieve server"),
    (re.compile(rb"[\x14-\x17]\x03"), "a server that speaks TLS from the first octet"),
)


def kind_of(words: bytes) -> str | None:
    """Give the kind of server that says this first; None where it is none that is known."""
    return next((kind for pattern, kind in _KINDS if pattern.match(words)), None)


def who_is_there(bench: Bench, door: Door) -> str:
    """Tell in half a sentence who answers at a door, asking it once: `an SMTP server answers there (220 ready)`."""
    return bench.known(f"who is there {door.value}", lambda: _asked(bench, door))


def _asked(bench: Bench, door: Door) -> str:
    words, silent = _first_words(bench, door)
    kind = kind_of(words)
    if words:
        said = shown(words.splitlines()[0][:80])
        return f"{kind} answers there ({said})" if kind else f"what answers there is no POP3 server ({said})"
    if door.is_tls:
        # It was its TLS that failed.
        return "nothing is said there" if silent else "the connection is ended there without a word"
    if _speaks_tls(bench, door):
        return "a server answers there that speaks TLS from the first octet"
    return (
        "nothing is said there, in the clear or in TLS"
        if silent
        else "the connection is ended there without a word"
    )


def _first_words(bench: Bench, door: Door) -> tuple[bytes, bool]:
    """Give what is said in the clear, and whether it was silence that came instead."""
    try:
        line = bench.dial_raw(door, leave=Leave.NOTHING)
    except DialFault:
        return b"", False
    silent = ended = False
    try:
        for question, seconds in ((b"", FIRST_WORDS_SECONDS), (b"CAPA\r\n\r\n", ANSWER_SECONDS)):
            if question:
                line.send(question)
            try:
                line.receive(seconds)
            except Silent:
                silent = True
            ended = line.ended
            if line.unread or ended:
                break
    except LineFault:
        ended = True
    finally:
        line.close()
    return line.unread, silent and not ended


def _speaks_tls(bench: Bench, door: Door) -> bool:
    try:
        line = bench.dial_raw(door, leave=Leave.NOTHING)
    except DialFault:
        return False
    try:
        line.start_tls()
    except DialFault:
        return False
    finally:
        line.close()
    return True
