"""A long message on its way out: chunks, byte-stuffed, ended by the terminating line, or broken off.

The connection pulls `next_part` under its flow control, so that a client that does not read costs one chunk and not
the message. Sources: RFC 1939 §3, §7.
"""

from __future__ import annotations

from restante.maildrop.downgrade import Downgrader
from restante.ports.soon import Later, Soon, then
from restante.ports.stores import LongMessage
from restante.proto.lines import DOTS_UNKNOWN, TERMINATING_LINE, Stuffer, TopCutter

__all__ = ["Outflow"]


class Outflow:
    """The reply to RETR or TOP of a long message.

    `next_part` raises what the message raises: then the connection has to break off, for a terminating line after
    short data would make the client believe that it has the whole.
    """

    __slots__ = ("_cutter", "_downgrader", "_ended", "_message", "_stuffer", "_unsent_status", "status")

    status: bytes
    """The status line, CRLF included."""

    def __init__(
        self,
        status: bytes,
        message: LongMessage,
        cutter: TopCutter | None = None,
        *,
        downgrader: Downgrader | None = None,
        dots: int = DOTS_UNKNOWN,
    ) -> None:
        """Take the status line, CRLF included, and the message; None for the cutter sends it whole.

        The downgrader makes its header ASCII; None sends it as it is. `dots`: how many lines begin with one.
        """
        self.status = self._unsent_status = status
        self._message = message
        self._cutter = cutter
        self._downgrader = downgrader
        self._stuffer = Stuffer(dots) if dots else None
        self._ended = False

    def next_part(self) -> Soon[bytes]:
        """Give the next octets for the wire, or none when all has gone out."""
        while not self._ended:
            chunk = self._message.next_chunk()
            if isinstance(chunk, Later):
                return then(chunk, self._dress_or_go_on)
            part = self._dress(chunk)
            if part:
                return part
            # All of the chunk is held back: a field goes on in the next one.
        return b""

    def close(self) -> None:
        """Let go of the message. Safe to call twice."""
        self._message.close()

    def _dress_or_go_on(self, chunk: bytes) -> Soon[bytes]:
        return self._dress(chunk) or self.next_part()

    def _dress(self, chunk: bytes) -> bytes:
        at_end = not chunk
        if self._downgrader is not None:
            chunk = self._downgrader.finish() if at_end else self._downgrader.feed(chunk)
        if self._cutter is not None:
            chunk = self._cutter.feed(chunk)
            at_end = at_end or self._cutter.done
        part = chunk if self._stuffer is None else self._stuffer.feed(chunk)
        if self._unsent_status:
            part, self._unsent_status = self._unsent_status + part, b""
        if at_end:
            self._ended = True
            part += TERMINATING_LINE
            self._message.close()
        return part
