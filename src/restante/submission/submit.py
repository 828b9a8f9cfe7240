"""Hands mail in: one connection to a submission server, a login, and as many messages as there are.

The connection is aiosmtplib's, whose replies are bounded (32 KiB) and whose waits end. TLS is set up and checked as
in the client library, and the mechanisms are those of `sasl/`. Octets are made canonical and addresses checked
here, so that neither a bare line end nor a second command can come onto the wire, whatever that library does.
What it is not: a mail server's way to others, and no LMTP.
How it fails: SubmissionFault for the session or the message, RecipientRefused for one recipient.
Sources: RFC 6409, RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from restante.client.faults import Phase
from restante.client.server import Login
from restante.explain.wire import WireObserver
from restante.proto.lines import canonical
from restante.submission.advice import advice_on
from restante.submission.envelope import Outgoing
from restante.submission.failures import faults_of, refused_by, words_of
from restante.submission.faults import SubmissionFault
from restante.submission.logging_in import log_in
from restante.submission.server import SubmissionSecurity, SubmissionServer
from restante.submission.tls import TlsWatch

if TYPE_CHECKING:  # it takes a while to import
    import socket

    from aiosmtplib import SMTP, SMTPResponse

__all__ = ["RecipientRefused", "Session", "Submitted", "submission"]

_OUR_NAME: Final = "[127.0.0.1]"
"""For EHLO: a client on a desk has no name in the DNS, and its own is nobody's business (RFC 5321 §4.1.4)."""


_FAREWELL_SECONDS: Final = 10.0
"""For the answer to QUIT: the message is theirs by then, and nothing depends on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRefused:
    """A recipient that the server would not take, and why."""

    recipient: str
    code: int
    said: str
    """What the server said, as a person may be shown it."""
    advice: str | None
    """What to do about it; None where the server's words are all there is."""

    @property
    def temporary(self) -> bool:
        """Whether the same can succeed later."""
        return 400 <= self.code < 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What became of a message that the session came to the end with."""

    taken: tuple[str, ...]
    """The recipients for which the server has the message now; none where it took no recipient."""
    refused: tuple[RecipientRefused, ...]
    said: str
    """What the server said when it took the message."""


class Session:
    """A session after its login. Made by `submission`."""

    def __init__(self, server: SubmissionServer, smtp: SMTP) -> None:
        self._server = server
        self._smtp = smtp

    @property
    def extensions(self) -> tuple[str, ...]:
        """What the server announced, in upper case."""
        return tuple(sorted(name.upper() for name in self._smtp.esmtp_extensions))

    async def send(self, outgoing: Outgoing) -> Submitted:
        """Hand a message in. Raises SubmissionFault; then none of its recipients has it, as far as is known.

        A connection that breaks after the last octet may have brought the message over all the same: then it comes
        twice when it is sent again, which is better than not at all.
        """
        octets = canonical(outgoing.octets)
        octets = octets if octets.endswith(b"\r\n") else octets + b"\r\n"
        options = self._options(outgoing, octets)
        reply = await self._asked(b"MAIL FROM:<" + outgoing.sender.encode() + b">" + options)
        if reply.code // 100 != 2:
            raise refused_by(self._server, reply.code, reply.message, "the sender", phase=Phase.TRANSFER)
        taken: list[str] = []
        refused: list[RecipientRefused] = []
        for recipient in outgoing.recipients:
            reply = await self._asked(b"RCPT TO:<" + recipient.encode() + b">")
            if reply.code // 100 == 2:
                taken.append(recipient)
            else:
                said = words_of(reply.message)
                advice = advice_on(reply.code, reply.message)
                refused.append(RecipientRefused(recipient=recipient, code=reply.code, said=said, advice=advice))
        if not taken:
            await self._asked(b"RSET")
            return Submitted(taken=(), refused=tuple(refused), said="")
        reply = await self._given(octets)
        return Submitted(taken=tuple(taken), refused=tuple(refused), said=words_of(reply.message))

    def _options(self, outgoing: Outgoing, octets: bytes) -> bytes:
        extensions = self._smtp.esmtp_extensions
        options = b""
        if "size" in extensions:
            limit = extensions["size"].strip()
            if limit.isascii() and limit.isdecimal() and len(limit) < 20 and 0 < int(limit) < len(octets):
                raise self._cannot(
                    f"takes messages of at most {int(limit)} octets, and this has {len(octets)}: make it smaller, "
                    "or send it in parts"
                )
            options += b" SIZE=%d" % len(octets)
        if outgoing.needs_eight_bits:
            if "8bitmime" not in extensions:
                raise self._cannot("takes no 8-bit text (8BITMIME), and this message holds some: encode it")
            options += b" BODY=8BITMIME"
        if outgoing.needs_utf8:
            if "smtputf8" not in extensions:
                raise self._cannot("takes no addresses or header fields in UTF-8 (SMTPUTF8): write them in ASCII")
            options += b" SMTPUTF8"
        return options

    def _cannot(self, why: str) -> SubmissionFault:
        return SubmissionFault(
            f"{self._server.address} {why}", server=self._server.address, phase=Phase.TRANSFER, temporary=False
        )

    async def _asked(self, line: bytes) -> SMTPResponse:
        with faults_of(self._server, Phase.TRANSFER):
            reply = await self._smtp.execute_command(line)
        return reply  # noqa: RET504 - after the block, which may not swallow the return of a value

    async def _given(self, octets: bytes) -> SMTPResponse:
        import aiosmtplib

        timeouts = self._server.timeouts
        seconds = timeouts.message_seconds + len(octets) / timeouts.slowest_octets_per_second
        with faults_of(self._server, Phase.TRANSFER):
            try:
                reply = await self._smtp.data(octets, timeout=seconds)
            except aiosmtplib.SMTPDataError as error:
                raise refused_by(
                    self._server, error.code, error.message, "the message", phase=Phase.TRANSFER
                ) from None
        return reply


@asynccontextmanager
async def submission(
    server: SubmissionServer, login: Login | None, *, observe: WireObserver | None = None
) -> AsyncIterator[Session]:
    """Open a session, log in, and end it in order. Without a login, hand mail in as nobody. `observe` hears it.

    Raises SubmissionFault, and UnusableArgument for a name or secret that cannot be sent.
    """
    import aiosmtplib

    from restante.submission.link import Link

    watch = TlsWatch(server)
    timeouts = server.timeouts
    sock = await _through_proxy(server) if server.proxy is not None else None
    smtp = Link(
        server,
        observe,
        hostname=server.host,
        port=server.real_port if sock is None else None,
        sock=sock,
        local_hostname=_OUR_NAME,
        timeout=timeouts.connect_seconds,
        use_tls=server.security is SubmissionSecurity.TLS,
        start_tls=False,
        tls_context=watch.context,
    )
    try:
        with faults_of(server, Phase.CONNECT, watch):
            await smtp.connect()
        if server.security is SubmissionSecurity.TLS:
            watch.check()
        smtp.timeout = timeouts.command_seconds
        with faults_of(server, Phase.CONNECT):
            await smtp.ehlo()
        if server.security is SubmissionSecurity.STARTTLS:
            if not smtp.supports_extension("starttls"):
                raise watch.not_offered()
            with faults_of(server, Phase.TLS, watch):
                await smtp.starttls(timeout=timeouts.connect_seconds)
            watch.check()
            # What was said before TLS is forgotten, and asked for again (RFC 3207 §4.2).
            with faults_of(server, Phase.CONNECT):
                await smtp.ehlo()
        if login is not None:
            with faults_of(server, Phase.LOGIN):
                await log_in(server, smtp, login)
        yield Session(server, smtp)
        with suppress(aiosmtplib.SMTPException, OSError):
            await smtp.quit(timeout=_FAREWELL_SECONDS)
    finally:
        smtp.close()


async def _through_proxy(server: SubmissionServer) -> socket.socket:
    from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
    from python_socks.async_.asyncio import Proxy

    assert server.proxy is not None
    try:
        proxy = Proxy.from_url(server.proxy, rdns=True)
        return await proxy.connect(server.host, server.real_port, timeout=server.timeouts.connect_seconds)
    except (ProxyError, ProxyConnectionError, ProxyTimeoutError, OSError, ValueError) as error:
        raise SubmissionFault(
            f"{server.address} cannot be reached through the proxy ({type(error).__name__}); check the proxy",
            server=server.address,
            phase=Phase.CONNECT,
            temporary=True,
        ) from None
