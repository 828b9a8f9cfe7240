"""The TRANSACTION state: what may be said of a maildrop that is open.

There is one only after a login, so that none of its commands looks for one. By RETR nearly all octets of a server
go, and each step is paid for at each message: it calls little, and makes a coroutine only where the store waits.

A client that did not say UTF8 gets no header beyond ASCII: it gets a surrogate, whose octets LIST tells, or, where
the administrator wants that, `-ERR [UTF8]`. Where no message of the maildrop needs UTF8, nothing is looked at.

How it fails: a number that names no message is `-ERR`; a store that cannot read is `-ERR [SYS/TEMP]`; a message
that another program took away ends the session, since what was listed is no longer true.
Sources: RFC 1939 §5 and §7, RFC 6856 §2.1 and §5.
"""

from __future__ import annotations

from typing import Final, Protocol

from restante.maildrop.downgrade import Downgrader, downgraded
from restante.maildrop.snapshot import Snapshot
from restante.maildrop.transaction import MarkedMessage, NoSuchMessage, Transaction
from restante.ports.events import Outcome
from restante.ports.soon import Later, Soon
from restante.ports.stores import LongMessage, MessageGone, OpenMaildrop, StoreFault
from restante.proto import replies
from restante.proto.lines import DOTS_UNKNOWN, TERMINATING_LINE, TopCutter, stuffed, top
from restante.proto.terms import MessageNumber, ResponseCode
from restante.server.languages import Text
from restante.server.outflow import Outflow
from restante.server.tally import Tally
from restante.server.wording import Wording

__all__ = ["Endable", "Transacting"]


class Endable(Protocol):
    """What the state needs of its session."""

    def end(self, outcome: Outcome) -> None:
        """End it when the answer has gone out."""
        ...


class Transacting:
    """An open maildrop, for one client."""

    __slots__ = (
        "_refused_by",
        "_session",
        "_snapshot",
        "_surrogates",
        "_tally",
        "_wording",
        "maildrop",
        "transaction",
    )

    maildrop: OpenMaildrop
    transaction: Transaction
    """The deletion marks, over what there is by the octets that this client gets."""

    def __init__(
        self,
        maildrop: OpenMaildrop,
        wording: Wording,
        tally: Tally,
        *,
        utf8: bool,
        downgrade: bool,
        session: Endable,
    ) -> None:
        """Take what the client said of UTF8, and what it is to get instead: a surrogate, or a refusal."""
        snapshot = maildrop.snapshot
        in_ascii = snapshot if utf8 else maildrop.ascii_snapshot
        self._surrogates = in_ascii is not snapshot
        self._refused_by = in_ascii if self._surrogates and not downgrade else None
        self._snapshot: Snapshot = snapshot if self._refused_by else in_ascii
        self._wording = wording
        self._tally = tally
        self._session = session
        self.maildrop = maildrop
        self.transaction = Transaction(self._snapshot)

    # --- listings and marks --------------------------------------------------------------------------------------

    def drop_listing(self) -> bytes:
        """Answer STAT."""
        return b"+OK %d %d\r\n" % (self.transaction.count, self.transaction.octets)

    def scan_listing(self, number: MessageNumber | None) -> bytes:
        """Answer LIST; None asks for all messages."""
        transaction = self.transaction
        if number is None:
            return self._wording.scan_listing(transaction.count, transaction.octets, transaction.scan_listing())
        try:
            return b"+OK %d %d\r\n" % (number, transaction.octets_of(number))
        except (NoSuchMessage, MarkedMessage) as error:
            return self._wording.not_there(error)

    def unique_id_listing(self, number: MessageNumber | None) -> bytes:
        """Answer UIDL; None asks for all messages."""
        transaction = self.transaction
        if number is None:
            return self._wording.unique_id_listing(transaction.count, transaction.unique_id_listing())
        try:
            return b"+OK %d %s\r\n" % (number, transaction.unique_id_of(number))
        except (NoSuchMessage, MarkedMessage) as error:
            return self._wording.not_there(error)

    def mark(self, number: MessageNumber) -> bytes:
        """Answer DELE."""
        try:
            self.transaction.mark_deleted(number)
        except (NoSuchMessage, MarkedMessage) as error:
            return self._wording.not_there(error)
        return self._wording.marked(number)

    def reset(self) -> bytes:
        """Answer RSET."""
        transaction = self.transaction
        transaction.reset()
        return self._wording.counting(Text.NONE_MARKED, transaction.count, octets=transaction.octets)

    # --- messages ------------------------------------------------------------------------------------------------

    def retrieve(self, number: MessageNumber) -> Soon[bytes | Outflow]:
        """Answer RETR."""
        try:
            body = self._body(number)
        except _NOT_FETCHED as error:
            return self._not_fetched(number, error)
        if isinstance(body, Later):
            return Later(self._once_it_came(number, body, None))
        return self._whole(number, body)

    def top(self, number: MessageNumber, lines: int) -> Soon[bytes | Outflow]:
        """Answer TOP."""
        try:
            body = self._body(number)
        except _NOT_FETCHED as error:
            return self._not_fetched(number, error)
        if isinstance(body, Later):
            return Later(self._once_it_came(number, body, lines))
        return self._cut(number, body, lines)

    def _body(self, number: MessageNumber) -> Soon[bytes | LongMessage]:
        self.transaction.live(number)
        refused_by = self._refused_by
        # One whose surrogate happens to have as many octets is sent as that: it is never sent as it is.
        if refused_by is not None and refused_by.octets(number) != self._snapshot.octets(number):
            raise _NeedsUtf8
        return self.maildrop.retrieve(number)

    async def _once_it_came(
        self, number: MessageNumber, later: Later[bytes | LongMessage], lines: int | None
    ) -> bytes | Outflow:
        try:
            body = await later
        except StoreFault as error:
            return self._not_fetched(number, error)
        return self._whole(number, body) if lines is None else self._cut(number, body, lines)

    def _not_fetched(self, number: MessageNumber, error: Exception) -> bytes:
        match error:
            case NoSuchMessage() | MarkedMessage():
                return self._wording.not_there(error)
            case _NeedsUtf8():
                return self._wording.err(Text.MESSAGE_NEEDS_UTF8, ResponseCode.UTF8, number=number)
            case MessageGone():
                # Nothing of it was sent yet, so this can be said; but the listings are no longer true.
                self._session.end(Outcome.MESSAGE_GONE)
                return self._wording.err(Text.MESSAGE_GONE, ResponseCode.SYS_TEMP, number=number)
            case _:
                return self._wording.err(Text.MESSAGE_UNREADABLE, ResponseCode.SYS_TEMP, number=number)

    def _whole(self, number: MessageNumber, body: bytes | LongMessage) -> bytes | Outflow:
        self.maildrop.note_retrieved(number)
        tally = self._tally
        tally.retrieved += 1
        if isinstance(body, bytes):
            if self._surrogates:
                body = downgraded(body)
            tally.retrieved_octets += len(body)
            return replies.message_reply(body, DOTS_UNKNOWN if self._surrogates else self._snapshot.dots(number))
        octets = self._snapshot.octets(number)
        tally.retrieved_octets += octets
        status = b"+OK %d octets\r\n" % octets
        return Outflow(status, body, downgrader=self._downgrader(), dots=self._dots(number))

    def _cut(self, number: MessageNumber, body: bytes | LongMessage, lines: int) -> bytes | Outflow:
        self._tally.peeked += 1
        status = self._wording.peeked(lines)
        if isinstance(body, bytes):
            octets = top(downgraded(body) if self._surrogates else body, lines)
            return b"".join((status, stuffed(octets, self._dots(number)), TERMINATING_LINE))
        return Outflow(status, body, TopCutter(lines), downgrader=self._downgrader(), dots=self._dots(number))

    def _dots(self, number: MessageNumber) -> int:
        # Of a surrogate nobody counted them.
        return DOTS_UNKNOWN if self._surrogates else self._snapshot.dots(number)

    def _downgrader(self) -> Downgrader | None:
        return Downgrader() if self._surrogates else None


class _NeedsUtf8(Exception):
    """A message that is not sent to this client."""


_NOT_FETCHED: Final = (NoSuchMessage, MarkedMessage, _NeedsUtf8, StoreFault)
