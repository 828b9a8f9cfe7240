"""One connection as an observer of it hears it: the octets of both sides become lines; TLS and gaps are told of.

What the lines mean is for who reads a protocol: `reader` and `smtp.reader`. A proxy's header is passed over, and a
side that begins TLS is told as such and not followed. It never raises, whatever comes, and keeps a bounded part.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from restante.explain.foreword import Foreword
from restante.explain.line_events import Connected, Disturbed, Joined, LineEvent, Lost, Secured
from restante.explain.line_reader import Line, LineReader
from restante.explain.sealed import SealedSide
from restante.explain.smtp.phase import Phase
from restante.explain.tls_records import looks_like_tls
from restante.explain.wire import Side
from restante.proto.terms import State

__all__ = ["Connection"]


class Connection(ABC):
    """An observer of the wire (`explain.wire.WireObserver`), as far as it is the same for all protocols."""

    __slots__ = (
        *("_chunk_octets", "_closed", "_excerpt", "_foreword", "_lines", "_sealed", "_secured", "_tell"),
        *("_tls_agreed",),
    )

    def __init__(self, tell: Callable[[LineEvent], None], *, excerpt: bool) -> None:
        self._tell = tell
        self._excerpt = excerpt
        self._closed = self._secured = self._tls_agreed = False
        self._chunk_octets = 0
        """How many of the client's next octets are no lines but a message as it is (RFC 3030 §2)."""
        self._foreword = Foreword()
        self._lines = {side: LineReader() for side in Side}
        self._sealed: dict[Side, SealedSide] = {}

    @property
    @abstractmethod
    def _where(self) -> State | Phase:
        """How far the session is."""

    @property
    @abstractmethod
    def _server_sends_message(self) -> bool:
        """Whether the server's next line may be any octets at all."""

    @abstractmethod
    def _take_line(self, side: Side, line: Line, at_seconds: float | None) -> None:
        """Take a line."""

    @abstractmethod
    def _forget(self, at_seconds: float | None) -> None:
        """Forget what was asked and not answered: TLS begins, or something was not heard."""

    @abstractmethod
    def _take_chunk(self, octets: bytes, at_seconds: float | None) -> None:
        """Take octets of a chunk; asked only where `_chunk_octets` says that there is one."""

    # --- what a link tells ------------------------------------------------------------------------------------

    def connected(self, server: str, *, at_seconds: float | None, client: str = "") -> None:
        """Hear that the connection stands; `client` is the address from which it comes, where that is told."""
        self._tell(Connected(at_seconds=at_seconds, state=self._where, secured=False, server=server, client=client))

    def secured(self, description: str, *, at_seconds: float | None) -> None:
        """Hear that TLS stands; what came before it and was not worked off is told, and belongs to nothing."""
        self._end_foreword(at_seconds)
        self._finish_line(Side.CLIENT, at_seconds)
        self._finish_line(Side.SERVER, at_seconds)
        self._forget(at_seconds)
        self._sealed.clear()
        was_agreed, self._tls_agreed = self._tls_agreed, False
        self._tell(
            Secured(
                at_seconds=at_seconds,
                state=self._where,
                secured=self._secured,
                description=description,
                by_stls=was_agreed,
            )
        )
        self._secured = True

    def octets(self, side: Side, octets: bytes, *, at_seconds: float | None) -> None:
        """Hear octets of a side, in whatever pieces."""
        if self._closed:
            return
        if not self._foreword.is_over:
            if side is Side.CLIENT:
                octets = self._foreword.without(octets)
            elif octets:
                self._end_foreword(at_seconds)
        lines, start = self._lines[side], 0
        while start < len(octets):
            if side in self._sealed:
                for event in self._sealed[side].take(octets[start:], at_seconds):
                    self._tell(event)
                return
            if self._chunk_octets and side is Side.CLIENT:
                chunk = octets[start : start + self._chunk_octets]
                self._chunk_octets, start = self._chunk_octets - len(chunk), start + len(chunk)
                self._take_chunk(chunk, at_seconds)
                continue
            if self._begins_tls(side, octets, start):
                head = lines.beginning
                self._lines[side] = lines = LineReader()
                self._sealed[side] = SealedSide(
                    side, state=self._where, secured=self._secured, by_stls=self._tls_agreed
                )
                octets, start = head + octets[start:], 0
                continue
            line, start = lines.take(octets, start)
            if line is not None:
                self._take_line(side, line, at_seconds)

    # --- what a log or a capture tells besides ----------------------------------------------------------------

    def line(self, side: Side, line: bytes, *, at_seconds: float | None) -> None:
        """Hear one line, given without its end, from a source that does not tell line ends."""
        self.octets(side, line + b"\r\n", at_seconds=at_seconds)

    def lost(self, side: Side, octets: int, *, at_seconds: float | None) -> None:
        """Hear that octets of a side went by unseen."""
        self._tell(Lost(at_seconds=at_seconds, state=self._where, secured=self._secured, side=side, octets=octets))

    def disturbed(self, resent: int, disordered: int, *, at_seconds: float | None) -> None:
        """Hear how the octets travelled: segments that were sent again, and those that came out of order."""
        self._tell(
            Disturbed(
                at_seconds=at_seconds,
                state=self._where,
                secured=self._secured,
                resent=resent,
                disordered=disordered,
            )
        )

    # --- for who reads a protocol -----------------------------------------------------------------------------

    def _join(self, at_seconds: float | None, for_seconds: int | None, commands: int | None) -> None:
        """Tell that what comes from here on follows upon what was not heard."""
        self._tls_agreed = False
        self._forget(at_seconds)
        self._tell(
            Joined(
                at_seconds=at_seconds,
                state=self._where,
                secured=self._secured,
                for_seconds=for_seconds,
                commands=commands,
            )
        )

    def _finish(self, at_seconds: float | None) -> None:
        """Take what broke off when the connection ended."""
        self._end_foreword(at_seconds)
        for sealed in self._sealed.values():
            for event in sealed.finish(at_seconds):
                self._tell(event)
        self._finish_line(Side.CLIENT, at_seconds)
        self._finish_line(Side.SERVER, at_seconds)

    def _end_foreword(self, at_seconds: float | None) -> None:
        if not self._foreword.is_over and (held := self._foreword.rest()):
            self.octets(Side.CLIENT, held, at_seconds=at_seconds)

    def _begins_tls(self, side: Side, octets: bytes, start: int) -> bool:
        if octets[start] > 0x17 and self._lines[side].at_line_start:
            return False
        beginning = self._lines[side].beginning
        if len(beginning) > 2 or (side is Side.SERVER and self._server_sends_message):
            return False
        return looks_like_tls(beginning + octets[start : start + 3])

    def _finish_line(self, side: Side, at_seconds: float | None) -> None:
        line = self._lines[side].finish()
        if line is not None:
            self._take_line(side, line, at_seconds)
