"""How the messages of a session go out: whole or cut, as they are, or with headers in ASCII.

A client that did not say UTF8 gets no header beyond ASCII: it gets a surrogate, whose octets LIST tells, or, where
the administrator wants that, `-ERR [UTF8]`. Where no message of the maildrop needs UTF8, nothing is looked at.
Sources: RFC 1939 §5 and §7 (RETR, TOP), RFC 6856 §2.1 and §5.
"""

from __future__ import annotations

from restante.maildrop.downgrade import Downgrader, downgraded
from restante.maildrop.snapshot import Snapshot
from restante.ports.stores import LongMessage, OpenMaildrop
from restante.proto import replies
from restante.proto.lines import TERMINATING_LINE, TopCutter, stuffed, top
from restante.proto.terms import MessageNumber
from restante.server.outflow import Outflow
from restante.server.wording import Wording

__all__ = ["Sending"]


class Sending:
    """The messages of one opened maildrop, for one client."""

    __slots__ = ("_refused_by", "_surrogates", "_wording", "snapshot")

    snapshot: Snapshot
    """What there is, by the octets that this client gets."""

    def __init__(self, maildrop: OpenMaildrop, wording: Wording, *, utf8: bool, downgrade: bool) -> None:
        """Take what the client said of UTF8, and what it is to get instead: a surrogate, or a refusal."""
        snapshot = maildrop.snapshot
        in_ascii = snapshot if utf8 else maildrop.ascii_snapshot
        self._surrogates = in_ascii is not snapshot
        self._refused_by = in_ascii if self._surrogates and not downgrade else None
        self._wording = wording
        self.snapshot = snapshot if self._refused_by else in_ascii

    def refuses(self, number: MessageNumber) -> bool:
        """Tell whether a message is not sent to this client."""
        # One whose surrogate happens to have as many octets is sent as that: it is never sent as it is.
        return self._refused_by is not None and self._refused_by.octets(number) != self.snapshot.octets(number)

    def whole(self, number: MessageNumber, body: bytes | LongMessage) -> bytes | Outflow:
        """Answer RETR."""
        dotless = not self._surrogates and self.snapshot.is_dotless(number)
        if isinstance(body, bytes):
            return replies.message_reply(downgraded(body) if self._surrogates else body, dotless=dotless)
        status = b"+OK %d octets\r\n" % self.snapshot.octets(number)
        return Outflow(status, body, downgrader=self._downgrader(), dotless=dotless)

    def cut(self, number: MessageNumber, body: bytes | LongMessage, lines: int) -> bytes | Outflow:
        """Answer TOP."""
        status = self._wording.peeked(lines)
        dotless = not self._surrogates and self.snapshot.is_dotless(number)
        if isinstance(body, bytes):
            octets = top(downgraded(body) if self._surrogates else body, lines)
            return b"".join((status, octets if dotless else stuffed(octets), TERMINATING_LINE))
        return Outflow(status, body, TopCutter(lines), downgrader=self._downgrader(), dotless=dotless)

    def _downgrader(self) -> Downgrader | None:
        return Downgrader() if self._surrogates else None
