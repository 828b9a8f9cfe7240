"""One AUTH command: lines of the client in, challenges and at last a verdict out.

It drives a mechanism of `sasl/` and asks the authenticator what the mechanism needs to know. What is answered on
the wire, the session chooses. Sources: RFC 5034 §4, RFC 4954 §4, RFC 3206 §4 (whose fault a failed login is).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from restante.ports.accounts import Accepted, Judgement, RefusalReason, Refused, Unavailable, Verdict
from restante.ports.soon import Soon, then
from restante.proto.terms import Secret
from restante.sasl.exchange import AuthExchange, ExchangeStep, SendLine
from restante.sasl.machine import ServerMechanism
from restante.sasl.terms import Done, Failed, FailureKind, Fault, Request, TokenDenied

__all__ = ["GivenUp", "Move", "SaslLogin"]


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The exchange ended without anything to judge: the client cancelled, or does not speak the mechanism."""

    kind: FailureKind
    detail: str
    """A fixed sentence, nothing of what the client sent."""


Move: TypeAlias = SendLine | Verdict | GivenUp
"""A challenge to send, or how it ended."""


class SaslLogin:
    """One login by a mechanism. `begin` once, then `receive` after each SendLine."""

    __slots__ = ("_exchange", "_judge", "_judgement")

    def __init__(
        self,
        mechanism: ServerMechanism,
        judge: Callable[[Request], Soon[Judgement]],
        *,
        challenge_prefix: bytes = b"+ ",
    ) -> None:
        """Begin; `challenge_prefix` is what stands before a challenge on the wire."""
        self._exchange = AuthExchange(mechanism, challenge_prefix=challenge_prefix)
        self._judge = judge
        self._judgement: Judgement | None = None

    @property
    def mechanism(self) -> str:
        """The mechanism's name."""
        return self._exchange.mechanism

    @property
    def claimed(self) -> str:
        """Whom the client claims to be, for the log; hostile. Empty while that is not known."""
        return self._judgement.claimed if self._judgement else ""

    @property
    def denied(self) -> Refused | None:
        """What the verdict is already, while the client has yet to answer why its token is not good.

        Whoever hangs up there, or cancels, was refused all the same.
        """
        judgement = self._judgement
        if judgement is None or not isinstance(judgement.answer, TokenDenied):
            return None
        return Refused(reason=judgement.reason or RefusalReason.WRONG_TOKEN)

    def begin(self, initial: Secret | None) -> Soon[Move]:
        """Start with the initial response as it stood on the line."""
        return self._move(self._exchange.begin(None if initial is None else initial.reveal()))

    def receive(self, line: Secret) -> Soon[Move]:
        """Take the client's next line."""
        return self._move(self._exchange.receive_line(line.reveal()))

    def line_too_long(self) -> Move:
        """Hear that the client's line was too long and was skipped."""
        failed = self._exchange.line_too_long()
        return self.denied or GivenUp(failed.kind, failed.detail)

    def _move(self, step: ExchangeStep) -> Soon[Move]:
        match step:
            case SendLine():
                return step
            case Done():
                judgement = self._judgement
                if judgement is None or judgement.account is None:
                    # A mechanism that ends well without having asked would be a hole: it is closed here.
                    return Refused(reason=RefusalReason.UNKNOWN_NAME)
                return Accepted(account=judgement.account)
            case Failed():
                return self._failed(step)
            case _:
                return then(self._judge(step), self._resume)

    def _resume(self, judgement: Judgement) -> Soon[Move]:
        self._judgement = judgement
        return self._move(self._exchange.resume(judgement.answer))

    def _failed(self, failed: Failed) -> Move:
        match failed.kind.fault:
            case Fault.CREDENTIALS:
                known = self._judgement.reason if self._judgement else None
                return Refused(reason=known or RefusalReason.WRONG_PASSWORD)
            case Fault.SYSTEM:
                told = self._judgement.unavailable if self._judgement else None
                return Unavailable(reason=told or failed.detail)
            case Fault.FORM | Fault.CHOICE:
                return self.denied or GivenUp(failed.kind, failed.detail)
            case _:
                assert_never(failed.kind.fault)
