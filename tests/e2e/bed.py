"""The test bed: a real `restante serve` in a process of its own, and the programs of others beside it.

A `Bed` starts the server on ports that the system chooses and on sockets in a folder of its own, adds accounts by
the command line, delivers by LMTP or by `restante deliver`, and stops the server with SIGTERM; a server that ends
otherwise than with 0, or that left a traceback, fails the test. `run` calls the programs of others. All waits have
an end.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypedDict, TypeVar

from tests.e2e.wire import WAIT_SECONDS, Address, Owner, Wire

__all__ = [
    "NOBODY",
    "QUICK",
    "RESTANTE",
    "WAIT_SECONDS",
    "Address",
    "Bed",
    "Owner",
    "Ran",
    "Wire",
    "as_unix",
    "assert_is_delivery_of",
    "canonical",
    "run",
    "until",
]

T = TypeVar("T")

RESTANTE: Final = Path(sys.executable).parent / "restante"
TRACE_HEADERS: Final = re.compile(
    rb"(?:(?:Return-Path|Delivered-To|Received):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+", re.I
)
"""What a delivery puts before a message. Source: RFC 5321 §4.4."""

QUICK: Final = {"auth.hash_memory_kib": "64", "auth.hash_passes": "1"}
"""Passwords hashed weakly: what is tested here is not argon2."""

NOBODY: Final = "nobody" if os.geteuid() == 0 else None
"""The user for programs that refuse to run as root; None: as whom we are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a program said, and how it ended."""

    code: int
    out: bytes
    err: bytes

    @property
    def said(self) -> str:
        return (self.out + self.err).decode("utf-8", "replace")


class Identity(TypedDict):
    """How `subprocess` is told who a program is to be."""

    user: str | int | None
    group: str | int | None
    extra_groups: list[str | int] | None


def as_user(name: str | None) -> Identity:
    """Say how to become a user with that user's own group and no other; None stays who we are."""
    if name is None:
        return Identity(user=None, group=None, extra_groups=None)
    return Identity(user=name, group=pwd.getpwnam(name).pw_gid, extra_groups=[])


def run(
    *argv: str | os.PathLike[str],
    given: bytes = b"",
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    seconds: float = 60,
    pass_fds: Sequence[int] = (),
) -> Ran:
    """Run a program to its end, with a bound on its time."""
    done = subprocess.run(
        argv,
        input=given,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
        **as_user(user),
        timeout=seconds,
        check=False,
        pass_fds=pass_fds,
    )
    return Ran(code=done.returncode, out=done.stdout, err=done.stderr)


def until(what: str, ask: Callable[[], T | None], seconds: float = WAIT_SECONDS) -> T:
    """Ask again and again until the answer is true; fail with `what` when it never is."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        pause.wait(0.03)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")


def canonical(octets: bytes) -> bytes:
    """Say again, in the tests' own words, what the canonical form is: CRLF for each line end."""
    lines = re.split(rb"\r\n|\r|\n", octets)
    if lines[-1] == b"":
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def as_unix(messages: list[bytes]) -> list[bytes]:
    """Say how a client on Unix stores these messages: LF for CRLF; sorted, for clients name files as they like."""
    return sorted(message.replace(b"\r\n", b"\n") for message in messages)


def assert_is_delivery_of(stored: bytes, sent: bytes) -> None:
    """Assert that what is stored is the message in canonical form below trace headers, and nothing else."""
    end = canonical(sent)
    assert stored.endswith(end), f"{len(stored)} octets do not end as the {len(end)} sent: {stored[:400]!r}"
    head = stored[: len(stored) - len(end)]
    assert TRACE_HEADERS.fullmatch(head), f"not trace headers: {head[:400]!r}"


class Bed:
    """A server, from its start to its end."""

    def __init__(
        self,
        *,
        settings: Mapping[str, str] | None = None,
        doors: Sequence[str] = ("pop3", "smtp", "lmtp"),
        options: Sequence[str] = (),
        workers: int = 1,
        environment: Mapping[str, str] | None = None,
        launcher: Sequence[str] = (),
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="restante-bed-"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        self.log = self.folder / "log"
        self.settings = {**QUICK, **(settings or {})}
        self.printed = self.folder / "printed"
        self._more_environment = dict(environment or {})
        self._launcher, self._pass_fds = launcher, pass_fds
        self._doors = doors
        self._options = [*options, "--workers", str(workers)]
        self._process: subprocess.Popen[bytes] | None = None
        self._listening: dict[str, Address] = {}
        self._accounts = 0

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None and self._process is not None and self._process.returncode is None:
                self.stop()
        finally:
            self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str]:
        """The settings as the environment names them, for the server and for the commands beside it."""
        own = {f"RESTANTE_{name.replace('.', '_').upper()}": value for name, value in self.settings.items()}
        return {
            **os.environ,
            **own,
            **self._more_environment,
            "RESTANTE_DATA": str(self.data),
            "HOME": str(self.folder),
        }

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None, "the server is not started"
        return self._process.pid

    def address(self, door: str) -> Address:
        """Give where a door listens: `pop3`, `pop3s`, `smtp`, `smtps` or `lmtp`."""
        return self._listening[door]

    def port(self, door: str) -> int:
        """Give the port of a door that listens on TCP."""
        address = self.address(door)
        assert not isinstance(address, str)
        return address[1]

    def start(self) -> None:
        """Start the server and wait until it has said of each door where it listens."""
        flags = [
            flag
            for door in self._doors
            for flag in (f"--{door}", f"unix:{self.folder}/lmtp" if door == "lmtp" else "127.0.0.1:0")
        ]
        argv = [*self._launcher, str(RESTANTE), "serve", "--data", str(self.data), *flags, *self._options]
        self.printed.write_bytes(b"")
        with self.log.open("ab") as log, self.printed.open("ab") as printed:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=log,
                env=self.environment,
                start_new_session=True,
                pass_fds=self._pass_fds,
            )
        named = {"--pop3", "--pop3s", "--smtp", "--smtps", "--lmtp", "--metrics"}
        doors = sum(argument in named for argument in argv)
        self._listening = until("the server to listen", lambda: self._read_listening(doors))

    def _read_listening(self, doors: int) -> dict[str, Address] | None:
        assert self._process is not None
        ended, printed = self._process.poll() is not None, self.printed.read_text()
        found = re.findall(r"^listening (\w+) (\S+)\n", printed, re.M)
        assert not ended, f"the server did not start: it printed {printed!r}, and logged {self.logged()}"
        return {door: parsed(address) for door, address in found} if len(found) == doors else None

    def stop(self) -> None:
        """Stop the server as systemd does, and judge how it ended."""
        self.terminate()
        self.wait_for_end()

    def terminate(self) -> None:
        """Send SIGTERM, once."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def wait_for_end(self) -> None:
        """Wait for a server that was told to stop, and judge how it ended."""
        assert self._process is not None
        code = self._process.wait(WAIT_SECONDS + 5)
        log = self.logged()
        assert code == 0, f"the server ended with {code}: {log}"
        assert "Traceback" not in log, log

    def kill(self) -> None:
        """Kill the server and its workers, as a power cut would."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(WAIT_SECONDS)
            self._process = None

    def is_dead(self) -> bool:
        """Tell whether the server ended by itself, giving it a moment for that."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        return self._process.poll() is not None

    def logged(self) -> str:
        """Give the server's log so far."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def cli(self, *arguments: str | os.PathLike[str], given: bytes = b"") -> Ran:
        """Run a command of restante's on the data folder of this bed."""
        return run(RESTANTE, *arguments, "--data", self.data, given=given, env=self.environment)

    def account(self, *messages: bytes, name: str | None = None, password: str = "SECRET") -> Owner:
        """Add an account, with mail in it that came by LMTP."""
        self._accounts += 1
        owner = Owner(name=name or f"ted{self._accounts}", password=password)
        added = self.cli("account", "add", owner.name, "--password-stdin", given=password.encode() + b"\n")
        assert added.code == 0, added.said
        if messages:
            self.deliver(owner, *messages)
        return owner

    def deliver(self, owner: Owner, *messages: bytes) -> None:
        """Deliver by LMTP; each message has to be accepted."""
        with Wire(self.address("lmtp")) as wire:
            for message in messages:
                (answer,) = wire.mail([f"{owner.name}@localhost"], message)
                assert answer.startswith(b"250"), answer

    def pop3(self, owner: Owner | None = None) -> Wire:
        """Open a session, logged in when an owner is given."""
        wire = Wire(self.address("pop3"))
        assert wire.greeting.startswith(b"+OK"), wire.greeting
        return wire.login(owner) if owner else wire

    def mail(self, owner: Owner) -> list[bytes]:
        """Give all messages of a maildrop, by RETR over a raw socket."""
        with self.pop3(owner) as wire:
            count = int(wire.ok("STAT").split()[1])
            messages = [wire.multi(f"RETR {number}") for number in range(1, count + 1)]
            wire.ok("QUIT")
        return messages


def parsed(address: str) -> Address:
    """Read an address of a `listening` line."""
    if address.startswith("unix:"):
        return address.removeprefix("unix:")
    host, _, port = address.rpartition(":")
    return host, int(port)
