"""JSON comes from where the administrator said, in bounded time and octets; a fault shows nothing of it."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator

import httpx2
import pytest
from tests.accounts.issuer import Issuer

from restante.accounts.web_json import MOST_REDIRECTS, JsonWeb, WebFault, check_url

URL = "https://login.example.org/x"


async def fault_of(issuer: Issuer, **how: object) -> WebFault:
    web = issuer.web(**how)
    try:
        with pytest.raises(WebFault) as told:
            await web.get(URL)
        assert told.value.__cause__ is None
        return told.value
    finally:
        await web.close()


@pytest.mark.parametrize("url", ["https://a.example/x?y=z", "http://127.0.0.1:8080/x", "http://[::1]/x"])
def test_addresses_that_are_safe_may_be_asked(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "x", "http://a.example/", "http://localhost/", "ftp://a.example/", "https://", "https://u:p@a.example/",
     "https://a.example/#x", "http://10.0.0.1/", "file:///etc/passwd", "https://[::1", "//a.example/"],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        check_url(url)


async def test_an_object_is_got_and_a_form_is_posted() -> None:
    issuer = Issuer()
    issuer.answer = lambda request: httpx2.Response(200, json={"method": request.method})
    web = issuer.web()
    assert await web.get(URL) == {"method": "GET"}
    assert await web.post(URL, {"a": "b c"}, headers={"X-Y": "z"}) == {"method": "POST"}
    assert issuer.asked[1].content == b"a=b+c"
    assert issuer.asked[1].headers["x-y"] == "z"
    assert "authorization" not in issuer.asked[0].headers
    await web.close()
    await web.close()


@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(500, json={}),
        httpx2.Response(204),
        httpx2.Response(200, content=b"<html>"),
        httpx2.Response(200, json=[1]),
        httpx2.Response(200, content=b"[" * 100_000),
        httpx2.Response(200, content=b"\xff"),
    ],
)
async def test_what_is_no_object_is_a_fault(response: httpx2.Response) -> None:
    issuer = Issuer()
    issuer.answer = lambda _: httpx2.Response(response.status_code, content=response.content)
    fault = await fault_of(issuer)
    assert fault.url == URL


async def test_a_long_answer_is_cut_off_while_it_comes() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 1000

    issuer = Issuer()
    issuer.answer = lambda _: httpx2.Response(200, content=endless())
    fault = await fault_of(issuer, octets=10_000)
    assert "more than 10000 octets" in str(fault)
    assert sent == 11


async def test_a_compressed_answer_is_refused() -> None:
    issuer = Issuer()
    issuer.answer = lambda _: httpx2.Response(
        200, content=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}
    )
    assert "compressed" in str(await fault_of(issuer))
    assert issuer.asked[0].headers["accept-encoding"] == "identity"


async def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    class Silent(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            del request
            await asyncio.Event().wait()
            raise AssertionError

    web = JsonWeb(transport=Silent(), seconds=0.01)
    with pytest.raises(WebFault, match="did not answer"):
        await web.get(URL)
    await web.close()


async def test_a_server_that_is_away_is_a_fault() -> None:
    issuer = Issuer()
    issuer.down = True
    assert "cannot be reached" in str(await fault_of(issuer))


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/x", "http://login.example.org/x", "https://login.example.org:444/x", "", "//evil/"],
)
async def test_a_redirect_to_another_origin_is_not_followed(target: str) -> None:
    issuer = Issuer()
    issuer.answer = lambda _: httpx2.Response(302, headers={"Location": target})
    assert "another host" in str(await fault_of(issuer))
    assert len(issuer.asked) == 1


async def test_a_redirect_within_the_origin_is_followed_a_few_times() -> None:
    issuer = Issuer()
    issuer.answer = lambda request: (
        httpx2.Response(200, json={"at": "end"})
        if request.url.path == "/end"
        else httpx2.Response(307, headers={"Location": "/end"})
    )
    web = issuer.web()
    assert await web.get(URL) == {"at": "end"}
    issuer.answer = lambda _: httpx2.Response(301, headers={"Location": "/again"})
    issuer.asked.clear()
    assert "on and on" in str(await fault_of(issuer))
    assert len(issuer.asked) == MOST_REDIRECTS + 1
    await web.close()


async def test_a_post_is_never_sent_on() -> None:
    issuer = Issuer()
    issuer.answer = lambda _: httpx2.Response(307, headers={"Location": "/elsewhere"})
    web = issuer.web()
    secret = base64.b64encode(b"id:SECRET").decode()
    with pytest.raises(WebFault) as told:
        await web.post(URL, {"token": "SECRET"}, headers={"Authorization": f"Basic {secret}"})
    assert len(issuer.asked) == 1
    assert "SECRET" not in str(told.value)
    await web.close()


async def test_proxies_of_the_environment_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9/")
    issuer = Issuer()
    issuer.answer = lambda _: httpx2.Response(200, json={})
    web = issuer.web()
    assert await web.get(URL) == {}
    await web.close()
