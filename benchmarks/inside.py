"""What the interpreter pays for: sessions driven through the worker's own house by a transport that is none.

    .venv/bin/python benchmarks/inside.py [--rounds N] [--profile ROW] [--folder FOLDER]

For each row it prints the microseconds of processor time, the least of many rounds; how many functions were called,
of Python and of C; and how many instructions the interpreter went through. No socket, and no work of the kernel or
the event loop for it: what is left is ours, and what is counted is the same in each run, on a busy machine too.
The files of the maildrops, their locks and the log are real. The row over TLS has both halves of the handshake in
its time. `--profile` shows where a row's time goes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import gc
import pstats
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # as in run.py

from benchmarks import mail  # noqa: E402 - see above
from benchmarks.bed import ACCOUNTS  # noqa: E402 - see above
from benchmarks.servers import PASSWORD  # noqa: E402 - see above

if TYPE_CHECKING:
    from _typeshed import TraceFunction

MESSAGES: Final = 200
MOST_OCTETS: Final = 16 * 1024
TURN: Final = 16
"""Sessions that the event loop would find ready in one turn."""


class Wire(asyncio.Transport):
    """A transport to a client that takes everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.protocol: Any = None  # Any: an entrance, then a connection
        self.closing = False
        self.writes = 0
        self.answered: asyncio.Event | None = None
        """For an answer that comes later."""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 40_000) if name == "peername" else default

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.sent = bytes(data)
        self.writes += 1
        if self.answered is not None:
            self.answered.set()

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def begin(self) -> None:
        """Connect, and hear the greeting."""
        self.protocol.connection_made(self)

    def say(self, octets: bytes) -> None:
        """Let the client say something; a good answer has to come in the same call."""
        self.carry(octets)
        if not self.sent.startswith(b"+OK"):
            raise RuntimeError(f"{octets!r} was answered {self.sent!r}")

    def carry(self, octets: bytes) -> None:
        """Let octets arrive at the server."""
        protocol = self.protocol
        protocol.get_buffer(len(octets))[: len(octets)] = octets
        protocol.buffer_updated(len(octets))


class SealedWire(Wire):
    """The same under TLS: a client that shakes hands, seals what it says and opens what it hears."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._client = context.wrap_bio(self._incoming, self._outgoing)

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        super().write(data)
        self._incoming.write(data)

    def begin(self) -> None:
        super().begin()
        with contextlib.suppress(ssl.SSLWantReadError):
            self._client.do_handshake()
        self.carry(self._outgoing.read())
        self._client.do_handshake()
        self.carry(self._outgoing.read())
        self._hear()

    def say(self, octets: bytes) -> None:
        self._client.write(octets)
        self.carry(self._outgoing.read())
        self._hear()

    def _hear(self) -> None:
        answer = self._client.read(MOST_OCTETS)
        if not answer.startswith(b"+OK"):
            raise RuntimeError(f"the server answered {answer!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is driven: `lines` are said one by one, between a login and QUIT."""

    name: str
    lines: list[bytes]
    each: int = field(default=1)
    """Into how many the figures are divided."""
    tls: bool = False


_RETRIEVALS: Final = [b"RETR %d\r\n" % n for n in range(1, MESSAGES + 1)]
ROWS: Final = (
    Row(name="session", lines=[b"STAT\r\n"]),
    Row(name="tls", lines=[b"STAT\r\n"], tls=True),
    Row(name="retr", lines=_RETRIEVALS, each=MESSAGES),
    # As many in a segment as are answered in one turn of the loop.
    Row(name="pipelined", lines=[b"".join(_RETRIEVALS[n : n + 10]) for n in range(0, MESSAGES, 10)], each=MESSAGES),
)


class Inside:
    """The house of a worker, with clients that need no socket."""

    def __init__(
        self, make: Callable[[], asyncio.BaseProtocol], under_tls: Callable[[], asyncio.BaseProtocol]
    ) -> None:
        self._make, self._make_under_tls = make, under_tls
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE
        self._logins = [(f"USER user{n}\r\n".encode(), f"PASS {PASSWORD}\r\n".encode()) for n in range(ACCOUNTS)]

    def session(self, account: int, row: Row) -> int:
        """Go through a session; give how often the server wrote, each of which is a call of the system."""
        wire = SealedWire(self._tls) if row.tls else Wire()
        wire.protocol = self._make_under_tls() if row.tls else self._make()
        wire.begin()
        user, password = self._logins[account]
        wire.say(user)
        wire.say(password)
        for line in row.lines:
            wire.say(line)
        wire.say(b"QUIT\r\n")
        wire.protocol.connection_lost(None)
        wire.protocol = None
        return wire.writes

    async def turn(self, row: Row, sessions: int) -> None:
        for n in range(sessions):
            self.session(n % ACCOUNTS, row)
        await asyncio.sleep(0)

    async def warm(self) -> None:
        """Log in once on each account: passwords are proven, maildrops listed."""
        for user, password in self._logins:
            wire = Wire()
            wire.protocol = self._make()
            wire.protocol.connection_made(wire)
            wire.say(user)
            wire.answered = asyncio.Event()
            wire.protocol.get_buffer(len(password))[: len(password)] = password
            wire.protocol.buffer_updated(len(password))
            await wire.answered.wait()
            wire.say(b"QUIT\r\n")
            wire.protocol.connection_lost(None)


@contextlib.asynccontextmanager
async def opened(folder: Path, *, messages: int = MESSAGES) -> AsyncIterator[Inside]:
    """Open the house of a worker on mail of the benchmark, with a log and metrics, and all settings by default."""
    from restante import app, worker
    from restante.config.settings import Settings
    from restante.doors.certificates import self_signed
    from restante.observe.metrics import Metrics, new_board
    from restante.ports.events import Door
    from restante.proto.terms import Secret

    settings = Settings(data=folder / "data", maildir_pattern=f"{folder}/mail/{{local}}")
    settings.data.mkdir(mode=0o700)
    directory = app.open_directory(settings)
    encoded = app.open_hasher(settings).hash(Secret(PASSWORD.encode()))
    (folder / "mail").mkdir()
    for n in range(ACCOUNTS):
        directory.add(f"user{n}", encoded)
        mail.make_maildrop(folder / "mail" / f"user{n}", mail.Form.CRLF, messages)
    directory.close()
    metrics = Metrics(new_board(processes=1), version="0")
    pairs = (self_signed(settings.data, ["localhost"], now=datetime.now(UTC)),)
    async with worker.open_house(settings, pairs, metrics, {Door.POP3}) as house:
        door = house.doors[Door.POP3]
        assert door.protocol_under_tls is not None, "there is a certificate"
        inside = Inside(door.protocol, door.protocol_under_tls)
        await inside.warm()
        gc.collect()
        gc.freeze()
        yield inside


async def microseconds(inside: Inside, row: Row, rounds: int) -> float:
    """Give the processor's time for each, the least of the rounds."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time_ns()
        await inside.turn(row, TURN)
        least = min(least, time.process_time_ns() - began)
    return least / 1000 / TURN / row.each


def instructions(inside: Inside, row: Row) -> float:
    """Count the instructions of the interpreter for each, the client's own among them."""
    count = 0

    if sys.version_info >= (3, 12):

        def tell(code: object, offset: int) -> None:
            nonlocal count
            count += 1

        # A function of `sys.settrace` is told of none the first time in Python 3.12.1.
        tool, event, monitoring = sys.monitoring.PROFILER_ID, sys.monitoring.events.INSTRUCTION, sys.monitoring
        monitoring.use_tool_id(tool, "inside")
        monitoring.register_callback(tool, event, tell)
        monitoring.set_events(tool, event)
        try:
            inside.session(0, row)
        finally:
            monitoring.set_events(tool, 0)
            monitoring.register_callback(tool, event, None)
            monitoring.free_tool_id(tool)
        return count / row.each

    def begin(frame: FrameType, event: str, argument: Any) -> TraceFunction:  # Any: as `sys` has it
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return step

    def step(frame: FrameType, event: str, argument: Any) -> TraceFunction:  # Any: as `sys` has it
        nonlocal count
        count += event == "opcode"
        return step

    sys.settrace(begin)
    try:
        inside.session(0, row)
    finally:
        sys.settrace(None)
    return count / row.each


def calls(inside: Inside, row: Row) -> tuple[float, float]:
    """Count the calls for each: of functions in Python, and of those in C. The client's own are among them."""
    counted = {"call": 0, "c_call": 0}

    def count(frame: object, event: str, argument: object) -> None:
        if event in counted:
            counted[event] += 1

    sys.setprofile(count)
    try:
        inside.session(0, row)
    finally:
        sys.setprofile(None)
    return counted["call"] / row.each, counted["c_call"] / row.each


async def run(folder: Path, rounds: int, profiled: str | None) -> None:
    async with opened(folder) as inside:
        for row in ROWS:
            if profiled is None:
                of_python, of_c = calls(inside, row)
                spent = await microseconds(inside, row, max(3, rounds // row.each))
                figures = f"{of_python:7.1f} calls of Python {of_c:7.1f} of C"
                steps = f"{instructions(inside, row):8.1f} instructions"
                print(f"{row.name:10} {spent:7.1f} µs {figures} {steps}", flush=True)
            elif row.name == profiled:
                profile = cProfile.Profile()
                profile.enable()
                for _ in range(rounds):
                    await inside.turn(row, TURN)
                profile.disable()
                statistics = pstats.Stats(profile)
                statistics.sort_stats("tottime").print_stats(45)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the interpreter's part of a session.")
    parser.add_argument("--rounds", type=int, default=400, help="rounds of sixteen sessions; 400")
    parser.add_argument(
        "--profile", metavar="ROW", help="show where the time of a row goes: session, tls, retr, pipelined"
    )
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="where mail is made; on a real disk")
    options = parser.parse_args()
    import uvloop

    with (
        tempfile.TemporaryDirectory(prefix="restante-inside-", dir=options.folder) as folder,
        (Path(folder) / "log").open("a") as log,
        contextlib.redirect_stderr(log),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(run(Path(folder), options.rounds, options.profile))


if __name__ == "__main__":
    main()
