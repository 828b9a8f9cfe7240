"""Twisted's POP3 server, in the clear, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.servers.peer import PASSWORD, USER, Peer, free_port, until_it_greets

__all__ = ["running_twisted_mail"]

PROGRAM: Final = Path(__file__).with_name("twisted_program.py")


@contextmanager
def running_twisted_mail(messages: Sequence[bytes]) -> Iterator[Peer]:
    """Start it, wait for its greeting, and stop it at the end."""
    peer = Peer(pop3=free_port())
    with tempfile.TemporaryDirectory(prefix="restante-twisted-") as folder:
        for number, octets in enumerate(messages, 1):
            (Path(folder) / str(number)).write_bytes(octets.replace(b"\r\n", b"\n"))
        command = [sys.executable, str(PROGRAM), str(peer.pop3), folder, USER, PASSWORD]
        # It writes a traceback for each command that it refuses.
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until_it_greets(peer.pop3, server)
            yield peer
        finally:
            server.terminate()
            server.wait(30)
