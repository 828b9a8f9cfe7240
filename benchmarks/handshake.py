"""What a handshake of TLS 1.3 costs each half, in memory: the floor of a session over TLS; nothing of it is ours.

    .venv/bin/python benchmarks/handshake.py [--rounds N]

It prints, in microseconds, the least of many rounds: the server's part from ClientHello to its Finished, then from
the client's Finished on, and all of the client's. Both are OpenSSL by Python's `ssl`; X25519 and ECDSA P-256,
without tickets, as the server has it.
"""

from __future__ import annotations

import argparse
import contextlib
import ssl
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # as in run.py

from restante.doors.certificates import self_signed  # noqa: E402 - see above

__all__ = ["Figures", "measure"]


@dataclass(slots=True)
class Figures:
    """Microseconds, the least of the rounds."""

    hello: float = float("inf")
    """The server's, from ClientHello to its Finished."""
    finish: float = float("inf")
    """The server's, from the client's Finished on."""
    client: float = float("inf")
    """The client's, all of it, with the proof of the certificate."""


def measure(folder: Path, rounds: int) -> Figures:
    """Shake hands so often. A certificate is made in `folder`."""
    pair = self_signed(folder, ["localhost"], now=datetime.now(UTC))
    server_context, client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    server_context.load_cert_chain(pair.certificate, pair.key)
    server_context.num_tickets = 0
    client_context.minimum_version = ssl.TLSVersion.TLSv1_3
    client_context.load_verify_locations(pair.certificate)
    figures = Figures()
    for _ in range(rounds):
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = server_context.wrap_bio(to_server, to_client, server_side=True)
        client = client_context.wrap_bio(to_client, to_server, server_hostname="localhost")
        first, hello, second, finish = (_step(each) for each in (client, server, client, server))
        server.do_handshake()  # raises where anything is missing still
        figures.hello, figures.finish = min(figures.hello, hello), min(figures.finish, finish)
        figures.client = min(figures.client, first + second)
    return figures


def _step(half: ssl.SSLObject) -> float:
    began = time.perf_counter_ns()
    # It says what it can, and hears next.
    with contextlib.suppress(ssl.SSLWantReadError):
        half.do_handshake()
    return (time.perf_counter_ns() - began) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what a handshake costs each half.")
    parser.add_argument("--rounds", type=int, default=1500, help="handshakes; 1500")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="restante-handshake-") as folder:
        figures = measure(Path(folder), options.rounds)
    server = f"server {figures.hello:.0f} and {figures.finish:.0f} µs"
    print(f"{ssl.OPENSSL_VERSION}: {server}, client {figures.client:.0f} µs")


if __name__ == "__main__":
    main()
