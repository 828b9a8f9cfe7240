"""How a person says yes to an issuer of tokens: in the browser of this desk, or by a code on another device.

In the browser: the issuer sends the answer to a port of loopback that is open only meanwhile, bound to this very
question by `state` and by PKCE, so that a code that somebody else slips in or takes is of no use. By a code: the
person types it at the issuer, and we ask until that was done. Everything ends: after fifteen minutes at the latest.
Fails with TokenFault. Sources: RFC 8252 §7.3 (loopback), RFC 7636 (PKCE), RFC 8628 (device code), RFC 6749 §4.1.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from restante.mail_accounts.faults import TokenFault
from restante.mail_accounts.model import OAuth
from restante.mail_accounts.oauth_providers import PROVIDERS
from restante.mail_accounts.tokens import IssuedTokens, answer_of_issuer
from restante.mail_accounts.web import Web, WebFault

__all__ = ["CONSENT_SECONDS", "Consent"]

CONSENT_SECONDS: Final = 900.0

_REQUEST_OCTETS: Final = 16_384
_SLOWEST_POLL_SECONDS: Final = 60.0
_PAGE: Final = (
    b"HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Asks for consent. `tell` is given what the person has to do; `open_browser` a web address."""

    web: Web
    tell: Callable[[str], None]
    open_browser: Callable[[str], object]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    seconds: float = CONSENT_SECONDS

    async def in_browser(self, oauth: OAuth, *, name: str, address: str) -> IssuedTokens:
        """Send the person to the issuer by the browser of this desk. Raises TokenFault."""
        if oauth.authorize_url is None:
            raise TokenFault(
                f"account '{name}': no authorize_url is known for its issuer: write it into the account"
            )
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        listener = _Listener(state)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Loopback(listener), "127.0.0.1", 0)
        try:
            port = server.sockets[0].getsockname()[1]
            # Microsoft takes any port of localhost only, Google of the address.
            host = "localhost" if oauth.provider == "microsoft" else "127.0.0.1"
            redirect = f"http://{host}:{port}/"
            url = _authorize_url(oauth, redirect=redirect, state=state, verifier=verifier, address=address)
            self.tell("Say yes in the browser. If none opens, open this address:")
            self.tell(f"  {url}")
            self.open_browser(url)
            try:
                async with asyncio.timeout(self.seconds):
                    code = await listener.answer
            except TimeoutError:
                raise TokenFault(f"account '{name}': nobody said yes in time: try again") from None
        finally:
            server.close()
        return await self._issued(
            oauth,
            {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier},
            name=name,
        )

    async def by_code(self, oauth: OAuth, *, name: str) -> IssuedTokens:
        """Have the person type a code at the issuer, on whatever device. Raises TokenFault."""
        if oauth.device_url is None:
            raise TokenFault(f"account '{name}': its issuer gives no codes for mail: leave --device-code out")
        asked = await self._posted(
            oauth.device_url, {"client_id": oauth.client_id, "scope": " ".join(oauth.scopes)}, name
        )
        device = _texts(asked, "device_code", "user_code", "verification_uri", name=name)
        wait = _seconds(asked.get("interval"), usual=5.0, most=_SLOWEST_POLL_SECONDS)
        left = min(_seconds(asked.get("expires_in"), usual=self.seconds, most=self.seconds), self.seconds)
        self.tell(f"Open {device['verification_uri']} on any device, and type the code {device['user_code']}")
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": device["device_code"],
            "client_id": oauth.client_id,
        }
        while left > 0:
            await self.sleep(wait)
            left -= wait
            answer = await self._posted(oauth.token_url, form, name)
            match answer.get("error"):
                case "authorization_pending":
                    continue
                case "slow_down":
                    wait = min(wait + 5.0, _SLOWEST_POLL_SECONDS)
                    continue
                case _:
                    return _good(answer, name)
        raise TokenFault(f"account '{name}': nobody typed the code in time: try again")

    async def _issued(self, oauth: OAuth, form: dict[str, str], *, name: str) -> IssuedTokens:
        whole = {**form, "client_id": oauth.client_id}
        if oauth.client_secret is not None:
            whole["client_secret"] = oauth.client_secret
        return _good(await self._posted(oauth.token_url, whole, name), name)

    async def _posted(self, url: str, form: dict[str, str], name: str) -> dict[str, object]:
        try:
            answer = await self.web.post(url, form)
        except WebFault as fault:
            raise TokenFault(f"account '{name}': {fault}: try again later") from None
        try:
            fields = json.loads(answer.octets)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise TokenFault(f"account '{name}': the issuer answered with status {answer.status} and no JSON")
        if answer.status != 200 and "error" not in fields:
            fields["error"] = f"status {answer.status}"
        return fields


def _good(answer: dict[str, object], name: str) -> IssuedTokens:
    status = 400 if "error" in answer else 200
    issued = answer_of_issuer(status, json.dumps(answer).encode(), name=name)
    if issued.refresh is None:
        raise TokenFault(
            f"account '{name}': the issuer gave no refresh token, so one would have to say yes each hour: see that "
            "its scopes ask for offline access"
        )
    return issued


def _authorize_url(oauth: OAuth, *, redirect: str, state: str, verifier: str, address: str) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    provider = PROVIDERS.get(oauth.provider or "")
    query = {
        "response_type": "code",
        "client_id": oauth.client_id,
        "redirect_uri": redirect,
        "scope": " ".join(oauth.scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": address,
        **dict(() if provider is None else provider.extra),
    }
    return f"{oauth.authorize_url}?{urlencode(query)}"


def _texts(fields: dict[str, object], *names: str, name: str) -> dict[str, str]:
    found = {each: fields.get(each) for each in names}
    texts = {each: value for each, value in found.items() if isinstance(value, str) and value.isprintable()}
    if len(texts) != len(names):
        error = str(fields.get("error_description") or fields.get("error") or "no reason")[:200]
        shown = "".join(sign if " " <= sign <= "~" else "?" for sign in error)
        raise TokenFault(f"account '{name}': the issuer gave no code ({shown}): see the client id")
    return texts


def _seconds(value: object, *, usual: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        return usual
    return min(max(float(value), 1.0), most)


class _Listener:
    """Waits for the one answer that belongs to our question."""

    def __init__(self, state: str) -> None:
        self._state = state
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def hear(self, request: bytes) -> tuple[bytes, bytes]:
        """Give the status and the words for a request."""
        line = request.partition(b"\r\n")[0].split(b" ")
        if len(line) != 3 or line[0] != b"GET":
            return b"400 Bad Request", b"This is not what was asked for.\n"
        query = parse_qs(urlsplit(line[1].decode("ascii", "replace")).query)
        state = query.get("state", [""])[0]
        if not hmac.compare_digest(state.encode(), self._state.encode()):
            # Somebody else's answer, or a browser that looks for an icon: we go on waiting.
            return b"400 Bad Request", b"This answer belongs to another question.\n"
        if self.answer.done():
            return b"400 Bad Request", b"This was answered before.\n"
        code = query.get("code", [""])[0]
        if not code:
            error = "".join(
                sign if " " <= sign <= "~" else "?" for sign in query.get("error", ["no reason"])[0][:200]
            )
            self.answer.set_exception(TokenFault(f"the issuer gave no consent ({error}): try again"))
            return b"200 OK", b"There was no consent. You can close this page.\n"
        self.answer.set_result(code)
        return b"200 OK", b"Done. You can close this page and go back to the terminal.\n"


class _Loopback(asyncio.Protocol):
    """One connection of the browser: one request, one answer."""

    def __init__(self, listener: _Listener) -> None:
        self._listener = listener
        self._octets = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer when the request's header is there."""
        assert self._transport is not None
        self._octets += data
        if b"\r\n\r\n" in self._octets:
            status, words = self._listener.hear(bytes(self._octets))
            self._transport.write(_PAGE % (status, len(words), words))
            self._transport.close()
        elif len(self._octets) > _REQUEST_OCTETS:
            self._transport.abort()
