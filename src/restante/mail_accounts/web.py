"""What a program on a desk asks of the web: a page of mail settings, a form for an issuer of tokens.

Bounded in time, octets and redirects; https only, and http of a loopback address, for issuers of one's own.
Certificates are verified. A form, which carries secrets, follows no redirect. Compressed answers are refused, so
that few octets cannot become many. Not `accounts.web_json`, which serves the server and has other bounds.
How it fails: WebFault, a sentence without anything that was sent.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # a tenth of a second to import, and most commands ask no web
    import httpx2

__all__ = ["ANSWER_OCTETS", "ANSWER_SECONDS", "Web", "WebAnswer", "WebFault"]

ANSWER_SECONDS: Final = 10.0
ANSWER_OCTETS: Final = 256 * 1024
_MOST_REDIRECTS: Final = 3


class WebFault(Exception):
    """The other side cannot be reached, or may not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAnswer:
    """What came back."""

    status: int
    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Asks. Keeps no connection."""

    authorities: Path | None = None
    """A file of certificates (PEM) that are trusted instead of the system's."""
    seconds: float = ANSWER_SECONDS
    addresses: Mapping[str, str] | None = None
    """Where a host and port (`name:443`) are to be found instead of where the name says, for tests and mirrors:
    `127.0.0.1:8443`. The certificate is still checked against the name."""

    async def get(self, url: str) -> WebAnswer:
        """Get a page; redirects lead to https only. Raises WebFault."""
        return await self._within(url, "GET", None)

    async def post(self, url: str, form: Mapping[str, str]) -> WebAnswer:
        """Post a form. Raises WebFault."""
        return await self._within(url, "POST", form)

    async def _within(self, url: str, method: str, form: Mapping[str, str] | None) -> WebAnswer:
        import httpx2

        try:
            async with asyncio.timeout(self.seconds), self._client() as client:
                for _ in range(_MOST_REDIRECTS + 1):
                    parsed = _checked(url)
                    request = client.build_request(method, parsed, data=None if form is None else dict(form))
                    self._turn(request)
                    response = await client.send(request, stream=True)
                    try:
                        if not (form is None and response.status_code in (301, 302, 303, 307, 308)):
                            return WebAnswer(status=response.status_code, octets=await _body(url, response))
                        url = str(parsed.join(response.headers.get("location", "")))
                    finally:
                        await response.aclose()
        except TimeoutError:
            problem = f"did not answer within {self.seconds:g} s"
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ssl.SSLError) as error:
            cause = error.__cause__ or error
            words = "has a certificate that is not trusted" if "CERTIFICATE" in str(cause).upper() else ""
            problem = words or f"cannot be reached ({type(error).__name__})"
        else:
            problem = "leads on and on"
        # Out here, so that no cause carries the request along, with what was in its form.
        raise WebFault(f"{_shown(url)} {problem}")

    def _client(self) -> httpx2.AsyncClient:
        import httpx2

        verify = True if self.authorities is None else ssl.create_default_context(cafile=self.authorities)
        return httpx2.AsyncClient(
            verify=verify,
            trust_env=False,
            follow_redirects=False,
            timeout=self.seconds,
            headers={"Accept-Encoding": "identity", "User-Agent": "Restante"},
        )

    def _turn(self, request: httpx2.Request) -> None:
        """Send a request to where its host is to be found; its Host field and the name that is checked stay."""
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        elsewhere = (self.addresses or {}).get(f"{request.url.host}:{port}")
        if elsewhere is not None:
            host, _, number = elsewhere.rpartition(":")
            request.extensions["sni_hostname"] = request.url.host
            request.url = request.url.copy_with(host=host, port=int(number))


def _checked(url: str) -> httpx2.URL:
    from restante.accounts.web_json import check_url

    try:
        check_url(url)
    except ValueError:
        raise WebFault(f"{_shown(url)} is not asked, since it is no https address") from None
    import httpx2

    return httpx2.URL(url)


async def _body(url: str, response: httpx2.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise WebFault(f"{_shown(url)} answered compressed, which was not asked for")
    octets = bytearray()
    async for chunk in response.aiter_raw():
        octets += chunk
        if len(octets) > ANSWER_OCTETS:
            raise WebFault(f"{_shown(url)} answered with more than {ANSWER_OCTETS} octets")
    return bytes(octets)


def _shown(url: str) -> str:
    """Give a URL without its query, which may hold an address."""
    return url.partition("?")[0][:200]
