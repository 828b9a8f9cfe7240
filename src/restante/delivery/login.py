"""AUTH on the SMTP door: a login by SASL, judged by whom POP3's logins are judged, and slowed down like them.

Who has logged in may send no further than anybody else: this server does not relay. It is for devices and programs
that are set up with a login, and for addresses that take mail from nobody else.
The answers to an unknown name, a wrong password and a locked account are the same octets.
Sources: RFC 4954 §4, §6 (replies), RFC 3463 and RFC 5248 (status codes).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from restante.delivery.services import Services
from restante.doors.channel import Channel
from restante.doors.peers import is_local
from restante.doors.sasl_login import GivenUp, Move, SaslLogin
from restante.doors.slow_logins import note_verdict, slowly
from restante.ports.accounts import Accepted, AccountFault, Refused, Unavailable, Verdict
from restante.ports.events import Door, LoginDeferred, LoginRefused, SenderLoggedIn
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret
from restante.sasl.exchange import SendLine
from restante.sasl.registry import Mechanism, ServerMaterial
from restante.sasl.registry import find as find_mechanism
from restante.sasl.scram import ENTROPY_OCTETS
from restante.sasl.terms import FailureKind

__all__ = ["CHALLENGE", "LoginExchange", "offered", "refuse_mechanism"]

CHALLENGE: Final = b"334 "

_REFUSED: Final = "535 5.7.8 That name and password are not right"
_NOT_NOW: Final = "454 4.7.0 Logins cannot be judged now; try again later"


def offered(services: Services, peer: str, *, secured: bool, channel: Channel) -> tuple[Mechanism, ...]:
    """Give the mechanisms that a connection may use as it is; none where nobody judges."""
    if services.authenticator is None:
        return ()
    return services.security.offered(secured=secured, local=is_local(peer), channel=channel)


def refuse_mechanism(services: Services, name: str, peer: str, *, secured: bool) -> str:
    """Say why a mechanism cannot be used on a connection."""
    known = find_mechanism(name)
    allowed = services.security.allows_plaintext(secured=secured, local=is_local(peer))
    if known is not None and known.reveals and not allowed:
        return "538 5.7.11 Begin TLS first: no password is taken over an open line"
    return "504 5.5.4 A mechanism that is not offered here; EHLO names those there are"


class LoginExchange:
    """One AUTH command: `begin` once, then `receive` after each challenge, until there is a verdict."""

    __slots__ = ("_peer", "_sasl", "_services", "_session")

    def __init__(
        self, services: Services, mechanism: Mechanism, *, session: str, peer: str, channel: Channel, binds: bool
    ) -> None:
        """Begin; `binds`: a mechanism that binds to the channel was offered."""
        authenticator = services.authenticator
        assert authenticator is not None, "mechanisms are offered only where somebody judges"
        material = ServerMaterial(
            entropy=services.random(ENTROPY_OCTETS),
            host=services.hostname,
            decoy=services.security.decoy,
            # Given to SCRAM without -PLUS, too: a client that says it saw no offer of a binding was lied to.
            bindings=channel.bindings if binds else (),
            certificate=channel.certificate,
            discovery=services.security.discovery,
        )
        self._services = services
        self._session = session
        self._peer = peer
        self._sasl = SaslLogin(mechanism.server(material), authenticator.judge, challenge_prefix=CHALLENGE)

    async def begin(self, initial: Secret | None) -> Move:
        """Start with the initial response as it stood on the line, perhaps after a while."""
        services = self._services
        # LOGIN has none, but clients send the name so (Python's smtplib is one): it answers the first challenge.
        early = initial if self._sasl.mechanism == "LOGIN" else None
        first = None if early is not None else initial
        move = await self._moved(
            lambda: slowly(services.throttle, self._peer, lambda: self._sasl.begin(first), sleep=services.sleep)
        )
        return await self.receive(early) if early is not None and isinstance(move, SendLine) else move

    async def receive(self, line: Secret) -> Move:
        """Take the client's next line."""
        return await self._moved(lambda: self._sasl.receive(line))

    def line_too_long(self) -> Move:
        """Hear that the client's line was too long and was skipped."""
        return self._sasl.line_too_long()

    def refused(self, verdict: Refused) -> str:
        """Tell of wrong credentials; give the reply."""
        self._services.tell(
            LoginRefused(
                session=self._session,
                peer=self._peer,
                name=self._sasl.claimed,
                mechanism=self._sasl.mechanism,
                reason=verdict.reason,
                door=Door.SMTP,
            )
        )
        return _REFUSED

    def left(self) -> None:
        """Hear that the client hung up: a token that was denied by then is a failed login all the same."""
        if denied := self._sasl.denied:
            self.note(denied)
            self.refused(denied)

    def deferred(self, reason: str) -> str:
        """Tell of a login that could not be judged, or of one too many; give the reply."""
        self._services.tell(
            LoginDeferred(
                session=self._session,
                peer=self._peer,
                name=self._sasl.claimed,
                mechanism=self._sasl.mechanism,
                reason=reason,
                door=Door.SMTP,
            )
        )
        return _NOT_NOW

    def accepted(self, verdict: Accepted) -> str:
        """Tell of a login; give the reply."""
        self._services.tell(
            SenderLoggedIn(
                session=self._session,
                door=Door.SMTP,
                peer=self._peer,
                account=verdict.account.name,
                mechanism=self._sasl.mechanism,
            )
        )
        return "235 2.7.0 Logged in; this server takes mail for its own accounts"

    def note(self, verdict: Verdict) -> None:
        """Let the throttle know."""
        note_verdict(self._services.throttle, self._peer, verdict, self._sasl.claimed)

    @staticmethod
    def given_up(move: GivenUp) -> str:
        """Give the reply to an exchange in which nothing was to be judged."""
        match move.kind:
            case FailureKind.CANCELLED:
                return "501 5.7.0 The login is given up, as you said"
            case FailureKind.TOO_LONG:
                return "500 5.5.6 A line of the login is too long"
            case FailureKind.BAD_ENCODING:
                return "501 5.5.2 A line of the login is no base64"
            case _:
                return "501 5.5.4 The login does not follow its mechanism"

    async def _moved(self, move: Callable[[], Soon[Move]]) -> Move:
        try:
            answer = move()
            return await answer if isinstance(answer, Later) else answer
        except AccountFault as error:
            return Unavailable(reason=str(error))
