"""Bearer tokens: whose they are, by the issuer's published keys or by asking it, and whether they are good here.

Two kinds of authority give the claims of a token: `SignedTokens` verifies a JWT against the issuer's keys, without
asking anybody for most logins; `IntrospectedTokens` asks the issuer about each, and remembers a yes for a minute at
most. `BearerJudge` makes a judgement of the claims: an account of the directory, found by one claim.
A token is good here only if issuer, audience, time and scope are right: without the check of the audience, every
other service that a person logs in to with the same issuer could read their mail.
When the issuer cannot be asked and what is known does not do, the answer is Unavailable; nobody gets in by that.
What it is not: the exchange, that is `sasl.bearer`; a client that gets tokens.
How it fails: it raises nothing; the judgement says.
Sources: RFC 7628 (OAUTHBEARER), RFC 7519 and RFC 8725 (JWT and how to verify them safely), RFC 9068 (JWT as access
tokens), RFC 7662 (introspection), RFC 6749 §2.3.1 (client credentials), RFC 6750 §3.1 (error codes).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import quote_plus

from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, extract_compact

from restante.accounts.issuer_keys import IssuerKeys, PublicKey, discovery_url
from restante.accounts.web_json import JsonWeb, WebFault, check_url
from restante.ports.accounts import (
    Account,
    AccountDirectory,
    AccountFault,
    AccountStatus,
    Judgement,
    RefusalReason,
)
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret
from restante.sasl.terms import Granted, JudgeToken, TokenDenied, Unavailable

__all__ = [
    "ALGORITHMS",
    "INTROSPECTED_SECONDS",
    "INTROSPECTED_TOKENS",
    "LEEWAY_SECONDS",
    "BearerJudge",
    "IntrospectedTokens",
    "SignedTokens",
    "TokenAuthority",
    "TokenNotGood",
    "TokenRules",
]

LEEWAY_SECONDS: Final = 60.0
"""How far the clocks of two machines may be apart. RFC 7519 §4.1.4 says "no more than a few minutes"."""

INTROSPECTED_SECONDS: Final = 60.0
"""How long a token that was taken back may still be good here."""

INTROSPECTED_TOKENS: Final = 10_000

ALGORITHMS: Final[Mapping[str, type[PublicKey]]] = {
    "RS256": RSAKey,
    "PS256": RSAKey,
    "ES256": ECKey,
    "EdDSA": OKPKey,
    "Ed25519": OKPKey,
}
"""What a token may be signed with, and the kind of key for it: so that no token chooses how a key is used. Never
`none`, and never HS256 and its kin, for which the published key would be the secret. RFC 8725 §3.1, §3.2."""

_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt", "application/jwt"})
"""What a header may say the token is, where it says so. Source: RFC 9068 §2.1, RFC 8725 §3.11."""

_HEADER_OCTETS: Final = 8192
"""Some issuers put a chain of certificates into the header; it is not looked at."""

Claims: TypeAlias = Mapping[str, Any]


class _Registry(JWSRegistry):
    """The library's algorithms, of which those in the table are taken, with headers that may say more than we read.

    What `crit` names is to be understood, or the token refused: the library sees to that (RFC 7515 §4.1.11).
    """

    max_header_length = _HEADER_OCTETS

    def get_alg(self, name: str) -> Any:  # Any: a type that the library keeps to itself
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        # Without the library's warning of EdDSA, which RFC 9864 wants named Ed25519: both will be met for years.
        return self.algorithms[name]


_REGISTRY: Final = _Registry(strict_check_header=False)


class TokenNotGood(Exception):
    """A token that is not good here. `status` goes to the client; `problem` to the log, and holds nothing of it."""

    def __init__(self, problem: str, *, status: str = "invalid_token") -> None:
        super().__init__(problem)
        self.problem = problem
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """What has to be right about a token's claims, whoever vouches for them."""

    audiences: frozenset[str]
    """The names under which this server is known to the issuer; one of them has to be in `aud`. Never empty."""
    issuer: str | None = None
    """Exactly as the issuer writes itself. None: `iss` is not looked at, for introspection only."""
    scope: str | None = None
    """What has to be among the scopes, in `scope` or `scp`; None: nothing."""
    name_claim: str = "preferred_username"
    """The claim that names the account. `email` counts only if `email_verified` is true."""
    leeway_seconds: float = LEEWAY_SECONDS

    def __post_init__(self) -> None:
        if not self.audiences or "" in self.audiences:
            raise ValueError("name the audience that tokens for this server have: without it any token would do")

    def name_in(self, claims: Claims, now: float, *, exp_required: bool = True) -> str:
        """Give the name of the account, all else being right. `now` in seconds since the epoch.

        Raises TokenNotGood.
        """
        if self.issuer is not None and claims.get("iss") != self.issuer:
            raise TokenNotGood("it is another issuer's")
        audience = claims.get("aud")
        if self.audiences.isdisjoint(_strings(audience if isinstance(audience, list) else [audience])):
            raise TokenNotGood("it is for another audience")
        self._check_time(claims, now, exp_required=exp_required)
        if self.scope is not None and self.scope not in _scopes(claims):
            raise TokenNotGood("it has not the scope that is asked for", status="insufficient_scope")
        name = claims.get(self.name_claim)
        if not isinstance(name, str) or not name:
            raise TokenNotGood(f"its claim {self.name_claim} names nobody")
        if self.name_claim == "email" and claims.get("email_verified") is not True:
            # People may write any address into their profile at some issuers.
            raise TokenNotGood("its address of mail was not verified by the issuer")
        return name

    def _check_time(self, claims: Claims, now: float, *, exp_required: bool) -> None:
        for claim in ("exp", "nbf", "iat"):
            value = claims.get(claim)
            if value is None:
                if claim == "exp" and exp_required:
                    raise TokenNotGood("it has no end")
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise TokenNotGood(f"its claim {claim} is no time")
            elif claim == "exp" and not now < value + self.leeway_seconds:
                raise TokenNotGood("it has expired")
            elif claim != "exp" and not value - self.leeway_seconds <= now:
                raise TokenNotGood("it is not good yet")


class TokenAuthority(Protocol):
    """Whoever can tell what a token says, and vouches for it."""

    async def name_of(self, token: Secret) -> str:
        """Give the name of the account that a good token names. Raises TokenNotGood, WebFault."""
        ...


class SignedTokens:
    """Verifies JWTs against an issuer's published keys."""

    def __init__(self, keys: IssuerKeys, rules: TokenRules, *, clock: Callable[[], float] = time.time) -> None:
        """Put it together. `clock` gives seconds since the epoch. Raises ValueError for rules without an issuer."""
        if rules.issuer is None:
            raise ValueError("name the issuer: a key that verifies a token does not say whose it is")
        self._keys = keys
        self._rules = rules
        self._clock = clock

    async def name_of(self, token: Secret) -> str:
        """Give the name of the account that a good token names. Raises TokenNotGood, WebFault."""
        octets = token.reveal()
        algorithm, kid = _read_header(octets)
        candidates = await self._keys.candidates(kid, ALGORITHMS[algorithm])
        claims = next(filter(None, (_verified(octets, key, algorithm) for key in candidates)), None)
        if claims is None:
            raise TokenNotGood("no key of the issuer's verifies its signature")
        return self._rules.name_in(claims, self._clock())


class IntrospectedTokens:
    """Asks the issuer about tokens. Source: RFC 7662 §2."""

    def __init__(
        self,
        web: JsonWeb,
        rules: TokenRules,
        *,
        url: str,
        client_id: str,
        client_secret: Secret,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Ask nothing yet. `url` is the issuer's introspection endpoint; `client_id` and `client_secret` are ours.

        `clock` gives seconds since the epoch. Raises ValueError for an address that may not be asked.
        """
        self._web = web
        self._rules = rules
        self._url = check_url(url)
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._secret = secrets.token_bytes(64)
        self._good: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    async def name_of(self, token: Secret) -> str:
        """Give the name of the account that a good token names. Raises TokenNotGood, WebFault."""
        key = hashlib.blake2b(token.reveal(), key=self._secret, digest_size=32).digest()
        name, until = self._good.get(key, ("", 0.0))
        if self._clock() < until:
            return name
        self._good.pop(key, None)
        claims = await self._ask(token)
        if claims.get("active") is not True:
            raise TokenNotGood("its issuer says that it is not active")
        now = self._clock()
        name = self._rules.name_in(claims, now, exp_required=False)
        self._good[key] = (
            name,
            min(now + INTROSPECTED_SECONDS, float(claims.get("exp", now + INTROSPECTED_SECONDS))),
        )
        if len(self._good) > INTROSPECTED_TOKENS:
            self._good.popitem(last=False)
        return name

    async def _ask(self, token: Secret) -> dict[str, Any]:
        try:
            text = token.reveal().decode("ascii")
        except UnicodeDecodeError:
            text = ""
        if not text:
            raise TokenNotGood("it is not ASCII")
        # Each part form-encoded, so that a `:` in the name parts nothing. Source: RFC 6749 §2.3.1.
        user = quote_plus(self._client_id).encode() + b":" + quote_plus(self._client_secret.reveal()).encode()
        return await self._web.post(
            self._url,
            {"token": text, "token_type_hint": "access_token"},
            headers={"Authorization": "Basic " + base64.b64encode(user).decode("ascii")},
        )


class BearerJudge:
    """Judges tokens by what an authority says of them, against a directory's accounts (`judges.TokenJudge`)."""

    def __init__(
        self, authority: TokenAuthority, directory: AccountDirectory, rules: TokenRules, *, discovery: bool = True
    ) -> None:
        """Put it together. `discovery` tells a refused client where the issuer's configuration is.

        Source: RFC 7628 §3.2.2.
        """
        self._authority = authority
        self._directory = directory
        self._scope = rules.scope
        self._configuration = discovery_url(rules.issuer) if discovery and rules.issuer is not None else None

    def judge_token(self, request: JudgeToken) -> Soon[Judgement]:
        """Answer with Granted, TokenDenied or Unavailable in the judgement."""
        return Later(self._judge(request))

    @property
    def discovery(self) -> TokenDenied:
        """What a client hears that asks how to get a token. Source: RFC 7628 §4.3."""
        return TokenDenied(scope=self._scope, openid_configuration=self._configuration)

    async def _judge(self, request: JudgeToken) -> Judgement:
        claimed = request.authzid or ""
        try:
            name = await self._authority.name_of(request.token)
            account = await self._find(name)
            wanted = account if request.authzid is None else await self._find(request.authzid)
        except TokenNotGood as told:
            return self._denied(claimed, RefusalReason.WRONG_TOKEN, status=told.status)
        except (WebFault, AccountFault) as fault:
            return Judgement(answer=Unavailable(), claimed=claimed, unavailable=str(fault))
        if account is None:
            return self._denied(name, RefusalReason.UNKNOWN_NAME)
        if wanted is None or wanted.id != account.id:
            return self._denied(account.name, RefusalReason.NOT_ALLOWED)
        if account.status is not AccountStatus.ACTIVE:
            return self._denied(account.name, RefusalReason.LOCKED)
        return Judgement(answer=Granted(authcid=account.name), claimed=account.name, account=account)

    async def _find(self, name: str) -> Account | None:
        found = self._directory.find(name)
        return await found if isinstance(found, Later) else found

    def _denied(self, claimed: str, reason: RefusalReason, *, status: str = "invalid_token") -> Judgement:
        # One answer for all but a missing scope: whose token it is, is not the client's to learn.
        answer = TokenDenied(status=status, scope=self._scope, openid_configuration=self._configuration)
        return Judgement(answer=answer, claimed=claimed, reason=reason)


def _read_header(token: bytes) -> tuple[str, str | None]:
    """Give the algorithm and the key's name that a JWT says it was signed with; both hostile until verified."""
    try:
        header = extract_compact(token, registry=_REGISTRY).headers() if token.count(b".") == 2 else {}
    except (JoseError, ValueError, TypeError, RecursionError):
        header = {}
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or not isinstance(kid, str | None):
        raise TokenNotGood("it is no signed JWT")
    if algorithm not in ALGORITHMS:
        raise TokenNotGood("it is signed with an algorithm that is not taken")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise TokenNotGood("it is a JWT for another use")
    return algorithm, kid


def _verified(token: bytes, key: PublicKey, algorithm: str) -> Claims | None:
    """Give the claims of a JWT that this key signed, else None."""
    try:
        return jwt.decode(token, key, algorithms=[algorithm], registry=_REGISTRY).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        return None


def _strings(values: list[object]) -> set[str]:
    return {value for value in values if isinstance(value, str)}


def _scopes(claims: Claims) -> set[str]:
    """Give the scopes: a text with blanks between (RFC 8693 §4.2), or a list, as some issuers have it."""
    found: set[str] = set()
    for claim in ("scope", "scp"):
        value = claims.get(claim)
        found |= (
            set(value.split()) if isinstance(value, str) else _strings(value) if isinstance(value, list) else set()
        )
    return found
