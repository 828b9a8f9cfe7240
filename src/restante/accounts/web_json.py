"""JSON over HTTPS from a server that the administrator named: bounded in time, in octets, and in where it leads.

Certificates are verified against the system's store, or one file of authorities. Plain HTTP is for a loopback
address only. A redirect is followed to the same origin and for GET only: a token or a secret goes nowhere else.
Proxies and netrc files of the environment are not looked at. Compressed bodies are refused, so that few octets
cannot become many.
What it is not: a web client for everybody. It knows nothing of tokens.
How it fails: WebFault, a sentence for the log that shows nothing of what was sent or received.
Source: RFC 9110 §15.4 (redirects), RFC 9700 §4.12 (credentials and redirects).
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Final

import httpx2

__all__ = ["ANSWER_OCTETS", "ANSWER_SECONDS", "MOST_REDIRECTS", "JsonWeb", "WebFault", "check_url"]

ANSWER_SECONDS: Final = 5.0
"""From the first octet sent to the last received, redirects and TLS included. A client waits meanwhile."""

ANSWER_OCTETS: Final = 256 * 1024
"""Key sets of large issuers take some 20 KiB."""

MOST_REDIRECTS: Final = 2
CONNECTIONS: Final = 16
"""At once, to all the servers of one JsonWeb; more wait, within their time."""


class WebFault(Exception):
    """The other side cannot be reached, or answers with something else than was asked for. `url` says where."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(f"{url} {problem}")
        self.url = url
        self.problem = problem


def check_url(url: str) -> str:
    """Give the URL back if it may be asked: `https://…`, or `http://` of a loopback address. Raises ValueError."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        parsed = None
    if parsed is None or not parsed.host or parsed.userinfo or parsed.fragment:
        raise ValueError(f"{url!r} is no address that can be asked: write one that starts with https://")
    if parsed.scheme != "https" and not (parsed.scheme == "http" and _is_loopback(parsed.host)):
        raise ValueError(f"{url!r} is not safe on its way: write one that starts with https://")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class JsonWeb:
    """Asks for JSON. One for each process, used on one event loop, and closed on it."""

    def __init__(
        self,
        *,
        authorities: Path | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        seconds: float = ANSWER_SECONDS,
        octets: int = ANSWER_OCTETS,
    ) -> None:
        """Open nothing yet. `authorities` is a file of certificates (PEM); None: the system's.

        `transport` is what carries the requests; None: the network.
        """
        self._authorities = authorities
        self._transport = transport
        self._seconds = seconds
        self._octets = octets
        self._client: httpx2.AsyncClient | None = None

    async def get(self, url: str) -> dict[str, Any]:
        """Get a JSON object. Raises WebFault."""
        return await self._within(url, self._get(url))

    async def post(self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str]) -> dict[str, Any]:
        """Post a form and get a JSON object. Raises WebFault."""
        return await self._within(url, self._post(url, form, headers))

    async def close(self) -> None:
        """Close the connections that are kept open."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _get(self, url: str) -> dict[str, Any]:
        for _ in range(MOST_REDIRECTS + 1):
            request = self._opened().build_request("GET", url)
            status, location, octets = await self._ask(request)
            if status not in (301, 302, 303, 307, 308):
                return _object(url, status, octets)
            target = _joined(request.url, location)
            if target is None or _origin(target) != _origin(request.url):
                raise WebFault(url, "leads to another host, which is not followed: name the last address itself")
            url = str(target)
        raise WebFault(url, "leads on and on: name the last address itself")

    async def _post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
        request = self._opened().build_request("POST", url, data=dict(form), headers=dict(headers))
        status, _, octets = await self._ask(request)
        return _object(url, status, octets)

    async def _within(self, url: str, asking: Coroutine[None, None, dict[str, Any]]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._seconds):
                return await asking
        except TimeoutError:
            problem = f"did not answer within {self._seconds:g} s"
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ssl.SSLError) as error:
            problem = f"cannot be reached ({type(error).__name__})"
        # Out here, so that no cause carries the request along, with the token in it.
        raise WebFault(url, problem)

    async def _ask(self, request: httpx2.Request) -> tuple[int, str, bytes]:
        response = await self._opened().send(request, stream=True)
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise WebFault(str(request.url), "answered compressed, which was not asked for")
            octets = bytearray()
            async for chunk in response.aiter_raw():
                octets += chunk
                if len(octets) > self._octets:
                    raise WebFault(str(request.url), f"answered with more than {self._octets} octets")
            return response.status_code, response.headers.get("location", ""), bytes(octets)
        finally:
            await response.aclose()

    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            verify: ssl.SSLContext | bool = True
            if self._authorities is not None:
                verify = ssl.create_default_context(cafile=self._authorities)
            self._client = httpx2.AsyncClient(
                verify=verify,
                transport=self._transport,
                trust_env=False,
                follow_redirects=False,
                timeout=self._seconds,
                limits=httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=2),
                headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Restante"},
            )
        return self._client


def _joined(base: httpx2.URL, location: str) -> httpx2.URL | None:
    try:
        return base.join(location) if location else None
    except httpx2.InvalidURL:
        return None


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _object(url: str, status: int, octets: bytes) -> dict[str, Any]:
    if status != 200:
        raise WebFault(url, f"answered with status {status}")
    try:
        answer = json.loads(octets)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise WebFault(url, "answered with something else than a JSON object")
    return answer
