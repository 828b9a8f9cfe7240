"""A real server for other people's tests: a process on free ports of loopback, with a data folder of its own.

Not for production and not a fake: POP3 and SMTP are the real thing, only that passwords are hashed weakly, since
tests log in often. `messages` looks into a maildrop without POP3, so that a test need not trust what it tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from restante import app
from restante.config.settings import AuthSettings, Settings
from restante.ports.soon import Later
from restante.ports.stores import Holder
from restante.proto.lines import canonical
from restante.proto.terms import MessageNumber, Secret
from restante.stores.transfer import message_chunks

__all__ = ["RunningServer", "ServerDidNotStart"]

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 35.0
_DOORS: Final = frozenset({"pop3", "smtp", "smtps"})
_WEAK_HASHES: Final = AuthSettings(hash_memory_kib=8, hash_passes=1)


class ServerDidNotStart(Exception):
    """The server ended, or said nothing, before it listened. The message holds what it wrote."""


class RunningServer:
    """A server from `with` to the end of the block.

    `pop3`, `smtp` and `smtps` are host and port. Mail by SMTP is for `name@localhost`; at `smtps`
    one logs in first. `pop3` has STLS and `smtp` STARTTLS, with the
    certificate at `certificate`, which signs itself.
    """

    pop3: tuple[str, int]
    smtp: tuple[str, int]
    smtps: tuple[str, int]

    def __init__(self, *, arguments: Sequence[str] = ()) -> None:
        """Prepare; `arguments` are further ones for `restante serve`."""
        self._arguments = tuple(arguments)
        self._folder = contextlib.ExitStack()
        self._process: subprocess.Popen[str] | None = None
        self._settings = Settings()
        self._log = Path()

    def __enter__(self) -> Self:
        """Start. Raises ServerDidNotStart."""
        folder = Path(self._folder.enter_context(tempfile.TemporaryDirectory(prefix="restante-test-")))
        self._settings = Settings(data=folder / "data", auth=_WEAK_HASHES)
        self._settings.data.mkdir(mode=0o700)
        self._log = folder / "log"
        log = self._folder.enter_context(self._log.open("w"))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("RESTANTE_")}
        environ["RESTANTE_AUTH_HASH_MEMORY_KIB"] = str(_WEAK_HASHES.hash_memory_kib)
        environ["RESTANTE_AUTH_HASH_PASSES"] = str(_WEAK_HASHES.hash_passes)
        command = [sys.executable, "-m", "restante", "serve", "--data", str(self._settings.data), "--workers", "1"]
        command += ["--pop3", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--smtps", "127.0.0.1:0"]
        command += self._arguments
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environ)  # noqa: S603 - ours
        addresses = self._wait_for_addresses(self._process)
        self.pop3, self.smtp, self.smtps = addresses["pop3"], addresses["smtp"], addresses["smtps"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server and remove its data."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
        self._folder.close()

    @property
    def process_id(self) -> int | None:
        """The server's process, or None before it was started."""
        return None if self._process is None else self._process.pid

    @property
    def certificate(self) -> Path:
        """The certificate that signs itself, in PEM: for a client to trust. Not served where one is named."""
        return self._settings.data / "self-signed.pem"

    @property
    def log(self) -> str:
        """What the server wrote to standard error so far."""
        return self._log.read_text()

    def add_account(self, name: str, password: str) -> None:
        """Add an account. Raises IllegalName, AccountExists, IllegalPassword."""
        directory = app.open_directory(self._settings)
        try:
            directory.add(name, app.open_hasher(self._settings).hash(Secret(password.encode())))
        finally:
            directory.close()

    def deliver(self, name: str, message: bytes) -> None:
        """Put a message into a maildrop just as it is, with no trace header; line ends become CRLF."""

        async def put() -> None:
            directory, store = app.open_directory(self._settings), app.open_store(self._settings)
            try:
                account = directory.find(name)
                if account is None:
                    raise LookupError(f"no account {name!r}: add it with add_account")
                await (await store.stage(account, [canonical(message)])).publish()
            finally:
                directory.close()
                await store.close()

        asyncio.run(put())

    def messages(self, name: str) -> list[bytes]:
        """Give the messages of a maildrop, canonical octets, in order. Raises MaildropInUse."""

        async def read() -> list[bytes]:
            directory, store = app.open_directory(self._settings), app.open_store(self._settings)
            try:
                account = directory.find(name)
                if account is None:
                    raise LookupError(f"no account {name!r}: add it with add_account")
                opening = store.open(account, Holder(peer="a test", since_epoch_seconds=time.time()))
                maildrop = await opening if isinstance(opening, Later) else opening
                try:
                    numbers = [MessageNumber(n) for n in range(1, len(maildrop.snapshot) + 1)]
                    return [b"".join([chunk async for chunk in message_chunks(maildrop, n)]) for n in numbers]
                finally:
                    maildrop.release()
            finally:
                directory.close()
                await store.close()

        return asyncio.run(read())

    def _wait_for_addresses(self, process: subprocess.Popen[str]) -> dict[str, tuple[str, int]]:
        assert process.stdout is not None
        addresses: dict[str, tuple[str, int]] = {}
        deadline = time.monotonic() + _START_SECONDS
        while not addresses.keys() >= _DOORS and time.monotonic() < deadline:
            # Ends when the server does, which closes its side of the pipe.
            line = process.stdout.readline()
            if not line:
                break
            _, door, address = line.split()
            host, _, port = address.rpartition(":")
            addresses[door] = host, int(port)
        if not addresses.keys() >= _DOORS:
            process.kill()
            process.wait()
            raise ServerDidNotStart(f"the server did not start; it said: {self.log.strip() or 'nothing'}")
        return addresses
