"""A submission server for tests: aiosmtpd with TLS of the test's own authority, logins, and refusals on demand."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from restante.submission import SubmissionSecurity, SubmissionServer

__all__ = ["Door", "Handler", "submission_door"]

PASSWORD = b"correct horse"


@dataclass
class Handler:
    """Takes mail, but for recipients that it was told to refuse."""

    taken: list[Envelope] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    refuse_data: str | None = None
    logins: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        del server, session
        if self.refuse_data is not None:
            return self.refuse_data
        self.taken.append(envelope)
        return "250 Taken"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope
        good = isinstance(data, LoginPassword) and data.password == PASSWORD
        if isinstance(data, LoginPassword):
            self.logins.append((mechanism, data.login))
        return AuthResult(success=good, handled=good)


@dataclass(frozen=True)
class Door:
    """The server, running."""

    handler: Handler
    server: SubmissionServer
    authority: Path


class _Bearing(SMTP):
    """Knows XOAUTH2 besides, for one token."""

    async def auth_XOAUTH2(self, _: Any, args: list[str]) -> AuthResult:
        import base64

        octets = base64.b64decode(args[1]) if len(args) > 1 else await self.challenge_auth("")
        good = isinstance(octets, bytes) and octets.endswith(b"auth=Bearer good-token\1\1")
        if not good:
            await self.challenge_auth('{"status":"401"}')
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=octets)


@contextmanager
def submission_door(folder: Path, security: SubmissionSecurity, *, name: str = "localhost") -> Iterator[Door]:
    """Run a server whose certificate is for `name`."""
    authority = trustme.CA()
    certificate = authority.issue_cert(name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    handler = Handler()
    starttls = context if security is SubmissionSecurity.STARTTLS else None

    def connection() -> SMTP:
        with warnings.catch_warnings():
            # It does not see TLS from the first octet, and warns of logins without TLS there.
            warnings.simplefilter("ignore")
            return _Bearing(
                handler,
                hostname="submission.test",
                tls_context=starttls,
                require_starttls=starttls is not None,
                auth_require_tls=starttls is not None,
                auth_required=True,
                authenticator=handler.authenticate,
                enable_SMTPUTF8=True,
                data_size_limit=1_000_000,
                loop=loop,
            )

    implicit = context if security is SubmissionSecurity.TLS else None
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(
        loop.create_server(connection, "127.0.0.1", 0, ssl=implicit), loop
    ).result(30)
    try:
        port = listening.sockets[0].getsockname()[1]
        server = SubmissionServer(host="localhost", port=port, security=security, authorities=file)
        yield Door(handler=handler, server=server, authority=file)
    finally:
        asyncio.run_coroutine_threadsafe(_ended(listening), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _ended(listening: asyncio.Server) -> None:
    listening.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
