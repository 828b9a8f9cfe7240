"""Answers `GET /metrics` over HTTP, and nothing else: what a scraper needs, on the event loop that is there.

Not a web server: no body is read, no connection is kept, no name is looked up. It is meant for loopback or an inner
network; who may ask is for the address it listens on and the firewall to say. The library's own server would be a
thread with a server for anything. Sources: RFC 9110 §9.3, §12.5.1 and §15, RFC 9112 §2 to §5.

How it fails: a client that says too much, too slowly, or nothing that is HTTP gets a status of the 400s, or is
dropped; no session feels it.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final, cast

from restante.observe.metrics import Exposition, Metrics

__all__ = ["LARGEST_HEAD_OCTETS", "MetricsDoor"]

LARGEST_HEAD_OCTETS: Final = 8192
"""Of a request up to its empty line. A scraper sends some hundreds."""

_EXCHANGE_SECONDS: Final = 10.0
"""From the connection to the last octet of the answer; Prometheus waits as long."""

_EXCHANGES: Final = 16
"""At the same time, in each process. One more is dropped."""

_GAUGE_SECONDS: Final = 1.0
"""How old what the other processes tell of now may be."""

_PATH: Final = b"/metrics"

_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/1\.[0-9]")
"""method SP request-target SP HTTP-version: RFC 9112 §3."""


class MetricsDoor:
    """Makes the connections that ask for metrics, on the running loop.

    `protocol` goes to `loop.create_server`. Call `start` on the loop, and `stop` before it ends.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self.exchanges: set[_Exchange] = set()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to note the gauges each second."""
        self.metrics.read_gauges()
        self._timer = asyncio.get_running_loop().call_later(_GAUGE_SECONDS, self.start)

    async def stop(self, _grace_seconds: float) -> None:
        """Drop who is asking: who asks again finds another process, or none."""
        if self._timer is not None:
            self._timer.cancel()
        for exchange in tuple(self.exchanges):
            exchange.drop()

    def protocol(self) -> asyncio.Protocol:
        """Make the protocol of a connection."""
        return _Exchange(self)

    def __len__(self) -> int:
        """Count the connections."""
        return len(self.exchanges)


class _Exchange(asyncio.Protocol):
    """One request and its answer."""

    def __init__(self, door: MetricsDoor) -> None:
        self._door = door
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # what create_server hands over
        if len(self._door.exchanges) >= _EXCHANGES:
            self.drop()
            return
        self._door.exchanges.add(self)
        self._deadline = asyncio.get_running_loop().call_later(_EXCHANGE_SECONDS, self.drop)

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        # The end may be cut by two reads.
        searched = max(0, len(self._head) - 3)
        self._head += data
        end = self._head.find(b"\r\n\r\n", searched)
        if end + 4 > LARGEST_HEAD_OCTETS or (end < 0 and len(self._head) > LARGEST_HEAD_OCTETS):
            self._send(_plain(431, "the head of the request is too long"))
        elif end >= 0:
            self._send(self._answer(bytes(self._head[:end])))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._door.exchanges.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()

    def drop(self) -> None:
        """End it now."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, octets: bytes) -> None:
        assert self._transport is not None, "asked for only while the connection is there"
        self._head.clear()
        self._transport.write(octets)
        self._transport.close()

    def _answer(self, head: bytes) -> bytes:
        first, *fields = head.split(b"\r\n")
        request = _REQUEST_LINE.fullmatch(first)
        if request is None:
            return _plain(400, "this is not HTTP/1.1")
        method, target = request.groups()
        with_body = method != b"HEAD"
        if target.partition(b"?")[0] != _PATH:
            return _plain(404, "the metrics are at /metrics", with_body=with_body)
        if method not in {b"GET", b"HEAD"}:
            return _plain(405, "GET and HEAD only", "Allow: GET, HEAD\r\n")
        exposition = _asked_for(fields)
        body = self._door.metrics.expose(exposition)
        return _response(200, exposition.value, body, with_body=with_body)


def _asked_for(fields: list[bytes]) -> Exposition:
    """Choose by the Accept fields: OpenMetrics where it is asked for, else the text that everybody reads.

    What a client sends is compared only, and never sent back.
    """
    for line in fields:
        name, _, value = line.partition(b":")
        if name.lower() != b"accept":
            continue
        for choice in value.lower().split(b","):
            media, *parameters = (part.strip() for part in choice.split(b";"))
            refused = any(re.fullmatch(rb"q=0(\.0*)?", parameter) for parameter in parameters)
            if media == b"application/openmetrics-text" and not refused:
                return Exposition.OPENMETRICS
    return Exposition.TEXT


_STATUS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    431: "Request Header Fields Too Large",
}


def _plain(status: int, words: str, fields: str = "", *, with_body: bool = True) -> bytes:
    return _response(status, "text/plain; charset=utf-8", f"{words}\n".encode(), fields, with_body=with_body)


def _response(status: int, content_type: str, body: bytes, fields: str = "", *, with_body: bool) -> bytes:
    head = (
        f"HTTP/1.1 {status} {_STATUS[status]}\r\n"
        f"Content-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        f"{fields}"
        "Connection: close\r\n\r\n"
    ).encode("ascii")
    return head + body if with_body else head
