"""The live view: each session as it happens, a line for each command and reply, for somebody who watches.

    12:01:02 k3f9 C: RETR 1
    12:01:02 k3f9 S: +OK 120 octets  [140 octets on the wire]

It is for a terminal, for trying out and for finding out; the log is for keeping. Credentials were taken out where
the event was made. What came from the client is shown as printable ASCII, so that it cannot act on the terminal.

How it fails: a stream that takes nothing costs the lines, never the session.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, TextIO, assert_never

from restante.observe.entries import Entry, entry_of
from restante.observe.hostile import plain, plain_octets, quoted
from restante.observe.sentences import sentence_of
from restante.ports.events import (
    CertificatesRead,
    CommandReceived,
    ConnectionOpened,
    ConnectionRefused,
    DeliveryDeferred,
    DeliveryRefused,
    Event,
    FaultMet,
    Listening,
    LoginAccepted,
    LoginDeferred,
    LoginRefused,
    MaildropBusy,
    MailSessionEnded,
    MessageDelivered,
    Outcome,
    ReplySent,
    SenderLoggedIn,
    ServerStopping,
    SessionEnded,
    TlsFailed,
    UpdateFailed,
)
from restante.proto.redact import HIDDEN

__all__ = ["TerminalTranscript", "wants_colour"]


class _Tone(Enum):
    """What a line is, and its SGR sequence (ECMA-48 §8.3.117)."""

    COMMAND = "\x1b[36m"
    GOOD = "\x1b[32m"
    BAD = "\x1b[31m"
    ASIDE = "\x1b[2m"


_PLAIN_AGAIN: Final = "\x1b[0m"
_LINE_END_OCTETS: Final = 2

HELD_ENDS: Final = 1000
"""How many ends wait for their last reply. One whose reply never comes, for a fault of ours, stays."""

_BAD_BEGINNINGS: Final = frozenset({b"-", b"4", b"5"})
"""Of POP3's -ERR, and of the replies of SMTP and LMTP that refuse (RFC 5321 §4.2.1)."""

_ANSWERED: Final = frozenset({Outcome.QUIT, Outcome.UPDATE_FAILED, Outcome.TOO_MANY_BAD_COMMANDS})
"""Ends of which the client is told in a reply."""


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether a stream is a terminal on which colours are welcome. Source: no-color.org."""
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except ValueError:
        return False


class TerminalTranscript:
    """Shows events on a terminal; a `ports.events.Listener` that wants the wire.

    `clock` gives seconds since the epoch; the time of day is shown as the machine's time zone has it.
    """

    __slots__ = ("_clock", "_colour", "_held", "_stream")

    def __init__(self, stream: TextIO, *, colour: bool, clock: Callable[[], float] = time.time) -> None:
        self._stream = stream
        self._colour = colour
        self._clock = clock
        # Ends of sessions whose last reply is still to come: a session tells its end, then the reply goes out.
        self._held: dict[str, SessionEnded] = {}

    @property
    def wants_wire(self) -> bool:
        """Yes: commands and replies are what is shown."""
        return True

    def __call__(self, event: Event, /) -> None:
        """Show an event."""
        match event:
            case ReplySent(session=session, line=line):
                tone = _Tone.BAD if line[:1] in _BAD_BEGINNINGS else _Tone.GOOD
                self._show(session, f"S: {plain_octets(line.replace(HIDDEN, b'...'))}", tone, _more(event))
                if (ended := self._held.pop(session, None)) is not None:
                    self._show_end(ended)
            case CommandReceived(session=session, line=line):
                self._show(session, f"C: {plain_octets(line.replace(HIDDEN, b'...'))}", _Tone.COMMAND)
            case ConnectionOpened(session=session):
                tls = ", under TLS" if event.secured else ""
                text = f"-- {event.door.value} connection from {quoted(event.peer)}{tls}"
                self._show(session, text, _Tone.ASIDE)
            case LoginAccepted(session=session):
                text = f"-- {quoted(event.account)} is logged in: {_messages(event.messages, event.octets)}"
                self._show(session, text, _Tone.ASIDE)
            case SessionEnded(session=session):
                if event.outcome in _ANSWERED and len(self._held) < HELD_ENDS:
                    self._held[session] = event
                else:
                    self._show_end(event)
            case MailSessionEnded():
                self._show_entry(entry_of(event), _Tone.ASIDE)
            case SenderLoggedIn(session=session):
                self._show(session, f"-- {quoted(event.account)} is logged in, to send", _Tone.ASIDE)
            case MessageDelivered():
                text = (
                    f"-- {event.door.value}: a message of {event.octets:,} octets "
                    f"from <{plain(event.reverse_path)}> is in the maildrop of {quoted(event.account)}"
                )
                self._show(event.session, text, _Tone.GOOD)
            case (
                ConnectionRefused()
                | LoginRefused()
                | LoginDeferred()
                | MaildropBusy()
                | TlsFailed()
                | UpdateFailed()
                | FaultMet()
                | DeliveryRefused()
                | DeliveryDeferred()
            ):
                self._show_entry(entry_of(event), _Tone.BAD)
            case ServerStopping() | CertificatesRead():
                self._show_entry(entry_of(event), _Tone.ASIDE)
            case Listening():
                # Told on standard output already.
                return
            case _:
                assert_never(event)

    def _show_end(self, ended: SessionEnded) -> None:
        self._show(ended.session, _end(ended), _Tone.ASIDE)
        if ended.unique_ids_changed:
            text = f"-- unique-ids changed since the last session: {ended.unique_ids_changed}"
            self._show(ended.session, text, _Tone.BAD)

    def _show_entry(self, entry: Entry | None, tone: _Tone) -> None:
        if entry is not None:
            session = entry.fields.get("session")
            self._show(None if session is None else str(session), f"-- {sentence_of(entry)}", tone)

    def _show(self, session: str | None, text: str, tone: _Tone, more: str = "") -> None:
        clock = time.strftime("%H:%M:%S", time.localtime(self._clock()))
        who = f"{clock} {session or '-':<4} "
        if self._colour:
            who = f"{_Tone.ASIDE.value}{who}{_PLAIN_AGAIN}"
            text = f"{tone.value}{text}{_PLAIN_AGAIN}"
            more = f"{_Tone.ASIDE.value}{more}{_PLAIN_AGAIN}" if more else ""
        try:
            self._stream.write(f"{who}{text}{more}\n")
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody watches any more.
            return


def _more(reply: ReplySent) -> str:
    """Tell of what a reply has beyond its first line."""
    if reply.octets <= len(reply.line) + _LINE_END_OCTETS:
        return ""
    return f"  [{reply.octets:,} octets on the wire]"


def _messages(count: int, octets: int) -> str:
    return f"{count} message{'' if count == 1 else 's'}, {octets:,} octets"


def _end(event: SessionEnded) -> str:
    if event.account is None:
        return f"-- ended without a login: {event.outcome.value}"
    return (
        f"-- ended: {event.outcome.value}; retrieved {event.retrieved}, looked at {event.peeked}, "
        f"removed {event.removed}, {_messages(event.left, event.left_octets)} left"
    )
