"""A Dovecot for the length of a block: POP3 and IMAP, in clear and under TLS, for whatever user logs in."""

from __future__ import annotations

import itertools
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.e2e.bed import until
from tests.e2e.servers.dovecot import dovecot, hand_over
from tests.e2e.servers.peer import PASSWORD, certify, free_port

__all__ = ["PASSWORD", "Dovecot", "running_dovecot"]

_SETTINGS: Final = """\
protocols = pop3 imap
ssl = yes
ssl_cert = <{home}/chain.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
mail_location = maildir:{home}/mail/%u
pop3_uidl_format = %v-%u
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
"""

_NUMBERS: Final = itertools.count(1)
"""For the names of files: none comes twice, whatever was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    """Where it listens, and where it keeps the mail."""

    pop3: int
    pop3s: int
    imap: int
    imaps: int
    home: Path

    @property
    def authorities(self) -> Path:
        """Give the certificate that its own is signed with."""
        return self.home / "authority.pem"

    def deliver(self, user: str, *messages: bytes) -> None:
        """Put messages into a user's Maildir, in order."""
        folder = self.home / "mail" / user
        for name in ("cur", "new", "tmp"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for number, octets in zip(_NUMBERS, messages, strict=False):
            (folder / "new" / f"17000{number:05}.M{number}P1.host").write_bytes(octets.replace(b"\r\n", b"\n"))
        hand_over(self.home, self.home / "mail")

    def stored(self, user: str, folder: str = "") -> list[bytes]:
        """Give what lies in a user's folder, as files, in the order of their names."""
        place = self.home / "mail" / user / folder
        files = [path for name in ("new", "cur") for path in (place / name).glob("*")]
        return [path.read_bytes() for path in sorted(files, key=lambda path: path.name)]


@contextmanager
def running_dovecot(more: str = "") -> Iterator[Dovecot]:
    """Start it, wait for both greetings, and stop it at the end. `more` are settings over its own."""
    with tempfile.TemporaryDirectory(prefix="restante-dovecot-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        (home / "mail").mkdir()
        certify(home, "localhost")
        running = Dovecot(pop3=free_port(), pop3s=free_port(), imap=free_port(), imaps=free_port(), home=home)
        settings = _SETTINGS.format(home=home, imap=running.imap, imaps=running.imaps) + more
        with dovecot(home, home / "mail", settings, pop3=running.pop3, pop3s=running.pop3s) as server:
            until("Dovecot to greet by IMAP", partial(_greets, running.imap, b"* O", server))
            yield running


def _greets(port: int, greeting: bytes, server: subprocess.Popen[bytes]) -> bool:
    assert server.poll() is None, "Dovecot ended at its start"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            return connection.recv(3) == greeting
    except OSError:
        return False
