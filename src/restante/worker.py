"""One serving process: its parts, its doors, its sinks, made from the settings.

It shares sockets and files with the other processes, and the board of metrics; no other memory. What all of them
need alike, and what can go wrong at a start, is in `serving`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from typing import TYPE_CHECKING

import uvloop

from restante import __version__, app
from restante.accounts import HashPool
from restante.accounts.scram import scram_decoy
from restante.accounts.throttle import Throttle
from restante.config.settings import LogEvents, LogFormat, Settings
from restante.delivery import BareLineEnds, Receiver
from restante.delivery.door import MailDoor
from restante.delivery.limits import DoorLimits
from restante.delivery.lmtp import LmtpDoor
from restante.delivery.services import LoginRequired
from restante.delivery.services import Services as MailServices
from restante.delivery.smtp import SmtpDoor
from restante.doors.certificates import PairFiles
from restante.doors.gate import Gate, GateLimits, Places
from restante.doors.proxy_header import TrustedPeers
from restante.doors.security import Plaintext, Security
from restante.doors.sessions import SessionRegistry
from restante.doors.tls import ServerTls, TlsReloadFailed, without_bad_server_names
from restante.observe import LogFormat as WrittenAs
from restante.observe import LogWriter, journal_reads, tell_all
from restante.observe.board import Board
from restante.observe.exposition import MetricsDoor
from restante.observe.metrics import Metrics
from restante.ports.events import CertificatesRead, Door, FaultMet, Listener
from restante.server.control import ControlServer
from restante.server.limits import Limits
from restante.server.pop3 import Pop3Server
from restante.server.process import DoorService, serve_doors
from restante.server.services import Services
from restante.server.sockets import BoundSocket
from restante.server.watching import Watching

if TYPE_CHECKING:
    from restante.sources import Logins
    from restante.stores.maildir import MaildirStore

__all__ = ["Worker", "open_house", "open_tls"]

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""What comes from this machine speaks for many: a web mailer, a proxy, a ticket system."""


def open_tls(settings: Settings, pairs: Sequence[PairFiles]) -> ServerTls | None:
    """Read the certificates; None without any. Raises TlsConfigError."""
    return ServerTls(pairs, client_authorities=settings.tls.client_authorities) if pairs else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What the doors of a process share."""

    store: MaildirStore
    logins: Logins
    pool: HashPool
    tls: ServerTls | None
    throttle: Throttle
    metrics: Metrics | None
    tell: Listener


class Worker:
    """One serving process: it makes its own parts, since it shares sockets and files with the others, no memory."""

    def __init__(
        self,
        settings: Settings,
        sockets: Sequence[BoundSocket],
        pairs: Sequence[PairFiles],
        board: Board | None,
        *,
        live: Callable[[], Listener] | None,
        with_log: bool,
    ) -> None:
        self._settings = settings
        self._board = board
        self._sockets = sockets
        self._pairs = pairs
        self._live = live
        self._with_log = with_log

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until told to stop."""
        sys.unraisablehook = without_bad_server_names(sys.unraisablehook)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve(ready))

    async def _serve(self, ready: Callable[[], None]) -> None:
        settings = self._settings
        metrics = None if self._board is None else Metrics(self._board, version=__version__)
        loop, wanted = asyncio.get_running_loop(), {bound.door for bound in self._sockets}
        async with (
            open_house(settings, self._pairs, metrics, wanted, live=self._live, with_log=self._with_log) as house,
            contextlib.AsyncExitStack() as closing,
        ):
            parts, doors = house.parts, house.doors
            control = ControlServer(settings.data, house.registries, house.watching)
            await control.start()
            closing.callback(control.close)
            if metrics is not None:
                metrics.watch_password_hashes(lambda: parts.pool.in_hand)
                metrics.watch_delayed_logins(lambda: parts.throttle.waiting)
                for door, service in doors.items():
                    metrics.watch_sessions(door, service.count)
            renew = partial(_renew, parts, loop, settings.tls.watch_seconds)
            if settings.tls.watch_seconds and parts.tls is not None:
                loop.call_later(settings.tls.watch_seconds, renew, False)
            # What was imported and made so far stays: the collector need not look at it again.
            gc.collect()
            gc.freeze()
            await serve_doors(
                self._sockets,
                doors,
                tell=parts.tell,
                ready=ready,
                stop_seconds=settings.limits.stop_seconds,
                on_hangup=partial(renew, True),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """The doors of a process, and those who know of the sessions behind them."""

    parts: _Parts
    doors: dict[Door, DoorService]
    registries: list[SessionRegistry]
    watching: Watching


@contextlib.asynccontextmanager
async def open_house(
    settings: Settings,
    pairs: Sequence[PairFiles],
    metrics: Metrics | None,
    wanted: set[Door],
    *,
    live: Callable[[], Listener] | None = None,
    with_log: bool = True,
) -> AsyncIterator[_House]:
    """Open the store, the accounts and the doors, with no socket yet; close the first two at the end.

    Raises NotSetUp, TlsConfigError.
    """
    auth, loop = settings.auth, asyncio.get_running_loop()
    watching = Watching()
    tell = _open_listener(settings, metrics, watching, loop, live=live, with_log=with_log)
    store = app.open_site_store(settings)
    pool = HashPool(at_once=auth.hashes_at_once, queue=auth.hash_queue)

    def tell_fault(fault: str) -> None:
        # From a thread of the pool, while listeners are for the loop's.
        loop.call_soon_threadsafe(tell, FaultMet(session=None, what="a login", error=fault))

    async with contextlib.AsyncExitStack() as closing:
        closing.push_async_callback(store.close)
        logins = app.open_logins(settings, pool, closing, tell=tell_fault)
        # Closed first: what runs there asks the sources.
        closing.callback(pool.close)
        parts = _Parts(
            store=store,
            logins=logins,
            pool=pool,
            throttle=Throttle(clock=time.monotonic, place_of=Places()),
            metrics=metrics,
            tls=open_tls(settings, pairs),
            tell=tell,
        )
        doors, registries = _open_doors(settings, parts, wanted, watching)
        yield _House(parts=parts, doors=doors, registries=registries, watching=watching)


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


def _open_doors(
    settings: Settings, parts: _Parts, wanted: set[Door], watching: Watching
) -> tuple[dict[Door, DoorService], list[SessionRegistry]]:
    """Open the doors that sockets are bound for; give them, and who of them tells of its sessions."""
    doors: dict[Door, DoorService] = {}
    registries: list[SessionRegistry] = []
    if Door.POP3 in wanted:
        context = parts.tls.front(Door.POP3) if parts.tls is not None else None
        pop3 = _open_pop3(settings, parts, context)
        registries.append(pop3)
        watching.on_change(pop3.renew_wire)
        doors[Door.POP3] = DoorService(
            protocol=pop3.protocol,
            protocol_under_tls=pop3.protocol_under_tls if context is not None else None,
            stop=pop3.stop,
            count=pop3.__len__,
        )
    mail_doors = wanted & {Door.SMTP, Door.LMTP}
    if mail_doors:
        receiver = app.open_receiver(settings, parts.store, parts.logins.directory, parts.tell)
        for door in mail_doors:
            context = parts.tls.front(door) if parts.tls is not None else None
            opened = _open_mail_door(settings, receiver, parts, door, context)
            registries.append(opened)
            doors[door] = _mail_service(opened, context)
    if Door.METRICS in wanted and parts.metrics is not None:
        numbers = MetricsDoor(parts.metrics)
        numbers.start()
        doors[Door.METRICS] = DoorService(protocol=numbers.protocol, stop=numbers.stop, count=numbers.__len__)
    return doors, registries


def _open_pop3(settings: Settings, parts: _Parts, context: ssl.SSLContext | None) -> Pop3Server:
    limits = settings.limits
    server = Pop3Server(
        Services(
            store=parts.store,
            authenticator=parts.logins.authenticator,
            tell=parts.tell,
            limits=Limits(
                command_line_octets=limits.command_line_octets,
                bad_commands=limits.bad_commands,
                login_seconds=limits.login_seconds,
                autologout_seconds=limits.autologout_seconds,
            ),
            security=_security(settings, parts, context),
            throttle=parts.throttle,
            policies=app.policies_of(settings),
            hostname=settings.hostname,
            # Without the version, as in the greeting: who looks for a known hole is not told where.
            implementation="Restante",
        ),
        gate=Gate(
            GateLimits(
                in_all=limits.connections,
                each_address=limits.connections_per_address,
                each_account=limits.connections_per_account,
            ),
            place_of=Places(exempt=_LOOPBACK),
        ),
        trusted_proxies=TrustedPeers(settings.trusted_proxies),
    )
    server.start()
    return server


def _security(settings: Settings, parts: _Parts, context: ssl.SSLContext | None) -> Security:
    """Give what a door asks of a connection before it takes a password, and what it offers."""
    return Security(
        plaintext=Plaintext(settings.auth.plaintext.value),
        mechanisms=settings.auth.mechanisms,
        decoy=scram_decoy(app.open_sealer(settings)),
        tls=context,
        tls_handshake_seconds=settings.tls.handshake_seconds,
        disabled_capabilities=frozenset(each.value for each in settings.disabled_capabilities),
        discovery=parts.logins.discovery,
    )


def _open_mail_door(
    settings: Settings, receiver: Receiver, parts: _Parts, door: Door, context: ssl.SSLContext | None
) -> MailDoor:
    delivery = settings.delivery
    return (SmtpDoor if door is Door.SMTP else LmtpDoor)(
        MailServices(
            receiver=receiver,
            tell=parts.tell,
            limits=DoorLimits(
                message_octets=delivery.message_octets,
                recipients=delivery.recipients,
                connections=delivery.connections,
                connections_per_address=delivery.connections_per_address,
                connections_per_account=settings.limits.connections_per_account,
                idle_seconds=delivery.timeout_seconds,
            ),
            hostname=settings.hostname,
            bare_line_ends=BareLineEnds(delivery.bare_line_ends.value),
            security=_security(settings, parts, context),
            authenticator=parts.logins.authenticator if door is Door.SMTP else None,
            throttle=parts.throttle,
            login_required=LoginRequired(delivery.login_required.value),
        ),
        places=Places(exempt=_LOOPBACK),
        trusted_proxies=TrustedPeers(settings.trusted_proxies),
    )


def _mail_service(door: MailDoor, context: ssl.SSLContext | None) -> DoorService:
    async def stop(grace_seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(door.close(), grace_seconds)

    return DoorService(
        protocol=door.protocol,
        protocol_under_tls=door.protocol_under_tls if context is not None else None,
        stop=stop,
        count=door.__len__,
    )


def _open_listener(
    settings: Settings,
    metrics: Metrics | None,
    watching: Watching,
    loop: asyncio.AbstractEventLoop,
    *,
    live: Callable[[], Listener] | None,
    with_log: bool,
) -> Listener:
    """Open what reads the events: log, live view and metrics where they are asked for, and who watches."""
    listeners: list[Listener] = [watching] if metrics is None else [metrics, watching]
    if live is not None:
        listeners.insert(0, live())
    if not with_log:
        return tell_all(*listeners)
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
            at_turns_end=loop.call_soon,
        ),
        *listeners,
    )
