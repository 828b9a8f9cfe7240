"""Starting a server: certificates and sockets, then the workers.

What can be wrong is found out in the one process that was started, before it forks, and told in a line. What a
worker is made of is in `worker`.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import assert_never

from restante import app
from restante.config.address import Address, TcpAddress, UnixAddress
from restante.config.settings import Settings
from restante.demo import DEMO_MESSAGES, DEMO_NAME, DEMO_PASSWORD, lines_to_copy
from restante.doors.certificates import PairFiles, TlsConfigError, fingerprint, self_signed
from restante.doors.tls import ServerTls
from restante.observe import TerminalTranscript, wants_colour
from restante.observe.metrics import new_board
from restante.ports.events import Door, Listener
from restante.proto.lines import canonical
from restante.proto.terms import Secret
from restante.server.core_files import refuse_core_files
from restante.server.open_files import allow_open_files
from restante.server.sockets import BoundSocket, ListenFailed, inherited, listen_tcp, listen_unix
from restante.server.systemd import notify
from restante.server.workers import supervise
from restante.worker import Worker, open_tls

__all__ = ["serve"]


def serve(settings: Settings, *, demo: bool = False, live: Callable[[], Listener] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Gives the exit code; what keeps it from starting is told on standard error.

    `live` makes what each process shows of its sessions on standard output; in a demo, where there is no log, it is
    the live view if nothing else was asked for.
    """
    if demo and live is None:
        live = _live_view
    environ = dict(os.environ)
    refuse_core_files()
    allow_open_files()
    try:
        app.check_sources(settings)
        pairs = _certificate_files(settings)
        tls = open_tls(settings, pairs)
        sockets = _listen(settings)
        _need_certificate(sockets, tls)
    except (app.NotSetUp, ListenFailed, TlsConfigError) as error:
        sys.stderr.write(f"restante: {error}\n")
        return 1
    if demo:
        asyncio.run(_fill_demo(settings))

    def on_ready() -> None:
        _tell_start(settings, sockets, tls, demo=demo)
        notify(environ, "READY=1", f"MAINPID={os.getpid()}")

    workers = 1 if demo and not settings.workers else settings.workers or len(os.sched_getaffinity(0))
    # Before the workers are forked, since they share it.
    board = new_board(processes=workers) if any(bound.door is Door.METRICS for bound in sockets) else None

    def work(ready: Callable[[], None]) -> None:
        Worker(settings, sockets, pairs, board, live=live, with_log=not demo).run(ready)

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


def _live_view() -> Listener:
    return TerminalTranscript(sys.stdout, colour=wants_colour(sys.stdout, os.environ))


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
    if settings.pop3s or settings.smtps or all(_is_on_loopback(address) for address in settings.pop3):
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


def _listen(settings: Settings) -> list[BoundSocket]:
    """Take the sockets that systemd hands over, else bind the settings' addresses. Raises ListenFailed."""
    if sockets := inherited(os.environ):
        return sockets
    for door, addresses, tls in (
        (Door.POP3, settings.pop3, False),
        (Door.POP3, settings.pop3s, True),
        (Door.SMTP, settings.smtp, False),
        (Door.SMTP, settings.smtps, True),
        (Door.LMTP, settings.lmtp, False),
        (Door.METRICS, settings.metrics, False),
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


def _need_certificate(sockets: Sequence[BoundSocket], tls: ServerTls | None) -> None:
    """Refuse a socket that systemd hands over for TLS where there is no certificate. Raises ListenFailed."""
    under_tls = next((bound for bound in sockets if bound.tls), None)
    if tls is None and under_tls is not None:
        raise ListenFailed(
            f"there is no certificate for {under_tls.name} at {under_tls.address}: "
            "name one by tls.certificate and tls.key, or take its .socket unit away"
        )


def _tell_start(settings: Settings, sockets: Sequence[BoundSocket], tls: ServerTls | None, *, demo: bool) -> None:
    """Say on standard output what listens, and on standard error what should be mended."""
    for bound in sockets:
        sys.stdout.write(f"listening {bound.name} {bound.address}\n")
    if tls is not None and not settings.tls.certificate:
        # Signed by itself: a client can only know it by this.
        sys.stdout.write(f"certificate SHA-256 {fingerprint(tls.pairs[0].certificate)}\n")
    if demo:
        sys.stdout.write(
            "\nIn another terminal, read the first message, send one, be led through a talk, and watch sessions; "
            "the\ncommands sessions, account and maildrop take the same --data:\n\n"
        )
        sys.stdout.writelines(f"  {line}\n" for line in lines_to_copy(sockets, _program(), settings.data))
        sys.stdout.write("\n")
    sys.stdout.flush()
    warnings = list(tls.warnings) if tls is not None and settings.tls.certificate else []
    if tls is None:
        warnings.append(
            "no certificate: logins from other machines are refused; name one with --tls-certificate and --tls-key"
        )
    sys.stderr.writelines(f"restante: {warning}\n" for warning in warnings)


def _program() -> str:
    """Give the words that start this program in another terminal, from the same folder."""
    started = Path(sys.argv[0])
    if started.name != "restante":
        return shlex.join([sys.executable, "-m", "restante"])
    found = shutil.which("restante")
    is_in_path = found is not None and started.exists() and Path(found).samefile(started)
    return "restante" if is_in_path else shlex.quote(str(started))


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
