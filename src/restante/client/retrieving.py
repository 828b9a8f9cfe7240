"""Messages out of a maildrop: one whole, one in chunks, or many with a window of commands under way.

A message that is handed out in chunks holds the turn; so does a window. When another command goes out in between,
the rest of the one is skipped and its reader told, and the replies of the other are kept: they are no more than a
window. Sources: RFC 1939 §5 (RETR) and §7 (TOP), RFC 2449 §6.6 (PIPELINING).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Generic, TypeVar

from restante.client.faults import MessageTooLarge, RefusedFault
from restante.client.session import Listed, Session, refusal
from restante.client.wants import Give, Operation, Stream
from restante.proto.lines import top

__all__ = ["Overtaken", "Retrieved", "peek", "peek_many", "read", "read_many", "stream"]

M = TypeVar("M", bound=Listed)

_HEADER_OCTETS: Final = 4096
"""What headers are taken for, as far as a window is counted."""

_SLACK_FACTOR: Final = 4
_SLACK_OCTETS: Final = 4 * 1024 * 1024
"""A message may be so much longer than the server told: those that guess are not that far off."""


class Overtaken(RuntimeError):
    """Ours: another command went out while a message was read in chunks, and the rest of it was skipped."""

    def __init__(self) -> None:
        super().__init__("read a message's chunks to the end, or close the iterator, before the next command")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved(Generic[M]):
    """What came of asking for a message among many."""

    message: M
    refusal: RefusedFault | MessageTooLarge | None
    """Why it was not given; the others come all the same."""
    given: bytes | None

    @property
    def octets(self) -> bytes:
        """The message, un-stuffed. Raises the refusal where there is one."""
        if self.given is None:
            raise self.refusal or LookupError("nothing was given")
        return self.given


def _most_octets(message: Listed, most: int) -> int:
    """Tell how long a message may be, whatever the limit allows."""
    if message.octets:
        most = min(most, _SLACK_FACTOR * message.octets + _SLACK_OCTETS)
    return most


def read(session: Session, message: Listed) -> Operation[bytes]:
    """Retrieve a message whole, as octets.

    Raises MessageTooLarge before anything is sent, for what is to be read by `stream`, and the other faults.
    """
    too_large = _too_large(session, message)
    if too_large is not None:
        raise too_large
    status = yield from session.ask(b"RETR %d" % message.number)
    if not status.ok:
        raise refusal(session.link, status, doing="RETR")
    return (yield from _whole(session, message))


def _whole(session: Session, message: Listed) -> Operation[bytes]:
    most = _most_octets(message, session.link.server.limits.held_octets)
    return (yield from session.link.body(most, what="a message"))


def _too_large(session: Session, message: Listed) -> MessageTooLarge | None:
    link = session.link
    most = link.server.limits.held_octets
    if message.octets <= most:
        return None
    return MessageTooLarge(
        f"{link.server.address} tells of a message of {message.octets} octets, and {most} are held in memory at "
        "most; read it by stream(), or raise Limits.held_octets",
        server=link.server.address,
        phase=link.phase,
    )


def peek(session: Session, message: Listed, lines: int = 0) -> Operation[bytes]:
    """Give a message's headers and the first lines of its body, by TOP.

    Where there is no TOP, the whole message is retrieved and cut here.
    """
    if lines < 0:
        raise ValueError("lines is a count: 0 for the headers alone")
    if session.top_works is not False:
        status = yield from session.ask(b"TOP %d %d" % (message.number, lines))
        if status.ok:
            session.top_works = True
            # Some send the whole message, whatever the count.
            return top((yield from _whole(session, message)), lines)
        if session.top_works or "TOP" in session.capabilities:
            raise refusal(session.link, status, doing="TOP")
        session.top_works = False
    return top((yield from read(session, message)), lines)


def stream(session: Session, message: Listed) -> Stream[bytes]:
    """Retrieve a message in chunks, as they come; no more than one is held. Read to the end, or close."""
    status = yield from session.ask(b"RETR %d" % message.number)
    link = session.link
    if not status.ok:
        raise refusal(link, status, doing="RETR")
    link.reader.begin_body()
    session.turn = reading = _Reading(session, _most_octets(message, link.server.limits.message_octets))
    while link.reader.in_body:
        chunk = yield from reading.next_chunk()
        if chunk:
            yield Give(chunk)
            if reading.overtaken:
                raise Overtaken
    session.turn = None


class _Reading:
    """A message that is handed out in chunks."""

    __slots__ = ("_left", "_most", "_session", "overtaken")

    loses_by_settling: ClassVar[bool] = True

    def __init__(self, session: Session, most: int) -> None:
        self._session = session
        self._most = self._left = most
        self.overtaken = False

    def next_chunk(self) -> Operation[bytes]:
        link = self._session.link
        while (chunk := link.reader.chunk()) is None:
            yield from link.more()
        self._left -= len(chunk)
        if self._left < 0:
            yield from link.exceeded(f"a message of more than {self._most} octets")
        return chunk

    def settle(self) -> Operation[None]:
        self.overtaken = True
        while self._session.link.reader.in_body:
            yield from self.next_chunk()


# --- many ---------------------------------------------------------------------------------------------------------


def read_many(session: Session, messages: Iterable[M]) -> Stream[Retrieved[M]]:
    """Retrieve messages whole, in order; where PIPELINING is announced, with a window of them under way."""
    return _many(session, messages, lambda message: b"RETR %d\r\n" % message.number, lines=None)


def peek_many(session: Session, messages: Iterable[M], lines: int = 0) -> Stream[Retrieved[M]]:
    """Give the headers, and the first lines of the bodies, of messages, in order; with a window as `read_many`."""
    if not session.top_works and "TOP" not in session.capabilities:
        return _peek_each(session, messages, lines)
    return _many(session, messages, lambda message: b"TOP %d %d\r\n" % (message.number, lines), lines=lines)


def _peek_each(session: Session, messages: Iterable[M], lines: int) -> Stream[Retrieved[M]]:
    for message in messages:
        try:
            given = yield from peek(session, message, lines)
        except RefusedFault as fault:
            yield Give(Retrieved(message=message, refusal=fault, given=None))
        else:
            yield Give(Retrieved(message=message, refusal=None, given=given))


def _many(
    session: Session, messages: Iterable[M], command_of: Callable[[M], bytes], *, lines: int | None
) -> Stream[Retrieved[M]]:
    window = _Window(session, iter(messages), command_of, lines=lines)
    while True:
        if session.turn is not window:
            yield from session.settled()
            session.turn = window
        commands = window.next_commands()
        if commands:
            yield from session.link.send(commands)
        if not window.ready:
            if not window.under_way:
                break
            yield from window.receive_one()
        yield Give(window.ready.popleft())
    session.turn = None


class _Window(Generic[M]):
    """Commands under way, and the replies that nobody took yet."""

    __slots__ = ("_command_of", "_lines", "_messages", "_next", "_octets", "_session", "ready", "under_way")

    loses_by_settling: ClassVar[bool] = False

    def __init__(
        self, session: Session, messages: Iterator[M], command_of: Callable[[M], bytes], *, lines: int | None
    ) -> None:
        self._session = session
        self._messages = messages
        self._command_of = command_of
        self._lines = lines
        self._next: M | None = next(messages, None)
        self._octets = 0
        self.ready: deque[Retrieved[M]] = deque()
        self.under_way: deque[tuple[M, MessageTooLarge | None]] = deque()

    def next_commands(self) -> bytes:
        """Give the commands that there is room for: none while the window is more than half full."""
        limits = self._session.link.server.limits
        most = limits.window_messages if self._session.pipelines else 1
        held = len(self.ready)
        if self._next is None or (self.under_way and (len(self.under_way) + held) * 2 > most):
            return b""
        commands = []
        while self._next is not None and len(self.under_way) + held < most:
            message = self._next
            octets = self._octets_of(message)
            too_large = _too_large(self._session, message) if self._lines is None else None
            if too_large is None:
                if self.under_way and self._octets + octets > limits.window_octets:
                    break
                self._octets += octets
                commands.append(self._command_of(message))
            self.under_way.append((message, too_large))
            self._next = next(self._messages, None)
        return b"".join(commands)

    def _octets_of(self, message: M) -> int:
        return message.octets if self._lines is None else min(message.octets, _HEADER_OCTETS)

    def receive_one(self) -> Operation[None]:
        link = self._session.link
        message, too_large = self.under_way[0]
        if too_large is not None:
            self.ready.append(Retrieved(message=message, refusal=too_large, given=None))
            self.under_way.popleft()
            return
        link.wait_anew()
        status = yield from link.status()
        if status.ok:
            given = yield from _whole(self._session, message)
            if self._lines is not None:
                given = top(given, self._lines)
            self.ready.append(Retrieved(message=message, refusal=None, given=given))
        else:
            fault = refusal(link, status, doing="RETR" if self._lines is None else "TOP")
            self.ready.append(Retrieved(message=message, refusal=fault, given=None))
        self.under_way.popleft()
        self._octets -= self._octets_of(message)

    def settle(self) -> Operation[None]:
        link = self._session.link
        most = _SLACK_FACTOR * link.server.limits.window_octets + _SLACK_OCTETS
        while self.under_way:
            yield from self.receive_one()
            held = sum(len(retrieved.given or b"") for retrieved in self.ready)
            if held > most and self.under_way:
                yield from link.exceeded(f"messages of {held} octets where much less was told")
