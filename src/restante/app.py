"""The composition root: the one module that knows which stores, directories, doors and sinks there are.

Everything above asks here for what it needs, made from the settings; everything below knows contracts only.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from restante import __version__
from restante.config.address import TcpAddress, UnixAddress
from restante.config.settings import LogEvents, LogFormat, Settings
from restante.ports.events import Door

if TYPE_CHECKING:
    from restante.accounts import HashPool, PasswordAuthenticator, PasswordHasher, Sealer, SqlDirectory
    from restante.delivery import OctetStream, Receiver
    from restante.ports.events import Event, Listener
    from restante.server.pop3 import Pop3Server
    from restante.server.process import DoorService
    from restante.server.sockets import BoundSocket
    from restante.stores.maildir import MaildirStore

# What a command needs is imported where it is needed: `restante deliver` runs once for each message.

__all__ = ["deliver", "open_directory", "open_hasher", "open_sealer", "open_store", "serve"]


def open_directory(settings: Settings) -> SqlDirectory:
    """Open the accounts of a data folder."""
    from restante.accounts import SqlDirectory

    return SqlDirectory(settings.data / "accounts.sqlite3", maildir_pattern=settings.maildir_pattern)


def open_hasher(settings: Settings) -> PasswordHasher:
    """Make what hashes passwords, with the settings' parameters."""
    from restante.accounts import PasswordHasher

    auth = settings.auth
    return PasswordHasher(memory_kib=auth.hash_memory_kib, passes=auth.hash_passes, lanes=auth.hash_lanes)


def open_sealer(settings: Settings) -> Sealer:
    """Make what seals the secrets of APOP under the key in the data folder."""
    from restante.accounts import Sealer

    return Sealer(settings.data / "apop.key")


def open_store(settings: Settings) -> MaildirStore:
    """Open the maildrops of a data folder."""
    from restante.stores.maildir import MaildirStore

    return MaildirStore(settings.data, hostname=settings.hostname)


def deliver(settings: Settings, name: str, stream: OctetStream, sender: str | None) -> tuple[int, str]:
    """Deliver what a stream holds to an account. Gives a code of sysexits(3) and a line for standard error."""
    from restante.delivery import deliver_from_pipe

    async def run() -> tuple[int, str]:
        store = open_store(settings)
        try:
            receiver = _open_receiver(settings, store, open_directory(settings), _Nobody())
            result = await deliver_from_pipe(
                receiver, name, stream, sender=sender, message_octets=settings.delivery.message_octets
            )
            return int(result.code), result.message
        finally:
            await store.close()

    return asyncio.run(run())


def serve(settings: Settings, *, demo: bool = False) -> int:
    """Serve until SIGTERM or SIGINT. Gives the exit code; what keeps it from starting is told on standard error."""
    from restante.server.sockets import ListenFailed
    from restante.server.systemd import notify
    from restante.server.workers import supervise

    environ = dict(os.environ)
    try:
        sockets = _listen(settings)
    except ListenFailed as error:
        sys.stderr.write(f"restante: {error}\n")
        return 1
    if demo:
        asyncio.run(_fill_demo(settings))

    def on_ready() -> None:
        from restante.demo import lines_to_copy

        for bound in sockets:
            sys.stdout.write(f"listening {bound.door.value} {bound.address}\n")
        if demo:
            sys.stdout.write("\nIn another terminal, read the first message, send one, and talk by hand:\n\n")
            sys.stdout.writelines(f"  {line}\n" for line in lines_to_copy(sockets))
            sys.stdout.write("\n")
        sys.stdout.flush()
        notify(environ, "READY=1", f"MAINPID={os.getpid()}")

    def work(ready: Callable[[], None]) -> None:
        _serve_in_process(settings, sockets, ready, demo=demo)

    workers = 1 if demo and not settings.workers else settings.workers or len(os.sched_getaffinity(0))
    stop_seconds = settings.limits.stop_seconds
    try:
        if workers == 1:
            work(on_ready)
            return 0
        return supervise(workers, work, on_ready=on_ready, stop_seconds=stop_seconds)
    finally:
        notify(environ, "STOPPING=1")
        for bound in sockets:
            bound.socket.close()
            if bound.address.startswith("unix:") and not bound.inherited:
                Path(bound.address.removeprefix("unix:")).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a serving process works with."""

    store: MaildirStore
    directory: SqlDirectory
    authenticator: PasswordAuthenticator
    pool: HashPool
    tell: Listener


def _serve_in_process(
    settings: Settings, sockets: Sequence[BoundSocket], ready: Callable[[], None], *, demo: bool
) -> None:
    import uvloop

    async def run() -> None:
        from restante.server.process import serve_doors

        parts = _open_parts(settings, _open_listener(settings, demo=demo))
        try:
            # What was imported and made so far stays: the collector need not look at it again.
            gc.collect()
            gc.freeze()
            await serve_doors(
                sockets,
                _open_doors(settings, parts, {bound.door for bound in sockets}),
                tell=parts.tell,
                ready=ready,
                stop_seconds=settings.limits.stop_seconds,
            )
        finally:
            parts.pool.close()
            parts.directory.close()
            await parts.store.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def _open_parts(settings: Settings, tell: Listener) -> _Parts:
    from restante.accounts import HashPool, PasswordAuthenticator, VerifiedCredentials

    auth = settings.auth
    directory = open_directory(settings)
    pool = HashPool(at_once=auth.hashes_at_once, queue=auth.hash_queue)
    return _Parts(
        store=open_store(settings),
        directory=directory,
        authenticator=PasswordAuthenticator(
            directory,
            hasher=open_hasher(settings),
            pool=pool,
            verified=VerifiedCredentials(seconds=auth.verified_seconds, most=auth.verified_credentials),
            sealer=open_sealer(settings),
        ),
        pool=pool,
        tell=tell,
    )


def _open_doors(settings: Settings, parts: _Parts, wanted: set[Door]) -> dict[Door, DoorService]:
    from restante.server.process import DoorService

    doors: dict[Door, DoorService] = {}
    if Door.POP3 in wanted:
        pop3 = _open_pop3(settings, parts)
        doors[Door.POP3] = DoorService(protocol=pop3.protocol, stop=pop3.stop, count=pop3.__len__)
    mail_doors = wanted & {Door.SMTP, Door.LMTP}
    if mail_doors:
        receiver = _open_receiver(settings, parts.store, parts.directory, parts.tell)
        doors |= {door: _open_mail_door(settings, receiver, parts.tell, door) for door in mail_doors}
    return doors


def _open_pop3(settings: Settings, parts: _Parts) -> Pop3Server:
    from restante.server.limits import Limits
    from restante.server.pop3 import Pop3Server
    from restante.server.security import Security
    from restante.server.services import Services

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
                connections=limits.connections,
            ),
            security=Security(),
            hostname=settings.hostname,
            implementation=f"Restante-{__version__}",
        )
    )
    server.start()
    return server


def _open_mail_door(settings: Settings, receiver: Receiver, tell: Listener, door: Door) -> DoorService:
    from restante.delivery import BareLineEnds, DoorLimits, LmtpDoor, SmtpDoor
    from restante.server.process import DoorService

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


def _open_receiver(settings: Settings, store: MaildirStore, directory: SqlDirectory, tell: Listener) -> Receiver:
    from restante.delivery import Receiver

    return Receiver(
        store,
        directory,
        tell,
        hostname=settings.hostname,
        domains=frozenset(settings.domains),
        recipient_delimiter=settings.delivery.recipient_delimiter,
        postmaster=settings.delivery.postmaster,
        clock=time.time,
        held_octets=settings.delivery.octets_at_once,
    )


def _open_listener(settings: Settings, *, demo: bool) -> Listener:
    """Open what reads the events: the log, or in a demo the live view."""
    from restante.observe import LogFormat as WrittenAs
    from restante.observe import LogWriter, TerminalTranscript, journal_reads, tell_all, wants_colour

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


class _Nobody:
    """Listens to nothing: a command that delivers one message says what went wrong by its exit code."""

    wants_wire = False

    def __call__(self, event: Event, /) -> None:
        """Let it pass."""


def _listen(settings: Settings) -> list[BoundSocket]:
    """Take the sockets that systemd hands over, else bind the settings' addresses. Raises ListenFailed."""
    from restante.server.sockets import inherited, listen_tcp, listen_unix

    if sockets := inherited(os.environ):
        return sockets
    for door, addresses in ((Door.POP3, settings.pop3), (Door.SMTP, settings.smtp), (Door.LMTP, settings.lmtp)):
        for address in addresses:
            match address:
                case TcpAddress(host=host, port=port):
                    sockets += listen_tcp(door, host, port)
                case UnixAddress(path=path):
                    sockets += listen_unix(door, path)
                case _:
                    assert_never(address)
    return sockets


async def _fill_demo(settings: Settings) -> None:
    """Make the account of the demo and its messages, unless a data folder was named that has it."""
    from restante.demo import DEMO_MESSAGES, DEMO_NAME, DEMO_PASSWORD
    from restante.proto.lines import canonical
    from restante.proto.terms import Secret

    directory, store = open_directory(settings), open_store(settings)
    try:
        if directory.find(DEMO_NAME) is None:
            account = directory.add(DEMO_NAME, open_hasher(settings).hash(Secret(DEMO_PASSWORD)))
            for message in DEMO_MESSAGES:
                await (await store.stage(account, [canonical(message)])).publish()
    finally:
        directory.close()
        await store.close()
