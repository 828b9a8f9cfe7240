"""The login: which way is taken, and how it goes.

The strongest mechanism that both sides know comes first, then USER and PASS; what shows the password goes under TLS
only, unless a person chose to have none. APOP and CRAM-MD5 are never chosen by themselves, since a server in the
middle could choose for us by offering nothing else (CVE-2007-1558). Where SCRAM is refused under TLS, PLAIN is
tried once: servers offer SCRAM to all, and hold its keys for some. Sources: RFC 1939 §7 (USER, PASS, APOP), RFC
5034 §4 (AUTH), RFC 8314 §3, RFC 5322 §3.6.4 (the form of a timestamp).
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import Final

from restante.client.faults import LoginImpossible, LoginRefused, Phase, ProtocolFault, UnusableArgument
from restante.client.server import Login, Security, Server
from restante.client.session import Session, command, refusal
from restante.client.wants import Operation, computed
from restante.explain.wire import Reason
from restante.proto.client import BadReply, status_of
from restante.sasl.exchange import ClientAuthExchange, LoggedIn
from restante.sasl.registry import ClientMaterial, CredentialKind, Mechanism, NoMechanismReason, choose
from restante.sasl.terms import ChannelBinding, CredentialUnusable, MechanismError, PeerMisbehaved

__all__ = ["logged_in"]

_TIMESTAMP: Final = re.compile(rb"<[!-;=?A-~]{1,250}@[!-;=?A-~]{1,250}>")
"""A msg-id in printable ASCII: what a digest may be made over."""

_USER: Final = "USER"
_APOP: Final = "APOP"


def logged_in(session: Session, login: Login, *, greeting: bytes, entropy: bytes) -> Operation[None]:
    """Log in. Raises LoginRefused, TemporaryFault (InUse, LoginDelayed), PermanentFault, and LoginImpossible."""
    link = session.link
    link.phase = Phase.LOGIN
    named = None if login.mechanism is None else login.mechanism.upper()
    if named == _APOP:
        yield from _by_apop(session, login, greeting=greeting)
        return
    if named == _USER:
        yield from _by_user(session, login)
        return
    offered = session.capabilities.get("SASL", ())
    if named is not None and not session.capabilities.told:
        # Nothing is announced: whether it is there, trying tells.
        offered = (named,)
    binding = _binding(session, offered)
    mechanism = _chosen(session, login, offered, binding=binding, named=named)
    if mechanism is None:
        yield from _by_user(session, login)
        return
    try:
        yield from _by_auth(session, login, mechanism, offered, binding=binding, entropy=entropy)
    except LoginRefused:
        weaker = [name for name in offered if not name.upper().startswith("SCRAM-")]
        if named is not None or not mechanism.name.startswith("SCRAM-") or link.tls is None or not link.stands:
            raise
        plain = _chosen(session, login, weaker, binding=None, named=None)
        if plain is None:
            raise
        yield from _by_auth(session, login, plain, offered, binding=None, entropy=entropy)


def _chosen(
    session: Session,
    login: Login,
    offered: tuple[str, ...] | list[str],
    *,
    binding: ChannelBinding | None,
    named: str | None,
) -> Mechanism | None:
    """Give the mechanism to take, or None for USER and PASS. Raises LoginImpossible."""
    server = session.link.server
    have = {CredentialKind.CERTIFICATE} if server.client_certificate is not None else set()
    if login.password is not None:
        have = {CredentialKind.PASSWORD}
    if login.token is not None:
        have = {CredentialKind.TOKEN}
    tls = session.link.tls is not None
    chosen = choose(
        offered,
        have=have,
        tls=tls,
        binding=binding is not None,
        allow_plaintext=server.security is Security.PLAIN,
        named=named,
    )
    if isinstance(chosen, Mechanism):
        return chosen
    if named is None and login.password is not None and chosen.reason is not NoMechanismReason.NEEDS_TLS:
        return None
    raise _impossible(server, chosen.sentence)


def _binding(session: Session, offered: tuple[str, ...]) -> ChannelBinding | None:
    if session.link.tls is None or not any(name.upper().endswith("-PLUS") for name in offered):
        return None
    return session.link.tls.binding()


def _impossible(server: Server, why: str) -> LoginImpossible:
    return LoginImpossible(f"cannot log in to {server.address}: {why}", server=server.address, phase=Phase.LOGIN)


def _password(session: Session, login: Login) -> bytes:
    if login.password is None:
        raise _impossible(session.link.server, "this way of logging in takes a password, and none was given")
    return login.password.reveal()


def _by_user(session: Session, login: Login) -> Operation[None]:
    link = session.link
    if link.tls is None and link.server.security is not Security.PLAIN:
        raise _impossible(link.server, "USER and PASS would show the password to who reads along; connect by TLS")
    user = command(b"USER", login.name.encode())
    password = command(b"PASS", _password(session, login))
    if login.act_as is not None:
        raise UnusableArgument("USER and PASS know no act_as; name another mechanism, such as PLAIN")
    status = yield from link.ask(user, seconds=link.server.timeouts.login_seconds)
    if not status.ok:
        raise refusal(link, status, doing="the name", kind=LoginRefused)
    status = yield from link.ask(password, seconds=link.server.timeouts.login_seconds)
    if not status.ok:
        raise refusal(link, status, doing="the login", kind=LoginRefused)


def _by_apop(session: Session, login: Login, *, greeting: bytes) -> Operation[None]:
    link = session.link
    found = _TIMESTAMP.search(greeting)
    if found is None:
        raise _impossible(link.server, "it greets without a timestamp that APOP could use; take another mechanism")
    digest = hashlib.md5(found[0] + _password(session, login), usedforsecurity=False).hexdigest()
    line = command(b"APOP", login.name.encode(), digest.encode())
    status = yield from link.ask(line, seconds=link.server.timeouts.login_seconds)
    if not status.ok:
        raise refusal(link, status, doing="the login", kind=LoginRefused)


def _by_auth(
    session: Session,
    login: Login,
    mechanism: Mechanism,
    offered: tuple[str, ...],
    *,
    binding: ChannelBinding | None,
    entropy: bytes,
) -> Operation[None]:
    link = session.link
    server = link.server
    material = ClientMaterial(
        credentials=login.credentials,
        entropy=entropy,
        binding=binding,
        server_offers_plus=any(name.upper().endswith("-PLUS") for name in offered),
        host=server.host,
        port=server.real_port,
    )
    try:
        exchange = ClientAuthExchange(mechanism.client(material))
        step = exchange.start()
    except CredentialUnusable as error:
        raise UnusableArgument(str(error)) from error
    last = b""
    try:
        while True:
            yield from link.send(step.octets, seconds=server.timeouts.login_seconds)
            last = yield from link.line()
            # SCRAM derives a key here, by many thousand rounds of hashing.
            answer = yield from computed(partial(exchange.receive_line, _in_upper_case(last)))
            if isinstance(answer, LoggedIn):
                return
            step = answer
    except MechanismError as error:
        if isinstance(error, PeerMisbehaved) or not exchange.session_usable:
            yield from link.close(Reason.LOGIN_ENDED_BADLY)
            raise ProtocolFault(
                f"the login at {server.address} ended: {error}",
                server=server.address,
                phase=Phase.LOGIN,
                reply=last,
            ) from error
        try:
            status = status_of(last)
        except BadReply:
            raise LoginRefused(str(error), server=server.address, phase=Phase.LOGIN, reply=last) from error
        raise refusal(link, status, doing=f"the login by {mechanism.name}", kind=LoginRefused) from error


def _in_upper_case(line: bytes) -> bytes:
    """Give a line with its status indicator as RFC 1939 has it: servers say `+ok` too."""
    return line[:4].upper() + line[4:] if line[:3].upper() == b"+OK" or line[:4].upper() == b"-ERR" else line
