"""A Dovecot for the length of a block: POP3 and IMAP, in clear and under TLS, for whatever user logs in."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import trustme
from tests.e2e.bed import until

PASSWORD: Final = "SECRET"

_ROOT: Final = os.getuid() == 0
_OWNER: Final = pwd.getpwnam("mail") if _ROOT else pwd.getpwuid(os.getuid())

_SETTINGS: Final = """\
base_dir = {home}/run
state_dir = {home}/state
instance_name = fetch-{pop3}
log_path = {home}/log
protocols = pop3 imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/chain.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{home}/mail/%u
pop3_uidl_format = %v-%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    """Where it listens, and where it keeps the mail."""

    pop3: int
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
        there = len(list((folder / "new").iterdir())) + len(list((folder / "cur").iterdir()))
        for number, octets in enumerate(messages, there + 1):
            (folder / "new" / f"17000{number:05}.M{number}P1.host").write_bytes(octets.replace(b"\r\n", b"\n"))
        self._hand_over()

    def stored(self, user: str, folder: str = "") -> list[bytes]:
        """Give what lies in a user's folder, as files, in the order of their names."""
        place = self.home / "mail" / user / folder
        files = [path for name in ("new", "cur") for path in (place / name).glob("*")]
        return [path.read_bytes() for path in sorted(files, key=lambda path: path.name)]

    def _hand_over(self) -> None:
        if _ROOT:
            for path in (self.home, self.home / "mail", *(self.home / "mail").rglob("*")):
                os.chown(path, _OWNER.pw_uid, _OWNER.pw_gid)


@contextmanager
def running_dovecot() -> Iterator[Dovecot]:
    """Start it, wait for both greetings, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="restante-dovecot-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        (home / "mail").mkdir()
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost")
        authority.cert_pem.write_to_path(home / "authority.pem")
        (home / "chain.pem").write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))
        certificate.private_key_pem.write_to_path(home / "key.pem")
        ports = [_free_port() for _ in range(3)]
        dovecot = Dovecot(pop3=ports[0], imap=ports[1], imaps=ports[2], home=home)
        (home / "dovecot.conf").write_text(
            _SETTINGS.format(
                home=home,
                pop3=dovecot.pop3,
                imap=dovecot.imap,
                imaps=dovecot.imaps,
                password=PASSWORD,
                uid=_OWNER.pw_uid,
                gid=_OWNER.pw_gid,
                internal="dovecot" if _ROOT else _OWNER.pw_name,
                internal_group="dovecot" if _ROOT else str(_OWNER.pw_gid),
                login="dovenull" if _ROOT else _OWNER.pw_name,
            )
        )
        dovecot._hand_over()
        program = shutil.which("dovecot") or "/usr/sbin/dovecot"
        server = subprocess.Popen([program, "-F", "-c", str(home / "dovecot.conf")], stdin=subprocess.DEVNULL)
        try:
            for port, greeting in ((dovecot.pop3, b"+OK"), (dovecot.imap, b"* O")):
                until(f"Dovecot to greet with {greeting!r}", partial(_greets, port, greeting, server))
            yield dovecot
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


def _greets(port: int, greeting: bytes, server: subprocess.Popen[bytes]) -> bool:
    assert server.poll() is None, "Dovecot ended at its start"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            return connection.recv(3) == greeting
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
