"""HTTP, over a transport in memory: what is answered, and who is dropped."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.observe.samples import ENDED

from restante.observe.exposition import LARGEST_HEAD_OCTETS, MetricsDoor
from restante.observe.metrics import Metrics, new_board
from restante.ports.events import Door


class Wire(asyncio.Transport):
    """A client's end in memory."""

    def __init__(self, door: MetricsDoor) -> None:
        super().__init__()
        self.received = b""
        self.closed = False
        self.aborted = False
        self.protocol = door.protocol()
        self.protocol.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.received += bytes(data)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.aborted = True
        self.close()

    def is_closing(self) -> bool:
        return self.closed

    def send(self, octets: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
        """Send octets; give the status line, the fields and the body of the answer."""
        self.protocol.data_received(octets)
        head, _, body = self.received.partition(b"\r\n\r\n")
        status, *lines = head.split(b"\r\n")
        return status, dict(line.split(b": ", 1) for line in lines), body


def door() -> MetricsDoor:
    metrics = Metrics(new_board(processes=1), version="0.1.0")
    metrics(ENDED)
    return MetricsDoor(metrics)


def request(method: bytes = b"GET", target: bytes = b"/metrics", *fields: bytes) -> bytes:
    return b"\r\n".join([method + b" " + target + b" HTTP/1.1", b"Host: mail.example.org", *fields, b"", b""])


async def test_the_metrics_are_given_as_text_that_every_scraper_reads() -> None:
    wire = Wire(door())
    status, fields, body = wire.send(request())
    assert status == b"HTTP/1.1 200 OK"
    assert fields[b"Content-Type"] == b"text/plain; version=0.0.4; charset=utf-8"
    assert int(fields[b"Content-Length"]) == len(body)
    assert fields[b"Connection"] == b"close"
    assert b'restante_pop3_sessions_total{outcome="quit"} 1.0\n' in body
    assert wire.closed
    assert not wire.aborted


@pytest.mark.parametrize(
    "accept",
    [
        b"Accept: application/openmetrics-text",
        b"ACCEPT:application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;q=0.5",
        b"accept: text/plain;q=0.5, Application/OpenMetrics-Text; version=1.0.0",
    ],
)
async def test_openmetrics_is_given_to_who_asks_for_it(accept: bytes) -> None:
    _, fields, body = Wire(door()).send(request(b"GET", b"/metrics", accept))
    assert fields[b"Content-Type"] == b"application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert body.endswith(b"# EOF\n")


@pytest.mark.parametrize(
    "accept",
    [
        b"Accept: */*",
        b"Accept: text/plain",
        b"Accept: application/openmetrics-text;q=0",
        b"Accept: application/openmetrics-text;q=0.00, text/plain",
        b"X-Accept: application/openmetrics-text",
        b"Accept:",
    ],
)
async def test_else_text_is_given(accept: bytes) -> None:
    _, fields, _ = Wire(door()).send(request(b"GET", b"/metrics", accept))
    assert fields[b"Content-Type"].startswith(b"text/plain")


async def test_what_a_client_says_is_never_sent_back() -> None:
    evil = b"Accept: application/openmetrics-text; version=1.0.0\nSet-Cookie: evil; escaping=evil"
    wire = Wire(door())
    wire.send(request(b"GET", b"/metrics?evil", evil, b"X: evil"))
    assert wire.received.startswith(b"HTTP/1.1 200")
    assert b"evil" not in wire.received


async def test_head_is_the_same_without_the_body() -> None:
    _, asked, body = Wire(door()).send(request())
    status, fields, nothing = Wire(door()).send(request(b"HEAD"))
    assert (status, fields, nothing) == (b"HTTP/1.1 200 OK", asked, b"")
    assert body


async def test_a_query_is_let_pass() -> None:
    assert Wire(door()).send(request(b"GET", b"/metrics?name[]=x"))[0] == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("target", [b"/", b"/metrics/", b"/metrics/../etc", b"/METRICS", b"http://x/metrics", b"*"])
async def test_there_is_nothing_else(target: bytes) -> None:
    status, _, body = Wire(door()).send(request(b"GET", target))
    assert status == b"HTTP/1.1 404 Not Found"
    assert body == b"the metrics are at /metrics\n"
    assert Wire(door()).send(request(b"HEAD", target))[2] == b""


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"get"])
async def test_other_methods_are_not_allowed(method: bytes) -> None:
    status, fields, _ = Wire(door()).send(request(method))
    assert status == b"HTTP/1.1 405 Method Not Allowed"
    assert fields[b"Allow"] == b"GET, HEAD"


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n\r\n",
        b"GET /metrics\r\n\r\n",
        b"GET  /metrics HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/2.0\r\n\r\n",
        b"GET /metrics HTTP/1.1 \r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"CAPA\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_bad_request(octets: bytes) -> None:
    assert Wire(door()).send(octets)[0] == b"HTTP/1.1 400 Bad Request"


@given(octets=st.binary(max_size=200))
def test_whatever_comes_gets_one_answer_and_no_exception(octets: bytes) -> None:
    async def run() -> None:
        wire = Wire(door())
        wire.send(octets + b"\r\n\r\n")
        assert wire.received.startswith(b"HTTP/1.1 4")
        assert wire.closed

    asyncio.run(run())


async def test_a_request_may_come_cut_anywhere() -> None:
    whole = request()
    expected = Wire(door()).send(whole)
    for cut in range(1, len(whole)):
        wire = Wire(door())
        wire.protocol.data_received(whole[:cut])
        assert wire.received == b""
        assert wire.send(whole[cut:]) == expected


async def test_what_comes_behind_a_request_is_not_answered() -> None:
    wire = Wire(door())
    wire.send(request() * 5)
    wire.send(request())
    assert wire.received.count(b"HTTP/1.1 200") == 1


async def test_a_head_without_end_costs_no_more_than_the_bound() -> None:
    wire = Wire(door())
    for _ in range(100):
        wire.protocol.data_received(b"x" * 1000)
    assert wire.received.startswith(b"HTTP/1.1 431")
    assert wire.closed
    assert len(wire.protocol._head) == 0  # type: ignore[attr-defined]


async def test_the_longest_head_is_taken_and_one_octet_more_is_not() -> None:
    field = b"X: " + b"x" * (LARGEST_HEAD_OCTETS - len(request(b"GET", b"/metrics", b"X: ")))
    longest = request(b"GET", b"/metrics", field)
    assert len(longest) == LARGEST_HEAD_OCTETS
    assert Wire(door()).send(longest)[0] == b"HTTP/1.1 200 OK"
    assert Wire(door()).send(request(b"GET", b"/metrics", field + b"x"))[0].startswith(b"HTTP/1.1 431")


async def test_one_exchange_too_many_is_dropped_and_there_is_room_again_later() -> None:
    service = door()
    wires = [Wire(service) for _ in range(17)]
    assert [wire.aborted for wire in wires] == [False] * 16 + [True]
    assert len(service) == 16
    wires[0].send(request())
    await asyncio.sleep(0)
    assert not Wire(service).aborted
    await service.stop(1)
    await asyncio.sleep(0)
    assert len(service) == 0


async def test_who_says_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restante.observe.exposition._EXCHANGE_SECONDS", 0.0)
    wire = Wire(door())
    dropped = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.001, dropped.set_result, None)
    await dropped
    assert wire.aborted
    assert wire.received == b""


async def test_gauges_are_noted_again_and_again_for_the_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restante.observe.exposition._GAUGE_SECONDS", 0.0)
    service = door()
    enough = asyncio.get_running_loop().create_future()
    read: list[int] = []

    def count() -> int:
        read.append(len(read))
        if len(read) == 3:
            enough.set_result(None)
        return len(read)

    service.metrics.watch_sessions(Door.POP3, count)
    service.start()
    await enough
    await service.stop(1)
    before = len(read)
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(read) == before
