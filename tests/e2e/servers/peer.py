"""What a test knows of a server of others: its ports, whom its certificate is from, and the one account."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import trustme
from tests.e2e.bed import until

__all__ = ["PASSWORD", "USER", "Peer", "as_mbox", "certified", "certify", "free_port", "is_open", "until_it_greets"]

USER: Final = "ted"
PASSWORD: Final = "SECRET"
HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A server that runs. A port of 0: there is none."""

    pop3: int
    pop3s: int = 0
    submission: int = 0
    submissions: int = 0
    authorities: Path | None = None
    address: str | None = None
    """Where mail for the account goes; None: nowhere."""


def free_port() -> int:
    """Give a port that nobody listens at, now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def certified() -> Iterator[Path]:
    """Give a folder with `chain.pem` and `key.pem` for 127.0.0.1, and who signed them in `authority.pem`."""
    with tempfile.TemporaryDirectory(prefix="restante-certificate-") as folder:
        home = Path(folder)
        certify(home)
        yield home


def certify(folder: Path, host: str = HOST) -> None:
    """Put those files into a folder."""
    authority = trustme.CA()
    # With a common name besides: fetchmail 6.4 takes none without.
    certificate = authority.issue_cert(host, common_name=host)
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "chain.pem").write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))


def as_mbox(messages: Sequence[bytes]) -> bytes:
    """Put messages one behind the other, as an mbox has them, with the line ends of Unix."""
    whole = [message if message.endswith(b"\n") else message + b"\n" for message in messages]
    return b"".join(
        b"From a@example.org Mon Jan  1 00:00:00 2024\n" + message.replace(b"\r\n", b"\n") + b"\n"
        for message in whole
    )


def is_open(port: int) -> bool:
    """Tell whether something listens there."""
    with socket.socket() as connection:
        return connection.connect_ex((HOST, port)) == 0


def until_it_greets(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait for the greeting."""
    until("the greeting", partial(_greets, port, server), 30)


def _greets(port: int, server: subprocess.Popen[bytes]) -> bool:
    assert server.poll() is None, "the server ended at its start"
    try:
        with socket.create_connection((HOST, port), timeout=30) as connection:
            return connection.recv(3) == b"+OK"
    except OSError:
        return False
