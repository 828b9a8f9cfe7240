"""`restante proxy`: between any client and any server, telling what they say.

What it tells goes to standard output; where it listens and what goes wrong, to standard error. Fails with
CommandFailed for addresses, and for files that cannot be used.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TextIO, assert_never

import typer

from restante.cli.explain import ShowOption, shown_of
from restante.cli.options import JsonOption
from restante.cli.outcome import CommandFailed, ExitCode, complain
from restante.cli.telling import LanguageOption, ProtocolOption, ViewOption, language_of, text_form
from restante.config.address import EVERY_INTERFACE, TcpAddress, UnixAddress, parse_address
from restante.explain.events import Show
from restante.explain.json_form import JsonForm
from restante.explain.page import PageForm
from restante.explain.protocols import MailProtocol
from restante.explain.telling import Form, Telling
from restante.explain.view import View

if TYPE_CHECKING:
    from restante.client.server import Server
    from restante.explain.wire import WireObserver
    from restante.server.sockets import BoundSocket

__all__ = ["commands"]

_LOOPBACK: Final = "127.0.0.1"

_EPILOG = """
LISTEN is host:port, *:port for every interface, or unix:path; a port alone is one of 127.0.0.1, and 0 a free one.
SERVER is host or host:port, an IPv6 address in brackets.

Examples:
  restante proxy 127.0.0.1:1110 pop.example.org
  restante proxy --tls --view story 1110 pop.example.org
  restante proxy --html session.html 1110 localhost:110
  restante proxy 1587 smtp.example.org:587
"""


commands = typer.Typer()


@commands.command("proxy", epilog=_EPILOG)
def proxy(
    listen: Annotated[str, typer.Argument(metavar="LISTEN", help="Where clients connect.", show_default=False)],
    server: Annotated[str, typer.Argument(metavar="SERVER", help="Where they come out.", show_default=False)],
    *,
    tls: Annotated[
        bool,
        typer.Option(
            "--tls",
            metavar="",
            help="To the server by TLS, and from the client without: so that what is said can be told. "
            "Port 995 then, unless given (with --protocol smtp 465); else 110 (25).",
        ),
    ] = False,
    authorities: Annotated[
        Path | None,
        typer.Option(
            "--authorities",
            metavar="FILE",
            help="Certificates in PEM that are trusted instead of the system's.",
            show_default=False,
        ),
    ] = None,
    fingerprint: Annotated[
        str | None,
        typer.Option(
            "--fingerprint",
            metavar="HEX",
            help="SHA-256 of the server's certificate: this one is trusted, and no other.",
            show_default=False,
        ),
    ] = None,
    protocol: ProtocolOption = None,
    view: ViewOption = View.BOTH,
    as_json: JsonOption = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Besides, write a page of HTML that needs nothing else, at the end.",
            show_default=False,
        ),
    ] = None,
    language: LanguageOption = None,
    show: ShowOption = None,
) -> int:
    """Sit between a client and a server of POP3, SMTP or LMTP, and tell what they say, until SIGTERM or Ctrl-C.

    Sessions that go on then have half a minute to end; a second SIGTERM or Ctrl-C cuts them off.

    The octets pass unchanged both ways. STLS and STARTTLS pass too; what is said under them cannot be told, unlike
    with --tls.
    Names, passwords and messages are hidden.
    """
    from restante.client.faults import TlsFault
    from restante.server.sockets import ListenFailed
    from restante.tap import Proxy, leads_back, run

    spoken, shown = language_of(language), shown_of(show)
    if (authorities or fingerprint) and not tls:
        raise CommandFailed("--authorities and --fingerprint are for --tls: give it too", exit_code=ExitCode.USAGE)
    there = _server(server, tls=tls, authorities=authorities, fingerprint=fingerprint, protocol=protocol)
    form: Form = JsonForm(_write, language=spoken) if as_json else text_form(view, spoken)
    tellings = [Telling(form, language=spoken, show=shown)]
    with contextlib.ExitStack() as stack:
        if html is not None:
            page = stack.enter_context(_opened(html))
            tellings.append(
                Telling(
                    PageForm(page.write, language=spoken, hides_secrets=shown is Show.NOTHING),
                    language=spoken,
                    show=shown,
                )
            )
        try:
            sockets = stack.enter_context(_bound(listen))
            if leads_back(there, sockets):
                raise CommandFailed(
                    f"SERVER {there.address} is where this itself would listen: name the server's own port",
                    exit_code=ExitCode.USAGE,
                )
            run(
                lambda: Proxy(there, _observe(tellings, protocol), complain),
                sockets,
                on_ready=lambda: _tell_start(sockets, there),
                on_stop=_tell_stop,
            )
        except ListenFailed as error:
            raise CommandFailed(str(error)) from None
        except TlsFault as fault:
            raise CommandFailed(str(fault), exit_code=ExitCode.TLS) from None
        for telling in tellings:
            telling.finish()
    return ExitCode.OK


def _server(
    text: str, *, tls: bool, authorities: Path | None, fingerprint: str | None, protocol: MailProtocol | None
) -> Server:
    """Read SERVER. Raises CommandFailed."""
    from restante.client.server import DEFAULT_PORTS, Security, Server

    security = Security.TLS if tls else Security.PLAIN
    usual = DEFAULT_PORTS[security]
    if protocol is MailProtocol.SMTP:
        usual = 465 if tls else 25
    has_port = not text.endswith("]") and ":" in text
    try:
        address = parse_address(text if has_port else f"{text}:{usual}")
        if isinstance(address, UnixAddress) or address.host == EVERY_INTERFACE:
            raise ValueError("name a host, such as pop.example.org or pop.example.org:110")
        return Server(
            host=address.host,
            port=address.port,
            security=security,
            authorities=authorities,
            fingerprint=fingerprint,
        )
    except ValueError as error:
        raise CommandFailed(f"SERVER {text}: {error}", exit_code=ExitCode.USAGE) from None


@contextlib.contextmanager
def _bound(text: str) -> Iterator[list[BoundSocket]]:
    """Listen on LISTEN. Raises CommandFailed, ListenFailed."""
    from restante.ports.events import Door
    from restante.server.sockets import listen_tcp, listen_unix

    try:
        address = parse_address(f"{_LOOPBACK}:{text}" if text.isdecimal() else text)
    except ValueError as error:
        raise CommandFailed(f"LISTEN {text}: {error}", exit_code=ExitCode.USAGE) from None
    match address:
        case TcpAddress(host=host, port=port):
            sockets = listen_tcp(Door.POP3, host, port)
        case UnixAddress(path=path):
            sockets = listen_unix(Door.POP3, path)
        case _:
            assert_never(address)
    try:
        yield sockets
    finally:
        for bound in sockets:
            bound.socket.close()
        if isinstance(address, UnixAddress):
            address.path.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    """Open the page, for nobody else to read: people's names can be in it. Raises CommandFailed."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise CommandFailed(f"{file}: {(error.strerror or str(error)).lower()}; name a file to write") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as page:
        yield page


def _observe(tellings: list[Telling], protocol: MailProtocol | None) -> Callable[[str], WireObserver]:
    """Give what begins a session in each telling; None as the protocol: as it shows itself."""
    from restante.tap import Hearers

    complained = False

    def lost(error: OSError | ValueError) -> None:
        nonlocal complained
        if not complained:
            complained = True
            complain(f"what is said can be told no more ({error}); sessions still pass, Ctrl-C ends this")

    def observe(client: str) -> WireObserver:
        return Hearers(
            [
                telling.any_session(str(telling.sessions + 1), client=client, protocol=protocol)
                for telling in tellings
            ],
            lost=lost,
        )

    return observe


def _tell_start(sockets: list[BoundSocket], server: Server) -> None:
    for bound in sockets:
        complain(f"listening on {bound.address}, for {server.address}; Ctrl-C ends it")
    if not all(_is_here(bound.address) for bound in sockets):
        complain("other machines can come in here, and what they say until here is under no TLS of ours")


def _tell_stop(sessions: int) -> None:
    from restante.tap import FINISH_SECONDS

    which = "1 session goes" if sessions == 1 else f"{sessions} sessions go"
    complain(f"{which} on and may end within {FINISH_SECONDS:g} seconds; Ctrl-C again cuts off at once")


def _is_here(address: str) -> bool:
    if address.startswith("unix:"):
        return True
    return ip_address(address.rpartition(":")[0].strip("[]").partition("%")[0]).is_loopback


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
