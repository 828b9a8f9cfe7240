"""The POP3 server of GNU Mailutils, over STLS and TLS, with accounts of the system and an mbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.servers.laid_over import INTO_VAR_MAIL, account_files, laid_over
from tests.e2e.servers.peer import Peer, as_mbox, certified, free_port

__all__ = ["running_mailutils"]

_START: Final = """\
chmod 600 key.pem
exec pop3d --config-file=settings --daemon --foreground
"""

_SETTINGS: Final = """\
server 127.0.0.1:{pop3} {{
  tls-mode ondemand;
  tls {{ ssl-certificate-file chain.pem; ssl-key-file key.pem; }}
}}
server 127.0.0.1:{pop3s} {{
  tls-mode connection;
  tls {{ ssl-certificate-file chain.pem; ssl-key-file key.pem; }}
}}
"""


@contextmanager
def running_mailutils(messages: Sequence[bytes]) -> Iterator[Peer]:
    """Start it, wait for its greeting, and stop it at the end."""
    with certified() as folder:
        peer = Peer(pop3=free_port(), pop3s=free_port(), authorities=folder / "authority.pem")
        settings = _SETTINGS.format(pop3=peer.pop3, pop3s=peer.pop3s)
        files: dict[str, bytes | Path] = {
            "mbox": as_mbox(messages),
            "settings": settings.encode(),
            "chain.pem": folder / "chain.pem",
            "key.pem": folder / "key.pem",
        }
        pam = {"pam.d/gnu-mailutils": "auth required pam_unix.so\naccount required pam_unix.so\n"}
        start = INTO_VAR_MAIL + _START
        with laid_over("mailutils-pop3d", start, port=peer.pop3, etc={**account_files(), **pam}, files=files):
            yield peer
