"""The words of SASL as types: what a mechanism asks of the world, what it is told, and how an exchange ends.

A mechanism is pure: it never looks up an account and never hashes a password. Where it needs the world it gives out
a request, and whoever drives it (`machine.py` says how) comes back with the answer. That somebody also decides who
may act for whom: each request carries the authzid, and saying no to the request is how that is refused.
No mechanism here; no lines of a protocol either, those are `exchange.py`'s.
Sources: RFC 4422 §2 and §3 (SASL), RFC 3206 (whose fault a failed login is).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol, TypeAlias

from restante.proto.terms import Secret
from restante.sasl.scram_keys import ScramHash, ScramKeys

__all__ = [
    "LARGEST_MESSAGE_OCTETS",
    "LARGEST_NAME_OCTETS",
    "LARGEST_PASSWORD_OCTETS",
    "Answer",
    "BindingType",
    "Challenge",
    "ChannelBinding",
    "ClientMechanism",
    "CredentialUnusable",
    "Credentials",
    "Denied",
    "Done",
    "Failed",
    "FailureKind",
    "Fault",
    "FoundKeys",
    "FoundSecret",
    "Granted",
    "JudgeCertificate",
    "JudgePassword",
    "JudgeToken",
    "MechanismError",
    "NeedScramKeys",
    "NeedSharedSecret",
    "PeerMisbehaved",
    "Request",
    "ScramRefused",
    "ServerNotVerified",
    "Step",
    "TokenDenied",
    "TokenRefused",
    "Unavailable",
]

LARGEST_NAME_OCTETS: Final = 320
"""An authcid or authzid in UTF-8: 64 for the local part, the @, 255 for the domain (RFC 5321 §4.5.3.1). RFC 4616 §2
asks for 255 at the least."""

LARGEST_PASSWORD_OCTETS: Final = 1024
"""A password in UTF-8. RFC 4616 §2 asks for 255 at the least; each octet of a hostile one costs hashing."""

LARGEST_MESSAGE_OCTETS: Final = 12_285
"""A message of a mechanism, decoded: what 16 KiB of line hold in base64, CRLF taken off. Tokens need that."""


# --- channel binding ----------------------------------------------------------------------------------------------


class BindingType(Enum):
    """How a login is tied to its TLS channel. Never tls-unique: RFC 9266 §1 and RFC 9325 say why it is broken."""

    TLS_EXPORTER = "tls-exporter"
    """RFC 9266: 32 octets of keying material that only the two ends of this very connection have."""
    TLS_SERVER_END_POINT = "tls-server-end-point"
    """RFC 5929 §4: a hash of the server's certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelBinding:
    """What one end of a TLS channel sees of it."""

    type: BindingType
    octets: bytes = field(repr=False)


# --- what a mechanism on the server's side gives out --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """Send these octets to the client and come back with its response. May be empty."""

    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePassword:
    """Is this the password of authcid, and may authcid act as authzid? Answers: Granted, Denied, Unavailable."""

    authzid: str | None
    """None: the client acts as itself."""
    authcid: str
    password: Secret
    """UTF-8, prepared by SASLprep: what a hash of our own was made from."""
    password_as_sent: Secret
    """UTF-8 as it came, for hashes taken over from a server that does not prepare: `²` there is not `2`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedScramKeys:
    """What is stored for authcid, and may it act as authzid? Answers: FoundKeys, Unavailable."""

    hash: ScramHash
    authzid: str | None
    authcid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedSharedSecret:
    """What secret is shared with authcid? Answers: FoundSecret, Unavailable."""

    authcid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeToken:
    """Is this token good here, whose is it, and may they act as authzid?

    Answers: Granted, TokenDenied, Unavailable.
    """

    authzid: str | None
    """The account that the client wants; None: the one that the token names."""
    token: Secret
    host: str | None
    """The server the client believes it talks to, where it says so; hostile."""
    port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCertificate:
    """Whom does the client's TLS certificate name, and may they act as authzid?

    Answers: Granted, Denied, Unavailable.
    """

    authzid: str | None
    """None: the account that the certificate names."""
    certificate: bytes = field(repr=False)
    """In DER. Whoever runs TLS has seen to it that the client has its key and that an authority signed it."""


Request: TypeAlias = JudgePassword | NeedScramKeys | NeedSharedSecret | JudgeToken | JudgeCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The credentials proved right."""

    authcid: str
    """Whose credentials they were."""
    authzid: str | None
    """As whom to act; None: as authcid. Whether that is allowed was decided with the answer to the request."""


class Fault(Enum):
    """Who is at fault when a login fails; chooses the response code. Source: RFC 3206 §4–5."""

    FORM = "form"
    """The client does not speak the mechanism."""
    CREDENTIALS = "credentials"
    """`[AUTH]`."""
    SYSTEM = "system"
    """`[SYS/TEMP]`."""
    CHOICE = "choice"
    """Nobody: the client cancelled."""


class FailureKind(Enum):
    """Why an exchange failed."""

    MALFORMED = "malformed message"
    TOO_LONG = "message too long"
    BAD_ENCODING = "not base64"
    INITIAL_RESPONSE = "initial response to a mechanism in which the server speaks first"
    UNSUPPORTED = "unsupported extension"
    BINDING_MISMATCH = "channel binding does not match"
    DOWNGRADE = "client saw no offer of channel binding where there is one"
    WRONG_CREDENTIALS = "wrong credentials"
    UNAVAILABLE = "cannot be judged now"
    CANCELLED = "cancelled by the client"

    @property
    def fault(self) -> Fault:
        """Whose fault it is."""
        match self:
            case FailureKind.WRONG_CREDENTIALS | FailureKind.BINDING_MISMATCH | FailureKind.DOWNGRADE:
                # Somebody in the middle, or a wrong password: asking for the password again is right in each case.
                return Fault.CREDENTIALS
            case FailureKind.UNAVAILABLE:
                return Fault.SYSTEM
            case FailureKind.CANCELLED:
                return Fault.CHOICE
            case _:
                return Fault.FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The exchange is over without a login."""

    kind: FailureKind
    detail: str
    """A fixed sentence for the log: holds nothing that the client sent."""


Step: TypeAlias = Challenge | Request | Done | Failed


# --- what it is told ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The credentials are right, and may be used for what was asked."""

    authcid: str
    """Whose they are: the name of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """They are not; why, whoever answers knows and logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDenied:
    """The token is not good here. All of this goes to the client. Source: RFC 7628 §3.2.2."""

    status: str = "invalid_token"
    """An error code of RFC 6750 §3.1: invalid_request, invalid_token or insufficient_scope."""
    scope: str | None = None
    """What a good token is for; None where the server does not say."""
    openid_configuration: str | None = None
    """The address at which a client learns how to get a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKeys:
    """What the look-up for SCRAM gave."""

    keys: ScramKeys | None
    """None: no such account, or no such keys; the exchange then goes on with a decoy."""
    may_log_in: bool = True
    """False: the exchange goes on with the true salt, and fails at its end (locked, or may not act as authzid)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSecret:
    """What the look-up for CRAM-MD5 gave."""

    secret: Secret | None
    """None: no such account, or none that has a secret."""
    may_log_in: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """The world cannot tell now."""


Answer: TypeAlias = Granted | Denied | TokenDenied | FoundKeys | FoundSecret | Unavailable


# --- the client's side --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a client has to show."""

    authcid: str
    """Its name; empty only with a certificate."""
    authzid: str | None = None
    """As whom to act; None: as itself."""
    password: Secret | None = None
    """UTF-8."""
    token: Secret | None = None
    """A bearer token, as its issuer gave it."""


class ClientMechanism(Protocol):
    """One login by one mechanism, the client's side. Used once.

    `start`, then `respond` for each challenge, then `finished` when the server says yes or `refused` when it says
    no. Each may raise MechanismError; after one from `respond` the exchange has to be cancelled.
    """

    @property
    def name(self) -> str:
        """The mechanism's registered name."""
        ...

    def start(self) -> bytes | None:
        """Give the initial response, which may be empty, or None where the server speaks first."""
        ...

    def respond(self, challenge: bytes) -> bytes:
        """Give the response to a challenge. SCRAM's takes a key derivation: up to a second of computing."""
        ...

    def finished(self) -> None:
        """Hear that the server said yes. Raises PeerMisbehaved where it had not earned that: then close."""
        ...

    def refused(self) -> None:
        """Hear that the server said no. Raises TokenRefused or ScramRefused where the exchange told why."""
        ...


class MechanismError(Exception):
    """An exchange that went wrong, seen from the client."""


class CredentialUnusable(MechanismError):
    """Ours: what we were given cannot be sent by this mechanism. Nothing went out."""

    def __init__(self, *, field: str, reason: str) -> None:
        super().__init__(f"the {field} {reason}")
        self.field = field
        self.reason = reason


class PeerMisbehaved(MechanismError):
    """Theirs: the server does not speak the mechanism, or speaks it in a way that is not safe to answer."""

    def __init__(self, *, mechanism: str, reason: str) -> None:
        super().__init__(f"{mechanism}: the server {reason}")
        self.mechanism = mechanism
        self.reason = reason


class ServerNotVerified(PeerMisbehaved):
    """Theirs: the server did not prove that it knows the password's keys. It may be an impostor: close."""


class TokenRefused(MechanismError):
    """Theirs: the token was refused, in the server's words, cleaned and cut. None: not said."""

    def __init__(self, *, status: str | None, scope: str | None, openid_configuration: str | None) -> None:
        told = f" ({status})" if status else ""
        wanted = f"; it wants one for: {scope}" if scope else ""
        super().__init__(f"the server refused the token{told}{wanted}; get a new one and try again")
        self.status = status
        self.scope = scope
        self.openid_configuration = openid_configuration


class ScramRefused(MechanismError):
    """Theirs: the server ended SCRAM with an `e=`. Source: RFC 5802 §7, server-error-value."""

    def __init__(self, *, error: str) -> None:
        super().__init__(f"the server refused the login ({error}); check the name and the password")
        self.error = error
