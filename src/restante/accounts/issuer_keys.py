"""The keys that an issuer of tokens publishes: found, kept for a time, and asked for anew where one is not known.

Keys are asked for anew after `FRESH_SECONDS`; when the issuer does not answer then, those that are known go on
until `KEPT_SECONDS`. A token that names an unknown key has them asked for anew, at most every `AGAIN_SECONDS`, so
that nobody can make us flood an issuer. Only one question is under way at a time; all who wait share its answer.
Only public keys for signatures are taken: no symmetric ones (an attacker would sign with what everybody can read),
no RSA key shorter than 2,048 bits or longer than 8,192, no curves but P-256 and Ed25519.
What it is not: the judge of a token, that is `tokens`.
How it fails: WebFault, where what is known does not do and the issuer cannot be asked.
Sources: RFC 7517 (JWK), RFC 8414 §3 and OpenID Connect Discovery 1.0 §4 (where the keys are).
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from restante.accounts.web_json import JsonWeb, WebFault, check_url

__all__ = [
    "AGAIN_SECONDS",
    "FRESH_SECONDS",
    "KEPT_SECONDS",
    "MOST_KEYS",
    "IssuerKeys",
    "PublicKey",
    "discovery_url",
]

FRESH_SECONDS: Final = 600.0
KEPT_SECONDS: Final = 3600.0
"""How long a key that its issuer took back may still be good here, when the issuer cannot be asked."""

AGAIN_SECONDS: Final = 30.0
MOST_KEYS: Final = 64
"""Of one issuer; large ones have some ten."""

_RSA_BITS: Final = range(2048, 8192 + 1)
_CURVES: Final = ("P-256", "Ed25519")
_NEEDED: Final = frozenset({"kty", "kid", "n", "e", "crv", "x", "y"})

PublicKey = RSAKey | ECKey | OKPKey


def discovery_url(issuer: str) -> str:
    """Give the address of an issuer's configuration. Source: OpenID Connect Discovery 1.0 §4."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


class IssuerKeys:
    """The keys of one issuer. One for each process, used on its event loop."""

    def __init__(
        self,
        web: JsonWeb,
        *,
        issuer: str,
        keys_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask nothing yet. `keys_url` is where the keys are; None: where the issuer's configuration says.

        `clock` gives monotonic seconds. Raises ValueError for an address that may not be asked.
        """
        self._web = web
        self._issuer = issuer
        self._keys_url = None if keys_url is None else check_url(keys_url)
        if keys_url is None:
            check_url(discovery_url(issuer))
        self._clock = clock
        self._keys: tuple[PublicKey, ...] = ()
        self._answered: float | None = None
        self._asked: float | None = None
        self._fault: WebFault | None = None
        self._under_way: asyncio.Task[None] | None = None

    async def candidates(self, kid: str | None, key_type: type[PublicKey]) -> tuple[PublicKey, ...]:
        """Give the keys of that kind that a token may be signed with: the one it names, or all where it names none.

        None at all means that the issuer has no such key. Raises WebFault.
        """
        if self._is_old(FRESH_SECONDS) and self._may_ask():
            await self._share()
        found = self._find(kid, key_type)
        if not found and self._may_ask():
            await self._share()
            found = self._find(kid, key_type)
        if self._fault is not None and (not found or self._is_old(KEPT_SECONDS)):
            raise self._fault
        return found

    def _find(self, kid: str | None, key_type: type[PublicKey]) -> tuple[PublicKey, ...]:
        return tuple(key for key in self._keys if isinstance(key, key_type) and (kid is None or key.kid == kid))

    def _is_old(self, seconds: float) -> bool:
        return self._answered is None or self._clock() - self._answered >= seconds

    def _may_ask(self) -> bool:
        return self._under_way is not None or self._asked is None or self._clock() - self._asked >= AGAIN_SECONDS

    async def _share(self) -> None:
        """Wait for the question that is under way, or ask it."""
        task = self._under_way
        if task is None:
            task = self._under_way = asyncio.get_running_loop().create_task(self._ask())
            task.add_done_callback(self._done)
        # Shielded: a client that goes away must not end what others wait for.
        await asyncio.shield(task)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way = None
        if not task.cancelled():
            task.exception()

    async def _ask(self) -> None:
        self._asked = self._clock()
        try:
            url = self._keys_url or await self._discovered()
            self._keys = _read_keys(url, await self._web.get(url))
        except WebFault as fault:
            self._fault = fault
            return
        self._answered, self._fault = self._clock(), None

    async def _discovered(self) -> str:
        url = discovery_url(self._issuer)
        configuration = await self._web.get(url)
        if configuration.get("issuer") != self._issuer:
            # Else one issuer could speak for another. Source: OpenID Connect Discovery 1.0 §4.3.
            raise WebFault(
                url, "is the configuration of another issuer: write the issuer exactly as it writes itself"
            )
        keys_url = configuration.get("jwks_uri")
        try:
            return check_url(keys_url if isinstance(keys_url, str) else "")
        except ValueError:
            problem = "names no address of keys that can be asked"
        raise WebFault(url, problem)


def _read_keys(url: str, answer: dict[str, Any]) -> tuple[PublicKey, ...]:
    listed = answer.get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise WebFault(url, f"is no set of at most {MOST_KEYS} keys")
    keys = tuple(key for each in listed if (key := _read_key(each)) is not None)
    if not keys:
        raise WebFault(url, "has no public key in it that can verify a signature here")
    return keys


def _read_key(published: object) -> PublicKey | None:
    """Read one key; None for one that is of no use here, which must not spoil the others. Source: RFC 7517 §5."""
    if not isinstance(published, dict) or published.get("use", "sig") != "sig" or "d" in published:
        return None
    operations = published.get("key_ops", ["verify"])
    if published.get("kty") not in ("RSA", "EC", "OKP") or not isinstance(operations, list):
        return None
    if "verify" not in operations or not isinstance(published.get("kid", ""), str):
        return None
    if published["kty"] == "RSA" and _modulus_bits(published.get("n")) not in _RSA_BITS:
        return None
    if published["kty"] != "RSA" and published.get("crv") not in _CURVES:
        return None
    try:
        # The words about use and algorithm were looked at here, or are looked at with the token.
        key = JWKRegistry.import_key({name: published[name] for name in published if name in _NEEDED})
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None


def _modulus_bits(text: object) -> int:
    """Give the bits of an RSA modulus, before it is taken: the work of verifying grows with them."""
    try:
        octets = base64.urlsafe_b64decode(text + "==") if isinstance(text, str) else b""
    except ValueError:
        return 0
    return int.from_bytes(octets, "big").bit_length()
