"""The client beside poplib: one connection, all messages of a maildrop, with a delay on each round trip and
without.

    .venv/bin/python benchmarks/client.py [--messages N] [--poplib-messages N] [--delay-ms N] [--json]

Both read from our own server on loopback, in turn, in one run. With a delay poplib's loop takes minutes, so its
time is taken from fewer messages and reckoned up: it does one thing after the other, and each takes as long as the
last. The delay is put by a proxy in a process of its own, which holds back what the server sends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import poplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # it is run as a file, and its other files are a package

from benchmarks import mail  # noqa: E402 - see above
from benchmarks.servers import PASSWORD, Restante  # noqa: E402 - see above

from restante.client import Login, Security, Server, blocking, connect  # noqa: E402 - see above

__all__ = ["Figures", "compare", "main", "site"]

NAME: Final = "reader"
ROUNDS: Final = 3
"""Without a delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Seconds for all messages; poplib's with the delay are reckoned up from `poplib_messages`."""

    messages: int
    octets: int
    delay_seconds: float
    poplib_messages: int
    poplib_seconds: float
    blocking_seconds: float
    asyncio_seconds: float
    one_by_one_seconds: float
    """The blocking face without a window, message after message, as poplib does it."""
    delayed_poplib_seconds: float
    delayed_blocking_seconds: float
    delayed_asyncio_seconds: float

    @property
    def ratio(self) -> float:
        """How many times as fast as poplib without a delay; the slower of the two faces."""
        return self.poplib_seconds / max(self.blocking_seconds, self.asyncio_seconds)

    @property
    def delayed_ratio(self) -> float:
        """The same with the delay."""
        return self.delayed_poplib_seconds / max(self.delayed_blocking_seconds, self.delayed_asyncio_seconds)


@contextlib.contextmanager
def site(folder: Path, messages: int) -> Iterator[int]:
    """Start a server with a maildrop of so many messages; gives its port."""
    server = Restante(folder, [NAME], cores=(), hash_memory_kib=64)
    mail.many(server.mail / NAME, mail.Form.CRLF, messages, owner=-1)
    server.start()
    try:
        yield server.pop3
    finally:
        server.stop()


@contextlib.contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """Start the proxy before a port; gives its own."""
    command = [sys.executable, str(Path(__file__)), "--proxy-for", str(port), "--delay-ms", str(seconds * 1000)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def compare(port: int, *, messages: int, poplib_messages: int, delay_seconds: float) -> Figures:
    """Read the maildrop in each way."""
    # The first session measures the messages and fills what the server keeps of them.
    _by_window(port)
    octets, one_by_one = _timed(lambda: _by_one(port), ROUNDS)
    poplib_octets, by_poplib = _timed(lambda: _by_poplib(port, messages), ROUNDS)
    blocking_octets, by_blocking = _timed(lambda: _by_window(port), ROUNDS)
    asyncio_octets, by_asyncio = _timed(lambda: asyncio.run(_by_asyncio(port)), ROUNDS)
    assert octets == blocking_octets == asyncio_octets == poplib_octets, "all read the same"
    with delayed(port, delay_seconds) as far:
        _, few = _timed(lambda: _by_poplib(far, poplib_messages))
        # What does not grow with the messages, the login, is left out of what is reckoned up.
        _, none = _timed(lambda: _by_poplib(far, 0))
        _, far_blocking = _timed(lambda: _by_window(far))
        _, far_asyncio = _timed(lambda: asyncio.run(_by_asyncio(far)))
    return Figures(
        messages=messages,
        octets=octets,
        delay_seconds=delay_seconds,
        poplib_messages=poplib_messages,
        poplib_seconds=by_poplib,
        blocking_seconds=by_blocking,
        asyncio_seconds=by_asyncio,
        one_by_one_seconds=one_by_one,
        delayed_poplib_seconds=none + (few - none) * messages / poplib_messages,
        delayed_blocking_seconds=far_blocking,
        delayed_asyncio_seconds=far_asyncio,
    )


def _timed(read: Callable[[], int], rounds: int = 1) -> tuple[int, float]:
    """Give what was read, and the seconds of the quickest of some rounds: what slows the machine is not of
    interest."""
    seconds = []
    octets = 0
    for _ in range(rounds):
        began = time.perf_counter()
        octets = read()
        seconds.append(time.perf_counter() - began)
    return octets, min(seconds)


def _server(port: int) -> Server:
    return Server(host="127.0.0.1", port=port, security=Security.PLAIN)


_LOGIN: Final = Login.by_password(NAME, PASSWORD)


def _by_poplib(port: int, messages: int) -> int:
    """The loop of every tutorial: STAT, then RETR one after the other."""
    maildrop = poplib.POP3("127.0.0.1", port)
    maildrop.user(NAME)
    maildrop.pass_(PASSWORD)
    octets = 0
    maildrop.stat()
    for number in range(1, messages + 1):
        _, lines, _ = maildrop.retr(number)
        octets += sum(map(len, lines)) + 2 * len(lines)
    maildrop.quit()
    return octets


def _by_one(port: int) -> int:
    with blocking.connect(_server(port), login=_LOGIN) as maildrop:
        return sum(len(message.read()) for message in maildrop.messages())


def _by_window(port: int) -> int:
    with blocking.connect(_server(port), login=_LOGIN) as maildrop:
        return sum(len(retrieved.octets) for retrieved in maildrop.read_many(maildrop.messages()))


async def _by_asyncio(port: int) -> int:
    async with await connect(_server(port), login=_LOGIN) as maildrop:
        messages = [message async for message in maildrop.messages()]
        octets = 0
        async for retrieved in maildrop.read_many(messages):
            octets += len(retrieved.octets)
        return octets


# --- the proxy ----------------------------------------------------------------------------------------------------


class _Near(asyncio.Protocol):
    """The client's side: passed on at once."""

    def __init__(self, port: int, delay_seconds: float) -> None:
        self._port = port
        self._delay_seconds = delay_seconds
        self._far: asyncio.WriteTransport | None = None
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._task = asyncio.ensure_future(self._connect(transport))

    async def _connect(self, near: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        far, _ = await loop.create_connection(lambda: _Far(near, self._delay_seconds), "127.0.0.1", self._port)
        far.writelines(self._early)
        self._far = far

    def data_received(self, data: bytes) -> None:
        if self._far is None:
            self._early.append(data)
        else:
            self._far.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._far is not None:
            self._far.close()


class _Far(asyncio.Protocol):
    """The server's side: held back, each piece as long as the other."""

    def __init__(self, near: asyncio.Transport, delay_seconds: float) -> None:
        self._near = near
        self._delay_seconds = delay_seconds

    def data_received(self, data: bytes) -> None:
        asyncio.get_running_loop().call_later(self._delay_seconds, self._near.write, data)

    def connection_lost(self, exc: Exception | None) -> None:
        asyncio.get_running_loop().call_later(self._delay_seconds, self._near.close)


async def _proxy(port: int, delay_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Near(port, delay_seconds), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# --- the command --------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--poplib-messages", type=int, default=200, help="how many poplib reads with the delay")
    parser.add_argument("--delay-ms", type=float, default=20.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--proxy-for", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    delay_seconds = options.delay_ms / 1000
    if options.proxy_for is not None:
        asyncio.run(_proxy(options.proxy_for, delay_seconds))
        return 0
    with (
        tempfile.TemporaryDirectory(prefix="restante-bench-") as folder,
        site(Path(folder), options.messages) as port,
    ):
        figures = compare(
            port,
            messages=options.messages,
            poplib_messages=min(options.poplib_messages, options.messages),
            delay_seconds=delay_seconds,
        )
    if options.json:
        print(json.dumps({**asdict(figures), "ratio": figures.ratio, "delayed_ratio": figures.delayed_ratio}))
        return 0
    rows = [
        ("poplib's loop", figures.poplib_seconds, figures.delayed_poplib_seconds),
        ("blocking, read_many", figures.blocking_seconds, figures.delayed_blocking_seconds),
        ("asyncio, read_many", figures.asyncio_seconds, figures.delayed_asyncio_seconds),
        ("blocking, one by one", figures.one_by_one_seconds, None),
    ]
    print(f"{figures.messages} messages, {figures.octets} octets; seconds")
    print(f"{'':24}{'no delay':>12}{f'{options.delay_ms:g} ms':>12}")
    for name, near, far in rows:
        print(f"{name:24}{near:12.2f}{'' if far is None else f'{far:12.2f}'}")
    print(f"times as fast as poplib: {figures.ratio:.2f} without a delay, {figures.delayed_ratio:.1f} with it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
