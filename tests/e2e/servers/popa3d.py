"""popa3d, in the clear, as Debian sets it up: started for each connection, accounts of the system, an mbox."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from tests.e2e.servers import inetd
from tests.e2e.servers.laid_over import INTO_VAR_MAIL, account_files, laid_over
from tests.e2e.servers.peer import Peer, as_mbox, free_port

__all__ = ["running_popa3d"]

_START: Final = "mkdir /var/lib/popa3d\nexec {python} {inetd} {port} /usr/sbin/popa3d\n"


@contextmanager
def running_popa3d(messages: Sequence[bytes]) -> Iterator[Peer]:
    """Start it, wait for its greeting, and stop it at the end."""
    peer = Peer(pop3=free_port())
    start = INTO_VAR_MAIL + _START.format(python=sys.executable, inetd=inetd.__file__, port=peer.pop3)
    files = {"mbox": as_mbox(messages)}
    with laid_over("popa3d", start, port=peer.pop3, etc=account_files(popa3d=990), files=files):
        yield peer
