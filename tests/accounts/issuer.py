"""An issuer of tokens without sockets: it has keys, a configuration and introspection, and it can go away."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from restante.accounts.web_json import JsonWeb
from restante.proto.terms import Secret

ISSUER = "https://login.example.org/realm"
KEYS_URL = "https://keys.example.org/realm/keys"
NOW = 2_000_000_000.0

RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
EC = ECKey.generate_key("P-256", parameters={"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", parameters={"kid": "ed"})
OTHER_RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})

GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "restante",
    "exp": NOW + 300,
    "iat": NOW,
    "preferred_username": "ted",
    "scope": "openid mail",
}


class _Quiet(JWSRegistry):
    """All of the library's algorithms, those that nobody should take among them, without its warnings."""

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]


def signed(claims: dict[str, Any], key: Any = RSA, alg: str = "RS256", **header: Any) -> Secret:
    named = {"kid": key.kid} if "kid" not in header else {}
    fields = {name: value for name, value in {"alg": alg, **named, **header}.items() if value is not None}
    text = jwt.encode(fields, claims, key, registry=_Quiet(strict_check_header=False), default_type=None)
    return Secret(text.encode())


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> Secret:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return Secret(b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts))


class _Whole(httpx2.AsyncByteStream):
    """A body as the network brings it: not read before it is asked for."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._octets


class Wire(httpx2.AsyncBaseTransport):
    """Carries requests to a function, and what it answers back."""

    def __init__(self, handle: Callable[[httpx2.Request], httpx2.Response]) -> None:
        self._handle = handle

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        answer = self._handle(request)
        if not answer.is_closed:
            return answer
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=_Whole(answer.content))


class Issuer:
    """Answers requests, and counts them."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = [key.as_dict(private=False) for key in (RSA, EC, ED)]
        self.configuration: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": KEYS_URL}
        self.introspected: dict[str, Any] = {"active": True, **GOOD}
        self.asked: list[httpx2.Request] = []
        self.down = False
        self.answer: Callable[[httpx2.Request], httpx2.Response] | None = None

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]

    def web(self, **how: Any) -> JsonWeb:
        return JsonWeb(transport=Wire(self._handle), **how)

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if self.down:
            raise httpx2.ConnectError("no route to host")
        if self.answer is not None:
            return self.answer(request)
        match str(request.url):
            case "https://login.example.org/realm/.well-known/openid-configuration":
                return httpx2.Response(200, json=self.configuration)
            case "https://keys.example.org/realm/keys":
                return httpx2.Response(200, json={"keys": self.keys})
            case "https://login.example.org/introspect":
                return httpx2.Response(200, json=self.introspected)
        return httpx2.Response(404)
