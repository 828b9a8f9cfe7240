"""All that can go wrong between a client and a server, as types.

Each carries the server it happened with, the phase, and where the server said something, its reply and response
code; its message says in one line what happened and what to do next. What a server said is escaped in messages, and
raw in `reply`. Sources: RFC 2449 §8.1, RFC 3206 §4 and §5 (response codes).
"""

from __future__ import annotations

from enum import Enum
from typing import Final

__all__ = [
    "ClientFault",
    "CommandRefused",
    "ConnectFault",
    "ConnectionLost",
    "InUse",
    "LimitExceeded",
    "LoginDelayed",
    "LoginImpossible",
    "LoginRefused",
    "MessageTooLarge",
    "PermanentFault",
    "Phase",
    "ProtocolFault",
    "RefusedFault",
    "TemporaryFault",
    "TimedOut",
    "TlsFault",
    "TlsProblem",
    "UnusableArgument",
    "shown",
]

_SHOWN_OCTETS: Final = 200


def shown(octets: bytes) -> str:
    """Give what a server said as one line of printable ASCII, cut where it is long."""
    text = octets[:_SHOWN_OCTETS].decode("utf-8", "backslashreplace")
    plain = "".join(sign if " " <= sign <= "~" else ascii(sign)[1:-1] for sign in text)
    return plain + "..." if len(octets) > _SHOWN_OCTETS else plain


class Phase(Enum):
    """Where in a session it happened."""

    CONNECT = "connect"
    TLS = "TLS"
    LOGIN = "login"
    TRANSFER = "transfer"
    """Anything after the login."""


class ClientFault(Exception):
    """A session, or a part of it, that did not succeed. All others here are kinds of it."""

    def __init__(
        self,
        message: str,
        *,
        server: str,
        phase: Phase,
        reply: bytes | None = None,
        code: bytes | None = None,
        marks_lost: int = 0,
    ) -> None:
        super().__init__(message)
        self.server = server
        """`host:port`."""
        self.phase = phase
        self.reply = reply
        """The status line that it is about, without its end; hostile. None where the server said nothing."""
        self.code = code
        """The response code in that line, in upper case (`IN-USE`, `SYS/TEMP`); None where there was none."""
        self.marks_lost = marks_lost
        """How many deletion marks the end of the connection took off: those messages are still in the maildrop."""
        self.marks_in_doubt = 0
        """How many messages may be gone or not, since QUIT was sent and not answered: look again."""

    def __str__(self) -> str:
        if not self.marks_in_doubt:
            return super().__str__()
        return (
            f"{super().__str__()}; whether what was marked is gone ({self.marks_in_doubt}) is not known: look again"
        )


class ConnectFault(ClientFault):
    """No connection: the name is not known, nobody listens there, or the proxy would not."""


class TlsProblem(Enum):
    """Why there is no TLS that may be used."""

    NOT_OFFERED = "the server does not offer TLS"
    EXPIRED = "its certificate has expired"
    NOT_YET_VALID = "its certificate is not valid yet"
    SELF_SIGNED = "its certificate is signed by itself"
    OTHER_NAME = "its certificate is for another name"
    UNKNOWN_AUTHORITY = "its certificate is from an authority that is not trusted here"
    OTHER_FINGERPRINT = "its certificate is not the pinned one"
    REVOKED = "its certificate was revoked"
    UNFIT_CERTIFICATE = "its certificate may not be used for this"
    OCTETS_BEFORE_HANDSHAKE = "octets came between the answer to STLS and the handshake"
    HANDSHAKE = "the handshake failed"
    OURS = "our own certificate or authorities cannot be used"


class TlsFault(ClientFault):
    """No TLS, or not with whom we meant. No credential went out."""

    def __init__(
        self,
        message: str,
        *,
        server: str,
        problem: TlsProblem,
        fingerprint: str | None = None,
        names: tuple[str, ...] = (),
        reply: bytes | None = None,
    ) -> None:
        super().__init__(message, server=server, phase=Phase.TLS, reply=reply)
        self.problem = problem
        self.fingerprint = fingerprint
        """SHA-256 of the certificate that the server showed, as `Server.fingerprint` takes it; None where none
        was."""
        self.names = names
        """The names for which that certificate is."""


class LoginImpossible(ClientFault):
    """Ours: there is no way to log in that both sides know and that is safe. Nothing was sent."""


class RefusedFault(ClientFault):
    """The server said no. The session goes on."""


class LoginRefused(RefusedFault):
    """Name, password or token are not right, or the account is closed."""


class TemporaryFault(RefusedFault):
    """The server cannot now; another time it may. Its code is `SYS/TEMP`, or that of a subclass."""


class InUse(TemporaryFault):
    """Another session has the maildrop. `[IN-USE]`."""


class LoginDelayed(TemporaryFault):
    """The last login was too short a time ago. `[LOGIN-DELAY]`."""

    wait_seconds: int | None = None
    """What the server announced; None where it did not."""


class PermanentFault(RefusedFault):
    """The server cannot, and somebody has to repair it. `[SYS/PERM]`."""


class CommandRefused(RefusedFault):
    """A command was refused, with no code that says more."""


class MessageTooLarge(ClientFault):
    """Ours: the server says of a message that it is longer than may be held in memory. It was not asked for."""


class ProtocolFault(ClientFault):
    """What the server sent is not POP3. The connection is closed."""


class LimitExceeded(ProtocolFault):
    """The server sent more than a limit allows. The connection is closed."""


class TimedOut(ClientFault):
    """The server did not answer in time, or too slowly. The connection is closed."""


class ConnectionLost(ClientFault):
    """The connection ended in the middle."""


class UnusableArgument(ValueError):
    """Ours: an argument may not stand in a command, or the line would be too long. Nothing was sent."""
