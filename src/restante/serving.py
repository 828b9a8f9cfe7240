"""Putting a server together, and running it: sockets, TLS, workers, doors, sinks.

With `app` this is all that knows concrete classes. The order of a start: certificates and sockets, in one process
and with the rights it has, so that what is wrong is told at once; then the workers, each with its own parts.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import uvloop

from restante import __version__, app
from restante.accounts import HashPool, PasswordAuthenticator, VerifiedCredentials
from restante.config.address import Address, TcpAddress, UnixAddress
from restante.config.settings import LogEvents, LogFormat, Settings
from restante.delivery import BareLineEnds, DoorLimits, LmtpDoor, Receiver, SmtpDoor
from restante.demo import DEMO_MESSAGES, DEMO_NAME, DEMO_PASSWORD, lines_to_copy
from restante.observe import LogFormat as WrittenAs
from restante.observe import LogWriter, TerminalTranscript, journal_reads, tell_all, wants_colour
from restante.ports.events import CertificatesRead, Door, FaultMet, Listener
from restante.proto.lines import canonical
from restante.proto.terms import Secret
from restante.server.certificates import PairFiles, TlsConfigError, fingerprint, self_signed
from restante.server.gate import Gate, GateLimits, Places
from restante.server.limits import Limits
from restante.server.pop3 import Pop3Server
from restante.server.process import DoorService, serve_doors
from restante.server.security import Plaintext, Security
from restante.server.services import Services
from restante.server.sockets import BoundSocket, ListenFailed, inherited, listen_tcp, listen_unix
from restante.server.systemd import notify
from restante.server.tls import ServerTls, TlsReloadFailed, without_bad_server_names
from restante.server.workers import supervise

if TYPE_CHECKING:
    from restante.accounts import SqlDirectory
    from restante.stores.maildir import MaildirStore

__all__ = ["serve"]

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""What comes from this machine speaks for many: a web mailer, a proxy, a ticket system."""


def serve(settings: Settings, *, demo: bool = False) -> int:
    """Serve until SIGTERM or SIGINT. Gives the exit code; what keeps it from starting is told on standard error."""
    environ = dict(os.environ)
    try:
        pairs = _certificate_files(settings)
        tls = _open_tls(settings, pairs)
        sockets = _listen(settings)
    except (ListenFailed, TlsConfigError) as error:
        sys.stderr.write(f"restante: {error}\n")
        return 1
    if demo:
        asyncio.run(_fill_demo(settings))

    def on_ready() -> None:
        _tell_start(settings, sockets, tls, demo=demo)
        notify(environ, "READY=1", f"MAINPID={os.getpid()}")

    def work(ready: Callable[[], None]) -> None:
        _Worker(settings, sockets, pairs, demo=demo).run(ready)

    workers = 1 if demo and not settings.workers else settings.workers or len(os.sched_getaffinity(0))
    try:
        if workers == 1:
            work(on_ready)
            return 0
        return supervise(workers, work, on_ready=on_ready, stop_seconds=settings.limits.stop_seconds)
    finally:
        notify(environ, "STOPPING=1")
        for bound in sockets:
            bound.socket.close()
            if bound.address.startswith("unix:") and not bound.inherited:
                Path(bound.address.removeprefix("unix:")).unlink(missing_ok=True)


# --- the start -----------------------------------------------------------------------------------------------


def _certificate_files(settings: Settings) -> tuple[PairFiles, ...]:
    """Give the pairs that the settings name; on loopback, where none is named, one that signs itself.

    Raises TlsConfigError.
    """
    tls = settings.tls
    if tls.certificate:
        keys = tls.key or tls.certificate
        if len(keys) != len(tls.certificate):
            raise TlsConfigError(
                tls.certificate[-1],
                f"there are {len(tls.certificate)} certificates and {len(keys)} keys",
                "name a key for each, in the same order",
            )
        return tuple(PairFiles(certificate=c, key=k) for c, k in zip(tls.certificate, keys, strict=True))
    if settings.pop3s or all(_is_on_loopback(address) for address in settings.pop3):
        names = [settings.hostname, "localhost", "127.0.0.1", "::1"]
        return (self_signed(settings.data, names, now=datetime.now(UTC)),)
    return ()


def _is_on_loopback(address: Address) -> bool:
    if isinstance(address, UnixAddress) or address.host == "localhost":
        return True
    try:
        return ip_address(address.host).is_loopback
    except ValueError:
        return False


def _open_tls(settings: Settings, pairs: Sequence[PairFiles]) -> ServerTls | None:
    return ServerTls(pairs, client_authorities=settings.tls.client_authorities) if pairs else None


def _listen(settings: Settings) -> list[BoundSocket]:
    """Take the sockets that systemd hands over, else bind the settings' addresses. Raises ListenFailed."""
    if sockets := inherited(os.environ):
        return sockets
    for door, addresses, tls in (
        (Door.POP3, settings.pop3, False),
        (Door.POP3, settings.pop3s, True),
        (Door.SMTP, settings.smtp, False),
        (Door.LMTP, settings.lmtp, False),
    ):
        for address in addresses:
            match address:
                case TcpAddress(host=host, port=port):
                    sockets += listen_tcp(door, host, port, tls=tls)
                case UnixAddress(path=path):
                    sockets += listen_unix(door, path, tls=tls)
                case _:
                    assert_never(address)
    return sockets


def _tell_start(settings: Settings, sockets: Sequence[BoundSocket], tls: ServerTls | None, *, demo: bool) -> None:
    """Say on standard output what listens, and on standard error what should be mended."""
    for bound in sockets:
        sys.stdout.write(f"listening {bound.name} {bound.address}\n")
    if tls is not None and not settings.tls.certificate:
        # Signed by itself: a client can only know it by this.
        sys.stdout.write(f"certificate SHA-256 {fingerprint(tls.pairs[0].certificate)}\n")
    if demo:
        sys.stdout.write("\nIn another terminal, read the first message, send one, and talk by hand:\n\n")
        sys.stdout.writelines(f"  {line}\n" for line in lines_to_copy(sockets))
        sys.stdout.write("\n")
    sys.stdout.flush()
    warnings = list(tls.warnings) if tls is not None and settings.tls.certificate else []
    if tls is None:
        warnings.append(
            "no certificate: logins from other machines are refused; name one with --tls-certificate and --tls-key"
        )
    sys.stderr.writelines(f"restante: {warning}\n" for warning in warnings)


async def _fill_demo(settings: Settings) -> None:
    """Make the account of the demo and its messages, unless a data folder was named that has it."""
    directory, store = app.open_directory(settings), app.open_store(settings)
    try:
        if directory.find(DEMO_NAME) is None:
            account = directory.add(DEMO_NAME, app.open_hasher(settings).hash(Secret(DEMO_PASSWORD)))
            for message in DEMO_MESSAGES:
                await (await store.stage(account, [canonical(message)])).publish()
    finally:
        directory.close()
        await store.close()


# --- a serving process ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What the doors of a process share."""

    store: MaildirStore
    directory: SqlDirectory
    authenticator: PasswordAuthenticator
    tls: ServerTls | None
    tell: Listener


class _Worker:
    """One serving process: it makes its own parts, since it shares sockets and files with the others, no memory."""

    def __init__(
        self, settings: Settings, sockets: Sequence[BoundSocket], pairs: Sequence[PairFiles], *, demo: bool
    ) -> None:
        self._settings = settings
        self._sockets = sockets
        self._pairs = pairs
        self._demo = demo

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until told to stop."""
        sys.unraisablehook = without_bad_server_names(sys.unraisablehook)
        # The library of the SMTP door writes addresses there; what is to be known of a delivery is an event.
        logging.getLogger("mail.log").disabled = True
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve(ready))

    async def _serve(self, ready: Callable[[], None]) -> None:
        settings, auth = self._settings, self._settings.auth
        tell = _open_listener(settings, demo=self._demo)
        directory, store = app.open_directory(settings), app.open_store(settings)
        pool = HashPool(at_once=auth.hashes_at_once, queue=auth.hash_queue)
        loop = asyncio.get_running_loop()

        def tell_fault(fault: str) -> None:
            # From a thread of the pool, while listeners are for the loop's.
            loop.call_soon_threadsafe(tell, FaultMet(session=None, what="a login", error=fault))

        parts = _Parts(
            store=store,
            directory=directory,
            authenticator=PasswordAuthenticator(
                directory,
                hasher=app.open_hasher(settings),
                pool=pool,
                verified=VerifiedCredentials(seconds=auth.verified_seconds, most=auth.verified_credentials),
                sealer=app.open_sealer(settings),
                tell_fault=tell_fault,
            ),
            tls=_open_tls(settings, self._pairs),
            tell=tell,
        )
        try:
            doors = _open_doors(settings, parts, {bound.door for bound in self._sockets})
            renew = partial(_renew, parts, loop, settings.tls.watch_seconds)
            if settings.tls.watch_seconds and parts.tls is not None:
                loop.call_later(settings.tls.watch_seconds, renew, False)
            # What was imported and made so far stays: the collector need not look at it again.
            gc.collect()
            gc.freeze()
            await serve_doors(
                self._sockets,
                doors,
                tell=tell,
                ready=ready,
                stop_seconds=settings.limits.stop_seconds,
                on_hangup=partial(renew, True),
            )
        finally:
            pool.close()
            directory.close()
            await store.close()


def _renew(parts: _Parts, loop: asyncio.AbstractEventLoop, watch_seconds: int, asked: bool) -> None:
    """Read the certificates anew: when asked to, by SIGHUP, or when their files changed."""
    if parts.tls is None:
        return
    if not asked:
        loop.call_later(watch_seconds, _renew, parts, loop, watch_seconds, False)
        if not parts.tls.changed():
            return
    try:
        parts.tls.reload()
    except TlsReloadFailed as failure:
        parts.tell(CertificatesRead(problem=str(failure)))
    else:
        parts.tell(CertificatesRead(problem=None))


def _open_doors(settings: Settings, parts: _Parts, wanted: set[Door]) -> dict[Door, DoorService]:
    doors: dict[Door, DoorService] = {}
    if Door.POP3 in wanted:
        context = parts.tls.front(Door.POP3) if parts.tls is not None else None
        pop3 = _open_pop3(settings, parts, context)
        doors[Door.POP3] = DoorService(
            protocol=pop3.protocol,
            protocol_under_tls=pop3.protocol_under_tls if context is not None else None,
            stop=pop3.stop,
            count=pop3.__len__,
        )
    mail_doors = wanted & {Door.SMTP, Door.LMTP}
    if mail_doors:
        receiver = app.open_receiver(settings, parts.store, parts.directory, parts.tell)
        doors |= {door: _open_mail_door(settings, receiver, parts.tell, door) for door in mail_doors}
    return doors


def _open_pop3(settings: Settings, parts: _Parts, context: ssl.SSLContext | None) -> Pop3Server:
    limits = settings.limits
    server = Pop3Server(
        Services(
            store=parts.store,
            authenticator=parts.authenticator,
            tell=parts.tell,
            limits=Limits(
                command_line_octets=limits.command_line_octets,
                bad_commands=limits.bad_commands,
                login_seconds=limits.login_seconds,
                autologout_seconds=limits.autologout_seconds,
            ),
            security=Security(
                plaintext=Plaintext(settings.auth.plaintext.value),
                mechanisms=settings.auth.mechanisms,
                tls=context,
                tls_handshake_seconds=settings.tls.handshake_seconds,
            ),
            hostname=settings.hostname,
            implementation=f"Restante-{__version__}",
        ),
        gate=Gate(
            GateLimits(
                in_all=limits.connections,
                each_address=limits.connections_per_address,
                each_account=limits.connections_per_account,
            ),
            place_of=Places(exempt=_LOOPBACK),
        ),
    )
    server.start()
    return server


def _open_mail_door(settings: Settings, receiver: Receiver, tell: Listener, door: Door) -> DoorService:
    delivery = settings.delivery
    opened = (SmtpDoor if door is Door.SMTP else LmtpDoor)(
        receiver,
        tell=tell,
        limits=DoorLimits(
            message_octets=delivery.message_octets,
            recipients=delivery.recipients,
            connections=delivery.connections,
            idle_seconds=delivery.timeout_seconds,
        ),
        bare_line_ends=BareLineEnds(delivery.bare_line_ends.value),
    )

    async def stop(grace_seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(opened.close(), grace_seconds)

    return DoorService(protocol=opened.protocol, stop=stop, count=lambda: opened.connections)


def _open_listener(settings: Settings, *, demo: bool) -> Listener:
    """Open what reads the events: the log, or in a demo the live view."""
    if demo:
        return tell_all(TerminalTranscript(sys.stdout, colour=wants_colour(sys.stdout, os.environ)))
    as_text = settings.log.format is LogFormat.TEXT or (
        settings.log.format is LogFormat.AUTO and sys.stderr.isatty()
    )
    return tell_all(
        LogWriter(
            sys.stderr,
            format=WrittenAs.TEXT if as_text else WrittenAs.JSON,
            problems_only=settings.log.events is LogEvents.PROBLEMS,
            wire=settings.log.wire,
            journal=journal_reads(sys.stderr, os.environ),
        )
    )
