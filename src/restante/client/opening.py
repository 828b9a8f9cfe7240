"""From nothing to a session in TRANSACTION: connect, greeting, CAPA, TLS, login; and again where that was asked
for.

What CAPA said before TLS is forgotten (RFC 2595 §4). Where TLS is required and cannot be had, the connection ends
before any credential was sent. A maildrop in use, or a login that came too early, is tried again as long as the
caller's patience lasts; nothing else is. Sources: RFC 1939 §3 and §4, RFC 2449 §5 and §8, RFC 2595 §4, RFC 6856 §2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from restante.client.faults import (
    InUse,
    LoginDelayed,
    Phase,
    TemporaryFault,
    TlsFault,
    TlsProblem,
    shown,
)
from restante.client.link import Link
from restante.client.logging_in import logged_in
from restante.client.server import Login, Security, Server
from restante.client.session import Session, refusal
from restante.client.wants import Operation, Pause
from restante.explain.wire import Reason, WireObserver
from restante.proto.listings import Capabilities
from restante.proto.terms import State

__all__ = ["ask_capabilities", "opened", "secured"]

_FIRST_PAUSE_SECONDS: Final = 5.0
_LONGEST_PAUSE_SECONDS: Final = 120.0

_CAPABILITY_OCTETS: Final = 64 * 1024


def opened(
    server: Server,
    login: Login | None,
    *,
    utf8: bool,
    patience_seconds: float,
    clock: Callable[[], float],
    entropy: Callable[[int], bytes],
    observe: WireObserver | None,
) -> Operation[Session]:
    """Open a session; without a login it stays in AUTHORIZATION. Raises ClientFault, and UnusableArgument."""
    until = clock() + patience_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return (
                yield from _opened_once(server, login, utf8=utf8, clock=clock, entropy=entropy, observe=observe)
            )
        except (InUse, LoginDelayed) as fault:
            told = fault.wait_seconds if isinstance(fault, LoginDelayed) else None
            seconds = pause if told is None else max(told, 1)
            if clock() + seconds > until:
                raise
            yield Pause(seconds)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _opened_once(
    server: Server,
    login: Login | None,
    *,
    utf8: bool,
    clock: Callable[[], float],
    entropy: Callable[[int], bytes],
    observe: WireObserver | None,
) -> Operation[Session]:
    link = Link(server, clock=clock, observe=observe)
    session = Session(link)
    yield from link.open()
    try:
        if server.security is Security.TLS:
            yield from link.start_tls()
            link.phase = Phase.CONNECT
        link.wait_anew()
        greeting = yield from link.status()
        if not greeting.ok:
            raise refusal(link, greeting, doing="the connection", kind=TemporaryFault)
        session.greeting = greeting
        link.phase = Phase.LOGIN
        yield from ask_capabilities(session)
        if server.security is Security.STLS:
            yield from secured(session)
        if login is None:
            return session
        if utf8 and "UTF8" in session.capabilities:
            session.utf8 = (yield from link.ask(b"UTF8")).ok
        try:
            yield from logged_in(session, login, greeting=greeting.line, entropy=entropy(32))
        except LoginDelayed as fault:
            fault.wait_seconds = session.capabilities.seconds("LOGIN-DELAY")
            raise
        session.state = State.TRANSACTION
        link.phase = Phase.TRANSFER
        if session.capabilities.told and "PIPELINING" not in session.capabilities:
            # Some tell more after the login, and this is worth a round trip for every message.
            yield from ask_capabilities(session)
    except Exception:
        yield from link.close(Reason.NO_SESSION)
        raise
    return session


def ask_capabilities(session: Session) -> Operation[Capabilities]:
    """Ask what the server can do, now. A server that knows no CAPA tells nothing, and that is no fault."""
    yield from session.settled()
    link = session.link
    status = yield from link.ask(b"CAPA")
    if status.ok:
        body = yield from link.body(_CAPABILITY_OCTETS, what="a list of capabilities")
        session.capabilities = Capabilities(body.split(b"\r\n"))
    elif session.state is State.AUTHORIZATION:
        session.capabilities = Capabilities(told=False)
    return session.capabilities


def secured(session: Session) -> Operation[None]:
    """Begin TLS by STLS, and ask again what the server can do. Raises TlsFault; nothing of value was sent then."""
    link = session.link
    server = link.server
    link.phase = Phase.TLS
    advice = "use TLS on port 995, or ask who runs it; somebody in between may hide it"
    if not session.may_try("STLS"):
        message = f"{server.address} does not offer STLS; {advice}"
        raise TlsFault(message, server=server.address, problem=TlsProblem.NOT_OFFERED)
    status = yield from link.ask(b"STLS")
    if not status.ok:
        message = f"{server.address} refused STLS: {shown(status.text)}; {advice}"
        raise TlsFault(message, server=server.address, problem=TlsProblem.NOT_OFFERED, reply=status.line)
    yield from link.start_tls()
    link.phase = Phase.LOGIN
    yield from ask_capabilities(session)
