"""All mechanisms there are, strongest first, and the choice among them: a server's offer, a client's pick.

A new mechanism is a file of its own and one row here. Randomness comes in as `entropy`, so that the same material
makes the same exchange.
Sources: RFC 4422 §3.2 and §6.1.2 (negotiation and its downgrades), RFC 5034 §4 and §6, RFC 8314 §3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Final, assert_never

from restante.sasl import cram_md5, external, login, oauthbearer, plain, scram, xoauth2
from restante.sasl.machine import ServerMechanism
from restante.sasl.scram_keys import MOST_ITERATIONS, ScramDecoy, ScramHash
from restante.sasl.terms import ChannelBinding, ClientMechanism, Credentials, TokenDenied

__all__ = [
    "MECHANISMS",
    "ClientMaterial",
    "CredentialKind",
    "Mechanism",
    "NeededAtServer",
    "NoMechanism",
    "NoMechanismReason",
    "ServerMaterial",
    "choose",
    "find",
    "offer",
]


class CredentialKind(Enum):
    """What a client shows."""

    PASSWORD = "password"  # noqa: S105 - a kind, not a password
    TOKEN = "token"  # noqa: S105
    CERTIFICATE = "certificate"


class NeededAtServer(Enum):
    """What a server must hold, or reach, to judge."""

    PASSWORD_HASH = "a hash of the password"  # noqa: S105
    SCRAM_KEYS = "SCRAM keys"
    SHARED_SECRET = "the password itself"  # noqa: S105
    ISSUER = "the issuer of tokens"
    AUTHORITY = "the authority of client certificates"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMaterial:
    """What a server puts into one exchange, whichever the mechanism."""

    entropy: bytes
    """At least `scram.ENTROPY_OCTETS` random octets, others each time."""
    host: str
    """The server's name, in ASCII, for CRAM-MD5's challenge."""
    decoy: ScramDecoy
    bindings: tuple[ChannelBinding, ...] = ()
    """Of this connection, if a -PLUS mechanism is offered on it; else none."""
    certificate: bytes | None = field(repr=False, default=None)
    """The client's, in DER, as TLS verified it; EXTERNAL needs one."""
    discovery: TokenDenied | None = None
    """What OAUTHBEARER tells a client that has no token yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMaterial:
    """What a client puts into one exchange, whichever the mechanism."""

    credentials: Credentials
    entropy: bytes
    """At least `scram.ENTROPY_OCTETS` random octets, others each time."""
    binding: ChannelBinding | None = None
    """Of this connection; None where there is no TLS, or it gives none."""
    server_offers_plus: bool = False
    """Whether the server listed a -PLUS mechanism."""
    host: str | None = None
    port: int | None = None
    most_iterations: int = MOST_ITERATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """A row: what is to be known of a mechanism before it is used, and how its two sides are made."""

    name: str
    credential: CredentialKind
    needed_at_server: NeededAtServer
    server: Callable[[ServerMaterial], ServerMechanism]
    """Makes the server's side. Raises ValueError for material that does not do."""
    client: Callable[[ClientMaterial], ClientMechanism]
    """Makes the client's side. Raises CredentialUnusable, and ValueError for material that does not do."""
    server_first: bool = False
    """Whether the server speaks first; then there is no initial response."""
    reveals: bool = False
    """Whether who reads along can log in: then it is for TLS, unless the administrator says otherwise."""
    binds: bool = False
    """Whether it needs a channel binding."""
    by_itself: bool = True
    """Whether a client may choose it without being told to."""


def _scram(hash: ScramHash, *, plus: bool) -> Mechanism:  # noqa: A002 - the RFC's word
    def client(material: ClientMaterial) -> ClientMechanism:
        return scram.ScramClient(
            hash,
            material.credentials,
            nonce=scram.nonce_from(material.entropy),
            plus=plus,
            binding=material.binding,
            server_offers_plus=material.server_offers_plus,
            most_iterations=material.most_iterations,
        )

    def server(material: ServerMaterial) -> ServerMechanism:
        return scram.scram_server(
            hash,
            plus=plus,
            nonce=scram.nonce_from(material.entropy),
            decoy=material.decoy,
            bindings=material.bindings,
        )

    return Mechanism(
        name=hash.value + scram.PLUS if plus else hash.value,
        credential=CredentialKind.PASSWORD,
        needed_at_server=NeededAtServer.SCRAM_KEYS,
        server=server,
        client=client,
        binds=plus,
    )


def _cram_md5_server(material: ServerMaterial) -> ServerMechanism:
    return cram_md5.cram_md5_server(b"<%s@%s>" % (material.entropy.hex().encode(), material.host.encode()))


MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name=external.NAME,
        credential=CredentialKind.CERTIFICATE,
        needed_at_server=NeededAtServer.AUTHORITY,
        server=lambda material: external.external_server(material.certificate),
        client=lambda material: external.ExternalClient(material.credentials),
    ),
    _scram(ScramHash.SHA_256, plus=True),
    _scram(ScramHash.SHA_1, plus=True),
    _scram(ScramHash.SHA_256, plus=False),
    _scram(ScramHash.SHA_1, plus=False),
    Mechanism(
        name=oauthbearer.NAME,
        credential=CredentialKind.TOKEN,
        needed_at_server=NeededAtServer.ISSUER,
        server=lambda material: oauthbearer.oauthbearer_server(material.discovery),
        client=lambda material: oauthbearer.OAuthBearerClient(
            material.credentials, host=material.host, port=material.port
        ),
        reveals=True,
    ),
    Mechanism(
        name=xoauth2.NAME,
        credential=CredentialKind.TOKEN,
        needed_at_server=NeededAtServer.ISSUER,
        server=lambda material: xoauth2.xoauth2_server(),
        client=lambda material: xoauth2.XOAuth2Client(material.credentials),
        reveals=True,
    ),
    Mechanism(
        name=plain.NAME,
        credential=CredentialKind.PASSWORD,
        needed_at_server=NeededAtServer.PASSWORD_HASH,
        server=lambda material: plain.plain_server(),
        client=lambda material: plain.PlainClient(material.credentials),
        reveals=True,
    ),
    Mechanism(
        name=login.NAME,
        credential=CredentialKind.PASSWORD,
        needed_at_server=NeededAtServer.PASSWORD_HASH,
        server=lambda material: login.login_server(),
        client=lambda material: login.LoginClient(material.credentials),
        server_first=True,
        reveals=True,
    ),
    Mechanism(
        name=cram_md5.NAME,
        credential=CredentialKind.PASSWORD,
        needed_at_server=NeededAtServer.SHARED_SECRET,
        server=_cram_md5_server,
        client=lambda material: cram_md5.CramMd5Client(material.credentials),
        server_first=True,
        by_itself=False,
    ),
)
"""Strongest first: the order in which a client takes them, and in which a server lists them."""

_BY_NAME: Final = {mechanism.name: mechanism for mechanism in MECHANISMS}


def find(name: str) -> Mechanism | None:
    """Give the mechanism of that name, without regard to case, or None."""
    # Nothing but ASCII names a mechanism, and upper() of some other letters would.
    return _BY_NAME.get(name.upper()) if name.isascii() else None


# --- the server's offer -------------------------------------------------------------------------------------------


def offer(
    enabled: Iterable[str], *, tls: bool, allow_plaintext: bool, binding: bool, certificate: bool
) -> tuple[Mechanism, ...]:
    """Give what a server lists, and accepts, on a connection as it is now.

    `enabled` are names; unknown ones are passed over. `allow_plaintext` lets what reveals a credential go without
    TLS; `binding` and `certificate` say whether the connection has a channel binding, and the client showed a valid
    certificate. PLAIN under TLS is always there (RFC 5034 §4).
    """
    names = {name.upper() for name in enabled} | ({plain.NAME} if tls else set())
    return tuple(
        mechanism
        for mechanism in MECHANISMS
        if mechanism.name in names
        and (tls or allow_plaintext or not mechanism.reveals)
        and (binding or not mechanism.binds)
        and (certificate or mechanism.credential is not CredentialKind.CERTIFICATE)
    )


# --- the client's choice ------------------------------------------------------------------------------------------


class NoMechanismReason(Enum):
    """Why a client does not log in by AUTH."""

    UNKNOWN = "unknown here"
    NOT_OFFERED = "not offered"
    NOTHING_IN_COMMON = "nothing in common"
    ONLY_WHEN_NAMED = "only when named"
    NEEDS_BINDING = "needs a channel binding"
    NEEDS_CREDENTIAL = "needs another credential"
    NEEDS_TLS = "needs TLS"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMechanism:
    """No mechanism that is safe to use; nothing was sent."""

    reason: NoMechanismReason
    names: tuple[str, ...]
    """The mechanisms that it is about."""

    @property
    def sentence(self) -> str:
        """What to tell a person."""
        names = ", ".join(self.names)
        match self.reason:
            case NoMechanismReason.UNKNOWN:
                return f"there is no mechanism {names} here; name none to take the best that is offered"
            case NoMechanismReason.NOT_OFFERED:
                return f"the server does not offer {names}; name none to take the best that is offered"
            case NoMechanismReason.NOTHING_IN_COMMON:
                return "the server offers no mechanism that is known here; log in by USER and PASS under TLS"
            case NoMechanismReason.ONLY_WHEN_NAMED:
                return f"the server offers nothing safer than {names}; to use that, ask for it by name"
            case NoMechanismReason.NEEDS_BINDING:
                return f"{names} needs a channel binding, which this connection does not give; connect by TLS"
            case NoMechanismReason.NEEDS_CREDENTIAL:
                return f"the server takes {names}: give the password, token or certificate that goes with it"
            case NoMechanismReason.NEEDS_TLS:
                return f"{names} would show the credential to who reads along; connect by TLS"
            case _:
                assert_never(self.reason)


def choose(
    offered: Iterable[str],
    *,
    have: Collection[CredentialKind],
    tls: bool,
    binding: bool = False,
    allow_plaintext: bool = False,
    named: str | None = None,
) -> Mechanism | NoMechanism:
    """Give the strongest mechanism that a server offers and a client can use, or why there is none.

    `have` is what the client has to show, `binding` whether it has a channel binding; `allow_plaintext` lets a
    credential be revealed without TLS, by a person's word. With `named` it is that one or none, and only so may it
    be CRAM-MD5: a server in the middle must not be able to choose that by offering nothing else (CVE-2007-1558).
    """
    heard = {name.upper() for name in offered if name.isascii()}
    common = [mechanism for mechanism in MECHANISMS if mechanism.name in heard]
    if named is not None:
        wanted = find(named)
        if wanted is None:
            return NoMechanism(reason=NoMechanismReason.UNKNOWN, names=(named,))
        if wanted not in common:
            return NoMechanism(reason=NoMechanismReason.NOT_OFFERED, names=(wanted.name,))
        common = [wanted]
    if not common:
        return NoMechanism(reason=NoMechanismReason.NOTHING_IN_COMMON, names=())
    left = common
    tests: tuple[tuple[NoMechanismReason, Callable[[Mechanism], bool]], ...] = (
        (NoMechanismReason.ONLY_WHEN_NAMED, lambda mechanism: mechanism.by_itself or named is not None),
        (NoMechanismReason.NEEDS_BINDING, lambda mechanism: binding or not mechanism.binds),
        (NoMechanismReason.NEEDS_CREDENTIAL, lambda mechanism: mechanism.credential in have),
        (NoMechanismReason.NEEDS_TLS, partial(_safe, tls=tls, allow_plaintext=allow_plaintext)),
    )
    for reason, passes in tests:
        before, left = left, [mechanism for mechanism in left if passes(mechanism)]
        if not left:
            return NoMechanism(reason=reason, names=tuple(mechanism.name for mechanism in before))
    return left[0]


def _safe(mechanism: Mechanism, *, tls: bool, allow_plaintext: bool) -> bool:
    if mechanism.credential is CredentialKind.CERTIFICATE:
        return tls
    return tls or allow_plaintext or not mechanism.reveals
