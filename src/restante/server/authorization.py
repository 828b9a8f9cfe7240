"""The AUTHORIZATION state: what may be said before a login, and every way to log in.

It gets credentials judged and hands the verdict to the session, which opens the maildrop and chooses the answer.
What it offers depends on the connection: no password over an open line, unless the administrator trusts it.
Sources: RFC 1939 §7 (USER, PASS, APOP), RFC 2449 §5 (CAPA), RFC 2595 §2.3 and §4 (STLS), RFC 5034 §4 (AUTH),
RFC 6856 §2 (UTF8).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar, assert_never

from restante.doors.channel import NO_CHANNEL, Channel
from restante.doors.peers import is_local
from restante.doors.sasl_login import GivenUp, Move, SaslLogin
from restante.doors.slow_logins import note_verdict, slowly
from restante.ports.accounts import AccountFault, RefusalReason, Refused, Unavailable, Verdict
from restante.ports.events import LoginRefused
from restante.ports.soon import Later, Soon, attempt, attempt_later
from restante.proto import commands
from restante.proto.capabilities import capability_lines
from restante.proto.server import ServerProtocol
from restante.proto.terms import ResponseCode, Secret
from restante.sasl.exchange import SendLine
from restante.sasl.registry import Mechanism, ServerMaterial
from restante.sasl.registry import find as find_mechanism
from restante.sasl.scram import ENTROPY_OCTETS
from restante.server.languages import I_DEFAULT, Text
from restante.server.outflow import Outflow
from restante.server.services import Services
from restante.server.wording import Wording

__all__ = ["Answer", "Authorization", "LoginCommand", "UpgradeToTls"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UpgradeToTls:
    """Send the reply, then begin TLS, then say so by `Session.secured`."""

    reply: bytes


Answer: TypeAlias = bytes | Outflow | UpgradeToTls
"""Octets to send, or a long message to pour out, or the word to begin TLS."""

LoginCommand: TypeAlias = commands.User | commands.Pass | commands.Apop | commands.Auth | commands.AuthResponse


class Authorization:
    """A session before its login. `judged` takes each verdict, `bad` counts an answer to a bad command."""

    __slots__ = (
        "_bad",
        "_channel",
        "_judged",
        "_local",
        "_peer",
        "_protocol",
        "_sasl",
        "_secured",
        "_services",
        "_session_id",
        "_takes_plaintext",
        "_timestamp",
        "_wording",
        "utf8",
    )

    utf8: bool
    """Whether the client takes headers in UTF-8."""

    def __init__(
        self,
        *,
        services: Services,
        protocol: ServerProtocol,
        wording: Wording,
        timestamp: bytes,
        session_id: str,
        peer: str,
        judged: Callable[[Verdict, str, str], Soon[Answer]],
        bad: Callable[[bytes], bytes],
    ) -> None:
        """Begin. `timestamp` is the APOP msg-id, empty where APOP is not offered; `judged` hears names."""
        self._services = services
        self._protocol = protocol
        self._wording = wording
        self._timestamp = timestamp
        self._session_id = session_id
        self._peer = peer
        self._local = is_local(peer)
        self._secured = False
        self._takes_plaintext = services.security.allows_plaintext(secured=False, local=self._local)
        self._channel = NO_CHANNEL
        self.utf8 = False
        self._judged = judged
        self._bad = bad
        self._sasl: SaslLogin | None = None

    def greeting(self) -> bytes:
        """Give the greeting."""
        return self._wording.greeting(self._timestamp)

    def capabilities(self, *, logged_in: bool) -> bytes:
        """Give what can be done on this connection as it is."""
        security = self._services.security
        lines = capability_lines(
            user=self._takes_plaintext,
            mechanisms=[mechanism.name for mechanism in self._mechanisms],
            stls=not (logged_in or self._secured or self.utf8) and security.tls is not None,
            implementation=self._services.implementation.encode("ascii", "replace"),
            withheld=security.disabled_capabilities,
            expire=self._services.policies.retention.capability,
            login_delay=self._services.policies.login_delay.capability,
        )
        return self._wording.listing(Text.CAPABILITIES, lines)

    def begin_tls(self) -> Answer:
        """Answer STLS."""
        if self._secured:
            return self._bad(self._wording.err(Text.TLS_ALREADY))
        if self._services.security.tls is None:
            return self._bad(self._wording.err(Text.TLS_NOT_OFFERED))
        if self.utf8:
            return self._bad(self._wording.err(Text.TLS_AFTER_UTF8))
        return UpgradeToTls(self._wording.ok(Text.BEGIN_TLS))

    def begin_utf8(self) -> bytes:
        """Answer UTF8. Saying it twice changes nothing."""
        self.utf8 = True
        return self._wording.ok(Text.UTF8_FROM_HERE)

    def secured(self, channel: Channel) -> None:
        """Hear that the connection is under TLS. What was said before is forgotten (RFC 2595 §4)."""
        self._secured = True
        self._takes_plaintext = self._services.security.allows_plaintext(secured=True, local=self._local)
        self._channel = channel
        self._protocol.name = None
        self._wording.language = I_DEFAULT

    def log_in(self, command: LoginCommand) -> Soon[Answer]:
        """Answer a command that logs in, or leads to it."""
        match command:
            case commands.User():
                return self._user(command.name)
            case commands.Pass():
                return self._password(self._protocol.take_name(), command.password)
            case commands.Apop(name, digest):
                return self._apop(name, digest)
            case commands.Auth(mechanism, initial):
                return self._auth(mechanism, initial)
            case commands.AuthResponse(line):
                return self._moved_on(lambda: self._exchange.receive(line))
            case _:
                assert_never(command)

    def leave_exchange(self) -> None:
        """Give up the AUTH exchange that is under way, if one is: its line was too long, or the client is gone."""
        if self._sasl is None:
            return
        sasl = self._end_exchange()
        if denied := sasl.denied:
            self._note(denied, sasl.claimed, None)
            self._services.tell(
                LoginRefused(
                    session=self._session_id,
                    peer=self._peer,
                    name=sasl.claimed,
                    mechanism=sasl.mechanism,
                    reason=denied.reason,
                )
            )

    @property
    def _mechanisms(self) -> tuple[Mechanism, ...]:
        return self._services.security.offered(secured=self._secured, local=self._local, channel=self._channel)

    @property
    def _exchange(self) -> SaslLogin:
        assert self._sasl is not None, "the protocol gives out responses within an exchange only"
        return self._sasl

    def _refuse_plaintext(self) -> bytes:
        return self._bad(self._wording.err(Text.NO_PLAINTEXT, ResponseCode.SYS_PERM))

    # --- USER and PASS, APOP -------------------------------------------------------------------------------------

    def _user(self, name: bytes) -> bytes:
        if not self._takes_plaintext:
            return self._refuse_plaintext()
        if self._wants_utf8(name):
            self._protocol.name = None
            return self._bad(self._wording.err(Text.NAME_NOT_UTF8, ResponseCode.AUTH))
        return self._wording.password_please()

    def _wants_utf8(self, octets: bytes) -> bool:
        """Tell whether a name or a password is refused for its form, since UTF-8 is announced (RFC 6856 §2.2)."""
        if octets.isascii() or "UTF8" in self._services.security.disabled_capabilities:
            return False
        try:
            octets.decode("utf-8")
        except UnicodeDecodeError:
            return True
        return False

    def _password(self, name: bytes, password: Secret) -> Soon[Answer]:
        if not self._takes_plaintext:
            return self._refuse_plaintext()
        if self._wants_utf8(password.reveal()):
            return self._judged(
                Refused(reason=RefusalReason.WRONG_PASSWORD), name.decode("utf-8", "replace"), "USER"
            )
        authenticator = self._services.authenticator
        return self._verify(lambda: authenticator.verify_password(name, password), name, "USER", password)

    def _apop(self, name: bytes, digest: bytes) -> Soon[Answer]:
        timestamp = self._timestamp
        if not timestamp:
            return self._bad(self._wording.err(Text.APOP_NOT_OFFERED))
        if self._wants_utf8(name):
            return self._bad(self._wording.err(Text.NAME_NOT_UTF8, ResponseCode.AUTH))
        return self._verify(lambda: self._services.authenticator.verify_apop(name, timestamp, digest), name, "APOP")

    def _verify(
        self, verify: Callable[[], Soon[Verdict]], name: bytes, mechanism: str, password: Secret | None = None
    ) -> Soon[Answer]:
        shown = name.decode("utf-8", "backslashreplace")
        try:
            verdict: Soon[Verdict] = self._slowly(verify)
        except AccountFault as error:
            return self._faulty(shown, mechanism, error)
        if isinstance(verdict, Later):
            noted = partial(self._noted, shown, mechanism, password)
            rescue = partial(self._faulty, shown, mechanism)
            return attempt_later(verdict, noted, errors=(AccountFault,), rescue=rescue)
        return self._noted(shown, mechanism, password, verdict)

    def _faulty(self, name: str, mechanism: str, error: Exception) -> Soon[Answer]:
        return self._judged(Unavailable(reason=str(error)), name, mechanism)

    def _noted(self, name: str, mechanism: str, password: Secret | None, verdict: Verdict) -> Soon[Answer]:
        self._note(verdict, name, password)
        return self._judged(verdict, name, mechanism)

    # --- failed logins slow an address down ----------------------------------------------------------------------

    def _slowly(self, ask: Callable[[], Soon[T]]) -> Soon[T | Unavailable]:
        return slowly(self._services.throttle, self._peer, ask, sleep=self._services.sleep)

    def _note(self, verdict: Verdict, name: str, password: Secret | None) -> None:
        note_verdict(self._services.throttle, self._peer, verdict, name, password)

    # --- AUTH ----------------------------------------------------------------------------------------------------

    def _auth(self, name: bytes, initial: Secret | None) -> Soon[Answer]:
        wanted = name.decode("ascii", "replace")
        offered = self._mechanisms
        mechanism = next((each for each in offered if each.name == wanted), None)
        if mechanism is None:
            known = find_mechanism(wanted)
            if known is not None and known.reveals and not self._takes_plaintext:
                return self._refuse_plaintext()
            return self._bad(self._wording.err(Text.MECHANISM_NOT_OFFERED))
        material = ServerMaterial(
            entropy=self._services.random(ENTROPY_OCTETS),
            host=self._services.hostname,
            decoy=self._services.security.decoy,
            # Given to SCRAM without -PLUS, too: a client that says it saw no offer of a binding was lied to.
            bindings=self._channel.bindings if any(each.binds for each in offered) else (),
            certificate=self._channel.certificate,
            discovery=self._services.security.discovery,
        )
        sasl = self._sasl = SaslLogin(mechanism.server(material), self._services.authenticator.judge)
        self._protocol.begin_exchange()
        return self._moved_on(lambda: self._slowly(lambda: sasl.begin(initial)))

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
            return self._bad(self._wording.exchange_failed(move.kind, move.detail))
        self._note(move, sasl.claimed, None)
        return self._judged(move, sasl.claimed, sasl.mechanism)

    def _end_exchange(self) -> SaslLogin:
        sasl, self._sasl = self._exchange, None
        self._protocol.end_exchange()
        return sasl
