"""The server's side of any mechanism: a dialogue written top-down, and the machine that holds it to its turns.

A mechanism is a generator: it yields a challenge and is sent the response, or yields a request and is sent the
answer, and returns how it ended. So each mechanism reads as its RFC does. `ServerMechanism` turns that into three
calls, `begin`, `step` and `resume`, and it alone knows when there may be an initial response, how long a message
may be, and that nothing goes on after the end. Whatever octets come, these calls give a `Step` and never raise;
they raise RuntimeError or TypeError only for a caller that breaks their order.
Sources: RFC 4422 §3 and §4, RFC 5034 §4.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, TypeAlias, TypeVar

from restante.sasl.terms import (
    LARGEST_MESSAGE_OCTETS,
    Answer,
    Challenge,
    Denied,
    Done,
    Failed,
    FailureKind,
    Granted,
    Request,
    Step,
    Unavailable,
)

__all__ = ["Dialogue", "Part", "Refusal", "ServerMechanism", "answered", "granted", "response_to"]

AnswerT = TypeVar("AnswerT", bound=Answer)
Result = TypeVar("Result")

Dialogue: TypeAlias = Generator[Challenge | Request, bytes | Answer, Done | Failed]
"""A mechanism's server side."""

_EMPTY: Final = Challenge(octets=b"")
"""What a client that sent no initial response is asked with. Source: RFC 5034 §4."""

_BROKEN: Final = Failed(kind=FailureKind.UNAVAILABLE, detail="the exchange broke off by a fault of ours")

Part: TypeAlias = Generator[Challenge | Request, bytes | Answer, Result]
"""A piece of a dialogue, run with `yield from`."""


class Refusal(Exception):
    """Ends a dialogue from within a function that it calls. Never leaves the machine."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.failed = Failed(kind=kind, detail=detail)


class ServerMechanism:
    """One login by one mechanism, the server's side. Used once."""

    __slots__ = ("_dialogue", "_pending", "name", "server_first")

    name: str
    """The mechanism's registered name."""
    server_first: bool
    """Whether the server speaks first, so that there can be no initial response."""

    def __init__(self, name: str, dialogue: Dialogue, *, server_first: bool = False) -> None:
        self.name = name
        self.server_first = server_first
        self._dialogue: Dialogue = dialogue
        self._pending: Step | None = None

    def begin(self, initial: bytes | None) -> Step:
        """Start with the client's initial response, decoded; None where there was none. Source: RFC 5034 §4."""
        if self._pending is not None:
            raise RuntimeError("a mechanism is begun once; make a new one for the next login")
        first = self._note(next(self._dialogue))
        if initial is None:
            return first
        if self.server_first:
            detail = "with this mechanism the server speaks first; leave the initial response out"
            return self._end(Failed(kind=FailureKind.INITIAL_RESPONSE, detail=detail))
        return self.step(initial)

    def step(self, response: bytes) -> Step:
        """Take the client's response to the last challenge, decoded."""
        if not isinstance(self._pending, Challenge):
            raise RuntimeError("a response comes after a challenge only")  # noqa: TRY004 - the order is wrong
        if len(response) > LARGEST_MESSAGE_OCTETS:
            return self._end(Failed(kind=FailureKind.TOO_LONG, detail="the response is too long"))
        return self._send(response)

    def resume(self, answer: Answer) -> Step:
        """Take the answer to the last request. Raises TypeError for one that does not go with it."""
        if self._pending is None or isinstance(self._pending, Challenge | Done | Failed):
            raise RuntimeError("an answer comes after a request only")
        return self._send(answer)

    def cancel(self) -> Failed:
        """Hear that the client left the exchange; may come at any time."""
        return self._end(Failed(kind=FailureKind.CANCELLED, detail="the client cancelled the exchange"))

    def _send(self, what: bytes | Answer) -> Step:
        # Should the dialogue itself break, it stands at its end, and nobody is logged in.
        self._pending = _BROKEN
        try:
            return self._note(self._dialogue.send(what))
        except StopIteration as end:
            outcome: Done | Failed = end.value
            return self._note(outcome)
        except Refusal as refusal:
            return self._note(refusal.failed)

    def _end(self, failed: Failed) -> Failed:
        self._dialogue.close()
        self._pending = failed
        return failed

    def _note(self, step: Step) -> Step:
        self._pending = step
        return step


def response_to(challenge: Challenge = _EMPTY) -> Part[bytes]:
    """Ask the client, in a dialogue: gives its response."""
    response = yield challenge
    if not isinstance(response, bytes):
        raise TypeError("a challenge is followed by the client's response")
    return response


def answered(request: Request, kind: type[AnswerT]) -> Part[AnswerT]:
    """Ask the world, in a dialogue: gives its answer, or ends the exchange where there is none now."""
    answer = yield request
    if isinstance(answer, Unavailable):
        raise Refusal(FailureKind.UNAVAILABLE, "the credentials could not be judged")
    if not isinstance(answer, kind):
        raise TypeError(f"{type(request).__name__} is not answered by {type(answer).__name__}")
    return answer


def granted(request: Request, *, authzid: str | None) -> Part[Done]:
    """Ask the world for a yes or no, in a dialogue: gives the end of one that was granted."""
    answer = yield request
    match answer:
        case Granted(authcid=authcid):
            return Done(authcid=authcid, authzid=authzid)
        case Denied():
            raise Refusal(FailureKind.WRONG_CREDENTIALS, "the credentials are wrong")
        case Unavailable():
            raise Refusal(FailureKind.UNAVAILABLE, "the credentials could not be judged")
        case _:
            raise TypeError(f"{type(request).__name__} is not answered by {type(answer).__name__}")
