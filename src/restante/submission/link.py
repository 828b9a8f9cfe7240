"""The client library's connection, with somebody who hears what is said on it, and DATA in its two steps.

Imported only where a connection is made, since the library takes a while to import. It fails as the library does.
Source: RFC 5321 §4.1.1.4 and §4.5.2 (DATA).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import aiosmtplib
from aiosmtplib.typing import Default

from restante.explain.wire import Reason, Side, WireObserver
from restante.proto.lines import TERMINATING_LINE, stuffed
from restante.submission.server import SubmissionSecurity, SubmissionServer

if TYPE_CHECKING:
    from aiosmtplib import SMTPResponse

__all__ = ["Link"]

_LOWEST: Final = 200
"""Of a reply. What the library says of its own has other codes."""

_GO_AHEAD: Final = 354
_TAKEN: Final = 250
_REFUSED: Final = 400


class Link(aiosmtplib.SMTP):
    """One connection. `observe` hears it, secrets and all, as `explain.wire` says; None: nobody does."""

    def __init__(
        self, server: SubmissionServer, observe: WireObserver | None, **options: Any
    ) -> None:  # Any: as there
        super().__init__(**options)
        self._server = server
        self._observe = observe
        self._stands = self._parted = self._in_command = self._by_server = False
        self._ends = False
        """Whether it has closed, and nobody was told yet."""

    async def connect(self, **options: Any) -> SMTPResponse:  # Any: as in the library
        """Connect, and take the greeting."""
        try:
            reply = await super().connect(**options)
        except aiosmtplib.SMTPConnectResponseError as error:
            self._tell_connected()
            self._tell_reply(error.code, error.message)
            self.close()
            raise
        self._tell_connected()
        self._tell_reply(reply.code, reply.message)
        return reply

    async def starttls(self, **options: Any) -> SMTPResponse:  # Any: as in the library
        """Begin TLS."""
        self._tell_octets(Side.CLIENT, b"STARTTLS\r\n")
        try:
            reply = await super().starttls(**options)
        except aiosmtplib.SMTPResponseException as error:
            self._tell_reply(error.code, error.message)
            raise
        self._tell_reply(reply.code, reply.message)
        self._tell_secured()
        return reply

    async def execute_command(
        self,
        *args: bytes,
        timeout: float | Default | None = Default.token,  # noqa: ASYNC109 - the library's
    ) -> SMTPResponse:
        """Say a command and take its reply."""
        self._tell_octets(Side.CLIENT, b" ".join(args) + b"\r\n")
        self._in_command = True
        try:
            reply = await super().execute_command(*args, timeout=timeout)
            self._tell_reply(reply.code, reply.message)
        finally:
            self._in_command = False
            # The library closes with a 421, before it gives the reply.
            self._tell_closed()
        self._parted = self._parted or (args[0].upper() == b"QUIT" and reply.code < _REFUSED)
        return reply

    async def data(
        self,
        message: str | bytes,
        /,
        *,
        timeout: float | Default | None = Default.token,  # noqa: ASYNC109 - the library's
    ) -> SMTPResponse:
        """Hand over a message, canonical and ending in CRLF: DATA, and once that is granted the octets."""
        begun = await self.execute_command(b"DATA")
        if begun.code != _GO_AHEAD:
            raise aiosmtplib.SMTPDataError(begun.code, begun.message)
        if self.protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        octets = stuffed(message.encode("ascii") if isinstance(message, str) else message) + TERMINATING_LINE
        self._tell_octets(Side.CLIENT, octets)
        try:
            self.protocol.write(octets)
            reply = await self.protocol.read_response(timeout=self.timeout if timeout is Default.token else timeout)
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError):
            self.close()
            raise
        self._tell_reply(reply.code, reply.message)
        if reply.code != _TAKEN:
            raise aiosmtplib.SMTPDataError(reply.code, reply.message)
        return reply

    def close(self) -> None:
        """Close the connection."""
        if self._stands:
            self._by_server = self.transport is not None and self.transport.is_closing()
            self._stands = False
            self._ends = True
        super().close()
        self._tell_closed()

    # --- what is heard ----------------------------------------------------------------------------------------

    def _tell_connected(self) -> None:
        self._stands = True
        if self._observe is not None:
            self._observe.connected(self._server.address, at_seconds=time.monotonic())
        if self._server.security is SubmissionSecurity.TLS:
            self._tell_secured()

    def _tell_secured(self) -> None:
        channel = self.transport.get_extra_info("ssl_object") if self.transport is not None else None
        if self._observe is None or channel is None:
            return
        cipher = channel.cipher()
        version = f"{channel.version()} with {cipher[0]}" if cipher else str(channel.version())
        pinned = self._server.fingerprint is not None
        name = "pinned certificate" if pinned else f"certificate for {self._server.host}"
        self._observe.secured(f"{version}, {name}", at_seconds=time.monotonic())

    def _tell_octets(self, side: Side, octets: bytes) -> None:
        if self._observe is not None:
            self._observe.octets(side, octets, at_seconds=time.monotonic())

    def _tell_reply(self, code: int, message: str) -> None:
        """Tell a reply as it was, but for what the library takes off: which code stood before which line."""
        if self._observe is None or code < _LOWEST:
            return
        *lines, last = message.encode("utf-8", "surrogateescape").split(b"\n")
        octets = b"".join(b"%d-%s\r\n" % (code, line) for line in lines) + b"%d %s\r\n" % (code, last)
        self._tell_octets(Side.SERVER, octets)

    def _tell_closed(self) -> None:
        if not self._ends or self._in_command:
            return
        self._ends = False
        if self._observe is not None:
            by = Side.SERVER if self._by_server else Side.CLIENT
            reason = Reason.ENDED_IN_THE_MIDDLE if self._by_server else Reason.WITHOUT_QUIT
            self._observe.closed(by, Reason.AFTER_QUIT if self._parted else reason, at_seconds=time.monotonic())
