r"""The lines of AUTH: base64 out and in around a mechanism, for the server and for the client.

Lines come and go without any buffer here: whoever reads them sets the splitter's limit to `LINE_OCTETS` for the
time of the exchange, and says so when one was longer. What the reply to the command is (`+OK`, `-ERR` and its
code), the session chooses from the `Done` or `Failed` at the end; after either the session is as usable as before.
The server's side serves any protocol in which the challenges have their own prefix (`334 ` in SMTP).
Sources: RFC 5034 §4, RFC 4954 §4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeAlias

from restante.sasl.codec import CANCEL, NotBase64, decode, decode_initial, encode, encode_initial
from restante.sasl.machine import ServerMechanism
from restante.sasl.terms import (
    Answer,
    Challenge,
    ClientMechanism,
    CredentialUnusable,
    Done,
    Failed,
    FailureKind,
    MechanismError,
    PeerMisbehaved,
    Request,
    Step,
)

__all__ = [
    "COMMAND_LINE_OCTETS",
    "LINE_OCTETS",
    "AuthExchange",
    "AuthRefused",
    "ClientAuthExchange",
    "ExchangeStep",
    "LoggedIn",
    "SendLine",
]

LINE_OCTETS: Final = 16 * 1024
"""The longest line of an exchange after the first, its CRLF included. Tokens with many claims need thousands;
RFC 4954 §4 asks SMTP servers for 12,288, and RFC 5034 §4 for room for what the mechanisms need."""

COMMAND_LINE_OCTETS: Final = 255
"""The longest line of the AUTH command itself, its CRLF included. Sources: RFC 2449 §4, RFC 5034 §4."""

_CHALLENGE_PREFIX: Final = b"+ "


@dataclass(frozen=True, slots=True)
class SendLine:
    """A line to send, its CRLF included. May carry a credential: never logged."""

    octets: bytes = field(repr=False)


# --- the server's side --------------------------------------------------------------------------------------------


ExchangeStep: TypeAlias = SendLine | Request | Done | Failed


class AuthExchange:
    """One AUTH command, the server's side. Lines come in without their ends.

    `begin` once, then `receive_line` after each SendLine and `resume` after each request, until Done or Failed.
    """

    __slots__ = ("_mechanism", "_prefix")

    def __init__(self, mechanism: ServerMechanism, *, challenge_prefix: bytes = _CHALLENGE_PREFIX) -> None:
        self._mechanism = mechanism
        self._prefix = challenge_prefix

    @property
    def mechanism(self) -> str:
        """The name of the mechanism."""
        return self._mechanism.name

    def begin(self, initial: bytes | None) -> ExchangeStep:
        """Start with the initial response as it stood on the command line, or None without one."""
        if initial is None:
            return self._lined(self._mechanism.begin(None))
        try:
            octets = decode_initial(initial)
        except NotBase64 as error:
            return self._undecodable(error)
        return self._lined(self._mechanism.begin(octets))

    def receive_line(self, line: bytes) -> ExchangeStep:
        """Take the client's next line: a response, or `*` to cancel."""
        if line == CANCEL:
            return self._mechanism.cancel()
        if len(line) > LINE_OCTETS - 2:
            return self.line_too_long()
        try:
            octets = decode(line)
        except NotBase64 as error:
            return self._undecodable(error)
        return self._lined(self._mechanism.step(octets))

    def line_too_long(self) -> Failed:
        """Hear that a line was longer than the limit, and was skipped."""
        self._mechanism.cancel()
        return Failed(kind=FailureKind.TOO_LONG, detail=f"a line of AUTH is at most {LINE_OCTETS} octets")

    def resume(self, answer: Answer) -> ExchangeStep:
        """Take the answer to the last request. Raises TypeError for one that does not go with it."""
        return self._lined(self._mechanism.resume(answer))

    def _undecodable(self, error: NotBase64) -> Failed:
        self._mechanism.cancel()
        return Failed(kind=FailureKind.BAD_ENCODING, detail=str(error))

    def _lined(self, step: Step) -> ExchangeStep:
        if isinstance(step, Challenge):
            # An empty challenge is the prefix with its space, and nothing else.
            return SendLine(self._prefix + encode(step.octets) + b"\r\n")
        return step


# --- the client's side --------------------------------------------------------------------------------------------


class AuthRefused(MechanismError):
    """Theirs: the server said no, and the mechanism did not tell why."""

    def __init__(self, *, mechanism: str, reply: bytes) -> None:
        super().__init__(f"the server refused the login by {mechanism}; check the name, and the password or token")
        self.mechanism = mechanism
        self.reply = reply
        """Its reply without the line end; hostile."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The server said yes, and had earned it."""

    reply: bytes


class _Turn(Enum):
    """What the client waits for."""

    PROMPT = auto()
    """The empty challenge, since the initial response did not fit into the command's line."""
    CHALLENGE = auto()
    CANCELLED = auto()
    OVER = auto()


class ClientAuthExchange:
    """One AUTH command, the client's side. Lines come in without their ends.

    `start` once, then `receive_line` for each line, until LoggedIn or an error. Every failure is a MechanismError;
    `session_usable` then tells whether another mechanism may be tried, or the connection is to be closed.
    Without `initial_response` it always goes in a second step: for servers that stopped at RFC 1734.
    """

    __slots__ = (
        "_command_line_octets",
        "_error",
        "_initial",
        "_initial_response",
        "_mechanism",
        "_turn",
        "session_usable",
    )

    session_usable: bool
    """True once the server ended the exchange by a proper no."""

    def __init__(
        self,
        mechanism: ClientMechanism,
        *,
        command_line_octets: int = COMMAND_LINE_OCTETS,
        initial_response: bool = True,
    ) -> None:
        self._mechanism = mechanism
        self._initial_response = initial_response
        self._command_line_octets = command_line_octets
        self._turn = _Turn.OVER
        self._initial = b""
        self._error: MechanismError | None = None
        self.session_usable = False

    def start(self) -> SendLine:
        """Give the line of the command.

        An initial response with which it would be too long waits for a second step (RFC 5034 §4).
        Raises CredentialUnusable where even a line of the exchange cannot hold it; then nothing was sent.
        """
        initial = self._mechanism.start()
        command = b"AUTH " + self._mechanism.name.encode()
        self._turn = _Turn.CHALLENGE
        if initial is None:
            return SendLine(command + b"\r\n")
        line = b"%s %s\r\n" % (command, encode_initial(initial))
        if self._initial_response and len(line) <= self._command_line_octets:
            return SendLine(line)
        self._initial = encode(initial) + b"\r\n"
        if len(self._initial) > LINE_OCTETS:
            self._turn = _Turn.OVER
            raise CredentialUnusable(field="credential", reason=f"needs a line of more than {LINE_OCTETS} octets")
        self._turn = _Turn.PROMPT
        return SendLine(command + b"\r\n")

    def receive_line(self, line: bytes) -> SendLine | LoggedIn:
        """Take a line of the server. Raises MechanismError when the login failed, in whatever way."""
        if line == b"+" or line.startswith(_CHALLENGE_PREFIX):
            return self._challenged(line[len(_CHALLENGE_PREFIX) :])
        turn, self._turn = self._turn, _Turn.OVER
        word = line.split(b" ", 1)[0].upper()
        if word == b"-ERR" and turn is not _Turn.OVER:
            self.session_usable = True
            self._raise_refusal(line)
        if self._error is not None:
            raise self._error
        if word != b"+OK" or turn is _Turn.OVER:
            raise self._misbehaved("sent a line that is neither a challenge nor an answer")
        if turn is _Turn.PROMPT:
            raise self._misbehaved("said yes before it was told anything")
        self._mechanism.finished()
        return LoggedIn(line)

    def line_too_long(self) -> SendLine:
        """Hear that a line of the server was longer than `LINE_OCTETS`; gives the cancel."""
        error = self._misbehaved("sent a line that is too long")
        if self._turn in (_Turn.CANCELLED, _Turn.OVER):
            self._turn = _Turn.OVER
            raise self._error or error
        return self._cancelled(error)

    def _challenged(self, text: bytes) -> SendLine:
        match self._turn:
            case _Turn.PROMPT:
                # Whatever words it puts there (it should put none): they cannot mean anything to the mechanism.
                initial, self._initial = self._initial, b""
                self._turn = _Turn.CHALLENGE
                return SendLine(initial)
            case _Turn.CHALLENGE:
                pass
            case _:
                self._turn = _Turn.OVER
                raise self._error or self._misbehaved("sent a challenge where none belongs")
        if len(text) > LINE_OCTETS:
            return self.line_too_long()
        try:
            response = self._mechanism.respond(decode(text))
        except NotBase64:
            return self._cancelled(self._misbehaved("sent a challenge that is not base64"))
        except MechanismError as error:
            return self._cancelled(error)
        return SendLine(encode(response) + b"\r\n")

    def _cancelled(self, error: MechanismError) -> SendLine:
        self._turn, self._error = _Turn.CANCELLED, error
        return SendLine(CANCEL + b"\r\n")

    def _raise_refusal(self, reply: bytes) -> None:
        if self._error is not None:
            raise self._error
        self._mechanism.refused()
        raise AuthRefused(mechanism=self._mechanism.name, reply=reply)

    def _misbehaved(self, reason: str) -> PeerMisbehaved:
        return PeerMisbehaved(mechanism=self._mechanism.name, reason=reason)
