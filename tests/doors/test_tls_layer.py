"""The TLS layer: what it sends, in how many calls of the system, and what is left of it. No socket, one loop."""

import asyncio
import gc
import ssl
import weakref
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.doors.test_tls import VERSIONS, client_context, put

from restante.doors.tls import ServerTls
from restante.doors.tls_layer import TlsLayer
from restante.ports.events import Door

LONG = bytes(range(256)) * 1024
RECORD_OCTETS = 16 * 1024 + 64
"""A record at its longest, with what TLS adds."""


class Below(asyncio.Transport):
    """A transport to a client that takes everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = self.aborted = self.reading = False
        self.protocol: asyncio.BufferedProtocol | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.BufferedProtocol)
        self.protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.is_closing()
        self.sent.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Above(asyncio.BufferedProtocol):
    """A server that answers lines, each with the name of its command."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.room = bytearray(64 * 1024)
        self.ended = False
        self.transport: TlsLayer | None = None

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.room

    def buffer_updated(self, nbytes: int) -> None:
        assert self.transport is not None
        for line in bytes(self.room[:nbytes]).split():
            self.heard.append(line)
            match line:
                case b"LONG":
                    self.transport.write(LONG)
                case b"ABORT":
                    self.transport.write(b"+OK ABORT\r\n")
                    self.transport.abort()
                case b"NOTHING":
                    self.transport.write(b"")
                case _:
                    self.transport.write(b"+OK " + line + b"\r\n")
            if line == b"QUIT":
                self.transport.close()

    def eof_received(self) -> None:
        assert self.transport is not None
        self.transport.write(b"+OK the end\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True


@dataclass
class Connected:
    """A client, the layer, and what is on both sides of it."""

    below: Below
    above: Above
    layer: TlsLayer
    told: list[BaseException | None]
    client: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO
    taken: int = field(default=0)

    @classmethod
    def of(cls, context: ssl.SSLContext, client: ssl.SSLContext) -> "Connected":
        """Connect, and shake no hands yet."""
        below, above = Below(), Above()
        told: list[BaseException | None] = []

        def on_handshake(error: BaseException | None) -> None:
            told.append(error)
            if error is None:
                layer.write(b"+OK ready\r\n")

        layer = above.transport = TlsLayer(
            below,
            above,
            context,
            loop=asyncio.get_running_loop(),
            read_buffer=memoryview(bytearray(64 * 1024)),
            handshake_seconds=10,
            on_handshake=on_handshake,
        )
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        return cls(below, above, layer, told, client.wrap_bio(incoming, outgoing), incoming, outgoing)

    def carry(self) -> None:
        """Let arrive what the client sent, in one segment, and then what the server did."""
        octets = self.outgoing.read()
        self.layer.get_buffer(-1)[: len(octets)] = octets
        self.layer.buffer_updated(len(octets))
        for piece in self.below.sent[self.taken :]:
            self.incoming.write(piece)
        self.taken = len(self.below.sent)

    def shake_hands(self) -> "Connected":
        for _ in range(3):
            with suppress(ssl.SSLWantReadError):
                self.client.do_handshake()
            if self.outgoing.pending:
                self.carry()
        assert self.told == [None]
        return self

    def say(self, octets: bytes) -> bytes:
        """Say something in one segment and hear all that comes of it."""
        self.client.write(octets)
        self.carry()
        return self.hear()

    def hear(self) -> bytes:
        heard = b""
        with suppress(ssl.SSLWantReadError):
            while octets := self.client.read(64 * 1024):
                heard += octets
        return heard


@pytest.fixture
def tls(tmp_path: Path) -> ServerTls:
    return ServerTls([put(tmp_path, "pop.example.org")])


@pytest.fixture(params=VERSIONS)
async def connected(tls: ServerTls, request: pytest.FixtureRequest) -> "Connected":
    return Connected.of(tls.front(Door.POP3), client_context(request.param))


async def test_a_session_is_sent_in_as_few_calls_as_it_has_turns(connected: Connected) -> None:
    connected.shake_hands()
    # The server's half of the handshake, and the greeting: under TLS 1.2 with the end of the handshake.
    assert len(connected.below.sent) == 2
    assert connected.hear() == b"+OK ready\r\n"
    assert connected.say(b"STAT\r\n") == b"+OK STAT\r\n"
    assert len(connected.below.sent) == 3
    assert connected.say(b"UIDL\r\nLIST\r\n") == b"+OK UIDL\r\n+OK LIST\r\n"
    assert len(connected.below.sent) == 4
    connected.client.write(b"QUIT\r\n")
    connected.carry()
    assert len(connected.below.sent) == 5
    assert connected.below.closed


async def test_the_last_answer_and_the_close_notify_go_together_and_are_both_there(connected: Connected) -> None:
    connected.shake_hands()
    connected.hear()
    connected.client.write(b"QUIT\r\n")
    connected.carry()
    assert connected.client.read(100) == b"+OK QUIT\r\n"
    assert connected.client.read(100) == b"", "a close_notify: without one there would be something to wait for"


async def test_what_is_written_before_the_connection_is_aborted_is_sent(connected: Connected) -> None:
    connected.shake_hands()
    connected.hear()
    assert connected.say(b"ABORT\r\n") == b"+OK ABORT\r\n"
    assert connected.below.aborted


async def test_what_is_written_when_the_client_ended_is_sent(connected: Connected) -> None:
    connected.shake_hands()
    connected.hear()
    before = len(connected.below.sent)
    with suppress(ssl.SSLWantReadError):
        connected.client.unwrap()
    connected.carry()
    assert connected.below.closed
    assert len(connected.below.sent) == before + 1


async def test_no_more_than_a_record_is_ever_held_back(connected: Connected) -> None:
    connected.shake_hands()
    connected.hear()
    assert connected.say(b"STAT\r\nLONG\r\nLONG\r\nSTAT\r\n") == b"+OK STAT\r\n" + LONG * 2 + b"+OK STAT\r\n"
    assert connected.say(b"UIDL\r\n" * 2000) == b"+OK UIDL\r\n" * 2000
    assert max(map(len, connected.below.sent)) <= RECORD_OCTETS


async def test_nothing_written_is_nothing_sent(connected: Connected) -> None:
    connected.shake_hands()
    before = len(connected.below.sent)
    connected.client.write(b"NOTHING\r\n")
    connected.carry()
    assert connected.above.heard == [b"NOTHING"]
    assert len(connected.below.sent) == before


async def test_what_is_written_outside_of_a_read_is_sent_at_once(connected: Connected) -> None:
    connected.shake_hands()
    before = len(connected.below.sent)
    connected.layer.write(b"+OK later\r\n")
    assert len(connected.below.sent) == before + 1


async def test_when_the_connection_is_lost_nothing_waits_for_the_collector(
    tls: ServerTls, connected: Connected
) -> None:
    connected.shake_hands()
    kept, layer = connected.layer.get_extra_info("ssl_object"), connected.layer
    openssl, above = weakref.ref(kept), connected.above
    del kept
    gc.disable()
    try:
        layer.connection_lost(None)
        connected.below.protocol = None  # the event loop forgets it, too
        assert above.ended
        del connected.above, connected.layer, connected.below, connected.told
        gone = weakref.ref(above)
        del layer, above
        assert gone() is None
        assert openssl() is None
    finally:
        gc.enable()


async def test_a_handshake_that_fails_is_told_once_and_its_alert_is_sent(tls: ServerTls) -> None:
    client = client_context(ssl.TLSVersion.TLSv1_2)
    client.set_ciphers("AES128-SHA")
    connected = Connected.of(tls.front(Door.POP3), client)
    with suppress(ssl.SSLWantReadError):
        connected.client.do_handshake()
    connected.carry()
    assert len(connected.told) == 1
    assert isinstance(connected.told[0], ssl.SSLError)
    assert connected.below.closed
    assert connected.below.sent[0][0] == 21, "an alert"
    connected.layer.connection_lost(None)
    assert len(connected.told) == 1
    assert not connected.above.ended, "nobody was let in"


async def test_a_connection_that_is_lost_in_the_middle_of_the_handshake_has_failed(connected: Connected) -> None:
    with suppress(ssl.SSLWantReadError):
        connected.client.do_handshake()
    connected.carry()
    connected.layer.connection_lost(None)
    assert len(connected.told) == 1
    assert isinstance(connected.told[0], ConnectionResetError)
    assert not connected.above.ended
