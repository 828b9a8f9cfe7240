"""What can be done with an open maildrop, but for retrieving: listings, deletion marks, and the ends of a session.

Each is a generator for a pump, works on a Session, and raises the faults of `faults.py`. LIST and UIDL are asked
once a session, since message numbers do not move within one.
Sources: RFC 1939 §5–7, RFC 2449 §5 and §6.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from restante.client.faults import ConnectionLost, RefusedFault, TimedOut
from restante.client.opening import ask_capabilities
from restante.client.retrieving import Retrieved, peek_many
from restante.client.session import Listed, Session, command, refusal
from restante.client.unique_ids import digest_id, distinct, unnamed
from restante.client.wants import Give, Operation, Stream
from restante.explain.wire import Reason
from restante.proto.client import REPLY_LINE_OCTETS, BadReply, Status, status_of
from restante.proto.listings import Capabilities, DropListing, drop_listing, scan_listing_line, unique_id_line
from restante.proto.spec import SPECS, ReplyShape
from restante.proto.terms import MessageNumber, Octets, State, UniqueId

__all__ = [
    "NotMarked",
    "RawReply",
    "capabilities",
    "close",
    "keep_alive",
    "listing",
    "mark_deleted",
    "mark_many",
    "noop",
    "quit_session",
    "raw",
    "reset",
    "stat",
]

M = TypeVar("M", bound=Listed)
T = TypeVar("T")

_MARK_WINDOW: Final = 256
"""How many DELE are sent ahead: some 3 KiB, which any socket takes without anybody reading."""


def stat(session: Session) -> Operation[DropListing]:
    """Tell how many messages there are without deletion marks, and their octets, as the server counts them now."""
    status = yield from session.ask_for_ok(b"STAT")
    told = drop_listing(status.text)
    if told is not None:
        return told
    # It said yes and no numbers: the scan listing has them.
    listed = yield from listing(session)
    left = [message for message in listed if message.number not in session.marked]
    return DropListing(messages=len(left), octets=Octets(sum(message.octets for message in left)))


def listing(session: Session) -> Operation[tuple[Listed, ...]]:
    """Give all messages of the session in their order, those with deletion marks too."""
    if session.listing is not None:
        return session.listing
    yield from session.settled()
    link = session.link
    # UIDL is asked for announced or not: an answer that is no costs less than names that are made here.
    at_once = session.pipelines
    yield from link.send(b"LIST\r\nUIDL\r\n" if at_once else b"LIST\r\n")
    scan = yield from link.status()
    octets: dict[MessageNumber, Octets] = {}
    if scan.ok:
        octets = yield from _entries(session, scan_listing_line, what="a scan listing")
    if not at_once:
        yield from link.send(b"UIDL\r\n")
    status = yield from link.status()
    told: dict[MessageNumber, bytes] = {}
    if status.ok:
        told = yield from _entries(session, unique_id_line, what="a unique-id listing")
    if not scan.ok:
        raise refusal(link, scan, doing="LIST")
    numbers = sorted(octets.keys() | told.keys())
    names = yield from _names(session, numbers, octets, told)
    session.listing = tuple(
        Listed(unique_id=name, octets=octets.get(number, Octets(0)), number=number)
        for number, name in zip(numbers, names, strict=True)
    )
    return session.listing


def _entries(
    session: Session, parse: Callable[[bytes], tuple[MessageNumber, T] | None], *, what: str
) -> Operation[dict[MessageNumber, T]]:
    """Take a listing as it comes, so that what is held is bounded by messages; the last word on a number counts."""
    link = session.link
    limits = link.server.limits
    entries: dict[MessageNumber, T] = {}
    octets = 0
    rest = b""
    reader = link.reader
    reader.begin_body()
    while reader.in_body:
        chunk = reader.chunk()
        if chunk is None:
            yield from link.more()
            continue
        octets += len(chunk)
        *lines, rest = (rest + chunk).split(b"\r\n")
        entries.update(filter(None, map(parse, lines)))
        if len(rest) > REPLY_LINE_OCTETS or octets > limits.listing_octets or len(entries) > limits.messages:
            yield from link.exceeded(
                f"{what} of more than {limits.messages} messages or {limits.listing_octets} octets"
            )
    return entries


def _names(
    session: Session,
    numbers: list[MessageNumber],
    octets: dict[MessageNumber, Octets],
    told: dict[MessageNumber, bytes],
) -> Operation[list[UniqueId]]:
    missing = unnamed(numbers, told)
    names = {number: UniqueId(unique_id) for number, unique_id in told.items() if unique_id}
    unknown = [
        Listed(unique_id=UniqueId(b""), octets=octets.get(number, Octets(0)), number=number) for number in missing
    ]

    def take(found: Retrieved[Listed]) -> None:
        # A message whose headers the server refuses is named by its octets alone, and does not hide the others.
        names[found.message.number] = digest_id(found.given or b"", found.message.octets)

    yield from _each(peek_many(session, unknown), take)
    return distinct(names[number] for number in numbers)


def _each(stream: Stream[T], take: Callable[[T], None]) -> Operation[None]:
    """Hand each thing that a stream gives to `take`."""
    try:
        want = next(stream)
        while True:
            if isinstance(want, Give):
                take(want.item)
                want = next(stream)
                continue
            try:
                octets = yield want
            except OSError as error:
                want = stream.throw(error)
            else:
                want = stream.send(octets)
    except StopIteration:
        return


def mark_deleted(session: Session, message: Listed) -> Operation[None]:
    """Set a message's deletion mark; leaving by QUIT removes it. Raises RefusedFault."""
    yield from session.ask_for_ok(b"DELE %d" % message.number)
    session.set_marks(session.marked | {message.number})


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMarked(Generic[M]):
    """A message that the server would not mark."""

    message: M
    refusal: RefusedFault


def mark_many(session: Session, messages: Iterable[M]) -> Operation[tuple[NotMarked[M], ...]]:
    """Set the deletion marks of messages, with a window of commands; gives those that the server refused."""
    yield from session.settled()
    link = session.link
    window = _MARK_WINDOW if session.pipelines else 1
    left = list(messages)
    refused = []
    marked = set(session.marked)
    for start in range(0, len(left), window):
        under_way = left[start : start + window]
        yield from link.send(b"".join(b"DELE %d\r\n" % message.number for message in under_way))
        for message in under_way:
            link.wait_anew()
            status = yield from link.status()
            if status.ok:
                marked.add(message.number)
                session.set_marks(marked)
            else:
                refused.append(NotMarked(message=message, refusal=refusal(link, status, doing="DELE")))
    return tuple(refused)


def reset(session: Session) -> Operation[None]:
    """Take all deletion marks off."""
    yield from session.ask_for_ok(b"RSET")
    session.set_marks(set())


def noop(session: Session) -> Operation[None]:
    """Do nothing, and keep the session from ending of idleness."""
    yield from session.ask_for_ok(b"NOOP")


def keep_alive(session: Session, after_seconds: float = 60.0) -> Operation[None]:
    """Send NOOP if nothing was sent for so long. Cheap: call it as often as you like while you are busy.

    While a message is read in chunks nothing is sent: the server waits with the rest of it, and knows that.
    """
    in_the_middle = session.turn is not None and session.turn.loses_by_settling
    if session.link.stands and not in_the_middle and session.link.idle_seconds >= after_seconds:
        yield from noop(session)


def capabilities(session: Session) -> Operation[Capabilities]:
    """Ask the server what it can do, as things stand now."""
    return (yield from ask_capabilities(session))


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReply:
    """A reply as it came."""

    status: Status
    body: bytes | None
    """The multi-line part, un-stuffed, without the terminating line; None where there was none."""


def raw(session: Session, line: bytes, *, multi_line: bool | None = None) -> Operation[RawReply]:
    """Send any command line, and give the reply, good or bad.

    `multi_line` says whether a good reply has more than one line; None: by the table of commands. What changes the
    session behind its back (QUIT, STLS, logins) is for who knows what they do. Raises UnusableArgument.
    """
    keyword, *arguments = line.split(b" ")
    status = yield from session.ask(command(keyword, *arguments))
    if multi_line is None:
        multi_line = _is_multi_line(keyword.upper(), arguments)
    body = None
    if status.ok and multi_line:
        body = yield from session.link.body(session.link.server.limits.held_octets, what="a reply")
    return RawReply(status=status, body=body)


def _is_multi_line(keyword: bytes, arguments: list[bytes]) -> bool:
    spec = SPECS.get(keyword)
    match spec and spec.reply:
        case ReplyShape.LISTING | ReplyShape.MESSAGE:
            return True
        case ReplyShape.LISTING_UNLESS_NUMBER | ReplyShape.LISTING_UNLESS_LANGUAGE:
            return not any(arguments)
        case _:
            return False


def quit_session(session: Session) -> Operation[None]:
    """Say QUIT, which removes what is marked, and close. Raises RefusedFault where not all was removed."""
    link = session.link
    if not link.stands:
        return
    yield from session.settled()
    # From here on the marks are the server's affair: if the line breaks now, nobody knows what became of them.
    marks, link.marks = link.marks, 0
    try:
        status = yield from link.ask(b"QUIT", seconds=link.server.timeouts.update_seconds)
    except (ConnectionLost, TimedOut) as fault:
        # Some close right after a last line that they do not end.
        try:
            status = status_of(link.reader.unfinished)
        except BadReply:
            fault.marks_in_doubt = marks
            raise fault from None
    session.state = State.UPDATE
    yield from link.close(Reason.AFTER_QUIT)
    if not status.ok:
        raise refusal(link, status, doing="QUIT, and may not have removed all that was marked")


def close(session: Session) -> Operation[None]:
    """Close without QUIT: nothing is removed."""
    yield from session.link.close(Reason.WITHOUT_QUIT)
