"""The AUTHORIZATION state: what may be said before a login, and every way to log in.

It gets credentials judged and hands the verdict to the session, which opens the maildrop and chooses the answer.
What it offers depends on the connection: no password over an open line, unless the administrator trusts it.
Sources: RFC 1939 §7 (USER, PASS, APOP), RFC 2449 §5 (CAPA), RFC 2595 §2.3 and §4 (STLS), RFC 5034 §4 (AUTH).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from restante.ports.accounts import AccountFault, Unavailable, Verdict
from restante.ports.soon import Soon, attempt
from restante.proto import commands, replies
from restante.proto.capabilities import capability_lines
from restante.proto.server import ServerProtocol
from restante.proto.terms import ResponseCode, Secret
from restante.sasl import Mechanism, SendLine, ServerMaterial
from restante.sasl import find as find_mechanism
from restante.sasl.scram import ENTROPY_OCTETS
from restante.server import wording
from restante.server.outflow import Outflow
from restante.server.sasl_login import GivenUp, Move, SaslLogin
from restante.server.services import Services

__all__ = ["Answer", "Authorization", "LoginCommand", "UpgradeToTls"]

LOCAL_PEER: Final = "unix"
"""The peer of a connection over a socket in the file system."""


@dataclass(frozen=True, slots=True)
class UpgradeToTls:
    """Send the reply, then begin TLS, then say so by `Session.secured`."""

    reply: bytes


Answer: TypeAlias = bytes | Outflow | UpgradeToTls
"""Octets to send, or a long message to pour out, or the word to begin TLS."""

LoginCommand: TypeAlias = commands.User | commands.Pass | commands.Apop | commands.Auth | commands.AuthResponse


class Authorization:
    """A session before its login. `judged` takes each verdict, `bad` counts an answer to a bad command."""

    __slots__ = ("_bad", "_judged", "_local", "_protocol", "_sasl", "_secured", "_services", "_timestamp")

    def __init__(
        self,
        *,
        services: Services,
        protocol: ServerProtocol,
        timestamp: bytes,
        peer: str,
        judged: Callable[[Verdict, str, str], Soon[Answer]],
        bad: Callable[[bytes], bytes],
    ) -> None:
        """Begin. `timestamp` is the APOP msg-id, empty where APOP is not offered; `judged` hears names."""
        self._services = services
        self._protocol = protocol
        self._timestamp = timestamp
        self._local = _is_local(peer)
        self._secured = False
        self._judged = judged
        self._bad = bad
        self._sasl: SaslLogin | None = None

    def greeting(self) -> bytes:
        """Give the greeting; it has a `<` only where APOP is offered (RFC 1939 §7)."""
        text = b"Restante ready, mail waits here until called for"
        return replies.ok(text + b" " + self._timestamp if self._timestamp else text)

    def capabilities(self, *, logged_in: bool) -> bytes:
        """Give what can be done on this connection as it is."""
        lines = capability_lines(
            user=self._takes_plaintext,
            mechanisms=[mechanism.name for mechanism in self._mechanisms],
            stls=not logged_in and not self._secured and self._services.security.tls is not None,
            implementation=self._services.implementation.encode("ascii", "replace"),
        )
        return replies.listing(b"what this server can do:", lines)

    def begin_tls(self) -> Answer:
        """Answer STLS."""
        if self._secured:
            return self._bad(replies.err(b"this connection is under TLS already"))
        if self._services.security.tls is None:
            return self._bad(replies.err(b"TLS is not offered here"))
        return UpgradeToTls(replies.ok(b"begin TLS now"))

    def secured(self) -> None:
        """Hear that the connection is under TLS. What was said before is forgotten (RFC 2595 §4)."""
        self._secured = True
        self._protocol.name = None

    def log_in(self, command: LoginCommand) -> Soon[Answer]:
        """Answer a command that logs in, or leads to it."""
        match command:
            case commands.User():
                return replies.ok(b"and the password?") if self._takes_plaintext else self._refuse_plaintext()
            case commands.Pass(password):
                return self._password(self._protocol.take_name(), password)
            case commands.Apop(name, digest):
                return self._apop(name, digest)
            case commands.Auth(mechanism, initial):
                return self._auth(mechanism, initial)
            case commands.AuthResponse(line):
                return self._moved_on(lambda: self._exchange.receive(line))
            case _:
                assert_never(command)

    def leave_exchange(self) -> None:
        """Give up the AUTH exchange that is under way, if one is: its line was too long."""
        if self._sasl is not None:
            self._end_exchange()

    @property
    def _takes_plaintext(self) -> bool:
        return self._services.security.allows_plaintext(secured=self._secured, local=self._local)

    @property
    def _mechanisms(self) -> tuple[Mechanism, ...]:
        return self._services.security.offered(secured=self._secured, local=self._local)

    @property
    def _exchange(self) -> SaslLogin:
        assert self._sasl is not None, "the protocol gives out responses within an exchange only"
        return self._sasl

    def _refuse_plaintext(self) -> bytes:
        return self._bad(replies.err(wording.NO_PLAINTEXT, ResponseCode.SYS_PERM))

    # --- USER and PASS, APOP -------------------------------------------------------------------------------------

    def _password(self, name: bytes, password: Secret) -> Soon[Answer]:
        if not self._takes_plaintext:
            return self._refuse_plaintext()
        return self._verify(lambda: self._services.authenticator.verify_password(name, password), name, "USER")

    def _apop(self, name: bytes, digest: bytes) -> Soon[Answer]:
        timestamp = self._timestamp
        if not timestamp:
            return self._bad(replies.err(b"APOP is not offered here: the greeting carries no timestamp"))
        return self._verify(lambda: self._services.authenticator.verify_apop(name, timestamp, digest), name, "APOP")

    def _verify(self, verify: Callable[[], Soon[Verdict]], name: bytes, mechanism: str) -> Soon[Answer]:
        shown = name.decode("utf-8", "backslashreplace")
        return attempt(
            verify,
            lambda verdict: self._judged(verdict, shown, mechanism),  # type: ignore[arg-type]  # see Soon
            errors=(AccountFault,),
            rescue=lambda error: self._judged(Unavailable(reason=str(error)), shown, mechanism),
        )

    # --- AUTH ----------------------------------------------------------------------------------------------------

    def _auth(self, name: bytes, initial: Secret | None) -> Soon[Answer]:
        wanted = name.decode("ascii", "replace")
        mechanism = next((each for each in self._mechanisms if each.name == wanted), None)
        if mechanism is None:
            known = find_mechanism(wanted)
            if known is not None and known.reveals and not self._takes_plaintext:
                return self._refuse_plaintext()
            return self._bad(replies.err(b"this mechanism is not offered here; CAPA lists those that are"))
        material = ServerMaterial(
            entropy=self._services.random(ENTROPY_OCTETS),
            host=self._services.hostname,
            decoy=self._services.security.decoy,
        )
        sasl = self._sasl = SaslLogin(mechanism.server(material), self._services.authenticator.judge)
        self._protocol.begin_exchange()
        return self._moved_on(lambda: sasl.begin(initial))

    def _moved_on(self, move: Callable[[], Soon[Move]]) -> Soon[Answer]:
        return attempt(  # type: ignore[misc]  # see Soon
            move,
            self._moved,
            errors=(AccountFault,),
            rescue=lambda error: self._moved(Unavailable(reason=str(error))),
        )

    def _moved(self, move: Move) -> Soon[Answer]:
        if isinstance(move, SendLine):
            return move.octets
        sasl = self._end_exchange()
        if isinstance(move, GivenUp):
            return self._bad(replies.err(move.detail.encode("ascii", "replace")))
        return self._judged(move, sasl.claimed, sasl.mechanism)

    def _end_exchange(self) -> SaslLogin:
        sasl, self._sasl = self._exchange, None
        self._protocol.end_exchange()
        return sasl


def _is_local(peer: str) -> bool:
    if peer == LOCAL_PEER:
        return True
    try:
        return ipaddress.ip_address(peer.partition("%")[0]).is_loopback
    except ValueError:
        return False
