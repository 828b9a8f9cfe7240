"""Long messages on their way out: RFC 1939 §3 and §7, RFC 6856 §2.1."""

from collections.abc import Generator

import pytest

from restante.maildrop.downgrade import Downgrader, downgraded
from restante.ports.soon import Later, Soon
from restante.proto.lines import TopCutter, stuffed, top
from restante.server.outflow import Outflow

MESSAGE = "Subject: Grüße\r\nTo: ü@x\r\n\r\n.\r\nüber\r\n.ende\r\n".encode()


class Chunks:
    """A message in chunks of so many octets."""

    def __init__(self, octets: bytes, step: int, *, later: bool) -> None:
        self.left = [octets[start : start + step] for start in range(0, len(octets), step)]
        self.later = later
        self.closed = False

    def next_chunk(self) -> Soon[bytes]:
        chunk = self.left.pop(0) if self.left else b""
        return Later(_Soon(chunk)) if self.later else chunk

    def close(self) -> None:
        self.closed = True


class _Soon:
    def __init__(self, chunk: bytes) -> None:
        self.chunk = chunk

    def __await__(self) -> Generator[None, None, bytes]:
        yield None
        return self.chunk


async def poured(outflow: Outflow) -> list[bytes]:
    parts: list[bytes] = []
    while True:
        part = outflow.next_part()
        octets = await part if isinstance(part, Later) else part
        if not octets:
            return parts
        parts.append(octets)


@pytest.mark.rule("U2", "L7", "C8")
@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 20, 1000])
async def test_a_message_comes_whole_or_cut_whatever_its_chunks(step: int, later: bool) -> None:
    for message in (MESSAGE, downgraded(MESSAGE)):
        downgrader = Downgrader() if message != MESSAGE else None
        chunks = Chunks(MESSAGE, step, later=later)
        sent = b"".join(await poured(Outflow(b"+OK\r\n", chunks, downgrader=downgrader)))
        assert sent == b"+OK\r\n" + stuffed(message) + b".\r\n"
        assert chunks.closed
        for lines in range(4):
            downgrader = Downgrader() if message != MESSAGE else None
            chunks = Chunks(MESSAGE, step, later=later)
            outflow = Outflow(b"+OK\r\n", chunks, TopCutter(lines), downgrader=downgrader)
            assert b"".join(await poured(outflow)) == b"+OK\r\n" + stuffed(top(message, lines)) + b".\r\n"
            assert chunks.closed


@pytest.mark.rule("U2")
async def test_a_message_that_is_all_header_comes_whole() -> None:
    message = MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n"
    outflow = Outflow(b"+OK\r\n", Chunks(message, 5, later=False), downgrader=Downgrader())
    assert b"".join(await poured(outflow)) == b"+OK\r\n" + downgraded(message) + b".\r\n"
